"""Fig. 4: learning at high confidence, and recovery at lower ones."""

import numpy as np

from validate.checks.ghost.population import PopulationResults
from validate.checks.ghost.settings import Config
from validate.output import Plot
from validate.plotting import MEASURED, PREDICTED, new_panels, plot, style

COLOURS = ("#1f4e79", "#2e8b57", "#c77f0a", "#8b3a8b", "#b3272d")
PLOTTED = 400  # epochs drawn of each curve


def figures(config: Config, results: PopulationResults) -> tuple[Plot, ...]:
    """Accuracy along training and along recovery, and what becomes of the stuck networks."""
    trained = np.asarray(results.trained.result.history.probes.accuracy)
    data = {"accuracy": _thinned(trained), "learned": results.trained.learned, "stuck": results.trained.stuck}
    data["behind_saddle_node"] = results.behind_saddle_node
    with style():
        figure, (left, middle, right) = new_panels(3, 9.6, 3.2)
        epochs = _thinned(np.arange(len(trained)))
        for which, colour, name in (
            (results.trained.learned & ~results.trained.stuck, COLOURS[1], "learned, not stuck"),
            (results.behind_saddle_node, COLOURS[4], "stuck behind a saddle-node"),
            (results.on_plateau, "#777777", "not learned yet"),
        ):
            if which.any():
                mean = trained[:, which].mean(axis=1)
                left.plot(epochs, _thinned(mean), color=colour, label=f"{name} ({int(which.sum())})")
        left.set(xlabel="epoch", ylabel="mean accuracy", ylim=(0.45, 1.02))
        left.set_title(f"training at c = {config.network_confidence:g}")
        if left.lines:
            left.legend(loc="upper left")
        for recovery, colour in zip(results.recoveries, COLOURS, strict=False):
            accuracy = np.asarray(recovery.continued.result.history.probes.accuracy)
            mean, error = accuracy.mean(axis=1), accuracy.std(axis=1) / np.sqrt(accuracy.shape[1])
            places = _thinned(np.arange(len(mean)))
            middle.plot(places, _thinned(mean), color=colour, label=f"c = {recovery.confidence:g}")
            middle.fill_between(places, _thinned(mean - error), _thinned(mean + error), color=colour, alpha=0.25)
            data[f"recovery_{recovery.confidence:g}"] = _thinned(accuracy)
        middle.set(xlabel="further epoch", ylim=(0.45, 1.02))
        middle.set_title("the stuck ones at lower c (mean, s.e.m.)")
        if results.recoveries:
            middle.legend(loc="lower right")
            levels = [recovery.confidence for recovery in results.recoveries]
            counts = [recovery.recovered for recovery in results.recoveries]
            share = np.array([count.successes / count.trials for count in counts])
            ends = np.array([count.interval() for count in counts])
            bars = np.clip(np.abs(ends.T - share), 0, None)
            final = [recovery.continued.final_accuracy.mean() for recovery in results.recoveries]
            right.errorbar(levels, share, bars, capsize=3, label="recovered (95 %)", **MEASURED)
            right.plot(levels, final, "s", color="#777777", markersize=4, label="mean final accuracy")
            right.axhline(1.0, label="recovered in the paper", **PREDICTED | {"linestyle": "--"})
            right.set(xlabel="lowered confidence c", xlim=(0, None), ylim=(0.0, 1.08))
            right.legend(loc="lower left")
            data |= {"confidences": np.array(levels), "recovered": share, "interval": ends}
    caption = f"Fig. 4: {config.networks} rank-one networks at rate {config.network_learning_rate:g}."
    return (plot("fig_4", caption, figure, data),)


def _thinned(values: np.ndarray) -> np.ndarray:
    """Every k-th epoch, so that a curve has a few hundred points."""
    return values[:: max(1, len(values) // PLOTTED)]
