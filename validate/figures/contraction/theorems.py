"""How often random networks meet each condition."""

import numpy as np

from validate.checks.contraction.settings import Config
from validate.checks.contraction.theorems import TheoremResults
from validate.output import Plot
from validate.plotting import new_figure, plot, style


def figures(config: Config, results: TheoremResults) -> tuple[Plot, ...]:
    """Bars: networks that meet a condition, and those of them with an exact proof."""
    place = np.arange(len(results.names))
    with style():
        figure, axes = new_figure(7.0, 3.2)
        axes.bar(place - 0.2, results.held.sum(axis=1), 0.4, color="#cccccc", label="condition holds, to rounding")
        axes.bar(
            place + 0.2, results.certified.sum(axis=1), 0.4, color="#1f4e79", label="proved in rational arithmetic"
        )
        axes.set_xticks(place, labels=results.names, rotation=30, ha="right")
        axes.set(ylabel="random networks")
        axes.legend()
    caption = "Random networks of every kind, both forms: how many meet each condition, and how many are proved to."
    return (plot("theorems", caption, figure, {"held": results.held, "certified": results.certified}),)
