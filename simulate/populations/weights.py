"""The weights of a network as measures of weights take them."""

from collections.abc import Iterator

import numpy as np

from simulate.cells.dense import DenseCell
from simulate.cells.scaled import Scaled
from simulate.measures.blocks import Block, Side
from simulate.populations.condition import Network


def dense(network: Network) -> DenseCell:
    """The network that computes: of another parametrisation, the effective one."""
    return network.effective if isinstance(network, Scaled) else network


def recurrent_weights(network: Network) -> tuple[Block, ...]:
    """The recurrent weights, one block a gate.

    >>> from simulate.cells import GRU
    >>> from simulate.populations import recurrent_weights
    >>> [block.targets.name for block in recurrent_weights(GRU.blank(units=4, inputs=2, outputs=1))]
    ['GATE', 'GATE', 'STATE']
    """
    cell = dense(network)
    return tuple(Block(part, targets=side) for side, part in _parts(cell, cell.W))


def all_weights(network: Network) -> tuple[Block, ...]:
    """Recurrent weights, then inputs and biases of each gate, then the readout.

    Biases of the readout are no feature of any unit.

    >>> from simulate.cells import Vanilla, UniformWeights
    >>> import jax, jax.numpy as jnp
    >>> from simulate.populations import all_weights
    >>> network = UniformWeights(units=4, inputs=2, outputs=3).draw(jax.random.key(0), jnp.dtype("float64"))
    >>> [block.weights.shape for block in all_weights(network)]
    [(4, 4), (4, 2), (4, 1), (3, 4)]
    """
    cell = dense(network)
    given = [Block(part, targets=side, sources=Side.OUTSIDE) for side, part in _parts(cell, cell.U)]
    biases = [Block(part, targets=side, sources=Side.OUTSIDE) for side, part in _parts(cell, cell.b)]
    return (*recurrent_weights(cell), *given, *biases, Block(np.asarray(cell.V), targets=Side.OUTSIDE))


def _parts(cell: DenseCell, weights: object) -> Iterator[tuple[Side, np.ndarray]]:
    for name, part in zip(cell.blocks, np.split(np.asarray(weights), len(cell.blocks)), strict=True):
        yield Side.STATE if name == "candidate" else Side.GATE, part
