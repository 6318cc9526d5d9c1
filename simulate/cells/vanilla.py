"""The vanilla recurrent network, with an adjoint that does no more than its matrix products ask for."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from simulate.cells.dense import DenseCell
from simulate.cells.nonlinearity import Nonlinearity
from simulate.tasks.task import Batch, Outputs

Weights = tuple[Array, Array, Array, Array, Array]
Inputs = Float[Array, "steps inputs trials"]


class Vanilla(DenseCell):
    """h <- phi(W h + U x + b), read as V h + c after each step; h is zero when a trial begins.

    The cell is discrete: it takes no notice of dt. W is N by N, U N by inputs, V outputs by N.

    Gradients by reverse mode follow an adjoint written by hand (derived here; tests hold it against automatic
    differentiation and difference quotients), wherever phi' can be told from phi. The adjoint has no forward mode.

    >>> import jax, jax.numpy as jnp
    >>> network = Vanilla(jnp.zeros((2, 2)), jnp.eye(2), jnp.zeros(2), jnp.ones((1, 2)), jnp.ones(1))
    >>> batch = Batch(jnp.zeros((5, 10, 2)), jnp.zeros((5, 10, 1)), jnp.ones((5, 10)), dt=1.0)
    >>> network.outputs(batch)[0, :3, 0].tolist()
    [1.0, 1.0, 1.0]
    """

    def step(self, state: Float[Array, " units"], inputs: Float[Array, " inputs"], dt: float) -> Float[Array, " units"]:
        """phi(W h + U x + b)."""
        return self.phi(self.W @ state + self.U @ inputs + self.b)

    def outputs(self, batch: Batch) -> Outputs:
        """The outputs of each trial after each step that the batch reads."""
        if self.phi.slope_at(self.b) is None:
            return super().outputs(batch)
        weights = self.W, self.U, self.b, self.V, self.c
        read = batch.targets.shape[1]
        every = _answers(self.phi, weights, jnp.transpose(batch.inputs, (1, 2, 0)))
        return jnp.transpose(every[-read:], (2, 0, 1))


# The states are columns, one a trial: both products of the recurrence are then of the kind that XLA is quickest at.


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _answers(phi: Nonlinearity, weights: Weights, inputs: Inputs) -> Float[Array, "steps outputs trials"]:
    """The outputs after every step."""
    return _answers_and_states(phi, weights, inputs)[0]


def _answers_and_states(
    phi: Nonlinearity, weights: Weights, inputs: Inputs
) -> tuple[Float[Array, "steps outputs trials"], tuple[Weights, Inputs, Float[Array, "steps units trials"]]]:
    """The outputs, and what the way back needs: the states are kept."""
    W, U, b, V, c = weights

    def advance(h: Array, x: Array) -> tuple[Array, tuple[Array, Array]]:
        h = phi(W @ h + U @ x + b[:, None])
        return h, (V @ h + c[:, None], h)

    start = jnp.zeros((len(b), inputs.shape[-1]), b.dtype)
    _, (answers, states) = lax.scan(advance, start, inputs)
    return answers, (weights, inputs, states)


def _adjoint(
    phi: Nonlinearity,
    kept: tuple[Weights, Inputs, Float[Array, "steps units trials"]],
    slopes: Float[Array, "steps outputs trials"],
) -> tuple[Weights, Inputs]:
    """Backwards from dL/dy: with delta_t = dL/d(W h + U x + b) at step t,

    delta_t = phi'_t (V^T dL/dy_t + W^T delta_t+1)
    dL/dW = sum_t delta_t+1 h_t^T,  dL/dU = sum_t delta_t x_t^T,  dL/dV = sum_t dL/dy_t h_t^T.
    """
    (W, U, _, V, _), inputs, states = kept
    W_transposed = W.T

    def retreat(carry: tuple[Array, Weights], now: tuple[Array, Array, Array]) -> tuple[tuple[Array, Weights], Array]:
        after, (of_W, of_U, of_b, of_V, of_c) = carry
        h, x, slope = now
        slope_of_phi = phi.slope_at(h)
        assert slope_of_phi is not None
        delta = (W_transposed @ after + _down(V, slope)) * slope_of_phi
        sums = (of_W + after @ h.T, of_U + delta @ x.T, of_b + delta.sum(1), of_V + slope @ h.T, of_c + slope.sum(1))
        return (delta, sums), _down(U, delta)

    nothing = jax.tree.map(jnp.zeros_like, kept[0])
    last = jnp.zeros_like(states[0])
    (_, sums), of_inputs = lax.scan(retreat, (last, nothing), (states, inputs, slopes), reverse=True)
    return sums, of_inputs


_answers.defvjp(_answers_and_states, _adjoint)


def _down(matrix: Array, columns: Array) -> Array:
    """matrix^T columns."""
    return lax.dot_general(matrix, columns, (((0,), (0,)), ((), ())))
