"""Images of the user's, shown pixel by pixel to a Sparse Combo Net: trained, selected on validation data, certified."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

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
from validate.output import Plot, write_atomically
from validate.plotting import MEASURED, PREDICTED, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import AtMost, Reported

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
    _rows(config, report, trained, proved, images.steps)
    report.quantity("certificate", written)
    return ImagesResults(trained, proved, images.steps)


def _rows(config: ImagesConfig, report: Report, trained: Classified, proved: Recertified, steps: int) -> None:
    task = "permuted MNIST" if config.permuted else "sequential MNIST"
    finding = Reported("published: 784 steps, with their step and schedule; here as `config` says")
    report.check(
        f"test accuracy; published best for {task}",
        predicted=PUBLISHED[task],
        measured=trained.test_accuracy,
        tolerance=finding,
    )
    report.check(
        "validation accuracy, at the selected parameters",
        predicted=None,
        measured=trained.validation_accuracy,
        tolerance=finding,
    )
    report.check(
        "certified rate of the trained flow, weights and links as they run in single precision, per tau",
        predicted=None,
        measured=proved.rate,
        tolerance=finding,
    )
    factor = "not certified in this metric" if proved.factor is None else proved.factor
    report.check(
        f"certified factor of its Euler step of {config.step:g} tau", predicted=None, measured=factor, tolerance=finding
    )
    system = trained.network.assembly()
    metric = dense_metric(whole_metric(proved.assembly))
    attack = worst_slopes(system, metric, restarts=4, seed=config.seed)
    report.check(
        "largest logarithmic norm at adversarial slopes; minus the rate",
        predicted=None if proved.certificate is None else -proved.rate + ROUNDING,
        measured=attack.log_norm,
        tolerance=Reported("nothing is certified")
        if proved.certificate is None
        else AtMost("the adversary must find nothing above it"),
    )
    history: Float[np.ndarray, " epochs"] = trained.history.validation_accuracy
    report.quantity("outcome", trained.outcome.sentence)
    report.quantity("steps_per_image", steps)
    report.quantity("batches", trained.batches)
    report.quantity("training_seconds", trained.seconds)
    report.quantity("test_accuracy", trained.test_accuracy)
    report.quantity("validation_accuracy", trained.validation_accuracy)
    report.quantity("validation_history", history)
    report.quantity("selected_after_epochs", trained.selected_after)
    report.quantity("certified_rate", proved.rate)
    report.quantity("euler_factor", proved.factor)


def figures(config: ImagesConfig, results: ImagesResults) -> tuple[Plot, ...]:
    """Loss and accuracy, epoch by epoch."""
    history = results.trained.history
    epochs = np.arange(1, len(history.loss) + 1)
    with style():
        figure, (loss, accuracy) = new_panels(2, 8.0, 3.2)
        loss.plot(epochs, history.loss, label="training", **MEASURED)
        loss.plot(epochs, history.validation_loss, label="validation", **PREDICTED)
        accuracy.plot(epochs, history.accuracy, label="training", **MEASURED)
        accuracy.plot(epochs, history.validation_accuracy, label="validation", **PREDICTED)
        loss.set(xlabel="epoch", title="cross-entropy")
        accuracy.set(xlabel="epoch", title="accuracy")
        for axes in (loss, accuracy):
            axes.legend()
    data = {
        "loss": history.loss,
        "accuracy": history.accuracy,
        "validation_loss": history.validation_loss,
        "validation_accuracy": history.validation_accuracy,
    }
    caption = f"A Sparse Combo Net of {config.modules} x {config.units} units reads images in {results.steps} steps."
    return (plot("images", caption, figure, data),)
