"""Memory of training A-B-A: what differs at equal function, whether it tells the history, and what wipes it out."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from validate.output import Plot
from validate.overlaps.decoding_histories import decode_histories
from validate.overlaps.detours import DetourLaw, frozen_blocks, networks, small_detours
from validate.overlaps.histories import HIDDEN, SHAPE, VISIBLE
from validate.overlaps.memory_under_decay import DECAYS, Fading, Forgetting, decode_under_decay, forget
from validate.overlaps.memory_under_noise import NEURONS, NoisyMemory, decode_under_noise
from validate.overlaps.published_sequence import Sequence, published_sequence
from validate.overlaps.settings import Config
from validate.plotting import (
    BINOMIAL_95,
    GUIDE,
    MEASURED,
    PREDICTED,
    legend_under,
    mark_values,
    new_panels,
    plot,
    style,
)
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Binomial


@dataclass(frozen=True)
class MemoryResults:
    """The published sequence on the map; the law of small detours; forgetting; decoding under decay and noise."""

    sequence: Sequence
    law: DetourLaw
    forgetting: Forgetting
    fading: Fading
    noisy: NoisyMemory


def checks(config: Config, report: Report, progress: Progress) -> MemoryResults:
    """From one run to the law of small detours, from there to populations, and to what wipes the memory out."""
    with progress.task("training A-B-A"):
        sequence = published_sequence(config, report)
        law = small_detours(config, report)
        frozen_blocks(config, report)
        networks(config, report)
    with progress.task("decoding histories"):
        histories = decode_histories(config, report)
    with progress.task("forgetting"):
        fading = decode_under_decay(config, report, histories)
        noisy = decode_under_noise(config, report, histories)
        forgetting = forget(config, report)
    return MemoryResults(sequence, law, forgetting, fading, noisy)


def figures(config: Config, results: MemoryResults) -> tuple[Plot, ...]:
    """One figure on the sequence, one on what a detour leaves and how it fades."""
    return _sequence(results), _laws(results)


def _sequence(results: MemoryResults) -> Plot:
    found = results.sequence
    epochs = np.arange(len(found.loss))
    with style():
        figure, (loss, visible, hidden) = new_panels(3, 10.4, 3.6)
        loss.semilogy(epochs, found.loss, color=MEASURED["color"], linewidth=1.0, rasterized=True)
        for axes, pairs in ((visible, VISIBLE), (hidden, HIDDEN)):
            for a, b in pairs:
                name = typeset(SHAPE.overlap(a, b).name)
                axes.plot(epochs, found.sigma[:, a, b], linewidth=1.2, label=name, rasterized=True)
            legend_under(axes, columns=3)
        for axes, name in ((loss, "loss"), (visible, "visible overlaps"), (hidden, "hidden overlaps")):
            for switch in (0, *found.ends[:-1]):
                axes.axvline(switch, **GUIDE)
            axes.set(xlabel="epoch", ylabel="loss" if axes is loss else "overlap", title=name)
    data = {
        "sigma": found.sigma,
        "loss": found.loss,
        "switches": np.array(found.ends),
    }
    caption = (
        "Filter tasks of decay 0.2, 0.4, 0.2, 0.4, then 0.2 with noisy targets at twice the rate, one after the other "
        "(dotted: where each begins): one run of the map."
    )
    return plot("memory_sequence", caption, figure, data)


def _laws(results: MemoryResults) -> Plot:
    laws, fading, noisy = results.law, results.forgetting, results.noisy
    with style():
        figure, (law, fade, decoding, noise) = new_panels(4, 12.0, 3.8)
        law.loglog(laws.distances, laws.predicted, label="second order", **PREDICTED)
        holonomy = PREDICTED | {"linestyle": "--"}
        law.loglog(laws.distances, laws.holonomy, label="its holonomy", **holonomy)
        law.loglog(laws.distances, laws.displacement, label="map", **MEASURED)
        law.set(
            xlabel="difference of the decays of A and B",
            ylabel="distance of overlaps",
            title="A-B-A, after less before",
        )
        mark_values(law, laws.distances.tolist())
        fade.semilogy(fading.elapsed, fading.predicted, label="predicted", **PREDICTED)
        for weight_decay, measured, marker in zip(DECAYS, fading.measured, "so", strict=True):
            name = rf"map, $\lambda$ = {weight_decay:g}"
            fade.semilogy(fading.elapsed, measured, label=name, **MEASURED | {"marker": marker})
        alone = fading.predicted[0] * np.exp(-fading.elapsed)
        fade.semilogy(fading.elapsed, alone, label=r"$\exp(-2\lambda t)$", **GUIDE)
        fade.set(xlabel=r"$2\lambda t$", ylabel="distance of overlaps", title="between A-B-A and A-A-A")
        _draw_shares(decoding, results.fading.elapsed, results.fading.accuracy, results.fading.trials, "decoded")
        decoding.axhline(0.5, label="chance", **GUIDE)
        decoding.set(
            xlabel=r"$2\lambda t$", ylabel="accuracy of decoding", ylim=(0.3, 1.03), title="under weight decay"
        )
        noise.plot(noisy.predicted, label="predicted", **PREDICTED)
        _draw_shares(noise, noisy.epochs, noisy.measured, noisy.trials, f"{NEURONS} neurons, decoded")
        noise.axhline(0.5, label="chance", **GUIDE)
        noise.axvline(noisy.forgotten, **GUIDE)
        noise.set(xlabel="epoch", ylabel="accuracy of decoding", ylim=(0.3, 1.03), title="under weight noise")
        for axes in (law, fade, decoding, noise):
            legend_under(axes)
    data = {
        "distances": laws.distances,
        "displacement": laws.displacement,
        "predicted_displacement": laws.predicted,
        "predicted_holonomy": laws.holonomy,
        "elapsed": fading.elapsed,
        "predicted_difference": fading.predicted,
        "measured_difference": fading.measured,
        "decayed": results.fading.elapsed,
        "accuracy_under_decay": results.fading.accuracy,
        "noise_accuracy_predicted": noisy.predicted,
        "noise_epochs": noisy.epochs,
        "noise_accuracy": noisy.measured,
    }
    caption = (
        "What a detour of training leaves behind at equal function, and how weight decay and weight noise wipe it out. "
        f"Lines: predicted. Accuracies are of {results.fading.trials} and {noisy.trials} held-out runs; {BINOMIAL_95}."
    )
    return plot("memory_laws", caption, figure, data)


def _draw_shares(axes: Axes, places: np.ndarray, shares: np.ndarray, trials: int, label: str) -> None:
    """Shares of so many runs, with their intervals."""
    ends = np.array([Binomial(trials, 0.95).interval(float(share)) for share in shares]).T
    bars = np.clip([shares - ends[0], ends[1] - shares], 0, None)
    axes.errorbar(places, shares, bars, capsize=2, label=label, **MEASURED | {"zorder": 4})
