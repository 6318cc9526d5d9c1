"""The gated recurrent unit, with its reset before the recurrent product or after it."""

from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.cells.adjoint import DenseWeights, Rows, UnitByUnit, Units
from simulate.cells.dense import DenseCell
from simulate.cells.nonlinearity import TANH, AnyNonlinearity
from simulate.cells.symmetry import Monomial


class BiasOutsideReset(ValueError):
    """A bias inside the reset, given to a unit whose reset acts before the product."""


class GRU(DenseCell):
    """h <- z h + (1 - z) c, read as V h + c after each step.

        r = sigmoid(W_r h + U_r x + b_r),  z = sigmoid(W_z h + U_z x + b_z)
        reset after the product:           c = phi(r (W_c h + d) + U_c x + b_c)
        reset before it (no d):            c = phi(W_c (r h) + U_c x + b_c)

    After the product is what PyTorch and cuDNN compute, before it is the first paper's (Cho et al., 2014). They are two
    maps: the same weights have other fixed points. W is 3N by N, U 3N by inputs, b has 3N entries: rows of reset,
    update and candidate. `d` is the bias that is reset with the candidate's product; without it there is none.

    >>> import jax.numpy as jnp
    >>> network = GRU.blank(units=2, inputs=1, outputs=1)
    >>> network.step(jnp.array([1.0, 0.5]), jnp.zeros(1), 1.0).tolist()  # without weights, half of the state is kept
    [0.5, 0.25]
    >>> GRU.blank(units=2, inputs=1, outputs=1, reset_after=False).d is None
    True

    Raises:
        BiasOutsideReset: if there is a d and the reset acts before the product; b_c is the bias there.
    """

    blocks: ClassVar[tuple[str, ...]] = ("reset", "update", "candidate")

    d: Float[Array, "*networks units"] | None = None
    reset_after: bool = eqx.field(static=True, default=True)

    def __check_init__(self) -> None:
        """One bias where there is one place for it."""
        if self.d is not None and not self.reset_after:
            raise BiasOutsideReset("with reset_after=False no bias is reset: leave d out, or add it to b's last block")

    @classmethod
    def blank(
        cls, units: int, inputs: int, outputs: int, phi: AnyNonlinearity = TANH, *, reset_after: bool = True
    ) -> "GRU":
        """A network before its weights are drawn: zeros of the right shapes."""
        zeros = super().blank(units, inputs, outputs, phi)
        inner = jnp.zeros(units) if reset_after else None
        return cls(zeros.W, zeros.U, zeros.b, zeros.V, zeros.c, zeros.phi, inner, reset_after)

    def step(self, state: Float[Array, " units"], inputs: Float[Array, " inputs"], dt: float) -> Float[Array, " units"]:
        """z h + (1 - z) c."""
        update, candidate = self._gated(state, inputs)
        return update * state + (1 - update) * candidate

    @property
    def largest_state(self) -> Float[np.ndarray, " units"]:
        """As phi is bounded: the gate keeps a state between the one before and c."""
        return np.full(self.units, self.phi.largest_value)

    def drawn_to(
        self, state: Float[Array, " units"], inputs: Float[Array, " inputs"], dt: float
    ) -> Float[Array, " units"]:
        """c."""
        return self._gated(state, inputs)[1]

    def _gated(
        self, state: Float[Array, " units"], inputs: Float[Array, " inputs"]
    ) -> tuple[Float[Array, " units"], Float[Array, " units"]]:
        """z and c."""
        n = self.units
        driven = self.U @ inputs + self.b
        if self.reset_after:
            sent = self.W @ state
            reset, update = jnp.split(jax.nn.sigmoid(sent[: 2 * n] + driven[: 2 * n]), 2)
            inner = sent[2 * n :] if self.d is None else sent[2 * n :] + self.d
            candidate = self.phi(reset * inner + driven[2 * n :])
        else:
            reset, update = jnp.split(jax.nn.sigmoid(self.W[: 2 * n] @ state + driven[: 2 * n]), 2)
            candidate = self.phi(self.W[2 * n :] @ (reset * state) + driven[2 * n :])
        return update, candidate

    def transformed(self, element: Monomial) -> "GRU":
        """The network of transformed units; the bias inside the reset changes as the candidate's other one."""
        network = super().transformed(element)
        return network if self.d is None else eqx.tree_at(lambda cell: cell.d, network, element.rows(self.d))

    @property
    def unit_by_unit(self) -> UnitByUnit | None:
        """The gates and the candidate, where one product gives all three."""
        return _Units(self.phi) if self.reset_after else None

    def _weights(self) -> DenseWeights:
        weights = super()._weights()
        if self.d is None:
            return weights
        return weights._replace(inner=jnp.concatenate([jnp.zeros_like(self.b[: 2 * self.units]), self.d]))


Kept = tuple[Units, Units, Units, Units]


@dataclass(frozen=True)
class _Units(UnitByUnit):
    def start(self, nothing: Units) -> tuple[Units, Units]:
        return nothing, nothing

    def forward(self, h: Units, sent: Rows, driven: Rows) -> tuple[Units, Units, Kept]:
        n = len(h)
        r, z = jnp.split(jax.nn.sigmoid(sent[: 2 * n] + driven[: 2 * n]), 2)
        inner = sent[2 * n :]
        c = self.phi(r * inner + driven[2 * n :])
        h = z * h + (1 - z) * c
        return h, h, (r, z, c, inner)

    def backward(self, kept: Kept, before: Units, after: Units, shown: Units, h: Units) -> tuple[Rows, Rows, Units]:
        r, z, c, inner = kept
        h = h + shown
        of_candidate = h * (1 - z) * self.slope(c)
        of_reset = of_candidate * inner * r * (1 - r)
        of_update = h * (before - c) * z * (1 - z)
        of_sent = jnp.concatenate([of_reset, of_update, of_candidate * r])
        return of_sent, jnp.concatenate([of_reset, of_update, of_candidate]), h * z
