"""The long short-term memory: a memory beside the state, with gates to write, keep and show it."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.cells.adjoint import Rows, UnitByUnit, Units
from simulate.cells.dense import DenseCell
from simulate.cells.nonlinearity import TANH, AnyNonlinearity

State = tuple[Float[Array, " units"], Float[Array, " units"]]


class LSTM(DenseCell):
    """m <- f m + i phi(g), h <- o phi(m), read as V h + c after each step (Hochreiter and Schmidhuber; Gers et al.).

        i, f, o = sigmoid(W h + U x + b), each with rows of its own,  g = W_g h + U_g x + b_g

    The state is the pair (h, m); the memory m is what PyTorch calls c. W is 4N by N, U 4N by inputs, b has 4N entries:
    rows of input, forget, candidate and output. The bias of the forget gate starts at one (Jozefowicz et al., 2015).

    >>> import jax.numpy as jnp
    >>> network = LSTM.blank(units=2, inputs=1, outputs=1)
    >>> h, m = network.step((jnp.zeros(2), jnp.array([1.0, 0.5])), jnp.zeros(1), 1.0)
    >>> [round(float(kept), 4) for kept in m]  # sigmoid(1) of the memory is kept
    [0.7311, 0.3655]
    """

    blocks: ClassVar[tuple[str, ...]] = ("input", "forget", "candidate", "output")

    @classmethod
    def blank(cls, units: int, inputs: int, outputs: int, phi: AnyNonlinearity = TANH) -> "LSTM":
        """A network before its weights are drawn: zeros of the right shapes, but ones for the forget gate's bias."""
        zeros = super().blank(units, inputs, outputs, phi)
        b = zeros.b.at[units : 2 * units].set(1.0)
        return cls(zeros.W, zeros.U, b, zeros.V, zeros.c, zeros.phi)

    def initial_state(self) -> State:
        """Every unit at zero, and an empty memory."""
        return super().initial_state(), super().initial_state()

    def step(self, state: State, inputs: Float[Array, " inputs"], dt: float) -> State:
        """(o phi(m'), m') with m' = f m + i phi(g)."""
        h, memory = state
        write, keep, candidate, show = jnp.split(self.W @ h + self.U @ inputs + self.b, 4)
        memory = jax.nn.sigmoid(keep) * memory + jax.nn.sigmoid(write) * self.phi(candidate)
        return jax.nn.sigmoid(show) * self.phi(memory), memory

    def drawn_to(self, state: State, inputs: Float[Array, " inputs"], dt: float) -> State:
        """(o phi(m*), m*) with m* = i phi(g) / (1 - f), the memory that forgetting and writing leave as it is."""
        write, keep, candidate, show = jnp.split(self.W @ state[0] + self.U @ inputs + self.b, 4)
        memory = jax.nn.sigmoid(write) * self.phi(candidate) / jax.nn.sigmoid(-keep)
        return jax.nn.sigmoid(show) * self.phi(memory), memory

    @property
    def largest_state(self) -> tuple[np.ndarray, np.ndarray]:
        """As phi is bounded; the memory adds up, without a bound for all weights."""
        return np.full(self.units, self.phi.largest_value), np.full(self.units, np.inf)

    def read(self, state: State) -> Float[Array, " outputs"]:
        """V h + c."""
        return super().read(state[0])

    @property
    def unit_by_unit(self) -> UnitByUnit:
        """The gates and the memory."""
        return _Units(self.phi)


Kept = tuple[Units, Units, Units, Units, Units, Units]


@dataclass(frozen=True)
class _Units(UnitByUnit):
    def start(self, nothing: Units) -> tuple[Units, Units]:
        return nothing, nothing

    def forward(self, memory: Units, sent: Rows, driven: Rows) -> tuple[Units, Units, Kept]:
        write, keep, candidate, show = jnp.split(sent + driven, 4)
        i, f, g, o = jax.nn.sigmoid(write), jax.nn.sigmoid(keep), self.phi(candidate), jax.nn.sigmoid(show)
        new = f * memory + i * g
        value = self.phi(new)
        return new, o * value, (i, f, g, o, value, memory)

    def backward(
        self, kept: Kept, before: Units, after: Units, shown: Units, memory: Units
    ) -> tuple[Rows, Rows, Units]:
        i, f, g, o, value, old = kept
        memory = memory + shown * o * self.slope(value)
        delta = jnp.concatenate(
            [
                memory * g * i * (1 - i),
                memory * old * f * (1 - f),
                memory * i * self.slope(g),
                shown * value * o * (1 - o),
            ]
        )
        return delta, delta, memory * f
