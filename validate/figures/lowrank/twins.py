"""Twins: hidden overlaps after A, C and after B, C."""

import numpy as np

from validate.checks.lowrank.settings import Config
from validate.checks.lowrank.twins import TwinResults
from validate.output import Plot
from validate.plotting import GUIDE, MEASURED, new_panels, plot, style


def figures(config: Config, results: TwinResults) -> tuple[Plot, ...]:
    """Each pair joined by a line in two hidden overlaps; the loss at C of both; the score of each held-out pair."""
    after_a, after_b = results.sigma
    with style():
        figure, (overlaps, loss, score) = new_panels(3, 11.0, 3.2)
        for a, b in zip(after_a, after_b, strict=True):
            overlaps.plot([a[0, 0], b[0, 0]], [a[1, 1], b[1, 1]], color="#bbbbbb", linewidth=0.8)
        for ends, name, colour in ((after_a, "A, then C", "#1f4e79"), (after_b, "B, then C", "#b3272d")):
            overlaps.plot(ends[:, 0, 0], ends[:, 1, 1], label=name, **MEASURED | {"color": colour})
        overlaps.set(xlabel="mm", ylabel="uu", title="hidden overlaps of each pair")
        overlaps.legend()
        loss.plot(*results.loss, **MEASURED)
        loss.axline((results.loss.mean(), results.loss.mean()), slope=1, **GUIDE)
        loss.set(xlabel="loss at C after A", ylabel="after B", title="performance at C")
        score.plot(np.arange(1, len(results.score) + 1), results.score, **MEASURED)
        score.axhline(0, **GUIDE)
        score.set(xlabel="pair held out", title="told apart (above 0), in standard deviations")
    data = {"sigma": results.sigma, "loss": results.loss, "score": results.score}
    caption = "Twin memory: networks that learned A or B before C are alike at C; hidden overlaps tell them apart."
    return (plot("twin_memory", caption, figure, data),)
