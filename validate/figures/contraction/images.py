"""Training on images."""

import numpy as np

from validate.checks.contraction.images import ImagesResults
from validate.checks.contraction.settings import ImagesConfig
from validate.output import Plot
from validate.plotting import MEASURED, PREDICTED, new_panels, plot, style


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
