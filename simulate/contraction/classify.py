"""Training an assembly to classify sequences: minibatches, Adam, parameters selected on the validation set."""

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PyTree

from simulate.contraction.combo import ComboNet, Prepared, trained_part
from simulate.tasks.images import Examples, Images
from simulate.training.checkpoint import Arrays, Checkpoint
from simulate.training.schedule import Schedule

ADAM = optax.scale_by_adam()


class Outcome(Enum):
    """How a training ended; the text says what to do about it."""

    COMPLETED = "trained to the last epoch"
    OUT_OF_TIME = "stopped when its time was over: allow more, or run again with the same checkpoint to go on"
    NON_FINITE = "loss or gradient stopped being a finite number: lower the learning rate, the step or the links"
    INTERRUPTED = "stopped before the last epoch: run again with the same checkpoint to go on"


class NothingToClassify(ValueError):
    """No epochs, or batches that are empty or larger than the training set."""


class ClassificationInterrupted(KeyboardInterrupt):
    """Ctrl-C during training; `result` holds everything up to the last finished batch, without the test."""

    def __init__(self, result: "Classified") -> None:
        super().__init__(f"training stopped after {len(result.history.loss)} epochs")
        self.result = result


@dataclass(frozen=True)
class Classification:
    """How a network is trained.

    Each epoch shows the training set once, in an order drawn by (`seed`, epoch), in batches; what is left over after
    the last full batch is left out of that epoch. Adam (0.9, 0.999), the gradient shortened to norm `clip`. With
    `seconds` the training stops at the first batch that ends later, counted from the call, compilation included.
    """

    epochs: int
    schedule: Schedule
    batch: int = 128
    clip: float = 1.0
    seed: int = 0
    seconds: float | None = None
    evaluated_together: int = 500


@dataclass(frozen=True)
class EpochHistory:
    """Per finished epoch: mean loss and accuracy over its batches, as trained; the validation set at its end."""

    loss: Float[np.ndarray, " epochs"]
    accuracy: Float[np.ndarray, " epochs"]
    validation_loss: Float[np.ndarray, " epochs"]
    validation_accuracy: Float[np.ndarray, " epochs"]


@dataclass(frozen=True)
class Classified:
    """A trained network: `network` at the parameters with the best validation accuracy, `last` at the last ones.

    `selected_after` are the epochs after which it was the best, in fractions. The test set was looked at once, at
    `network`; not at all (None) if training was interrupted or no parameters were ever evaluated.
    """

    network: ComboNet
    last: ComboNet
    history: EpochHistory
    selected_after: float
    validation_accuracy: float
    test_accuracy: float | None
    test_loss: float | None
    batches: int
    seconds: float
    outcome: Outcome


@dataclass(frozen=True)
class _Run:
    """All that a run knows between two batches. Replaced as a whole, so an interruption leaves it sound."""

    trained: PyTree
    optimiser: PyTree
    best: PyTree
    best_accuracy: float = -1.0
    best_after: float = 0.0
    done: int = 0
    sums: tuple[float, float] = (0.0, 0.0)
    rows: tuple[tuple[float, float, float, float], ...] = ()
    finite: bool = True

    def arrays(self) -> Arrays:
        leaves = jax.tree.leaves((self.trained, self.optimiser, self.best))
        return {
            **{f"state.{i}": np.asarray(leaf) for i, leaf in enumerate(leaves)},
            "numbers": np.array([self.best_accuracy, self.best_after, *self.sums, float(self.finite)]),
            "done": np.asarray(self.done),
            "rows": np.array(self.rows, float).reshape(-1, 4),
        }

    def restored(self, arrays: Arrays) -> "_Run":
        leaves, structure = jax.tree.flatten((self.trained, self.optimiser, self.best))
        kept = [jnp.asarray(arrays[f"state.{i}"]) for i in range(len(leaves))]
        trained, optimiser, best = jax.tree.unflatten(structure, kept)
        accuracy, after, loss, right, finite = arrays["numbers"].tolist()
        rows = tuple((a, b, c, d) for a, b, c, d in arrays["rows"].tolist())
        done = int(arrays["done"])
        return _Run(trained, optimiser, best, accuracy, after, done, (loss, right), rows, bool(finite))


def classify(
    network: ComboNet,
    images: Images,
    training: Classification,
    checkpoint: Checkpoint | None = None,
    progress: Callable[[int, float], None] = lambda batches_done, loss: None,
) -> Classified:
    """Train one network; in float32 if its arrays are. Networks of one shape share one compiled program.

    A run that finds its checkpoint goes on from there, with results bit-identical to those of a run never stopped.
    Raises `NothingToClassify` on settings without a batch, `CheckpointMismatch` if the checkpoint belongs to another
    run, `ClassificationInterrupted` on Ctrl-C.
    """
    if training.epochs < 1 or not 1 <= training.batch <= len(images.train):
        raise NothingToClassify(
            f"{training.epochs} epochs, batches of {training.batch} from {len(images.train)} examples: "
            "give at least one epoch and a batch no larger than the training set"
        )
    began = time.monotonic()
    trained, fixed = eqx.partition(network, trained_part(network))
    run = _Run(trained, ADAM.init(trained), trained)
    mark = _fingerprint(network, images, training)
    if checkpoint is not None and (arrays := checkpoint.load(mark)) is not None:
        run = run.restored(arrays)
    per_epoch = len(images.train) // training.batch
    saved_at, outcome = began, Outcome.COMPLETED
    try:
        while run.finite and run.done < per_epoch * training.epochs:
            if training.seconds is not None and time.monotonic() - began > training.seconds:
                outcome = Outcome.OUT_OF_TIME
                break
            run = _after_a_batch(run, fixed, images, training, per_epoch)
            progress(run.done, run.sums[0])
            if checkpoint is not None and time.monotonic() - saved_at > checkpoint.seconds:
                checkpoint.save(mark, run.arrays())
                saved_at = time.monotonic()
    except KeyboardInterrupt as stop:
        raise ClassificationInterrupted(_result(run, fixed, Outcome.INTERRUPTED, began)) from stop
    finally:
        if checkpoint is not None:
            checkpoint.save(mark, run.arrays())
    outcome = outcome if run.finite else Outcome.NON_FINITE
    if run.finite and run.done % per_epoch:
        run = _evaluated(run, fixed, images, training, per_epoch)
    return _tested(_result(run, fixed, outcome, began), images, training)


def accuracy(network: ComboNet, examples: Examples, together: int = 500) -> tuple[float, float]:
    """The fraction classified as labelled, and the mean cross-entropy; at the numbers of `ComboNet.prepared`."""
    right, losses = 0.0, 0.0
    prepared = _prepared(network)
    for start in range(0, len(examples), together):
        sequences = examples.sequences[start : start + together]
        labels = examples.labels[start : start + together]
        missing = together - len(labels) if len(examples) > together else 0  # one compiled shape
        sequences = np.pad(sequences, ((0, missing), (0, 0), (0, 0)))
        logits = np.asarray(_logits(prepared, jnp.asarray(sequences, network.bias.dtype)))[: len(labels)]
        shifted = logits - logits.max(axis=1, keepdims=True)
        losses += float(np.sum(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]))
        right += int((logits.argmax(axis=1) == labels).sum())
    return right / len(examples), losses / len(examples)


def cross_entropy(
    network: ComboNet, sequences: Float[Array, "batch steps channels"], labels: Int[Array, " batch"]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """The mean softmax cross-entropy of the labels, and the fraction classified as labelled."""
    logits = network.logits(sequences)
    losses = optax.losses.softmax_cross_entropy_with_integer_labels(logits, labels)
    return jnp.mean(losses), jnp.mean(jnp.argmax(logits, axis=1) == labels)


@eqx.filter_jit
def _prepared(network: ComboNet) -> Prepared:
    return network.prepared()


@eqx.filter_jit
def _logits(prepared: Prepared, sequences: Array) -> Array:
    return prepared.logits(sequences)


@eqx.filter_jit
def _update(
    trained: PyTree, optimiser: PyTree, fixed: PyTree, sequences: Array, labels: Array, rate: Array, clip: Array
) -> tuple[PyTree, PyTree, Array]:
    """One step of Adam; loss, accuracy and norm of the gradient before it."""

    def loss(trained: PyTree) -> tuple[Array, Array]:
        return cross_entropy(eqx.combine(trained, fixed), sequences, labels)

    (value, right), gradient = jax.value_and_grad(loss, has_aux=True)(trained)
    norm = optax.tree.norm(gradient)
    shorter = jnp.minimum(1.0, clip / jnp.maximum(norm, jnp.finfo(norm.dtype).tiny))
    with jax.numpy_dtype_promotion("standard"):  # optax raises a float to a whole number
        direction, optimiser = ADAM.update(jax.tree.map(lambda g: shorter * g, gradient), optimiser)
    trained = jax.tree.map(lambda theta, d: theta - rate * d, trained, direction)
    return trained, optimiser, jnp.stack([value, right.astype(value.dtype), norm])


def _after_a_batch(run: _Run, fixed: PyTree, images: Images, training: Classification, per_epoch: int) -> _Run:
    epoch, at = divmod(run.done, per_epoch)
    order = np.random.default_rng((training.seed, epoch)).permutation(len(images.train))
    which = order[at * training.batch : (at + 1) * training.batch]
    dtype = jax.tree.leaves(run.trained)[0].dtype
    trained, optimiser, told = _update(
        run.trained,
        run.optimiser,
        fixed,
        jnp.asarray(images.train.sequences[which], dtype),
        jnp.asarray(images.train.labels[which]),
        jnp.asarray(training.schedule(run.done / per_epoch), dtype),
        jnp.asarray(training.clip, dtype),
    )
    loss, right, norm = np.asarray(told, float).tolist()
    if not (math.isfinite(loss) and math.isfinite(norm)):
        return replace(run, finite=False)
    sums = (run.sums[0] + loss, run.sums[1] + right) if at else (loss, right)
    run = replace(run, trained=trained, optimiser=optimiser, done=run.done + 1, sums=sums)
    if run.done % per_epoch:
        return run
    return _evaluated(run, fixed, images, training, per_epoch)


def _evaluated(run: _Run, fixed: PyTree, images: Images, training: Classification, per_epoch: int) -> _Run:
    """With the validation accuracy of the parameters as they are: in a row of its own after a whole epoch."""
    right, loss = accuracy(eqx.combine(run.trained, fixed), images.validation, training.evaluated_together)
    if right > run.best_accuracy:
        run = replace(run, best=run.trained, best_accuracy=right, best_after=run.done / per_epoch)
    if run.done % per_epoch:
        return run
    row = (run.sums[0] / per_epoch, run.sums[1] / per_epoch, loss, right)
    return replace(run, rows=(*run.rows, row))


def _result(run: _Run, fixed: PyTree, outcome: Outcome, began: float) -> Classified:
    columns = np.array(run.rows, float).reshape(-1, 4).T
    return Classified(
        network=eqx.combine(run.best, fixed),
        last=eqx.combine(run.trained, fixed),
        history=EpochHistory(*columns),
        selected_after=run.best_after,
        validation_accuracy=run.best_accuracy if run.best_accuracy >= 0 else math.nan,
        test_accuracy=None,
        test_loss=None,
        batches=run.done,
        seconds=time.monotonic() - began,
        outcome=outcome,
    )


def _tested(result: Classified, images: Images, training: Classification) -> Classified:
    if math.isnan(result.validation_accuracy):
        return result
    right, loss = accuracy(result.network, images.test, training.evaluated_together)
    return replace(result, test_accuracy=right, test_loss=loss)


def _fingerprint(network: ComboNet, images: Images, training: Classification) -> str:
    """What a checkpoint must share with a run to be continued by it; epochs and seconds may grow."""
    digest = hashlib.sha256()
    for leaf in jax.tree.leaves(network):
        digest.update(np.asarray(leaf).tobytes())
    for examples in (images.train, images.validation):
        digest.update(examples.sequences.tobytes() + examples.labels.tobytes())
    settings = (training.schedule, training.batch, training.clip, training.seed, jax.tree.structure(network))
    digest.update(repr((settings, network.bias.dtype)).encode())
    return digest.hexdigest()
