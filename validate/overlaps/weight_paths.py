"""A network followed closely: all its weights at every epoch; and the flow that its overlaps would take."""

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from simulate.cells.low_rank import Connectivity, LowRank
from simulate.integrate import adaptive
from simulate.overlaps.closure import Closure
from simulate.overlaps.flow import overlap_flow
from simulate.tasks.task import Batch, FixedTask, Task
from simulate.training.learn import learn
from simulate.training.rule import GradientDescent, Optax

PRECISE = adaptive(diffrax.RecursiveCheckpointAdjoint(), rtol=1e-11, atol=1e-11, longest_step=jnp.inf)


@eqx.filter_jit
def follow(
    network: LowRank, task: Task, rule: GradientDescent, rates: Float[Array, " rates"], epochs: int
) -> Connectivity:
    """The weights before each epoch and after the last, (rates, epochs + 1, ...), the rate times each of `rates`.

    Weight decay is multiplied too, so that it does not depend on the rate how much is forgotten in a span.
    """

    def run(scale: Array) -> Connectivity:
        decay = None if rule.weight_decay is None else scale * rule.weight_decay
        scaled = GradientDescent(scale * rule.rate, rule.momentum, decay, None, rule.block_rates)
        return learn(network, task, scaled, epochs, observe=weights).observed

    return jax.vmap(run)(rates)


@eqx.filter_jit
def follow_adam(network: LowRank, task: FixedTask, rate: Float[Array, ""], epochs: int) -> Connectivity:
    """The weights under Adam, which does not see the scale of the gradient: (epochs + 1, ...)."""
    rule = Optax(optax.scale_by_adam(), rate)
    path: Connectivity = learn(network, task, rule, epochs, observe=weights).observed
    return path


def weights(network: LowRank) -> Connectivity:
    """All weights of a network."""
    return network.connectivity


@eqx.filter_jit
def flow(
    closure: Closure, sigma: Float[Array, "starts d d"], batches: Batch, times: Float[Array, " times"]
) -> Float[Array, "starts times d d"]:
    """The flow of gradient descent from each start on a batch of its own, at these times (rate times epochs)."""

    def run(start: Array, batch: Batch) -> Array:
        return overlap_flow(closure, start, batch, GradientDescent(1.0), times, method=PRECISE).sigma

    return jax.vmap(run)(sigma, batches)


@eqx.filter_jit
def gradients(closure: Closure, sigma: Float[Array, "points d d"], batch: Batch) -> Float[Array, "points d d"]:
    """H at many overlaps."""
    return jax.vmap(lambda now: closure.loss_and_gradient(now, batch)[1])(sigma)
