"""A network followed closely: all its weights at every epoch; and the flow that its overlaps would take."""

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from simulate.cells.low_rank import Network
from simulate.integrate import adaptive
from simulate.overlaps.closure import Closure
from simulate.overlaps.flow import overlap_flow
from simulate.tasks.task import Batch, FixedTask, Task
from simulate.training.rule import GradientDescent

PRECISE = adaptive(diffrax.RecursiveCheckpointAdjoint(), rtol=1e-11, atol=1e-11, longest_step=jnp.inf)


@eqx.filter_jit
def follow(network: Network, task: Task, rule: GradientDescent, rates: Float[Array, " rates"], epochs: int) -> Network:
    """The network before each epoch and after the last, (rates, epochs + 1, ...), its rate times each of `rates`.

    Its weight decay is multiplied too, so that it does not depend on the rate how much is forgotten in a span.
    """

    def run(scale: Array) -> Network:
        scaled = GradientDescent(
            rate=scale * rule.rate,
            momentum=rule.momentum,
            weight_decay=scale * rule.weight_decay,
            block_rates=rule.block_rates,
        )

        def epoch(now: Network, count: Array) -> tuple[Network, Network]:
            _, gradient = now.loss_and_gradient(task(count))
            return now.stepped(gradient, scaled, jax.random.key(0)), now

        end, path = jax.lax.scan(epoch, network.prepared(scaled), jnp.arange(epochs))
        return _appended(path, end)

    return jax.vmap(run)(rates)


@eqx.filter_jit
def follow_adam(network: Network, task: FixedTask, rate: Float[Array, ""], epochs: int) -> Network:
    """The network under Adam on theta, which does not see the scale of the gradient: (epochs + 1, ...)."""
    with jax.numpy_dtype_promotion("standard"):
        adam = optax.adam(rate)

        def epoch(now: tuple[Network, optax.OptState], _: Array) -> tuple[tuple[Network, optax.OptState], Network]:
            network, state = now
            _, gradient = network.loss_and_gradient(task.batch)
            update, state = adam.update(gradient, state)
            moved = jax.tree.map(jnp.add, network.connectivity, update)
            return (eqx.tree_at(lambda n: n.connectivity, network, moved), state), network

        (end, _), path = jax.lax.scan(epoch, (network, adam.init(network.connectivity)), jnp.arange(epochs))
        return _appended(path, end)


@eqx.filter_jit
def flow(
    closure: Closure, sigma: Float[Array, "starts d d"], batches: Batch, times: Float[Array, " times"]
) -> Float[Array, "starts times d d"]:
    """The flow of gradient descent from each start on a batch of its own, at these times (rate times epochs)."""

    def run(start: Array, batch: Batch) -> Array:
        return overlap_flow(closure, start, batch, GradientDescent(1.0), times, PRECISE).sigma

    return jax.vmap(run)(sigma, batches)


@eqx.filter_jit
def gradients(closure: Closure, sigma: Float[Array, "points d d"], batch: Batch) -> Float[Array, "points d d"]:
    """H at many overlaps."""
    return jax.vmap(lambda now: closure.loss_and_gradient(now, batch)[1])(sigma)


def _appended(path: Network, end: Network) -> Network:
    joined: Network = jax.tree.map(lambda before, last: jnp.concatenate([before, last[None]]), path, end)
    return joined
