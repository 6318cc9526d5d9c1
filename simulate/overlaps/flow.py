"""The overlaps in continuous learning time: Sigma' = A^T Sigma + Sigma A + s^2, which the map follows to O(rate).

Time is counted in epochs.
"""

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from simulate.integrate import FlowOutcome, Method, adaptive, solve_flow
from simulate.outcome import Outcome
from simulate.overlaps.closure import Closure, Gram, block_rates
from simulate.tasks.task import Batch
from simulate.training.learn import NothingToTrain
from simulate.training.rule import GradientDescent
from theory.overlaps.equations.slow import slow_generator

EXPLICIT = adaptive(diffrax.RecursiveCheckpointAdjoint(), rtol=1e-9, atol=1e-11, longest_step=jnp.inf, max_steps=2**14)
"""For most tasks. Each step costs twelve gradients, and can be as long as the fastest overlap allows."""


class OverlapFlowOutcome(Outcome):
    """How a flow of overlaps ended."""

    finished = 0, "followed to the last epoch"
    diverged = 1, "overlaps or loss are not finite numbers: the task's activity overflows at these overlaps"
    gave_up = 2, "the solver gave up: give an implicit method (Kvaerno5), more steps or looser tolerances"


class OverlapFlow(eqx.Module):
    """Overlaps and loss along the flow at `times`, in epochs; not a number after a solver that gave up.

    `steps` counts the solver's steps, rejected ones included.
    """

    times: Float[Array, " times"]
    sigma: Float[Array, "times d d"]
    loss: Float[Array, " times"]
    outcome: Int[Array, ""]  # OverlapFlowOutcome
    steps: Int[Array, ""]


def overlap_flow(
    closure: Closure,
    sigma: Gram,
    batch: Batch,
    rule: GradientDescent,
    times: Float[Array, " times"],
    *,
    method: Method = EXPLICIT,
) -> OverlapFlow:
    """Follow the flow of a learning rule on the whole batch, from `sigma` at epoch 0 to the last of `times`.

    `times` ascend. Momentum mu enters as the rate over 1 - mu, its limit for small rates; weight noise as its average.
    States between the solver's steps are interpolated. May be jitted and vmapped.

    Raises:
        NothingToTrain: if there are no times.
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.cells import LINEAR
    >>> from simulate.overlaps import closure_of
    >>> from simulate.tasks import filter_task
    >>> from simulate.training import GradientDescent
    >>> from theory.overlaps import Shape
    >>> start, times = jnp.asarray(0.8 * np.eye(4) + 0.2), jnp.array([0.0, 0.1])
    >>> flow = overlap_flow(closure_of(Shape(), LINEAR), start, filter_task().batch, GradientDescent(1.0), times)
    >>> flow.sigma.shape
    (2, 4, 4)
    """
    if times.size == 0:
        raise NothingToTrain("no times: give the epochs at which to read the flow, in ascending order")
    d = closure.shape.size
    relative, noise = block_rates(closure.shape, rule), 0.0 if rule.noise is None else rule.noise

    def field(time: Array, sigma: Gram) -> Gram:
        _, gradient = closure.loss_and_gradient(sigma, batch)
        generator = slow_generator(
            gradient,
            relative,
            jnp.eye(d),
            rate=rule.rate,
            momentum=0.0 if rule.momentum is None else rule.momentum,
            weight_decay=0.0 if rule.weight_decay is None else rule.weight_decay,
        )
        moved = sigma @ generator
        return moved + moved.T + noise**2 * jnp.eye(d)

    path = solve_flow(field, sigma, times[-1], method, times=times)
    sound = path.outcome == FlowOutcome.reached_end
    followed = jnp.where(jnp.isfinite(path.states), path.states, jnp.nan)
    loss = jax.lax.map(lambda each: closure.loss(each, batch), followed)
    start_is_sound = jnp.all(jnp.isfinite(field(jnp.zeros(()), sigma)))
    finite = start_is_sound & jnp.where(sound, jnp.all(jnp.isfinite(loss)), True)
    unfinished = jnp.where(sound, OverlapFlowOutcome.finished, OverlapFlowOutcome.gave_up)
    return OverlapFlow(
        times=times,
        sigma=followed,
        loss=loss,
        outcome=jnp.where(finite, unfinished, OverlapFlowOutcome.diverged),
        steps=path.steps,
    )
