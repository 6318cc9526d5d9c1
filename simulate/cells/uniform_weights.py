"""Where networks start: uniform weights, the same way for every cell of dense weights."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Key

from simulate.cells.dense import DenseCell, DenseT
from simulate.cells.nonlinearity import TANH, AnyNonlinearity
from simulate.cells.vanilla import Vanilla


@dataclass(frozen=True)
class UniformWeights:
    """Where networks start: all weights and biases uniform between -1/sqrt(N) and 1/sqrt(N).

    This is what PyTorch does, for the network as for its readout, but that its units have two such biases, which add
    up; here only the candidate of a GRU has. The LSTM's forget gate has a bias of 1 besides.

    >>> import jax, jax.numpy as jnp
    >>> network = UniformWeights(units=16, inputs=3, outputs=2).draw(jax.random.key(0), jnp.dtype("float32"))
    >>> network.V.shape, bool(jnp.abs(network.W).max() < 1 / 4)
    ((2, 16), True)
    >>> from simulate.cells import GRU
    >>> UniformWeights(units=16, inputs=3, outputs=2, cell=GRU).draw(jax.random.key(0), jnp.dtype("float32")).W.shape
    (48, 16)
    """

    units: int = 128
    inputs: int = 3
    outputs: int = 3
    phi: AnyNonlinearity = TANH
    cell: type[DenseCell] = Vanilla

    def draw(self, key: Key[jax.Array, ""], dtype: jnp.dtype) -> DenseCell:
        """One network."""
        return self.around(self.cell.blank(self.units, self.inputs, self.outputs, self.phi), key, dtype)

    @staticmethod
    def around(network: DenseT, key: Key[jax.Array, ""], dtype: jnp.dtype) -> DenseT:
        """The network with such numbers added to all that it has: starts a cell with settings of its own, from blank.

        Numbers are drawn in JAX's default precision and then rounded: float32 and float64 start from the same networks.

        >>> import jax, jax.numpy as jnp
        >>> from simulate.cells import GRU
        >>> blank = GRU.blank(units=16, inputs=3, outputs=2, reset_after=False)
        >>> sorted(UniformWeights.around(blank, jax.random.key(0), jnp.dtype("float32")).parameters)
        ['U', 'V', 'W', 'b', 'c']
        """
        return _around(network, key, dtype)


@partial(jax.jit, static_argnames="dtype")
def _around(network: DenseT, key: Key[jax.Array, ""], dtype: jnp.dtype) -> DenseT:
    """One program for all arrays of a network, traced once for all populations of a kind."""
    bound = network.units**-0.5
    leaves, structure = jax.tree.flatten(network)
    keys = jax.random.split(key, len(leaves))
    drawn = [
        (leaf + jax.random.uniform(key, leaf.shape, minval=-bound, maxval=bound)).astype(dtype)
        for leaf, key in zip(leaves, keys, strict=True)
    ]
    return jax.tree.unflatten(structure, drawn)
