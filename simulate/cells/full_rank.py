"""A rate network of full rank: the state leaks, and units send one another phi of it."""

from dataclasses import dataclass

import equinox as eqx
from jaxtyping import Array, Float

from simulate.cells.adjoint import Rows, UnitByUnit, Units
from simulate.cells.dense import DenseCell
from simulate.cells.nonlinearity import TANH, AnyNonlinearity


class FullRank(DenseCell):
    """h <- h + tau (-h + W phi(h) + U x + b), read as V phi(h) + c after each step; h is zero when a trial begins.

    The form of Huang et al. (2025), who write J for W. `tau` is the share of the way to its target that the state goes
    in a step; the cell is discrete and takes no notice of dt. W is N by N, U N by inputs.

    >>> import jax.numpy as jnp
    >>> network = FullRank.blank(units=2, inputs=1, outputs=1, tau=0.25)
    >>> network.step(jnp.array([1.0, 0.5]), jnp.zeros(1), 1.0).tolist()  # without weights the state decays
    [0.75, 0.375]
    """

    tau: float = eqx.field(static=True, default=0.1)

    @classmethod
    def blank(
        cls, units: int, inputs: int, outputs: int, phi: AnyNonlinearity = TANH, *, tau: float = 0.1
    ) -> "FullRank":
        """A network before its weights are drawn: zeros of the right shapes."""
        zeros = super().blank(units, inputs, outputs, phi)
        return cls(zeros.W, zeros.U, zeros.b, zeros.V, zeros.c, zeros.phi, tau)

    def step(self, state: Float[Array, " units"], inputs: Float[Array, " inputs"], dt: float) -> Float[Array, " units"]:
        """h + tau (-h + W phi(h) + U x + b)."""
        return state + self.tau * (-state + self.W @ self.phi(state) + self.U @ inputs + self.b)

    def drawn_to(
        self, state: Float[Array, " units"], inputs: Float[Array, " inputs"], dt: float
    ) -> Float[Array, " units"]:
        """W phi(h) + U x + b, whatever tau."""
        return self.W @ self.phi(state) + self.U @ inputs + self.b

    def read(self, state: Float[Array, " units"]) -> Float[Array, " outputs"]:
        """V phi(h) + c."""
        return super().read(self.phi(state))

    @property
    def unit_by_unit(self) -> UnitByUnit:
        """The leak, and phi of the state, which units send and show."""
        return _Units(self.phi, self.tau)


@dataclass(frozen=True)
class _Units(UnitByUnit):
    tau: float

    def start(self, nothing: Units) -> tuple[Units, Units]:
        return nothing, self.phi(nothing)

    def forward(self, h: Units, sent: Rows, driven: Rows) -> tuple[Units, Units, tuple[()]]:
        h = h + self.tau * (-h + sent + driven)
        return h, self.phi(h), ()

    def backward(
        self, kept: tuple[()], before: Units, after: Units, shown: Units, h: Units
    ) -> tuple[Rows, Rows, Units]:
        h = h + shown * self.slope(after)
        delta = self.tau * h
        return delta, delta, h - delta
