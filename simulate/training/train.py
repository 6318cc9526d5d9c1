"""Gradient training of a population of networks of any cell, in one compiled program."""

import hashlib
import time
from collections.abc import Sequence
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Key

from simulate.tasks.task import Task
from simulate.training.checkpoint import Checkpoint
from simulate.training.epoch import Observe, Regime, own_observation
from simulate.training.interruption import sigterm_as_interrupt
from simulate.training.learn import NothingToTrain
from simulate.training.learner import Learner, require_arrays
from simulate.training.made_of import made_of
from simulate.training.outcome import TrainingOutcome
from simulate.training.progress import EpochsDone, Progress
from simulate.training.rule import Rule, as_rule
from simulate.training.run import TrainingPlan, TrainingRun, advanced, extended, looked, of_all, started, whole, wide
from simulate.training.selection import Selection
from simulate.training.stopping import NEVER, Never, Stopping
from simulate.training.trained import Trained, TrainingInterrupted

LearnerT = TypeVar("LearnerT", bound=Learner)
TreeT = TypeVar("TreeT")


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
            `Optax(transformation, rate)`; around any of them `Penalised` and `ReducedOnPlateau`. A number in a rule is
            one for all networks, or has an axis of networks.
        epochs: how many.
        key: for the noise of the rule; one a network, or one from which network i gets the i-th (a single network: it).
        observe: what to record of each network at every recorded epoch: a function of it that gives arrays. Usually
            what the network records of itself, as a low-rank network its overlaps.
        record_every: every how many epochs probes are kept (the last fifty epochs are, in any case).
        snapshot_every: every how many epochs parameters are kept; None: never.
        stop: when a network is finished, each by itself, as `Threshold(1e-3, patience=3)`. One that diverges is
            finished too, and keeps the parameters at which its loss or gradient was found not to be finite. Finished
            networks leave the program once half of it is idle: it then has another size, for which rounding may differ.
            Where networks stand alone (`Learner.alone`) they stay and cost nothing, and what still learns is dealt out
            to the devices again.
        select: keep the parameters that do best on other trials; see `Selection`.
        seconds: stop at the first chunk that ends later than that after the call; None: no limit.
        checkpoint: a file from which a run that was stopped goes on, with results equal to the bit to those of a run
            that never was. More epochs may be asked for; any other change is refused.
        progress: is told the number of epochs done after each chunk, with how many networks still learn:
            `EpochsDone`, which is a whole number.
        chunk: up to so many epochs run in one call of the program; between calls progress is told, checkpoints are
            written and Ctrl-C and SIGTERM are obeyed.

    The networks are shared out among JAX's devices, whatever they are. Training ends early when all networks are
    finished or have diverged.

    Raises:
        NothingToTrain: without epochs or networks, or with numbers of a rule that do not fit their count.
        PlainNumber: if a network holds a number of which it is not said whether it learns.
        CheckpointMismatch: if the checkpoint belongs to another run.
        TrainingInterrupted: on Ctrl-C, and on SIGTERM where the program does not handle it; its `result` holds what was
            done.
    """
    began = time.monotonic()
    _require_counts(epochs=epochs, record_every=record_every, snapshot_every=snapshot_every, chunk=chunk)
    population = _population(networks)
    count = len(jax.tree.leaves(population)[0])
    plan = TrainingPlan(
        networks=population,
        task=task,
        regime=Regime(
            _of_each(as_rule(rule), count, population.dtype),
            _of_each(stop, count, population.dtype),
            _keys(key, count),
            observe,
        ),
        epochs=epochs,
        record_every=record_every,
        snapshot_every=snapshot_every,
        select=select,
        chunk=chunk,
    )
    run = started(plan)
    mark = _fingerprint(plan)
    if checkpoint is not None and (arrays := checkpoint.load(mark)) is not None:
        run = run.restored(arrays, plan)
    saved_at, in_time = began, True
    with sigterm_as_interrupt():
        try:
            while run.recorder.done < plan.epochs and len(run.slots):
                if seconds is not None and time.monotonic() - began > seconds:
                    in_time = False
                    break
                run = extended(run, plan)
                progress(EpochsDone(run.recorder.done, learning=int(run.learning.sum())))
                if checkpoint is not None and time.monotonic() - saved_at > checkpoint.seconds:
                    checkpoint.save(mark, run.arrays())
                    saved_at = time.monotonic()
        except KeyboardInterrupt as stopped:
            raise TrainingInterrupted(_result(run, plan, TrainingOutcome.interrupted, began)) from stopped
        finally:
            if checkpoint is not None:
                checkpoint.save(mark, run.arrays())
    return _result(run, plan, TrainingOutcome.completed if in_time else TrainingOutcome.out_of_time, began)


def _require_counts(**counts: int | None) -> None:
    """Every one of them a whole number from 1, where it is given."""
    for name, count in counts.items():
        if count is not None and (int(count) != count or count < 1):
            raise NothingToTrain(f"{name} is {count}: at least one is needed, a whole number")


def _population(networks: LearnerT | Sequence[LearnerT]) -> LearnerT:
    """One object with a leading axis of networks on every leaf, all of them arrays."""
    if not isinstance(networks, Learner):
        if not networks:
            raise NothingToTrain("0 networks: at least one epoch and one network are needed")
        for network in networks:
            require_arrays(network)
        return jax.tree.map(lambda *each: jnp.stack([jnp.asarray(one) for one in each]), *networks)
    require_arrays(networks)
    population = jax.tree.map(jnp.asarray, networks)
    axes = {leaf.shape[:1] for leaf in jax.tree.leaves(population)}
    if len(axes) != 1 or () in axes:
        raise NothingToTrain(
            f"arrays that begin with axes of {sorted(axes)}: those of a population begin with one of networks; "
            "a single network is given as [network]"
        )
    return population


def _of_each(numbers: TreeT, networks: int, dtype: jnp.dtype) -> TreeT:
    """A rule with an axis of networks on each of its numbers."""
    shapes = {np.shape(number) for number in jax.tree.leaves(numbers)}
    if not shapes <= {(), (networks,)}:
        raise NothingToTrain(
            f"{networks} networks, and numbers of {type(numbers).__name__} of shapes {sorted(shapes)}: "
            "one number for all is needed, or one for each"
        )
    return jax.tree.map(lambda number: jnp.broadcast_to(jnp.asarray(number, dtype), (networks,)), numbers)


def _keys(key: Key[Array, "*networks"] | None, networks: int) -> Key[Array, " networks"]:
    key = jax.random.key(0) if key is None else key
    if key.shape == (networks,):
        return key
    if networks == 1:
        return key[None]
    return jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, jnp.arange(networks))


def _result(run: TrainingRun, plan: TrainingPlan[LearnerT], ended: TrainingOutcome, began: float) -> Trained[LearnerT]:
    after = run.after
    running = np.zeros(plan.count, bool)
    if len(run.slots):
        running[run.slots] = run.learning
        probes, _ = of_all(advanced(run, plan, 1)[1:], run.slots, plan.count)
        after = jax.tree.map(lambda old, new: np.where(wide(running, old), new[0], old), after, probes)
    missed = run.selected is not None and run.recorder.done not in run.selected.epochs
    if plan.select is not None and missed and ended is not TrainingOutcome.interrupted:
        run = looked(run, plan.select)
    history = run.recorder.history()
    finite = np.isfinite(after.loss) & (history.first_non_finite < 0)
    ends = zip(finite.tolist(), running.tolist(), strict=True)
    return Trained(
        networks=whole(run),
        history=history,
        after=after,
        snapshots=run.snapshots,
        selected=run.selected,
        outcomes=tuple(_outcome(ended, plan.regime.stop, *each) for each in ends),
        stopped_at=np.where(run.stopped_at < 0, history.done, run.stopped_at),
        seconds=time.monotonic() - began,
    )


def _outcome(ended: TrainingOutcome, stop: Stopping, finite: bool, running: bool) -> TrainingOutcome:
    if not finite:
        return TrainingOutcome.diverged
    if not running:
        return TrainingOutcome.converged
    if ended is TrainingOutcome.completed and not isinstance(stop, Never):
        return TrainingOutcome.not_converged
    return ended


def _fingerprint(plan: TrainingPlan[Any]) -> str:
    """What a checkpoint must share with a run to be continued by it; the number of epochs may grow."""
    digest = hashlib.sha256()
    regime, validation = plan.regime, None if plan.select is None else plan.select.batch
    for leaf in jax.tree.leaves((plan.networks, plan.task.identity(), regime, validation)):
        is_key = isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
        digest.update(np.asarray(jax.random.key_data(leaf) if is_key else leaf).tobytes())
    settings = (
        jax.tree.structure((plan.networks, plan.task.identity())),
        jax.tree.structure((regime.rule, regime.stop)),
        made_of(regime.observe),
        plan.record_every,
        plan.snapshot_every,
        None if plan.select is None else (plan.select.every, plan.select.together),
        jax.device_count(),
        plan.networks.dtype,
    )
    digest.update(repr(settings).encode())
    return digest.hexdigest()
