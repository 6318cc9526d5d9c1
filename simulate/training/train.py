"""Gradient training of a population of networks of any cell, in one compiled program."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh, PartitionSpec
from jaxtyping import Array, Bool, Float, Int, Key, PyTree

from simulate.tasks.task import Batch, Task
from simulate.training.checkpoint import Arrays, Checkpoint
from simulate.training.devices import EVERYWHERE, NETWORKS, filled_up, mesh_for, shared_out
from simulate.training.epoch import Observe, measure_and_step, own_observation
from simulate.training.history import History, Probes, Recorder, Snapshots, named, unnamed
from simulate.training.learn import NothingToTrain
from simulate.training.learner import Learner
from simulate.training.outcome import TrainingOutcome
from simulate.training.rule import Optax, Rule
from simulate.training.selection import Selected, Selection
from simulate.training.stopping import NEVER, Stopping

LearnerT = TypeVar("LearnerT", bound=Learner)
Progress = Callable[[int], None]


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C during training; `result` holds everything up to the last finished chunk of epochs."""

    def __init__(self, result: "Trained[Any]") -> None:
        super().__init__(f"training stopped after {result.history.done} epochs")
        self.result = result


@dataclass(frozen=True)
class Trained(Generic[LearnerT]):
    """The trained networks (leading axis on every array), the history of their training, and how it ended for each.

    `after` was measured after the last update. `stopped_at` is the number of updates of each network. `selected` holds
    the parameters that validation chose, if it was asked to.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp, optax
    >>> from simulate.cells import RankOne
    >>> from simulate.tasks import DelayedActivation
    >>> ones = jnp.ones((2, 9))  # two networks of nine neurons
    >>> trained = train(RankOne(0.3 * ones, 0.3 * ones, 0.0 * ones, *jnp.ones((3, 2))), DelayedActivation(4, 4),
    ...                 rule=optax.adam(0.05), epochs=20)
    >>> trained.loss.shape, trained.network(0).m.shape, [outcome.name for outcome in trained.outcomes]
    ((21, 2), (9,), ['completed', 'completed'])
    """

    networks: LearnerT
    history: History
    after: Probes
    snapshots: Snapshots
    selected: Selected | None
    outcomes: tuple[TrainingOutcome, ...]
    stopped_at: Int[np.ndarray, " networks"]
    seconds: float

    @property
    def finite(self) -> Bool[np.ndarray, " networks"]:
        """Which networks kept finite numbers."""
        return self.history.first_non_finite < 0

    @property
    def loss(self) -> Float[np.ndarray, "recorded networks"]:
        """The loss before each recorded epoch and after the last; NaN from where a network diverged."""
        return self._with_after(self.history.probes.loss, self.after.loss)

    @property
    def observed(self) -> PyTree:
        """What was observed before each recorded epoch and after the last; NaN from where a network diverged."""
        return jax.tree.map(self._with_after, self.history.probes.observed, self.after.observed)

    def _with_after(self, path: Any, last: Any) -> np.ndarray:
        whole = np.concatenate([path, np.asarray(last)[None]])
        sound = np.append(self.history.epochs, self.history.done)[:, None] < self.epochs_finite
        return np.where(sound.reshape(*sound.shape, *[1] * (whole.ndim - 2)), whole, np.nan)

    @property
    def epochs_finite(self) -> Int[np.ndarray, " networks"]:
        """How many of the moments 0, 1, ..., epochs (each before an update, the last after all) have finite numbers."""
        broken = self.history.first_non_finite
        last = np.isfinite(self.after.loss)
        for leaf in jax.tree.leaves(self.after.observed):
            last &= np.isfinite(leaf).reshape(len(last), -1).all(axis=-1)
        return np.where(broken < 0, self.history.done + last, broken)

    def network(self, which: int) -> LearnerT:
        """One of them."""
        return jax.tree.map(lambda leaf: leaf[which], self.networks)

    def part(self, which: slice) -> "Trained[LearnerT]":
        """The result for some of the networks."""
        return replace(
            self,
            networks=jax.tree.map(lambda a: a[which], self.networks),
            history=self.history.selected(which),
            after=jax.tree.map(lambda a: a[which], self.after),
            snapshots=Snapshots(
                self.snapshots.epochs,
                tuple(jax.tree.map(lambda a: a[which], networks) for networks in self.snapshots.networks),
            ),
            selected=None,
            outcomes=self.outcomes[which],
            stopped_at=self.stopped_at[which],
        )


@dataclass(frozen=True)
class _Plan(Generic[LearnerT]):
    """All that does not change during a run."""

    networks: LearnerT
    task: Task
    rule: Rule
    keys: Key[Array, " networks"]
    epochs: int
    observe: Observe
    record_every: int
    snapshot_every: int | None
    stop: Stopping
    select: Selection | None
    chunk: int

    @property
    def count(self) -> int:
        return len(jax.tree.leaves(self.networks)[0])


class _State(eqx.Module):
    """What one epoch hands to the next; every array has a leading axis of networks."""

    networks: Any
    rule: PyTree
    stop: PyTree
    running: Bool[Array, "*networks"]


@dataclass(frozen=True)
class _Run:
    """All that a run knows between two chunks. Replaced as a whole, so an interruption leaves it sound.

    The program holds `slots` of the networks; those that are finished leave it, and are kept in `whole`.
    """

    state: _State
    slots: Int[np.ndarray, " slots"]
    whole: Any
    stopped_at: Int[np.ndarray, " networks"]
    after: Probes
    recorder: Recorder
    snapshots: Snapshots
    selected: Selected | None

    def arrays(self) -> Arrays:
        arrays = {"slots": self.slots, "stopped_at": self.stopped_at, **named("after", self.after)}
        arrays |= named("state", self.state) | named("whole", self.whole)
        arrays |= self.recorder.arrays() | self.snapshots.arrays()
        return arrays if self.selected is None else arrays | self.selected.arrays()

    def restored(self, arrays: Arrays) -> "_Run":
        return _Run(
            shared_out(mesh_for(len(arrays["slots"])), unnamed("state", self.state, arrays)),
            arrays["slots"],
            unnamed("whole", self.whole, arrays),
            arrays["stopped_at"],
            unnamed("after", self.after, arrays),
            self.recorder.restored(arrays),
            Snapshots.restored(arrays, self.whole),
            None if self.selected is None else self.selected.restored(arrays),
        )


def train(
    networks: LearnerT | Sequence[LearnerT],
    task: Task,
    *,
    rule: Rule | optax.GradientTransformation,
    epochs: int,
    key: Key[Array, "*networks"] | None = None,
    observe: Observe = own_observation,
    record_every: int = 1,
    snapshot_every: int | None = None,
    stop: Stopping = NEVER,
    select: Selection | None = None,
    seconds: float | None = None,
    checkpoint: Checkpoint | None = None,
    progress: Progress = lambda epochs_done: None,
    chunk: int = 500,
) -> Trained[LearnerT]:
    """Train a population of networks of one kind, each by itself, in one compiled program.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp, optax
    >>> from simulate.cells import RankOne
    >>> from simulate.tasks import DelayedActivation
    >>> network = RankOne(0.3 * jnp.ones(9), 0.3 * jnp.ones(9), jnp.zeros(9))
    >>> trained = train([network], DelayedActivation(4, 4), rule=optax.adam(0.05), epochs=200)
    >>> trained.outcomes[0].name, bool(trained.loss[-1, 0] < trained.loss[0, 0])
    ('completed', True)

    Arguments:
        networks: a population, every array with a leading axis of networks; or a sequence of single networks of the
            same shapes, which is made one. Arrays in float32 compute in float32.
        task: gives the batch of each epoch, the same for all networks. An epoch is one batch and one update.
        rule: what a gradient does to the parameters: `GradientDescent`, any transformation of optax as it is, or
            `Optax(transformation, rate)`. A number in a rule is one for all networks, or has an axis of networks.
        epochs: how many.
        key: for the noise of the rule; one a network, or one from which network i gets the i-th (a single network: it).
        observe: what to record of each network at every recorded epoch: a function of it that gives arrays. Usually
            what the network records of itself, as a low-rank network its overlaps.
        record_every: every how many epochs probes are kept (the last fifty epochs are, in any case).
        snapshot_every: every how many epochs parameters are kept; None: never.
        stop: when a network is finished, each by itself, as `Threshold(1e-3, patience=3)`. One that diverges is
            finished too, and keeps the last parameters at which all was finite. Finished networks leave the program
            once half of it is idle: it then has another size, for which rounding may differ.
        select: keep the parameters that do best on other trials; see `Selection`.
        seconds: stop at the first chunk that ends later than that after the call; None: no limit.
        checkpoint: a file from which a run that was stopped goes on, with results equal to the bit to those of a run
            that never was. More epochs may be asked for; any other change is refused.
        progress: is told the number of epochs done after each chunk.
        chunk: up to so many epochs run in one call of the program; between calls progress is told, checkpoints are
            written and Ctrl-C is obeyed.

    The networks are shared out among JAX's devices, whatever they are. Training ends early when all networks are
    finished or have diverged.

    Raises:
        NothingToTrain: without epochs or networks, or with numbers of a rule that do not fit their count.
        CheckpointMismatch: if the checkpoint belongs to another run.
        TrainingInterrupted: on Ctrl-C; its `result` holds what was done.
    """
    began = time.monotonic()
    population = _population(networks)
    count = len(jax.tree.leaves(population)[0])
    plan = _Plan(
        networks=population,
        task=task,
        rule=_rule_of_each(rule if isinstance(rule, Rule) else Optax(rule), count, epochs, population.dtype),
        keys=_keys(key, count),
        epochs=epochs,
        observe=observe,
        record_every=record_every,
        snapshot_every=snapshot_every,
        stop=stop,
        select=select,
        chunk=chunk,
    )
    run = _started(plan)
    mark = _fingerprint(plan)
    if checkpoint is not None and (arrays := checkpoint.load(mark)) is not None:
        run = run.restored(arrays)
    saved_at, in_time = began, True
    try:
        while run.recorder.done < plan.epochs and len(run.slots):
            if seconds is not None and time.monotonic() - began > seconds:
                in_time = False
                break
            run = _extended(run, plan)
            progress(run.recorder.done)
            if checkpoint is not None and time.monotonic() - saved_at > checkpoint.seconds:
                checkpoint.save(mark, run.arrays())
                saved_at = time.monotonic()
    except KeyboardInterrupt as stopped:
        raise TrainingInterrupted(_result(run, plan, TrainingOutcome.interrupted, began)) from stopped
    finally:
        if checkpoint is not None:
            checkpoint.save(mark, run.arrays())
    return _result(run, plan, TrainingOutcome.completed if in_time else TrainingOutcome.out_of_time, began)


def _population(networks: LearnerT | Sequence[LearnerT]) -> LearnerT:
    """One object with a leading axis of networks on every leaf, all of them arrays."""
    if isinstance(networks, Learner):
        return jax.tree.map(jnp.asarray, networks)
    if not networks:
        raise NothingToTrain("0 networks: at least one epoch and one network are needed")
    return jax.tree.map(lambda *each: jnp.stack([jnp.asarray(one) for one in each]), *networks)


def _rule_of_each(rule: Rule, networks: int, epochs: int, dtype: jnp.dtype) -> Rule:
    """The rule with an axis of networks on each of its numbers."""
    shapes = {np.shape(number) for number in jax.tree.leaves(rule)}
    if epochs < 1 or networks < 1 or not shapes <= {(), (networks,)}:
        raise NothingToTrain(
            f"{epochs} epochs, {networks} networks, numbers of the rule of shapes {sorted(shapes)}: "
            "at least one epoch and one network are needed, and one number for all or one for each"
        )
    return jax.tree.map(lambda number: jnp.broadcast_to(jnp.asarray(number, dtype), (networks,)), rule)


def _keys(key: Key[Array, "*networks"] | None, networks: int) -> Key[Array, " networks"]:
    key = jax.random.key(0) if key is None else key
    if key.shape == (networks,):
        return key
    if networks == 1:
        return key[None]
    return jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, jnp.arange(networks))


def _started(plan: _Plan[Any]) -> _Run:
    mesh = mesh_for(plan.count)
    networks = plan.networks
    memory = jax.vmap(lambda _: plan.stop.init())(jnp.arange(plan.count))
    kept = jax.vmap(lambda rule, network: rule.init(network))(plan.rule, networks)
    state = _State(networks, kept, memory, jnp.ones(plan.count, bool))
    probes = jax.tree.map(
        lambda a: np.full(a.shape, np.nan, a.dtype), jax.eval_shape(lambda: _probes_of_one_epoch(plan))
    )
    return _Run(
        state=shared_out(mesh, filled_up(mesh, state)),
        slots=np.arange(plan.count),
        whole=jax.tree.map(np.asarray, networks),
        stopped_at=np.full(plan.count, -1),
        after=probes,
        recorder=Recorder.empty(probes, plan.record_every),
        snapshots=Snapshots(),
        selected=None if plan.select is None else Selected.nothing(networks),
    )


def _probes_of_one_epoch(plan: _Plan[Any]) -> Probes:
    def one(rule: Rule, network: Learner) -> Probes:
        batch = plan.task(jnp.asarray(0)).astype(network.dtype)
        return measure_and_step(
            network, rule.init(network), rule, batch, jax.random.key(0), jnp.asarray(0), plan.observe
        )[2]

    return jax.vmap(one)(plan.rule, plan.networks)


def _extended(run: _Run, plan: _Plan[Any]) -> _Run:
    """The run after its next chunk, which ends where a snapshot or a look is due or the training ends."""
    done, snapshots = run.recorder.done, run.snapshots
    stop = min(done + plan.chunk, plan.epochs)
    if plan.snapshot_every is not None:
        if done % plan.snapshot_every == 0:
            snapshots = snapshots.taken(done, _whole(run))
        stop = min(stop, (done // plan.snapshot_every + 1) * plan.snapshot_every)
    if plan.select is not None:
        stop = min(stop, (done // plan.select.every + 1) * plan.select.every)
    state, *of_slots = _advanced(run, plan, stop - done)
    probes, updated = _of_all(of_slots, run.slots, plan.count)
    before = np.zeros(plan.count, bool)
    before[run.slots] = np.asarray(run.state.running)[: len(run.slots)]
    measured = np.concatenate([before[None], updated[:-1]])
    ended, at = (measured & ~updated).any(axis=0), np.argmax(measured & ~updated, axis=0)
    run = replace(
        run,
        state=state,
        stopped_at=np.where(ended, done + at, run.stopped_at),
        after=jax.tree.map(
            lambda old, new: np.where(_wide(ended, old), new[at, np.arange(plan.count)], old), run.after, probes
        ),
        recorder=run.recorder.extended(probes, measured),
        snapshots=snapshots,
    )
    if plan.select is not None and (stop % plan.select.every == 0 or stop == plan.epochs):
        run = _looked(run, plan.select)
    return _thinned(run)


def _looked(run: _Run, select: Selection) -> _Run:
    """With the validation of the parameters as they are."""
    assert run.selected is not None
    return replace(run, selected=run.selected.looked(run.recorder.done, _whole(run), select))


def _advanced(run: _Run, plan: _Plan[Any], epochs: int) -> tuple[_State, Probes, Bool[np.ndarray, "epochs slots"]]:
    """The state after some epochs; the probes of every epoch, and who was updated in it."""
    slots = len(run.slots)
    mesh = mesh_for(slots)
    rules, keys = shared_out(mesh, filled_up(mesh, jax.tree.map(lambda a: a[run.slots], (plan.rule, plan.keys))))
    state, (probes, updated) = _chunk(
        mesh,
        plan.chunk,
        plan.stop,
        plan.observe,
        run.state,
        rules,
        keys,
        plan.task,
        jnp.asarray(run.recorder.done),
        jnp.asarray(epochs),
    )
    probes, updated = jax.tree.map(lambda a: np.asarray(a)[:epochs, :slots], (probes, updated))
    return state, probes, updated


@eqx.filter_jit
def _chunk(
    mesh: Mesh,
    size: int,
    stop: Stopping,
    observe: Observe,
    state: _State,
    rules: Rule,
    keys: Key[Array, " networks"],
    task: Task,
    first: Int[Array, ""],
    epochs: Int[Array, ""],
) -> tuple[_State, tuple[Probes, Bool[Array, "size networks"]]]:
    """Train for `epochs` (at most `size`) epochs; every device trains its own share of the networks."""
    moving_task, fixed_task = eqx.partition(task, eqx.is_array)

    def share(
        state: _State, rules: Rule, keys: Array, moving_task: Task, first: Array, epochs: Array
    ) -> tuple[_State, tuple[Probes, Array]]:
        task = eqx.combine(moving_task, fixed_task)
        each_network = _mapping(state.networks)

        def advance(state: _State, now: Array) -> tuple[_State, tuple[Probes, Array]]:
            batch = task(now)

            def one(state: _State, rule: Rule, key: Array) -> tuple[_State, tuple[Probes, Array]]:
                return _epoch(state, rule, batch, key, now, stop, observe)

            return each_network(one, state, rules, keys)

        def epoch(i: Array, carry: tuple[_State, tuple[Probes, Array]]) -> tuple[_State, tuple[Probes, Array]]:
            state, seen = advance(carry[0], first + i)
            return state, jax.tree.map(lambda all, new: all.at[i].set(new), carry[1], seen)

        _, like = jax.eval_shape(advance, state, first)
        empty = jax.tree.map(lambda a: jnp.zeros((size, *a.shape), a.dtype), like)
        return jax.lax.fori_loop(0, epochs, epoch, (state, empty))

    return jax.shard_map(
        share,
        mesh=mesh,
        in_specs=(NETWORKS, NETWORKS, NETWORKS, EVERYWHERE, EVERYWHERE, EVERYWHERE),
        out_specs=(NETWORKS, PartitionSpec(None, "networks")),
        check_vma=False,
    )(state, rules, keys, moving_task, first, epochs)


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


def _epoch(
    state: _State, rule: Rule, batch: Batch, key: Array, now: Array, stop: Stopping, observe: Observe
) -> tuple[_State, tuple[Probes, Array]]:
    """One network after one epoch; what was measured before its update, and whether there was one."""

    def learn(state: _State) -> tuple[_State, tuple[Probes, Array]]:
        network = state.networks
        stepped, kept, probes = measure_and_step(
            network, state.rule, rule, batch.astype(network.dtype), key, now, observe
        )
        memory, enough = stop.look(state.stop, jnp.asarray(probes.loss))
        updated = state.running & ~enough & jnp.isfinite(probes.loss) & jnp.isfinite(probes.gradient_norm)
        stepped, kept = _chosen(updated, (stepped, kept), (network, state.rule))
        return _State(stepped, kept, memory, updated), (_chosen(state.running, probes, _unmeasured(probes)), updated)

    if not state.networks.alone:
        return learn(state)
    _, (like, _) = jax.eval_shape(learn, state)  # a finished network that stands alone costs nothing
    return jax.lax.cond(state.running, learn, lambda state: (state, (_unmeasured(like), state.running)), state)


def _chosen(which: Array, yes: Any, no: Any) -> Any:
    return jax.tree.map(lambda a, b: jnp.where(which, a, b), yes, no)


def _unmeasured(like: Probes) -> Probes:
    return jax.tree.map(lambda a: jnp.full(a.shape, jnp.nan, a.dtype), like)


def _of_all(
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


def _wide(which: Bool[np.ndarray, " networks"], like: np.ndarray) -> np.ndarray:
    """With as many axes as another array that begins with one of networks."""
    return which.reshape(-1, *[1] * (like.ndim - 1))


def _whole(run: _Run) -> Any:
    """All networks as they are, those in the program and those that have left it."""
    if len(run.slots) == 0:
        return run.whole

    def merge(old: np.ndarray, now: Array) -> np.ndarray:
        merged = old.copy()
        merged[run.slots] = np.asarray(now)[: len(run.slots)]
        return merged

    return jax.tree.map(merge, run.whole, run.state.networks)


def _thinned(run: _Run) -> _Run:
    """Without the finished networks, once they are half of the program or all of it."""
    alive = np.asarray(run.state.running)[: len(run.slots)]
    if 2 * alive.sum() > len(alive):
        return run
    run = replace(run, whole=_whole(run))
    if not alive.any():
        return replace(run, slots=run.slots[:0])
    mesh = mesh_for(int(alive.sum()))
    state = filled_up(mesh, jax.tree.map(lambda leaf: leaf[np.flatnonzero(alive)], run.state))
    return replace(run, state=shared_out(mesh, state), slots=run.slots[alive])


def _result(run: _Run, plan: _Plan[LearnerT], ended: TrainingOutcome, began: float) -> Trained[LearnerT]:
    after = run.after
    running = np.zeros(plan.count, bool)
    if len(run.slots):
        running[run.slots] = np.asarray(run.state.running)[: len(run.slots)]
        probes, _ = _of_all(_advanced(run, plan, 1)[1:], run.slots, plan.count)
        after = jax.tree.map(lambda old, new: np.where(_wide(running, old), new[0], old), after, probes)
    missed = run.selected is not None and run.recorder.done not in run.selected.epochs
    if plan.select is not None and missed and ended is not TrainingOutcome.interrupted:
        run = _looked(run, plan.select)
    history = run.recorder.history()
    finite = np.isfinite(after.loss) & (history.first_non_finite < 0)
    ends = zip(finite.tolist(), running.tolist(), strict=True)
    return Trained(
        networks=_whole(run),
        history=history,
        after=after,
        snapshots=run.snapshots,
        selected=run.selected,
        outcomes=tuple(_outcome(ended, plan.stop, *each) for each in ends),
        stopped_at=np.where(run.stopped_at < 0, history.done, run.stopped_at),
        seconds=time.monotonic() - began,
    )


def _outcome(ended: TrainingOutcome, stop: Stopping, finite: bool, running: bool) -> TrainingOutcome:
    if not finite:
        return TrainingOutcome.diverged
    if not running:
        return TrainingOutcome.converged
    if ended is TrainingOutcome.completed and stop is not NEVER:
        return TrainingOutcome.not_converged
    return ended


def _fingerprint(plan: _Plan[Any]) -> str:
    """What a checkpoint must share with a run to be continued by it; the number of epochs may grow."""
    digest = hashlib.sha256()
    keys = jax.random.key_data(plan.keys)
    validation = None if plan.select is None else plan.select.batch
    for leaf in jax.tree.leaves((plan.networks, plan.task.identity(), plan.rule, keys, validation)):
        is_key = isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
        digest.update(np.asarray(jax.random.key_data(leaf) if is_key else leaf).tobytes())
    settings = (
        jax.tree.structure((plan.networks, plan.task.identity())),
        jax.tree.structure(plan.rule),
        getattr(plan.observe, "__qualname__", plan.observe),
        plan.record_every,
        plan.snapshot_every,
        plan.stop,
        None if plan.select is None else (plan.select.every, plan.select.together),
        jax.device_count(),
        plan.networks.dtype,
    )
    digest.update(repr(settings).encode())
    return digest.hexdigest()
