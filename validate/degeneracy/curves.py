"""What was measured along the levels of factors, each measure with its null: a grid of panels, a factor a column."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from simulate.measures.estimate import PopulationEstimate
from validate.degeneracy.factor import MeasuredFactor, null_of, raw_of, units_of
from validate.output import Plot
from validate.plotting import MEASURED, new_grid, plot, style

TRAINED: dict[str, Any] = {**MEASURED, "linestyle": "-", "linewidth": 0.8}
NULL: dict[str, Any] = {
    "color": "#777777",
    "linestyle": ":",
    "linewidth": 0.8,
    "marker": "s",
    "markersize": 7,
    "markerfacecolor": "none",
}
MEASURES = {
    "dynamics": "DSA",
    "weights": "weight distance",
    "behaviour": "spread of loss",
    "change": "weight change",
    "alignment": "kernel alignment",
    "representation": "SVCCA distance",
}
DEGENERACY = ("dynamics", "weights", "behaviour")
LEARNING = ("change", "alignment", "representation")


def curves(name: str, shown: Sequence[MeasuredFactor], measures: Sequence[str], caption: str) -> Plot:
    """Some measures along the levels of each factor."""
    data: dict[str, np.ndarray] = {}
    with style():
        figure, rows = new_grid(len(measures), len(shown), 3.2 * len(shown) + 0.8, 2.2 * len(measures))
        for column, result in enumerate(shown):
            factor = result.factor
            widths = [units_of(level) for level in result.levels]
            apart = len(set(widths)) > 1
            values = [float(level.value) for level in result.levels]
            for row, measure in enumerate(measures):
                axes = rows[row][column]
                for label, look, part in (("trained", TRAINED, raw_of), ("null", NULL, null_of)):
                    each = [part(f, n, per_parameter=apart)[measure] for f, n in zip(result.found, widths, strict=True)]
                    _curve(axes, values, each, {**look, "label": label})
                    data |= _columns(f"{factor.name}_{factor.task}_{measure}_{label}", values, each)
                axes.set_title(f"{MEASURES[measure]}, {factor.task}" if row == 0 else MEASURES[measure], fontsize=8)
            rows[-1][column].set_xlabel(f"{factor.name} ({factor.unit})")
            data[clean(f"{factor.name}_{factor.task}_memory_demand")] = np.array(
                [level.condition.task.memory_demand or np.nan for level in result.levels], float
            )
        rows[0][0].legend()
    return plot(name, caption, figure, data)


def _curve(axes: Axes, values: Sequence[float], each: Sequence[PopulationEstimate], look: dict[str, Any]) -> None:
    places, centre, error = range(len(values)), [e.value for e in each], [e.standard_error for e in each]
    axes.errorbar(places, centre, yerr=error, capsize=2, **look)
    axes.set_xticks(places, labels=[f"{value:g}" for value in values])
    axes.set_xlim(-0.3, len(values) - 0.7)


def _columns(name: str, values: Sequence[float], each: Sequence[PopulationEstimate]) -> dict[str, np.ndarray]:
    return {
        clean(f"{name}_level"): np.asarray(values, float),
        clean(f"{name}_mean"): np.array([e.value for e in each]),
        clean(f"{name}_standard_error"): np.array([e.standard_error for e in each]),
    }


def clean(name: str) -> str:
    """A name for a column."""
    return name.replace(" ", "_").replace("-", "_")
