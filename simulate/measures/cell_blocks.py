"""The weights of a cell as blocks, each gate's its own."""

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
from numpy.typing import ArrayLike

from simulate.cells.dense import DenseCell
from simulate.cells.gru import GRU
from simulate.measures.blocks import Block, NotWeights, Side

ARRAYS = ("W", "U", "b", "d", "V")
"""Of a cell of dense weights, by name; the constant of its readout belongs to no unit."""


def all_weights(network: DenseCell) -> tuple[Block, ...]:
    """Recurrent weights, inputs, biases and readout of one network, for distances of all weights at once.

    The constant of the readout belongs to no unit and is left out.

    >>> from simulate.cells import LSTM
    >>> from simulate.measures import all_weights
    >>> blocks = all_weights(LSTM.blank(units=4, inputs=2, outputs=1))
    >>> [block.weights.shape for block in blocks if block.recurrent]  # recurrent weights alone
    [(4, 4), (4, 4), (4, 4), (4, 4)]
    """
    return tuple(chain(*blocks_by_array(network.blocks, arrays_of(network)).values()))


def arrays_of(network: DenseCell) -> dict[str, np.ndarray]:
    """The arrays of a network that speak of its units, by name."""
    inner = network.d if isinstance(network, GRU) else None
    arrays = {"W": network.W, "U": network.U, "b": network.b, "d": inner, "V": network.V}
    return {name: np.asarray(array) for name, array in arrays.items() if array is not None}


def blocks_by_array(gates: Sequence[str], arrays: Mapping[str, ArrayLike]) -> dict[str, tuple[Block, ...]]:
    """The blocks of each array that is given, of a cell whose W, U and b have rows for these gates.

    Arguments:
        gates: as a cell's `blocks`: one is the candidate, which carries the signs and scales of units.
        arrays: some of W, U, b, d (the bias inside a GRU's reset) and V.

    Raises:
        NotWeights: if an array has another name, or rows that the gates do not share.
    """
    if unknown := sorted(set(arrays) - set(ARRAYS)):
        raise NotWeights(f"arrays named {', '.join(unknown)}: give some of {', '.join(ARRAYS)}")
    sides = [Side.STATE if gate == "candidate" else Side.GATE for gate in gates]
    found: dict[str, tuple[Block, ...]] = {}
    for name in (name for name in ARRAYS if name in arrays):
        array = np.asarray(arrays[name])
        if name == "V":
            found[name] = (Block(array, targets=Side.OUTSIDE),)
        elif name == "d":
            found[name] = (Block(array, sources=Side.OUTSIDE),)
        else:
            if not array.ndim or len(array) % len(gates):
                raise NotWeights(f"{name} of shape {array.shape}: give rows for each of {', '.join(gates)}")
            source = Side.STATE if name == "W" else Side.OUTSIDE
            parts = zip(np.split(array, len(gates)), sides, strict=True)
            found[name] = tuple(Block(part, targets=side, sources=source) for part, side in parts)
    return found
