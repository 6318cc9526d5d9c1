"""Gradient descent in r at the user's delay, many starts at once, on a loss from the theory or from the solver."""

from dataclasses import dataclass
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.ghost.descent import LossAndGradient, descend
from simulate.ghost.toy_model import confident_loss
from simulate.integrate import FORWARD
from simulate.lowering import lower
from theory.ghost.toy import finite_threshold, step_output
from theory.ghost.toy.toy_model import ToyModel

CHUNK = 250  # epochs in one call
AT_REST = -100.0
"""In units of the optimum: the solver is asked no further. From r = 0 down the state comes to rest, and the loss is
that of no output whatever r is; but the time scale falls as |r|^-1/2, and the solver's steps with it."""


@dataclass(frozen=True)
class ScaledDescent:
    """Gradient descent in r on a loss of this delay; rates and results are in the units of the theory."""

    model: ToyModel
    loss_and_gradient: LossAndGradient

    def descend(
        self, rho: Float[np.ndarray, " starts"], rates: Float[np.ndarray, " starts"], epochs: int
    ) -> tuple[Float[np.ndarray, "epochs starts"], Float[np.ndarray, "epochs starts"]]:
        """rho and loss / delay, at the outset and after each epoch."""
        model = self.model
        run = _descend(
            self.loss_and_gradient,
            epochs,
            jnp.asarray(rho * model.optimal_r),
            jnp.asarray(rates * model.critical_learning_rate),
        )
        return np.asarray(run[0]) / model.optimal_r, np.asarray(run[1]) / model.delay

    def settle(
        self, rho: Float[np.ndarray, " starts"], rates: Float[np.ndarray, " starts"], chunks: int
    ) -> tuple[Float[np.ndarray, " starts"], Float[np.ndarray, " starts"]]:
        """rho after so many chunks of epochs, and the mean of loss / delay over them; no path is kept."""
        model = self.model
        r, step = jnp.asarray(rho * model.optimal_r), jnp.asarray(rates * model.critical_learning_rate)
        total = np.zeros(len(rho))
        for _ in range(chunks):
            r, loss = _last(self.loss_and_gradient, CHUNK, r, step)
            total += np.asarray(loss)
        return np.asarray(r) / model.optimal_r, total / (chunks * model.delay)


@partial(jax.jit, static_argnums=(0, 1))
def _last(
    loss_and_gradient: LossAndGradient, epochs: int, starts: Float[Array, " starts"], rates: Float[Array, " starts"]
) -> tuple[Array, Array]:
    run = descend(loss_and_gradient, starts, rates, epochs)
    return run.r[-1], jnp.mean(run.loss[1:], axis=0)


@partial(jax.jit, static_argnums=(0, 1))
def _descend(
    loss_and_gradient: LossAndGradient, epochs: int, starts: Float[Array, " starts"], rates: Float[Array, " starts"]
) -> tuple[Array, Array]:
    run = descend(loss_and_gradient, starts, rates, epochs)
    return run.r, run.loss


@cache  # sections that ask for one descent share its programs
def analytic(model: ToyModel) -> ScaledDescent:
    """Descent on the confident loss with its analytic gradient, lowered from the theory; whatever the threshold."""
    both = (step_output.confident_loss(), step_output.confident_gradient())
    lowered = lower([step_output.paper_window(each) for each in both], [step_output.r, step_output.delay])

    def loss_and_gradient(r: Float[Array, ""]) -> tuple[Array, Array]:
        loss, gradient = lowered(r, model.delay)
        return loss, gradient

    return ScaledDescent(model, loss_and_gradient)


@cache
def analytic_at_threshold(model: ToyModel) -> ScaledDescent:
    """Descent on the loss of a step output at the model's finite threshold, with its gradient lowered."""
    both = (finite_threshold.step_loss(), finite_threshold.step_gradient())
    arguments = [step_output.r, step_output.delay, step_output.threshold]
    lowered = lower([step_output.paper_window(each) for each in both], arguments)

    def loss_and_gradient(r: Float[Array, ""]) -> tuple[Array, Array]:
        loss, gradient = lowered(r, model.delay, model.threshold)
        return loss, gradient

    return ScaledDescent(model, loss_and_gradient)


@cache
def simulated(model: ToyModel) -> ScaledDescent:
    """Descent on the loss of a step at the model's threshold, with the gradient of the solver's escape time."""

    @jax.jit  # traced once, for descents of any length
    def loss_and_gradient(r: Float[Array, ""]) -> tuple[Array, Array]:
        def loss(r: Float[Array, ""]) -> Array:
            held = jnp.maximum(r, AT_REST * model.optimal_r)
            return confident_loss(held, model.delay, model.delay, model.threshold, FORWARD).value

        return jax.jvp(loss, (r,), (jnp.ones_like(r),))

    return ScaledDescent(model, loss_and_gradient)
