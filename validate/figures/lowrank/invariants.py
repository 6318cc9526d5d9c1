"""Invariants: how far learning rules drift from them, and the leaf on which the flow stays."""

import numpy as np

from validate.checks.lowrank.invariants import NAMES, QUANTITIES, Invariants
from validate.checks.lowrank.leaf import Leaf
from validate.checks.lowrank.settings import Config
from validate.output import Plot
from validate.plotting import GUIDE, PREDICTED, new_panels, plot, style

COLOURS = ("#1f4e79", "#b3272d", "#2e8b57", "#8a5a9c", "#c77d0a")
SHADE = "#1f4e79"


def figures(config: Config, results: Invariants) -> tuple[Plot, ...]:
    """The drifts against the rate, and the phase portrait."""
    return (_drift(results), _portrait(results.leaf))


def _drift(results: Invariants) -> Plot:
    rates = results.rates
    with style():
        figure, (linear, nonlinear) = new_panels(2, 9.2, 3.8)
        for name, moved, adam, colour in zip(NAMES, results.plain, results.adam, COLOURS, strict=True):
            linear.loglog(rates, moved, "o", color=colour, markersize=4, label=name)
            linear.loglog(rates, adam, "x", color=colour, markersize=5)
        for predicted in results.predicted:
            linear.loglog(rates, predicted * rates, **PREDICTED | {"linewidth": 1.0})
        linear.plot([], [], **PREDICTED | {"linewidth": 1.0}, label="predicted from the flow")
        linear.plot([], [], "x", color="#555555", label="under Adam")
        linear.set(title="linear network", xlabel="rate (same rate x epochs)", ylabel="drift over the run")
        for (name, moved), colour in zip(results.nonlinear.items(), COLOURS, strict=False):
            for row, marker in zip(moved, ("o", "s", "^", "x"), strict=True):
                nonlinear.loglog(rates, row, marker, color=colour, markersize=4)
            nonlinear.plot([], [], color=colour, linewidth=4, label=name)
        for quantity, marker in zip(QUANTITIES, ("o", "s", "^", "x"), strict=True):
            nonlinear.plot([], [], marker, color="#555555", markersize=4, label=quantity)
        middle = np.median(results.plain)
        nonlinear.loglog(rates, middle * rates / rates[1], **GUIDE, label="slope 1: conserved by the flow")
        nonlinear.set(title="true networks", xlabel="rate (same rate x epochs)")
        for axes in (linear, nonlinear):
            axes.set_xticks(rates, [f"{each:g}" for each in rates])
            axes.minorticks_off()
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7)
    data = {"rates": rates, "linear": results.plain, "adam": results.adam, "predicted": results.predicted}
    data |= {f"network_{name}": moved for name, moved in results.nonlinear.items()}
    return plot("invariants_drift", "Drift of the invariants over runs of the same rate x epochs.", figure, data)


def _portrait(leaf: Leaf) -> Plot:
    function = leaf.function
    with style():
        figure, panels = new_panels(2, 9.2, 4.0)
        for axes, first, name in zip(panels, (1, 0), ("vu", "zm"), strict=True):
            for path in function:
                axes.plot(path[:, first], path[:, 2], color=SHADE, linewidth=0.9, alpha=0.7, zorder=2)
                middle = int(np.argmin(np.abs(_length(path) - 0.45)))
                axes.annotate(
                    "",
                    (path[middle + 1, first], path[middle + 1, 2]),
                    (path[middle, first], path[middle, 2]),
                    arrowprops={"arrowstyle": "->", "color": SHADE, "linewidth": 0.9},
                )
            axes.plot(function[:, 0, first], function[:, 0, 2], "o", color=SHADE, markersize=3, label="start")
            axes.plot(
                leaf.minimum[first], leaf.minimum[2], "*", color="#b3272d", markersize=12, label="minimum", zorder=4
            )
            axes.set(xlabel=name, ylabel="zu vm")
        panels[0].axhline(leaf.saddle[2], color="#b3272d", linestyle="--", linewidth=1.0, label="saddles, any vu")
        panels[1].plot(leaf.saddle[0], leaf.saddle[2], "X", color="#b3272d", markersize=8, label="saddles")
        for axes in panels:
            axes.legend(loc="best")
    caption = (
        "Rank-one linear filter: the flow from starts that share all five invariants, seen in the three numbers that "
        "the function fixes. Two hidden directions remain on the leaf, so trajectories may cross."
    )
    data = {"times": leaf.times, "sigma": leaf.sigma, "minimum": leaf.minimum, "saddle": leaf.saddle}
    return plot("invariants_leaf", caption, figure, data)


def _length(path: np.ndarray) -> np.ndarray:
    """How much of its way each point of a path has behind it, from 0 to 1; the last point is left out."""
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    return np.cumsum(steps) / steps.sum()
