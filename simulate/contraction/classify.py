"""Training an assembly to classify sequences: minibatches, Adam, parameters selected on the validation set."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
import optax
from jaxtyping import Float

from simulate.contraction.combo import ComboNet
from simulate.tasks.images import Examples, Images, passes
from simulate.training.checkpoint import Checkpoint
from simulate.training.outcome import TrainingOutcome
from simulate.training.selection import Selection, measured_on
from simulate.training.train import train
from simulate.training.trained import Trained, TrainingInterrupted


class NothingToClassify(ValueError):
    """No epochs, or batches that are empty or larger than the training set."""


class ClassificationInterrupted(KeyboardInterrupt):
    """Ctrl-C during training; `result` holds everything up to the last finished batches, without the test."""

    def __init__(self, result: "Classified") -> None:
        super().__init__(f"training stopped after {len(result.history.loss)} epochs")
        self.result = result


@dataclass(frozen=True)
class Classification:
    """How a network is trained.

    Each epoch shows the training set once, in an order drawn by (`seed`, epoch), in batches. Adam (0.9, 0.999), the
    gradient shortened to norm `clip`. With `schedule_epochs` the learning rate rises from a hundredth within `warm_up`
    epochs and then falls by half a cosine, back to a hundredth at `schedule_epochs`; without, it is constant. With
    `seconds` the training stops at the first batches that end later. `chunk` batches run in one call of the program:
    Ctrl-C waits so long.

    >>> Classification(epochs=3, learning_rate=0.01).batch
    128
    """

    epochs: int
    learning_rate: float
    warm_up: float = 0.0
    schedule_epochs: float | None = None
    batch: int = 128
    clip: float = 1.0
    seed: int = 0
    seconds: float | None = None
    evaluated_together: int = 500
    chunk: int = 8

    def rule(self, per_epoch: int) -> optax.GradientTransformation:
        """Adam on a clipped gradient, with this schedule."""
        rate: float | optax.Schedule = self.learning_rate
        if self.schedule_epochs is not None:
            rate = optax.warmup_cosine_decay_schedule(
                init_value=self.learning_rate / 100,
                peak_value=self.learning_rate,
                warmup_steps=round(self.warm_up * per_epoch),
                decay_steps=round(self.schedule_epochs * per_epoch),
                end_value=self.learning_rate / 100,
            )
        return optax.chain(optax.clip_by_global_norm(self.clip), optax.adam(rate))


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
    outcome: TrainingOutcome


def classify(
    network: ComboNet,
    images: Images,
    training: Classification,
    checkpoint: Checkpoint | None = None,
    progress: Callable[[int], None] = lambda batches_done: None,
) -> Classified:
    """Train one network; in float32 if its arrays are. Networks of one shape share one compiled program.

    A run that finds its checkpoint goes on from there, with results bit-identical to those of a run never stopped.

    Raises:
        NothingToClassify: on settings without a batch.
        CheckpointMismatch: if the checkpoint belongs to another run.
        ClassificationInterrupted: on Ctrl-C.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> from simulate.contraction import draw_singular_modules, joined
    >>> from simulate.tasks import digits
    >>> network = joined(draw_singular_modules(count=2, units=4, seed=0), step=0.1, seed=0)
    >>> found = classify(network, digits(), Classification(epochs=1, learning_rate=0.01))
    >>> found.outcome.name, found.history.loss.shape
    ('completed', (1,))
    """
    if training.epochs < 1 or not 1 <= training.batch <= len(images.train):
        raise NothingToClassify(
            f"{training.epochs} epochs, batches of {training.batch} from {len(images.train)} examples: "
            "give at least one epoch and a batch no larger than the training set"
        )
    per_epoch = len(images.train) // training.batch
    try:
        trained = train(
            [network],
            passes(images.train, images.classes, training.batch, training.seed, training.epochs),
            rule=training.rule(per_epoch),
            epochs=per_epoch * training.epochs,
            select=Selection(images.validation.batch(images.classes), per_epoch, training.evaluated_together),
            seconds=training.seconds,
            checkpoint=checkpoint,
            progress=progress,
            chunk=training.chunk,
        )
    except TrainingInterrupted as stop:
        raise ClassificationInterrupted(_classified(stop.result, per_epoch)) from stop
    result = _classified(trained, per_epoch)
    if math.isnan(result.validation_accuracy):
        return result
    right, loss = accuracy_and_loss(result.network, images.test, training.evaluated_together, images.classes)
    return replace(result, test_accuracy=right, test_loss=loss)


def accuracy_and_loss(
    network: ComboNet, examples: Examples, together: int = 500, classes: int = 10
) -> tuple[float, float]:
    """The fraction classified as labelled, and the mean cross-entropy, in the network's own precision."""
    loss, right = measured_on(jax.tree.map(lambda a: a[None], network), examples.batch(classes), together)
    return float(right[0]), float(loss[0])


def _classified(trained: Trained[ComboNet], per_epoch: int) -> Classified:
    selected = trained.selected
    assert selected is not None
    sound = trained.history.first_non_finite[0]
    done = trained.history.done if sound < 0 else int(sound)
    whole = done // per_epoch
    ended = [k for k, epoch in enumerate(selected.epochs) if epoch % per_epoch == 0][:whole]
    loss, right = (
        np.asarray(each)[: whole * per_epoch, 0].reshape(whole, per_epoch).mean(axis=1).astype(float)
        for each in (trained.history.probes.loss, trained.history.probes.accuracy)
    )
    looked = len(selected.epochs) > 0
    best: Any = jax.tree.map(lambda a: a[0], selected.best)
    return Classified(
        network=best,
        last=trained.network(0),
        history=EpochHistory(loss, right, selected.loss[ended, 0], selected.accuracy[ended, 0]),
        selected_after=float(selected.best_after[0]) / per_epoch if looked else 0.0,
        validation_accuracy=float(selected.accuracy[:, 0].max()) if looked else math.nan,
        test_accuracy=None,
        test_loss=None,
        batches=done,
        seconds=trained.seconds,
        outcome=trained.outcomes[0],
    )
