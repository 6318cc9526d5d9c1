"""The picture of a user's network: its points and some trajectories in the leading principal components."""

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
from matplotlib.lines import Line2D

from validate.output import Plot
from validate.palette import SERIES
from validate.plotting import new_grid, plot, style
from validate.universality.point_marks import PATH, legend_of, mark_points

PANELS, COLUMNS = 6, 3
"""Conditions that are drawn, and how many stand in a row."""
CURVE: dict[str, Any] = {"color": SERIES[2], "linewidth": 2.5}


def drawn_points(
    points: Sequence[np.ndarray],
    dimensions: Sequence[np.ndarray],
    trajectories: Sequence[np.ndarray],
    continua: Sequence[Sequence[np.ndarray]],
) -> tuple[Plot, ...]:
    """A panel a condition, all in the same two components: those of all points and trajectories drawn."""
    count = min(len(points), PANELS)
    cloud = np.concatenate([*points[:count], *(each.reshape(-1, each.shape[-1]) for each in trajectories[:count])])
    cloud = cloud[np.isfinite(cloud).all(axis=1)]
    centre = cloud.mean(axis=0)
    _, sizes, axes_of = np.linalg.svd(cloud - centre, full_matrices=False)
    main = np.zeros((2, cloud.shape[1]))
    main[: len(axes_of[:2])] = axes_of[:2]
    share = (sizes**2 / max((sizes**2).sum(), np.finfo(float).tiny))[:2]
    seen = (cloud - centre) @ main.T
    margins = 0.05 * max(float(np.ptp(seen, axis=0).max()), np.finfo(float).tiny)
    limits = np.stack([seen.min(axis=0) - margins, seen.max(axis=0) + margins], axis=1)
    columns, rows = min(count, COLUMNS), ceil(count / COLUMNS)
    data: dict[str, np.ndarray] = {"centre": centre, "components": main}
    with style():
        figure, grid = new_grid(rows, columns, 3.8 * columns, 3.5 * rows)
        panels = [axes for row in grid for axes in row]
        for axes in panels[count:]:
            axes.set_axis_off()
        for number, axes in enumerate(panels[:count]):
            runs = (trajectories[number] - centre) @ main.T
            places = (points[number] - centre) @ main.T
            for run in runs:
                axes.plot(run[:, 0], run[:, 1], **PATH, zorder=1)
            for k, curve in enumerate(continua[number]):
                data[f"continuum_{number + 1}_{k + 1}"] = line = (curve - centre) @ main.T
                axes.plot(line[:, 0], line[:, 1], **CURVE, zorder=2)
            mark_points(axes, places, dimensions[number])
            axes.set_xlabel(f"component 1 of the state ({share[0]:.0%})")
            axes.set_ylabel(f"component 2 of the state ({share[-1]:.0%})")
            axes.set(xlim=limits[0], ylim=limits[1])
            axes.set_aspect("equal", "box")
            if len(points) > 1:
                axes.set_title(f"condition {number + 1}")
            data |= {f"points_{number + 1}": places, f"unstable_dimensions_{number + 1}": dimensions[number]}
            data[f"trajectories_{number + 1}"] = runs
        handles = legend_of(np.concatenate(dimensions[:count]))
        if any(continua[:count]):
            handles.append(Line2D([], [], **CURVE, label="continuum"))
        if any(map(len, trajectories[:count])):
            handles.append(Line2D([], [], **PATH, label="trajectory"))
        if handles:
            figure.legend(handles=handles, loc="outside lower center", ncols=1 + 2 * columns)
    counts = ", ".join(str(len(each)) for each in points[:count])
    caption = (
        f"Fixed points by their unstable directions ({counts}{' by condition' if count > 1 else ''}), and up to "
        f"{max(map(len, trajectories[:count]))} trajectories a panel, in the two leading principal components of all "
        "that is drawn, each with its share of the variance."
    )
    return (plot("fixed_points", caption, figure, data),)
