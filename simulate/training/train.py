"""Gradient training of many networks at once in one compiled program."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import PartitionSpec
from jaxtyping import Array, Bool, Float, PyTree

from simulate.cells.rank_r import Network, trained_part
from simulate.ghost.outputs import FullState, Outputs
from simulate.tasks.delayed_activation import SquaredError, Trials, accuracy
from simulate.training.checkpoint import Arrays, Checkpoint
from simulate.training.history import History, Probes, Recorder, Snapshots

GRADIENT_DESCENT = optax.identity()
"""The direction is the gradient itself."""


class Outcome(Enum):
    """How the training of one network ended; the text says what to do about it."""

    COMPLETED = "trained to the last epoch"
    NON_FINITE = "loss or gradient stopped being a finite number: lower the learning rate"
    INTERRUPTED = "stopped before the last epoch: run again with the same checkpoint to go on"


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C during training; `result` holds everything up to the last finished chunk of epochs."""

    def __init__(self, result: "TrainingResult") -> None:
        super().__init__(f"training stopped after {result.history.done} epochs")
        self.result = result


class NothingToTrain(ValueError):
    """No epochs, no networks, or learning rates that are neither one for all nor one for each."""


@dataclass(frozen=True)
class Training:
    """How networks are trained.

    theta <- theta - learning_rate * direction: `optimiser` makes gradients directions (`GRADIENT_DESCENT`
    leaves them as they are), `learning_rate` is one number or one for each network. Probes are recorded every
    `record_every` epochs, parameters every `snapshot_every`. Up to `chunk` epochs run in one call; between
    calls progress is reported, the checkpoint written and Ctrl-C obeyed.
    """

    trials: Trials
    loss: SquaredError
    epochs: int
    learning_rate: float | Float[np.ndarray, " networks"] = 0.02
    outputs: Outputs = field(default_factory=FullState)
    optimiser: optax.GradientTransformation = GRADIENT_DESCENT
    record_every: int = 1
    snapshot_every: int | None = None
    chunk: int = 500


@dataclass(frozen=True)
class TrainingResult:
    """The trained networks (leading axis), the history of their training, the snapshots asked for."""

    networks: Network
    history: History
    snapshots: Snapshots
    epochs_asked: int

    def selected(self, which: slice) -> "TrainingResult":
        """The same for some of the networks."""
        part = Snapshots(
            self.snapshots.epochs,
            tuple(jax.tree.map(lambda a: a[which], networks) for networks in self.snapshots.networks),
        )
        networks = jax.tree.map(lambda a: a[which], self.networks)
        return TrainingResult(networks, self.history.selected(which), part, self.epochs_asked)

    @property
    def finite(self) -> Bool[np.ndarray, " networks"]:
        """Which networks kept a finite loss and gradient."""
        return self.history.first_non_finite < 0

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """How each network's training ended."""
        ended = Outcome.COMPLETED if self.history.done == self.epochs_asked else Outcome.INTERRUPTED
        return tuple(ended if sound else Outcome.NON_FINITE for sound in self.finite)


class _State(eqx.Module):
    """What one epoch hands to the next; every array has a leading axis of networks."""

    networks: Network
    optimiser: PyTree


@dataclass(frozen=True)
class _Run:
    """All that a run knows between two chunks. Replaced as a whole, so an interruption leaves it sound."""

    state: _State
    recorder: Recorder
    snapshots: Snapshots

    def arrays(self) -> Arrays:
        leaves = {f"state.{i}": np.asarray(leaf) for i, leaf in enumerate(jax.tree.leaves(self.state))}
        return leaves | self.recorder.arrays() | self.snapshots.arrays()

    def restored(self, arrays: Arrays, like: Network) -> "_Run":
        leaves, structure = jax.tree.flatten(self.state)
        kept = [jax.device_put(arrays[f"state.{i}"], leaf.sharding) for i, leaf in enumerate(leaves)]
        return _Run(
            jax.tree.unflatten(structure, kept),
            self.recorder.restored(arrays),
            Snapshots.restored(arrays, like),
        )


def train(
    networks: Network,
    training: Training,
    checkpoint: Checkpoint | None = None,
    progress: Callable[[int], None] = lambda epochs_done: None,
) -> TrainingResult:
    """Train a population (every array with a leading axis of networks), each network by itself.

    The networks are shared out among JAX's devices. A run that finds its checkpoint goes on from there, with
    results bit-identical to those of a run never stopped. Raises `NothingToTrain` on empty input,
    `CheckpointMismatch` if the checkpoint belongs to another run, `TrainingInterrupted` on Ctrl-C.
    """
    count = len(networks.cell.b)
    if training.epochs < 1 or count < 1 or np.shape(training.learning_rate) not in ((), (count,)):
        raise NothingToTrain(
            f"{training.epochs} epochs, {count} networks, rates of shape {np.shape(training.learning_rate)}: "
            "at least one epoch and one network are needed, and one rate for all or one for each"
        )
    dtype = networks.cell.b.dtype
    rates = jnp.broadcast_to(jnp.asarray(training.learning_rate, dtype), (count,))
    population, rates = _spread((networks, rates))
    trained = eqx.filter(population, trained_part(population))
    state = _State(population, jax.vmap(training.optimiser.init)(trained))
    run = _Run(state, Recorder.empty(count, training.record_every, np.dtype(dtype)), Snapshots())

    fingerprint = _fingerprint(networks, training)
    if checkpoint is not None and (arrays := checkpoint.load(fingerprint)) is not None:
        run = run.restored(arrays, networks)
    saved_at = time.monotonic()
    try:
        while run.recorder.done < training.epochs:
            run = _extended(run, training, rates, count)
            progress(run.recorder.done)
            if checkpoint is not None and time.monotonic() - saved_at > checkpoint.seconds:
                checkpoint.save(fingerprint, run.arrays())
                saved_at = time.monotonic()
    except KeyboardInterrupt as stop:
        raise TrainingInterrupted(_result(run, training, count)) from stop
    finally:
        if checkpoint is not None:
            checkpoint.save(fingerprint, run.arrays())
    return _result(run, training, count)


def _extended(run: _Run, training: Training, rates: Array, count: int) -> _Run:
    """The run after its next chunk, which ends where a snapshot is due or the training ends."""
    done, snapshots = run.recorder.done, run.snapshots
    stop = min(done + training.chunk, training.epochs)
    if training.snapshot_every is not None:
        if done % training.snapshot_every == 0:
            snapshots = snapshots.taken(done, _taken_out(run.state.networks, count))
        stop = min(stop, (done // training.snapshot_every + 1) * training.snapshot_every)
    state, probes = _chunk(
        training.loss,
        training.outputs,
        training.optimiser,
        training.chunk,
        run.state,
        rates,
        training.trials,
        jnp.asarray(stop - done),
    )
    kept = jax.tree.map(lambda a: np.asarray(a)[: stop - done, :count], probes)
    return _Run(state, run.recorder.extended(kept), snapshots)


def _result(run: _Run, training: Training, count: int) -> TrainingResult:
    networks = _taken_out(run.state.networks, count)
    return TrainingResult(networks, run.recorder.history(), run.snapshots, training.epochs)


@eqx.filter_jit
def _chunk(
    loss: SquaredError,
    outputs: Outputs,
    optimiser: optax.GradientTransformation,
    size: int,
    state: _State,
    rates: Array,
    trials: Trials,
    epochs: Array,
) -> tuple[_State, Probes]:
    """Train for `epochs` (at most `size`) epochs; every device trains its own share of the networks."""

    def measure(trained: Network, fixed: Network) -> tuple[Array, tuple[Array, Array]]:
        """Sum of the losses, whose gradient is each network's own; the losses and accuracies themselves."""
        answers = outputs(eqx.combine(trained, fixed), trials)
        losses = jax.vmap(loss, in_axes=(0, None))(answers, trials)
        return jnp.sum(losses), (losses, jax.vmap(accuracy, in_axes=(0, None))(answers, trials))

    def share(state: _State, rates: Array, epochs: Array) -> tuple[_State, Probes]:
        moving, fixed = eqx.partition(state.networks, trained_part(state.networks))

        def epoch(i: Array, carry: tuple[Network, PyTree, Probes]) -> tuple[Network, PyTree, Probes]:
            trained, optimiser_state, probes = carry
            gradient, (losses, accuracies) = jax.grad(measure, has_aux=True)(trained, fixed)
            direction, optimiser_state = jax.vmap(optimiser.update)(gradient, optimiser_state, trained)
            trained = jax.tree.map(lambda theta, d: theta - _like(rates, d) * d, trained, direction)
            squares = [jnp.sum(g**2, axis=tuple(range(1, g.ndim))) for g in jax.tree.leaves(gradient)]
            now = Probes(losses, accuracies, jnp.sqrt(sum(squares)))
            return trained, optimiser_state, jax.tree.map(lambda all, one: all.at[i].set(one), probes, now)

        empty = jnp.zeros((size, *rates.shape), rates.dtype)
        trained, optimiser_state, probes = jax.lax.fori_loop(
            0, epochs, epoch, (moving, state.optimiser, Probes(empty, empty, empty))
        )
        return _State(eqx.combine(trained, fixed), optimiser_state), probes

    shared, everywhere = PartitionSpec("networks"), PartitionSpec()
    return jax.shard_map(
        share,
        mesh=_mesh(),
        in_specs=(shared, shared, everywhere),
        out_specs=(shared, PartitionSpec(None, "networks")),
        check_vma=False,
    )(state, rates, epochs)


def _mesh() -> jax.sharding.Mesh:
    return jax.make_mesh((jax.device_count(),), ("networks",), axis_types=(jax.sharding.AxisType.Auto,))


def _like(rates: Array, theta: Array) -> Array:
    """Rates with as many axes as the parameter they scale."""
    return jnp.expand_dims(rates, tuple(range(1, theta.ndim)))


def _spread(tree: PyTree) -> PyTree:
    """Filled up with copies of the last network to a multiple of the devices, and shared out among them."""
    mesh = _mesh()
    sharding = jax.sharding.NamedSharding(mesh, PartitionSpec("networks"))

    def place(leaf: Array | np.ndarray) -> Array:
        copies = [leaf[-1:]] * (-len(leaf) % mesh.size)
        return jax.device_put(jnp.concatenate([leaf, *copies]), sharding)

    return jax.tree.map(place, tree)


def _taken_out(networks: Network, count: int) -> Network:
    return jax.tree.map(lambda leaf: np.array(leaf[:count]), networks)


def _fingerprint(networks: Network, training: Training) -> str:
    """What a checkpoint must share with a run to be continued by it; the number of epochs may grow."""
    digest = hashlib.sha256()
    for leaf in jax.tree.leaves((networks, training.trials, training.learning_rate)):
        digest.update(np.asarray(leaf).tobytes())
    settings = (
        training.loss,
        training.outputs,
        training.record_every,
        training.snapshot_every,
        training.trials.step,
        jax.device_count(),
        jax.tree.structure(networks),
        networks.cell.b.dtype,
    )
    digest.update(repr(settings).encode())
    return digest.hexdigest()
