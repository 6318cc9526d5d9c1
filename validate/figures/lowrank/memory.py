"""Memory of A-B-A: the overlaps of the published sequence, the law of small detours, decoding and forgetting."""

import numpy as np

from validate.checks.lowrank.memory import DECAYS, FORGET_DECAY, HIDDEN, SHAPE, VISIBLE, MemoryResults
from validate.checks.lowrank.settings import Config
from validate.output import Plot
from validate.plotting import GUIDE, MEASURED, PREDICTED, new_panels, plot, style


def figures(config: Config, results: MemoryResults) -> tuple[Plot, ...]:
    """One figure on the sequence, one on what a detour leaves and how it fades."""
    return _sequence(results), _laws(results)


def _sequence(results: MemoryResults) -> Plot:
    epochs = np.arange(len(results.sequence))
    with style():
        figure, (loss, visible, hidden) = new_panels(3, 11.0, 3.2)
        loss.semilogy(epochs, results.sequence_loss, color="#1f4e79", linewidth=1.0)
        for axes, pairs in ((visible, VISIBLE), (hidden, HIDDEN)):
            for a, b in pairs:
                axes.plot(epochs, results.sequence[:, a, b], linewidth=1.2, label=SHAPE.overlap(a, b).name)
            axes.legend(ncols=3)
        for axes, name in ((loss, "loss"), (visible, "visible overlaps"), (hidden, "hidden overlaps")):
            for switch in (0, *results.switches[:-1]):
                axes.axvline(switch, **GUIDE)
            axes.set(xlabel="epoch", title=name)
    data = {
        "sigma": results.sequence,
        "loss": results.sequence_loss,
        "switches": np.array(results.switches),
    }
    caption = "Filter tasks of decay 0.2, 0.4, 0.2, 0.4, then 0.2 with noisy targets at twice the rate: the map."
    return plot("memory_sequence", caption, figure, data)


def _laws(results: MemoryResults) -> Plot:
    fading = results.forgetting
    with style():
        figure, (law, fade, decoding) = new_panels(3, 11.0, 3.2)
        law.loglog(results.distances, results.predicted_displacement, label="second order", **PREDICTED)
        holonomy = PREDICTED | {"linestyle": "--"}
        law.loglog(results.distances, results.predicted_holonomy, label="its holonomy", **holonomy)
        law.loglog(results.distances, results.displacement, label="map", **MEASURED)
        law.set(xlabel="difference of the decays of A and B", title="overlaps after A-B-A less before")
        fade.semilogy(fading.elapsed, fading.predicted, label="predicted", **PREDICTED)
        for weight_decay, measured, marker in zip(DECAYS, fading.measured, "so", strict=True):
            name = f"map, lambda = {weight_decay:g}"
            fade.semilogy(fading.elapsed, measured, label=name, **MEASURED | {"marker": marker})
        alone = fading.predicted[0] * np.exp(-fading.elapsed)
        fade.semilogy(fading.elapsed, alone, label="exp(-2 lambda t)", **GUIDE)
        fade.set(xlabel="2 lambda t", title="difference between A-B-A and A-A-A")
        decoding.plot(2 * FORGET_DECAY * results.decay_epochs, results.accuracy_under_decay, **MEASURED)
        decoding.axhline(0.5, **GUIDE)
        decoding.set(xlabel="2 lambda t", ylim=(0.3, 1.03), title="accuracy of decoding the history")
        for axes in (law, fade):
            axes.legend()
    data = {
        "distances": results.distances,
        "displacement": results.displacement,
        "predicted_displacement": results.predicted_displacement,
        "predicted_holonomy": results.predicted_holonomy,
        "elapsed": fading.elapsed,
        "predicted_difference": fading.predicted,
        "measured_difference": fading.measured,
        "decay_epochs": results.decay_epochs,
        "accuracy": results.accuracy_under_decay,
    }
    caption = "What a detour of training leaves behind at equal function, and how weight decay wipes it out."
    return plot("memory_laws", caption, figure, data)
