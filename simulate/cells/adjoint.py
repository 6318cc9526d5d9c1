"""Backpropagation through time written by hand, once for all cells of dense weights.

Each cell adds what it does unit by unit. All is kept that the way back needs: what the units send, and the gates as
they stood. The costate runs back with one recurrent product a step. States are columns, one a trial: both recurrent
products are then of the kind that XLA is quickest at.
"""

from abc import abstractmethod
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from simulate.cells.nonlinearity import Nonlinearity
from simulate.tasks.task import Batch, Outputs

Units = Float[Array, "units trials"]
Rows = Float[Array, "rows trials"]
Inputs = Float[Array, "steps inputs trials"]
Answers = Float[Array, "steps outputs trials"]


class DenseWeights(NamedTuple):
    """Parameters of a cell of dense weights; `inner` is a bias that is added to W h alone, or None."""

    W: Float[Array, "rows units"]
    U: Float[Array, "rows inputs"]
    b: Float[Array, " rows"]
    V: Float[Array, "outputs units"]
    c: Float[Array, " outputs"]
    inner: Float[Array, " rows"] | None = None


@dataclass(frozen=True)
class UnitByUnit:
    """What a cell does between its products, and the derivatives of it. `sent` is W h, `driven` is U x + b."""

    phi: Nonlinearity

    @abstractmethod
    def start(self, nothing: Units) -> tuple[Any, Units]:
        """The state when a trial begins, and what units send then, given zeros of the shape of the units."""

    @abstractmethod
    def forward(self, state: Any, sent: Rows, driven: Rows) -> tuple[Any, Units, Any]:
        """The state after a step, what units then send and show, and what `backward` is to be given of the step."""

    @abstractmethod
    def backward(self, kept: Any, before: Units, after: Units, shown: Units, state: Any) -> tuple[Rows, Rows, Any]:
        """From dL/d(shown after the step) and dL/d(state after it) otherwise, to dL/d sent, dL/d driven, dL/d state.

        The last is that before the step, without what goes through `before`, which was sent into the step.
        """

    def slope(self, value: Units) -> Units:
        """phi' where phi is `value`."""
        slope = self.phi.slope_at(value)
        assert slope is not None
        return slope


def answers_of(units: UnitByUnit, weights: DenseWeights, batch: Batch) -> Outputs:
    """The outputs of each trial after each step that the batch reads. No forward mode."""
    every = _answers(units, weights, jnp.transpose(batch.inputs, (1, 2, 0)))
    return jnp.transpose(every[-batch.targets.shape[1] :], (2, 0, 1))


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _answers(units: UnitByUnit, weights: DenseWeights, inputs: Inputs) -> Answers:
    """The outputs after every step."""
    return _forwards(units, weights, inputs)[0]


def _forwards(units: UnitByUnit, weights: DenseWeights, inputs: Inputs) -> tuple[Answers, Any]:
    """The outputs, and what the way back needs."""
    W, U, b, V, c, inner = weights

    def advance(carry: tuple[Any, Units], x: Array) -> tuple[tuple[Any, Units], Any]:
        state, before = carry
        sent = W @ before
        sent = sent if inner is None else sent + inner[:, None]
        state, after, kept = units.forward(state, sent, U @ x + b[:, None])
        return (state, after), (V @ after + c[:, None], before, kept)

    nothing = jnp.zeros((V.shape[1], inputs.shape[-1]), b.dtype)
    (_, last), (answers, before, kept) = lax.scan(advance, units.start(nothing), inputs)
    return answers, (weights, inputs, last, before, kept)


def _backwards(units: UnitByUnit, everything: Any, slopes: Answers) -> tuple[DenseWeights, Inputs]:
    """From dL/dy after every step. With a and s for dL/d(sent) and dL/d(driven), and h for what units send,

    dL/dh_t = V^T dL/dy_t + W^T a_t+1,
    dL/dW = sum_t a_t h_t-1^T,  dL/dU = sum_t s_t x_t^T,  dL/dV = sum_t dL/dy_t h_t^T.
    """
    weights, inputs, last, before, kept = everything
    W_transposed, V_transposed = weights.W.T, weights.V.T

    def retreat(carry: Any, now: Any) -> tuple[Any, Array]:
        through, state, after, sums = carry
        x, before, kept, slope = now
        of_sent, of_driven, state = units.backward(kept, before, after, through + V_transposed @ slope, state)
        sums = DenseWeights(
            sums.W + of_sent @ before.T,
            sums.U + of_driven @ x.T,
            sums.b + of_driven.sum(1),
            sums.V + slope @ after.T,
            sums.c + slope.sum(1),
            None if sums.inner is None else sums.inner + of_sent.sum(1),
        )
        return (W_transposed @ of_sent, state, before, sums), weights.U.T @ of_driven

    nothing = jnp.zeros_like(last)
    state, sums = jax.tree.map(jnp.zeros_like, (units.start(nothing)[0], weights))
    carry = nothing, state, last, sums
    (_, _, _, sums), of_inputs = lax.scan(retreat, carry, (inputs, before, kept, slopes), reverse=True)
    return sums, of_inputs


_answers.defvjp(_forwards, _backwards)
