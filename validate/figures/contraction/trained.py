"""Training curves of the certified networks and of the control."""

import numpy as np

from validate.checks.contraction.settings import Config
from validate.checks.contraction.trained import TrainedResults
from validate.output import Plot
from validate.plotting import new_panels, plot, style

COLOURS = ("#1f4e79", "#3a7d44", "#8c6bb1", "#e08214", "#777777")


def figures(config: Config, results: TrainedResults) -> tuple[Plot, ...]:
    """Loss and validation accuracy, epoch by epoch."""
    data: dict[str, np.ndarray] = {}
    with style():
        figure, (loss, accuracy) = new_panels(2, 9.0, 3.4)
        for colour, (name, found) in zip(COLOURS, results.trainings.items(), strict=False):
            epochs = np.arange(1, len(found.history.loss) + 1)
            dash = "--" if name.startswith("unconstrained") else "-"
            loss.semilogy(epochs, found.history.loss, color=colour, linestyle=dash, label=name)
            accuracy.plot(epochs, found.history.validation_accuracy, color=colour, linestyle=dash, label=name)
            key = name.replace(" ", "_")
            data |= {
                f"loss_{key}": found.history.loss,
                f"validation_{key}": found.history.validation_accuracy,
            }
        loss.set(xlabel="epoch", title="cross-entropy")
        accuracy.set(xlabel="epoch", title="validation accuracy")
        accuracy.legend()
    caption = "Digits pixel by pixel: networks contracting by construction, and the control whose links obey no rule."
    return (plot("trained", caption, figure, data),)
