"""Loss and overlaps of a user's task along training, at every level; the data file holds all overlaps."""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from validate.arrays import Real
from validate.checks.lowrank.settings import OwnConfig
from validate.checks.lowrank.user_task import LevelResult, TaskResults
from validate.output import Plot
from validate.plotting import new_panels, plot, style

SHOWN = 10
POINTS = 25
DRAWN = 1e100
"""Values beyond are of a training that diverges; axes cannot be labelled up to the largest number there is."""
_LOOK = {"infinite_width": ("--", ""), "network": ("none", "o")}


def figures(config: OwnConfig, results: TaskResults) -> tuple[Plot, ...]:
    """Loss, and the overlaps that move most: theory as lines, infinitely many neurons dashed, a network as dots."""
    shape = results.shape
    sigmas = [level.sigma for level in results.levels]
    moved = [max(_span(sigma[:, a, b]) for sigma in sigmas) for a, b in shape.pairs]
    order = sorted(range(len(moved)), key=lambda k: -moved[k])[:SHOWN]
    with style():
        figure, (loss_axes, overlap_axes) = new_panels(2, 9.6, 3.9)
        for level in results.levels:
            _draw(loss_axes, level, level.loss, "#1f4e79", level.name)
        for place, k in enumerate(order):
            (a, b), colour = shape.pairs[k], f"C{place}"
            for number, level in enumerate(results.levels):
                label = shape.overlap(a, b).name if number == 0 else None
                _draw(overlap_axes, level, level.sigma[:, a, b], colour, label)
        if all((level.loss[: level.epochs_finite] > 0).all() for level in results.levels):
            loss_axes.set_yscale("log")
        loss_axes.set(xlabel="epoch", ylabel="loss")
        loss_axes.legend()
        which = "overlaps" if len(order) == len(moved) else f"the {SHOWN} overlaps that move most"
        overlap_axes.set(xlabel="epoch", ylabel=which)
        overlap_axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    data: dict[str, Real] = {}
    for level in results.levels:
        data |= {f"{level.name}_sigma": level.sigma, f"{level.name}_loss": level.loss}
    names = ", ".join(level.name for level in results.levels)
    caption = f"Learning of the user's task, {config.nonlinearity} neurons, rank {config.rank}: {names}."
    return (plot("trajectory", caption, figure, data),)


def _draw(axes: Axes, level: LevelResult, values: Float[np.ndarray, " epochs"], colour: str, label: str | None) -> None:
    line, marker = _LOOK.get(level.name, ("-", ""))
    every = max(1, len(values) // POINTS)
    axes.plot(_drawn(values), color=colour, linestyle=line, marker=marker, markersize=3, markevery=every, label=label)


def _span(values: Float[np.ndarray, " epochs"]) -> float:
    drawn = _drawn(values)
    finite = drawn[np.isfinite(drawn)]
    return float(np.ptp(finite)) if len(finite) else 0.0


def _drawn(values: Float[np.ndarray, " epochs"]) -> Float[np.ndarray, " epochs"]:
    return np.where(np.abs(values) <= DRAWN, values, np.nan)
