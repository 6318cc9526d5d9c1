"""What was measured along the levels of factors, each measure with its null: a grid of panels, a factor a row."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from simulate.measures.estimate import PopulationEstimate
from validate.degeneracy.factor import MeasuredFactor, null_of, raw_of, units_of
from validate.output import Plot
from validate.palette import MUTED
from validate.plotting import MEASURED, legend_below, new_grid, plot, style

LOOKS: dict[str, dict[str, Any]] = {
    "trained": {**MEASURED, "linestyle": "-", "linewidth": 0.8, "label": "trained networks"},
    "null": {
        "color": MUTED,
        "linestyle": ":",
        "linewidth": 1.2,
        "marker": "s",
        "markersize": 6,
        "markerfacecolor": "none",
        "label": "null",
    },
}
MEASURES = {
    "dynamics": "DSA",
    "weights": "weight distance",
    "behaviour": "spread of loss",
    "change": "weight change",
    "alignment": "kernel alignment",
    "representation": "SVCCA distance",
}
AXES = {
    "dynamics": "DSA",
    "weights": "weight distance\n" r"$|W - P\,W' P^T|$",
    "behaviour": "spread of loss\n(standard deviation)",
    "change": "weight change\n$|W_T - W_0|$",
    "alignment": "kernel alignment",
    "representation": "SVCCA distance",
}
"""What panels of a measure say at their side."""
DEGENERACY = ("dynamics", "weights", "behaviour")
LEARNING = ("change", "alignment", "representation")


def curves(name: str, shown: Sequence[MeasuredFactor], measures: Sequence[str], caption: str) -> Plot:
    """Some measures along the levels of each factor: a row a factor, a column a measure."""
    data: dict[str, np.ndarray] = {}
    with style():
        figure, rows = new_grid(len(shown), len(measures), 8.4, 2.3 * len(shown) + 0.4)
        for row, result in zip(rows, shown, strict=True):
            factor = result.factor
            widths = [units_of(level) for level in result.levels]
            apart = len(set(widths)) > 1
            ticks = [level.tick for level in result.levels]
            values = [float(level.value) for level in result.levels]
            for axes, measure in zip(row, measures, strict=True):
                for kind, part, aside in (("trained", raw_of, -ASIDE), ("null", null_of, ASIDE)):
                    each = [part(f, n, per_parameter=apart)[measure] for f, n in zip(result.found, widths, strict=True)]
                    centre, error = [e.value for e in each], [e.standard_error for e in each]
                    axes.errorbar(np.arange(len(each)) + aside, centre, yerr=error, capsize=2, **LOOKS[kind])
                    data |= _columns(f"{factor.name}_{factor.task}_{measure}_{kind}", values, each)
                axes.set_xticks(range(len(ticks)), labels=ticks)
                axes.set_xlim(-0.4, len(ticks) - 0.6)
                per = " / $n^2$" if apart and measure == "weights" else ""
                axes.set(title=factor.task, xlabel=factor.axis, ylabel=f"{AXES[measure]}{per}")
            data[clean(f"{factor.name}_{factor.task}_memory_demand")] = np.array(
                [level.condition.task.memory_demand or np.nan for level in result.levels], float
            )
        legend_below(figure, 2)
    return plot(name, caption, figure, data)


ASIDE = 0.05
"""How far means and nulls are moved aside, so that their bars do not cover one another."""


def _columns(name: str, values: Sequence[float], each: Sequence[PopulationEstimate]) -> dict[str, np.ndarray]:
    return {
        clean(f"{name}_level"): np.asarray(values, float),
        clean(f"{name}_mean"): np.array([e.value for e in each]),
        clean(f"{name}_standard_error"): np.array([e.standard_error for e in each]),
    }


def clean(name: str) -> str:
    """A name for a column."""
    return name.replace(" ", "_").replace("-", "_")
