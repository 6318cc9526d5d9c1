"""The compiled program: some epochs of all networks that still learn, every device with its own share of them."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.sharding import Mesh, PartitionSpec
from jaxtyping import Array, Bool, Int, PyTree

from simulate.tasks.task import Batch, Task
from simulate.training.devices import EVERYWHERE, NETWORKS
from simulate.training.epoch import Regime, measure_and_step
from simulate.training.history import Probes
from simulate.training.learner import Learner


class State(eqx.Module):
    """What one epoch hands to the next; every array has a leading axis of networks."""

    networks: Any
    rule: PyTree
    stop: PyTree
    running: Bool[Array, "*networks"]


@eqx.filter_jit
def chunk_of_epochs(
    mesh: Mesh,
    size: int,
    state: State,
    regime: Regime,
    task: Task,
    *,
    first: Int[Array, ""],
    epochs: Int[Array, ""],
) -> tuple[State, tuple[Probes, Bool[Array, "size networks"]]]:
    """Train for `epochs` (at most `size`) epochs; every device trains its own share of the networks."""
    moving_task, fixed_task = eqx.partition(task, eqx.is_array)

    def share(
        state: State, regime: Regime, moving_task: Task, first: Array, epochs: Array
    ) -> tuple[State, tuple[Probes, Array]]:
        task = eqx.combine(moving_task, fixed_task)
        each_network = _mapping(state.networks)

        def advance(state: State, now: Array) -> tuple[State, tuple[Probes, Array]]:
            batch = task(now)

            def one(state: State, regime: Regime) -> tuple[State, tuple[Probes, Array]]:
                return _epoch(state, regime, batch, now)

            return each_network(one, state, regime)

        def epoch(i: Array, carry: tuple[State, tuple[Probes, Array]]) -> tuple[State, tuple[Probes, Array]]:
            state, seen = advance(carry[0], first + i)
            return state, jax.tree.map(lambda all, new: all.at[i].set(new), carry[1], seen)

        _, like = jax.eval_shape(advance, state, first)
        empty = jax.tree.map(lambda a: jnp.zeros((size, *a.shape), a.dtype), like)
        return jax.lax.fori_loop(0, epochs, epoch, (state, empty))

    return jax.shard_map(
        share,
        mesh=mesh,
        in_specs=(NETWORKS, NETWORKS, EVERYWHERE, EVERYWHERE, EVERYWHERE),
        out_specs=(NETWORKS, PartitionSpec(None, "networks")),
        check_vma=False,
    )(state, regime, moving_task, first, epochs)


def _mapping(networks: Learner) -> Callable[..., Any]:
    """How a function of one network becomes one of several: as it is, one after the other, or side by side."""
    if len(jax.tree.leaves(networks)[0]) == 1:

        def of_one(function: Callable[..., Any], *trees: Any) -> Any:
            found = function(*jax.tree.map(lambda leaf: leaf[0], trees))
            return jax.tree.map(lambda leaf: leaf[None], found)

        return of_one
    if networks.alone:
        return lambda function, *trees: jax.lax.map(lambda each: function(*each), trees)
    return lambda function, *trees: jax.vmap(function)(*trees)


def _epoch(state: State, regime: Regime, batch: Batch, now: Array) -> tuple[State, tuple[Probes, Array]]:
    """One network after one epoch; what was measured before its update, and whether there was one."""

    def learn(state: State) -> tuple[State, tuple[Probes, Array]]:
        network = state.networks
        stepped, kept, probes = measure_and_step(network, state.rule, regime, batch.astype(network.dtype), now)
        memory, enough = regime.stop.look(state.stop, jnp.asarray(probes.loss))
        updated = state.running & ~enough & jnp.isfinite(probes.loss) & jnp.isfinite(probes.gradient_norm)
        stepped, kept = _chosen(updated, (stepped, kept), (network, state.rule))
        return State(stepped, kept, memory, updated), (_chosen(state.running, probes, _unmeasured(probes)), updated)

    if not state.networks.alone:
        return learn(state)
    _, (like, _) = jax.eval_shape(learn, state)  # a finished network that stands alone costs nothing
    return jax.lax.cond(state.running, learn, lambda state: (state, (_unmeasured(like), state.running)), state)


def _chosen(which: Array, yes: Any, no: Any) -> Any:
    return jax.tree.map(lambda a, b: jnp.where(which, a, b), yes, no)


def _unmeasured(like: Probes) -> Probes:
    return jax.tree.map(lambda a: jnp.full(a.shape, jnp.nan, a.dtype), like)
