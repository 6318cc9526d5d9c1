"""Pairs of trajectories under the same input: how far apart they are as time goes on."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from simulate.contraction.inputs import Drive
from simulate.contraction.metric import Metric
from simulate.contraction.network import System
from simulate.integrate import FORWARD, Method, iterate_map, solve_flow

Starts = Float[Array, "runs units"]


class Distances(eqx.Module):
    """The distance of each pair at `times`; `outcome` is a `FlowOutcome`, or a
    `MapOutcome` for Euler steps (both of `simulate.integrate`)."""

    times: Float[Array, " times"]
    distance: Float[Array, "runs times"]
    outcome: Int[Array, " runs"]

    def rates(self) -> Float[Array, "runs intervals"]:
        """-d log distance / dt, averaged from each time to the next: what a contraction rate bounds from below."""
        return -jnp.diff(jnp.log(self.distance), axis=1) / jnp.diff(self.times)


@eqx.filter_jit
def flow_distances(
    system: System,
    drives: Drive,
    starts: Starts,
    others: Starts,
    *,
    metric: Metric,
    times: Float[Array, " times"],
    method: Method = FORWARD,
) -> Distances:
    """Each pair driven by an input of its own: the arrays of `drives` have a leading axis of runs.

    A pair is solved as one system, so both of it take the same steps. Its distance is sound down to about 1e-12
    times the states.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import TANH
    >>> from simulate.contraction import VOLTAGE, Constant, RecurrentNetwork, euclidean
    >>> turning = RecurrentNetwork(jnp.array([[0.0, -1.0], [1.0, 0.0]]), VOLTAGE, TANH)
    >>> drives, starts = jax.vmap(Constant)(jnp.zeros((1, 2))), jnp.array([[1.0, 0.0]])
    >>> times = jnp.array([0.0, 1.0, 2.0])
    >>> found = flow_distances(turning, drives, starts, -starts, metric=euclidean(2), times=times)
    >>> bool(found.rates().min() > 0.5)  # the least rate of this network
    True
    """

    def one(drive: Drive, start: Array, other: Array) -> tuple[Array, Array]:
        def field(time: Array, x: Array) -> Array:
            return system.velocity(x, drive(time))

        solved = solve_flow(field, jnp.stack([start, other]), times[-1], method, times=times)
        return metric.norm(solved.states[:, 0] - solved.states[:, 1]), solved.outcome

    distance, outcome = jax.vmap(one)(drives, starts, others)
    return Distances(times, distance, outcome)


@eqx.filter_jit
def euler_distances(
    system: System,
    drives: Drive,
    starts: Starts,
    others: Starts,
    *,
    metric: Metric,
    step: float,
    count: int,
) -> Distances:
    """Each pair driven by an input of its own, by `count` forward Euler steps of length `step`.

    The distance is given at every step, the start included; `drives` as in `flow_distances`.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import TANH
    >>> from simulate.contraction import VOLTAGE, Constant, RecurrentNetwork, euclidean
    >>> turning = RecurrentNetwork(jnp.array([[0.0, -1.0], [1.0, 0.0]]), VOLTAGE, TANH)
    >>> drives, starts = jax.vmap(Constant)(jnp.zeros((1, 2))), jnp.array([[1.0, 0.0]])
    >>> found = euler_distances(turning, drives, starts, -starts, metric=euclidean(2), step=0.1, count=5)
    >>> found.distance.shape
    (1, 6)
    """
    times = step * jnp.arange(count + 1.0)

    def one(drive: Drive, start: Array, other: Array) -> tuple[Array, Array]:
        def advance(state: tuple[Array, Array]) -> tuple[Array, Array]:
            k, x = state
            return k + 1, x + step * system.velocity(x, drive(step * k))

        orbit = iterate_map(advance, (jnp.zeros(()), jnp.stack([start, other])), count)
        _, states = orbit.states
        return metric.norm(states[:, 0] - states[:, 1]), orbit.outcome

    distance, outcome = jax.vmap(one)(drives, starts, others)
    return Distances(times, distance, outcome)
