"""A training between two calls of its program: what it knows, and how a chunk of epochs makes more of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from simulate.tasks.task import Task
from simulate.training.checkpoint import Arrays
from simulate.training.devices import filled_up, mesh_for, shared_out
from simulate.training.epoch import Regime, measure_and_step
from simulate.training.history import Probes, Recorder, Snapshots, named, unnamed
from simulate.training.learner import Learner
from simulate.training.program import State, chunk_of_epochs
from simulate.training.selection import Selected, Selection

LearnerT = TypeVar("LearnerT", bound=Learner)


@dataclass(frozen=True)
class TrainingPlan(Generic[LearnerT]):
    """All that does not change during a run."""

    networks: LearnerT
    task: Task
    regime: Regime
    epochs: int
    record_every: int
    snapshot_every: int | None
    select: Selection | None
    chunk: int

    @property
    def count(self) -> int:
        """How many networks."""
        return len(jax.tree.leaves(self.networks)[0])


@dataclass(frozen=True)
class TrainingRun:
    """All that a run knows between two chunks. Replaced as a whole, so an interruption leaves it sound.

    The program holds `slots` of the networks, with the regime of each; those that are finished leave it, and are kept
    in `whole`.
    """

    state: State
    regime: Regime
    slots: Int[np.ndarray, " slots"]
    whole: Any
    stopped_at: Int[np.ndarray, " networks"]
    after: Probes
    recorder: Recorder
    snapshots: Snapshots
    selected: Selected | None

    @property
    def learning(self) -> Bool[np.ndarray, " slots"]:
        """Which networks of the program still learn."""
        return np.asarray(self.state.running)[: len(self.slots)]

    def arrays(self) -> Arrays:
        """Everything by name, for a checkpoint."""
        arrays = {"slots": self.slots, "stopped_at": self.stopped_at, **named("after", self.after)}
        arrays |= named("state", self.state) | named("whole", self.whole)
        arrays |= self.recorder.arrays() | self.snapshots.arrays()
        return arrays if self.selected is None else arrays | self.selected.arrays()

    def restored(self, arrays: Arrays, plan: TrainingPlan[Any]) -> "TrainingRun":
        """The run that `arrays` was written by, its networks shared out among the devices again."""
        return TrainingRun(
            shared_out(mesh_for(len(arrays["slots"])), unnamed("state", self.state, arrays)),
            regime_of(plan, arrays["slots"]),
            arrays["slots"],
            unnamed("whole", self.whole, arrays),
            arrays["stopped_at"],
            unnamed("after", self.after, arrays),
            self.recorder.restored(arrays),
            Snapshots.restored(arrays, self.whole),
            None if self.selected is None else self.selected.restored(arrays),
        )


def started(plan: TrainingPlan[Any]) -> TrainingRun:
    """Before the first epoch."""
    mesh = mesh_for(plan.count)
    networks = plan.networks
    kept, memory = _nothing_kept(plan.regime, networks)
    state = jax.tree.map(_on_host, State(networks, kept, memory, jnp.ones(plan.count, bool)))
    probes = jax.tree.map(
        lambda a: np.full(a.shape, np.nan, a.dtype), jax.eval_shape(lambda: _probes_of_one_epoch(plan))
    )
    return TrainingRun(
        state=shared_out(mesh, filled_up(mesh, state)),
        regime=regime_of(plan, np.arange(plan.count)),
        slots=np.arange(plan.count),
        whole=jax.tree.map(np.asarray, networks),
        stopped_at=np.full(plan.count, -1),
        after=probes,
        recorder=Recorder.empty(probes, plan.record_every),
        snapshots=Snapshots(),
        selected=None if plan.select is None else Selected.nothing(networks),
    )


@eqx.filter_jit
def _nothing_kept(regime: Regime, networks: Any) -> tuple[Any, Any]:
    """What the rule and the stopping of each network keep before the first epoch."""
    return jax.vmap(lambda regime, network: (regime.rule.init(network), regime.stop.init()))(regime, networks)


def _on_host(leaf: Any) -> Any:
    """Where arrays are taken apart and put together without a program for each shape; keys of noise stay."""
    return leaf if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else np.asarray(leaf)


def regime_of(plan: TrainingPlan[Any], slots: Int[np.ndarray, " slots"]) -> Regime:
    """How each of these networks learns, shared out among the devices as their states are."""
    mesh = mesh_for(len(slots))
    return shared_out(mesh, filled_up(mesh, jax.tree.map(lambda leaf: _on_host(leaf)[slots], plan.regime)))


def _probes_of_one_epoch(plan: TrainingPlan[Any]) -> Probes:
    def one(regime: Regime, network: Learner) -> Probes:
        batch = plan.task(jnp.asarray(0)).astype(network.dtype)
        return measure_and_step(network, regime.rule.init(network), regime, batch, jnp.asarray(0))[2]

    return jax.vmap(one)(plan.regime, plan.networks)


def extended(run: TrainingRun, plan: TrainingPlan[Any]) -> TrainingRun:
    """The run after its next chunk, which ends where a snapshot or a look is due or the training ends."""
    done, snapshots = run.recorder.done, run.snapshots
    stop = min(done + plan.chunk, plan.epochs)
    if plan.snapshot_every is not None:
        if done % plan.snapshot_every == 0:
            snapshots = snapshots.taken(done, whole(run))
        stop = min(stop, (done // plan.snapshot_every + 1) * plan.snapshot_every)
    if plan.select is not None:
        stop = min(stop, (done // plan.select.every + 1) * plan.select.every)
    state, *of_slots = advanced(run, plan, stop - done)
    probes, updated = of_all(of_slots, run.slots, plan.count)
    before = np.zeros(plan.count, bool)
    before[run.slots] = run.learning
    measured = np.concatenate([before[None], updated[:-1]])
    ended, at = (measured & ~updated).any(axis=0), np.argmax(measured & ~updated, axis=0)
    run = replace(
        run,
        state=state,
        stopped_at=np.where(ended, done + at, run.stopped_at),
        after=jax.tree.map(
            lambda old, new: np.where(wide(ended, old), new[at, np.arange(plan.count)], old), run.after, probes
        ),
        recorder=run.recorder.extended(probes, measured),
        snapshots=snapshots,
    )
    if plan.select is not None and (stop % plan.select.every == 0 or stop == plan.epochs):
        run = looked(run, plan.select)
    return _thinned(run, plan)


def looked(run: TrainingRun, select: Selection) -> TrainingRun:
    """With the validation of the parameters as they are."""
    assert run.selected is not None
    return replace(run, selected=run.selected.looked(run.recorder.done, whole(run), select))


def advanced(
    run: TrainingRun, plan: TrainingPlan[Any], epochs: int
) -> tuple[State, Probes, Bool[np.ndarray, "epochs slots"]]:
    """The state after some epochs; the probes of every epoch, and who was updated in it."""
    slots = len(run.slots)
    state, (probes, updated) = chunk_of_epochs(
        mesh_for(slots),
        plan.chunk,
        run.state,
        run.regime,
        plan.task,
        first=jnp.asarray(run.recorder.done),
        epochs=jnp.asarray(epochs),
    )
    probes, updated = jax.tree.map(lambda a: np.asarray(a)[:epochs, :slots], (probes, updated))
    return state, probes, updated


def of_all(
    of_slots: Sequence[Any], slots: Int[np.ndarray, " slots"], networks: int
) -> tuple[Probes, Bool[np.ndarray, "epochs networks"]]:
    """Probes, and who was updated, of all networks: NaN and False for those that left the program earlier."""

    def fill(part: np.ndarray) -> np.ndarray:
        nothing = False if part.dtype == bool else np.nan
        whole = np.full((len(part), networks, *part.shape[2:]), nothing, part.dtype)
        whole[:, slots] = part
        return whole

    probes, updated = jax.tree.map(fill, tuple(of_slots))
    return probes, updated


def wide(which: Bool[np.ndarray, " networks"], like: np.ndarray) -> np.ndarray:
    """With as many axes as another array that begins with one of networks."""
    return which.reshape(-1, *[1] * (like.ndim - 1))


def whole(run: TrainingRun) -> Any:
    """All networks as they are, those in the program and those that have left it."""
    if len(run.slots) == 0:
        return run.whole

    def merge(old: np.ndarray, now: Array) -> np.ndarray:
        merged = old.copy()
        merged[run.slots] = np.asarray(now)[: len(run.slots)]
        return merged

    return jax.tree.map(merge, run.whole, run.state.networks)


def _thinned(run: TrainingRun, plan: TrainingPlan[Any]) -> TrainingRun:
    """Without the finished networks, once they are half of the program or all of it.

    Where networks stand alone, finished ones cost nothing: they stay, and the same program goes on.
    """
    alive = run.learning
    if not alive.any():
        return replace(run, whole=whole(run), slots=run.slots[:0])
    if plan.networks.alone:
        order = dealt(alive, mesh_for(len(alive)).size)
        return run if order is None else _rearranged(run, plan, order)
    if 2 * alive.sum() > len(alive):
        return run
    return _rearranged(replace(run, whole=whole(run)), plan, np.flatnonzero(alive))


def dealt(learning: Bool[np.ndarray, " slots"], devices: int) -> Int[np.ndarray, " slots"] | None:
    """The slots in an order that gives every device as few as can be of those that still learn; None: they are so."""
    slots, share = np.arange(len(learning)), -(-len(learning) // devices)
    in_turn, learns = np.argsort(slots % share, kind="stable"), learning.sum()
    if np.bincount(slots[learning] // share).max() <= np.bincount(in_turn[:learns] // share).max():
        return None
    order = np.empty_like(slots)
    order[in_turn] = np.concatenate([slots[learning], slots[~learning]])
    return order


def _rearranged(run: TrainingRun, plan: TrainingPlan[Any], order: Int[np.ndarray, " slots"]) -> TrainingRun:
    """With these of its networks in the program, in this order."""
    mesh, slots = mesh_for(len(order)), run.slots[order]
    state = filled_up(mesh, jax.tree.map(lambda leaf: _on_host(leaf)[order], run.state))
    return replace(run, state=shared_out(mesh, state), regime=regime_of(plan, slots), slots=slots)
