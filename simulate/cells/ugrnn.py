"""The update-gate network (UGRNN): one gate that keeps or renews the state."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.cells.adjoint import Rows, UnitByUnit, Units
from simulate.cells.dense import DenseCell


class UGRNN(DenseCell):
    """h <- u h + (1 - u) c (Collins, Sohl-Dickstein and Sussillo, 2017), read as V h + c after each step.

        u = sigmoid(W_u h + U_u x + b_u),  c = phi(W_c h + U_c x + b_c)

    W is 2N by N, U 2N by inputs, b has 2N entries: rows of the update gate, then of the candidate.

    >>> import jax.numpy as jnp
    >>> network = UGRNN.blank(units=2, inputs=1, outputs=1)  # without weights, half of the state is kept
    >>> network.step(jnp.array([1.0, 0.5]), jnp.zeros(1), 1.0).tolist()
    [0.5, 0.25]
    """

    blocks: ClassVar[tuple[str, ...]] = ("update", "candidate")

    def step(self, state: Float[Array, " units"], inputs: Float[Array, " inputs"], dt: float) -> Float[Array, " units"]:
        """u h + (1 - u) c."""
        gate, candidate = jnp.split(self.W @ state + self.U @ inputs + self.b, 2)
        keep = jax.nn.sigmoid(gate)
        return keep * state + (1 - keep) * self.phi(candidate)

    @property
    def largest_state(self) -> Float[np.ndarray, " units"]:
        """As phi is bounded: the gate keeps a state between the one before and c."""
        return np.full(self.units, self.phi.largest_value)

    def drawn_to(
        self, state: Float[Array, " units"], inputs: Float[Array, " inputs"], dt: float
    ) -> Float[Array, " units"]:
        """c."""
        return self.phi(jnp.split(self.W @ state + self.U @ inputs + self.b, 2)[1])

    @property
    def unit_by_unit(self) -> UnitByUnit:
        """The gate and the candidate."""
        return _Units(self.phi)


Kept = tuple[Units, Units]


@dataclass(frozen=True)
class _Units(UnitByUnit):
    def start(self, nothing: Units) -> tuple[Units, Units]:
        return nothing, nothing

    def forward(self, h: Units, sent: Rows, driven: Rows) -> tuple[Units, Units, Kept]:
        gate, candidate = jnp.split(sent + driven, 2)
        u, c = jax.nn.sigmoid(gate), self.phi(candidate)
        h = u * h + (1 - u) * c
        return h, h, (u, c)

    def backward(self, kept: Kept, before: Units, after: Units, shown: Units, h: Units) -> tuple[Rows, Rows, Units]:
        u, c = kept
        h = h + shown
        delta = jnp.concatenate([h * (before - c) * u * (1 - u), h * (1 - u) * self.slope(c)])
        return delta, delta, h * u
