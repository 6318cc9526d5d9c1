"""Images of the user's, shown pixel by pixel to a Sparse Combo Net: trained, selected on validation data, certified."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from simulate.atomic import write_atomically
from simulate.contraction.adversary import worst_slopes
from simulate.contraction.classify import Classification, ClassificationInterrupted, Classified, classify
from simulate.contraction.combo import Scales, draw_sparse_modules, joined
from simulate.contraction.links import BALANCED_FEEDBACK
from simulate.contraction.parametrise.sparse import SparseModules
from simulate.tasks.idx import BadImages
from simulate.tasks.images import SCANLINE, Permuted, idx_images
from simulate.training.checkpoint import Checkpoint, CheckpointMismatch
from theory.contraction.assembly.assembly import whole_metric
from validate.contraction.recertify import Recertified, recertified
from validate.contraction.settings import ImagesConfig
from validate.contraction.simulated import ROUNDING, dense_metric
from validate.options import Refusal
from validate.output import Plot
from validate.palette import SERIES
from validate.plotting import MEASURED, legend_below, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import AtMost

PUBLISHED = {"sequential MNIST": 0.9904, "permuted MNIST": 0.9694}
"""Best test accuracies of the Sparse Combo Net, 16 x 32 units (Kozachkov, Ennis & Slotine, Table 1)."""
MAGNITUDE = 5.0
"""Largest weight inside a module, before the draw is tested for Theorem 1; sparsity is what allows it."""
SCALES = Scales(links=1.0, inputs=1.0, readout=0.1)


@dataclass(frozen=True)
class ImagesResults:
    """The training and the certificates."""

    trained: Classified
    recertified: Recertified
    steps: int


def checks(config: ImagesConfig, report: Report, progress: Progress) -> ImagesResults:
    """Train, test once at the parameters selected on validation data, certify what runs.

    Raises:
        Refusal: if the images or the checkpoint cannot be used.
    """
    try:
        order = Permuted(config.seed) if config.permuted else SCANLINE
        images = idx_images(config.data, order, config.downsample, config.seed)
    except BadImages as error:
        accepted = "the IDX files of MNIST or Fashion-MNIST, whole, .gz or not"
        raise Refusal("--data", str(error), accepted) from error
    modules = draw_sparse_modules(config.modules, SparseModules(config.units, config.density, MAGNITUDE), config.seed)
    network = joined(modules, config.step, config.seed, BALANCED_FEEDBACK, scales=SCALES).astype(
        jnp.float32
    )  # twice as fast; what is certified are these numbers
    training = Classification(
        epochs=config.epochs,
        learning_rate=config.learning_rate,
        warm_up=config.warm_up,
        schedule_epochs=config.schedule_epochs,
        batch=min(config.batch, len(images.train)),
        seed=config.seed,
        seconds=None if config.minutes is None else 60 * config.minutes,
    )
    checkpoint = None if config.checkpoint is None else Checkpoint(config.checkpoint)
    batches = config.epochs * (len(images.train) // training.batch)
    try:
        with progress.task("training", total=batches) as advance:
            trained = classify(network, images, training, checkpoint, advance)
    except ClassificationInterrupted as stop:
        report.interrupted = True
        trained = stop.result
    except CheckpointMismatch as error:
        raise Refusal("--checkpoint", str(error), "a file of this very run, or a new name") from error
    with progress.task("certifying"):
        proved = recertified(trained.network)
        written = None
        if config.certificate is not None and proved.certificate is not None:
            write_atomically(config.certificate, proved.certificate.json_bytes())
            written = str(config.certificate)
    _tell(config, report, trained, proved, images.steps)
    report.quantity("certificate", written)
    return ImagesResults(trained, proved, images.steps)


def _tell(config: ImagesConfig, report: Report, trained: Classified, proved: Recertified, steps: int) -> None:
    """Each number with its unit and what it means."""
    task = "permuted MNIST" if config.permuted else "sequential MNIST"
    report.finding("outcome", trained.outcome.sentence)
    report.finding("steps_per_image", steps, "pixels", "published: 784")
    report.finding("batches", trained.batches, "", f"of {config.batch} images at most")
    report.finding("training_seconds", trained.seconds, "s")
    published = f"published best for {task}: {PUBLISHED[task]}, with its own step and schedule"
    report.finding("test_accuracy", trained.test_accuracy, "of 1", published)
    report.finding("validation_accuracy", trained.validation_accuracy, "of 1", "at the selected parameters")
    report.finding("selected_after_epochs", trained.selected_after, "epochs", "where validation did best")
    report.finding("certified_rate", proved.rate, "1 / tau", "weights and links as they run, in single precision")
    step = f"a step of {config.step:g} tau multiplies it" if proved.factor else "not certified in this metric"
    report.finding("euler_factor", proved.factor, "of a distance, a step", step)
    history: Float[np.ndarray, " epochs"] = trained.history.validation_accuracy
    report.quantity("validation_history", history)
    accuracy = "not tested" if trained.test_accuracy is None else f"test accuracy {trained.test_accuracy:.4f}"
    report.conclude(f"{trained.outcome.sentence}; {accuracy}; {_attacked(config, report, trained, proved)}")


def _attacked(config: ImagesConfig, report: Report, trained: Classified, proved: Recertified) -> str:
    """What is certified, in words, after an adversary has looked for slopes at which it does not hold."""
    metric = dense_metric(whole_metric(proved.assembly))
    attack = worst_slopes(trained.network.assembly(), metric, restarts=4, seed=config.seed)
    meaning = "in the certificate's metric, at the worst slopes an adversary found; minus the rate at most"
    report.finding("largest_log_norm", attack.log_norm, "1 / tau", meaning)
    if proved.certificate is None:
        return "not certified"
    found = report.check(
        "largest logarithmic norm at adversarial slopes; minus the rate",
        predicted=-proved.rate + ROUNDING,
        measured=attack.log_norm,
        tolerance=AtMost("the adversary must find nothing above it"),
    )
    return f"certified rate {proved.rate:.3g} per tau" + ("" if found.passed else ", WHICH AN ADVERSARY BREAKS")


VALIDATION: dict[str, Any] = {"color": SERIES[1], "linewidth": 1.4}


def figures(config: ImagesConfig, results: ImagesResults) -> tuple[Plot, ...]:
    """Loss and accuracy, epoch by epoch."""
    history = results.trained.history
    epochs = np.arange(1, len(history.loss) + 1)
    with style():
        figure, (loss, accuracy) = new_panels(2, 8.0, 3.2)
        loss.plot(epochs, history.loss, label="training", **MEASURED)
        loss.plot(epochs, history.validation_loss, label="validation", **VALIDATION)
        accuracy.plot(epochs, history.accuracy, label="training", **MEASURED)
        accuracy.plot(epochs, history.validation_accuracy, label="validation", **VALIDATION)
        loss.set(xlabel="epoch", ylabel="cross-entropy (nats)")
        accuracy.set(xlabel="epoch", ylabel="accuracy", ylim=(0, 1))
        legend_below(figure, 2)
    data = {
        "loss": history.loss,
        "accuracy": history.accuracy,
        "validation_loss": history.validation_loss,
        "validation_accuracy": history.validation_accuracy,
    }
    caption = f"A Sparse Combo Net of {config.modules} x {config.units} units reads images in {results.steps} steps."
    return (plot("images", caption, figure, data),)
