"""The maximal-update parametrisation with a richness, for every cell of dense weights."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Key

from simulate.cells.dense import DenseCell
from simulate.cells.full_rank import FullRank
from simulate.cells.nonlinearity import TANH, Nonlinearity
from simulate.cells.scaled import Scaled


@dataclass(frozen=True)
class MaximalUpdate:
    """Where networks start whose learning does not depend on their width N: what a step of Adam changes is the same.

        recurrent weights W / N, W ~ N(0, N);  inputs U ~ N(0, 1);  readout V / (gamma N), V ~ N(0, 1), and c / gamma

    with biases of zero, and Adam at the rate gamma eta_0 on all of them (Huang et al., 2025, for the rate network,
    without biases; the rule for these and for gates is derived here in the same way, and held by a coordinate check in
    the tests). Adam moves every raw weight by its rate, whatever the size of its gradient. So a step changes

        the drive of a unit by  (gamma eta_0 / N) sum_j |h_j| ~ gamma eta_0, in a gate as in a candidate,
        the output by  (gamma eta_0 / (gamma N)) sum_j |h_j| ~ eta_0, and by V dh / (gamma N) and dc / gamma ~ eta_0.

    Neither depends on N. For the same change of the output the activity changes in proportion to the richness gamma: a
    small one is the lazy limit. From the usual start, at one rate for all widths, the relative change of the activity
    grows as N (and at least as its root, which is what the input weights alone do to an activity that shrinks as such).

    Gradients of the raw W are of the order of 1 / (gamma N^2). Adam's `eps` has to stay far below them, so 1e-8 is too
    much for some hundred units. The forget gate of an LSTM has a bias of 1 at the start.

    >>> import jax, jax.numpy as jnp
    >>> from simulate.cells import GRU
    >>> start = MaximalUpdate(units=64, inputs=3, outputs=2, cell=GRU, gamma=0.5)
    >>> network = start.draw(jax.random.key(0), jnp.dtype("float32"))
    >>> [name for name, _ in network.multipliers], [factor for _, factor in network.multipliers]
    (['W', 'V', 'c'], [0.015625, 0.03125, 2.0])
    >>> network.effective.W.shape, start.rate(1e-3)
    ((192, 64), 0.0005)
    """

    units: int = 128
    inputs: int = 3
    outputs: int = 3
    phi: Nonlinearity = TANH
    cell: type[DenseCell] = FullRank
    gamma: float = 1.0

    def rate(self, eta_0: float) -> float:
        """Adam's rate, gamma eta_0: the outputs then change by the order of eta_0 in a step."""
        return self.gamma * eta_0

    def draw(self, key: Key[jax.Array, ""], dtype: jnp.dtype) -> Scaled:
        """One network."""
        blank = self.cell.blank(self.units, self.inputs, self.outputs, self.phi)
        return self.around(blank, key, dtype, gamma=self.gamma)

    @staticmethod
    def around(network: DenseCell, key: Key[jax.Array, ""], dtype: jnp.dtype, *, gamma: float = 1.0) -> Scaled:
        """The network with such numbers added to W, U and V: starts a cell with settings of its own, from blank.

        >>> import jax, jax.numpy as jnp
        >>> from simulate.cells import FullRank
        >>> blank = FullRank.blank(units=64, inputs=3, outputs=2, tau=0.5)
        >>> MaximalUpdate.around(blank, jax.random.key(0), jnp.dtype("float32"), gamma=2.0).raw.tau
        0.5
        """
        n = network.units
        gamma, sizes = float(gamma), (n**0.5, 1.0, 1.0)
        weights = network.W, network.U, network.V
        drawn = (
            old + size * jax.random.normal(each, old.shape)
            for old, size, each in zip(weights, sizes, jax.random.split(key, 3), strict=True)
        )
        raw = eqx.tree_at(lambda cell: (cell.W, cell.U, cell.V), network, tuple(drawn))
        raw = jax.tree.map(lambda weights: weights.astype(dtype), raw)
        return Scaled(raw, (("W", 1 / n), ("V", 1 / (gamma * n)), ("c", 1 / gamma)))
