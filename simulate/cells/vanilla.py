"""The vanilla recurrent network."""

from dataclasses import dataclass

from jaxtyping import Array, Float

from simulate.cells.adjoint import Rows, UnitByUnit, Units
from simulate.cells.dense import DenseCell


class Vanilla(DenseCell):
    """h <- phi(W h + U x + b), read as V h + c after each step; h is zero when a trial begins.

    The cell is discrete: it takes no notice of dt. W is N by N, U N by inputs, V outputs by N.

    >>> import jax, jax.numpy as jnp
    >>> network = Vanilla(jnp.zeros((2, 2)), jnp.eye(2), jnp.zeros(2), jnp.ones((1, 2)), jnp.ones(1))
    >>> from simulate.tasks import Batch
    >>> batch = Batch(jnp.zeros((5, 10, 2)), jnp.zeros((5, 10, 1)), jnp.ones((5, 10)), dt=1.0)
    >>> network.outputs(batch)[0, :3, 0].tolist()
    [1.0, 1.0, 1.0]
    """

    def step(self, state: Float[Array, " units"], inputs: Float[Array, " inputs"], dt: float) -> Float[Array, " units"]:
        """phi(W h + U x + b)."""
        return self.phi(self.W @ state + self.U @ inputs + self.b)

    @property
    def unit_by_unit(self) -> UnitByUnit:
        """phi."""
        return _Units(self.phi)


Nothing = tuple[()]


@dataclass(frozen=True)
class _Units(UnitByUnit):
    def start(self, nothing: Units) -> tuple[Nothing, Units]:
        return (), nothing

    def forward(self, state: Nothing, sent: Rows, driven: Rows) -> tuple[Nothing, Units, Nothing]:
        return (), self.phi(sent + driven), ()

    def backward(
        self, kept: Nothing, before: Units, after: Units, shown: Units, state: Nothing
    ) -> tuple[Rows, Rows, Nothing]:
        delta = shown * self.slope(after)
        return delta, delta, ()
