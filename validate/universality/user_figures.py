"""The picture of a user's network: its points and some trajectories in the leading principal components."""

from collections.abc import Sequence
from math import ceil

import numpy as np
from matplotlib.lines import Line2D

from validate.output import Plot
from validate.plotting import new_grid, plot, style

PANELS, COLUMNS = 6, 3
"""Conditions that are drawn, and how many stand in a row."""
CURVE = "#2a9d9d"
COLOURS = ("#1f4e79", "#b3272d", "#d98c1f", "#3d8b4f", "#7a4fa3")
"""Of points with no unstable direction, one, two, three, and more."""


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
                axes.plot(run[:, 0], run[:, 1], color="#999999", linewidth=0.5, zorder=1)
            for k, curve in enumerate(continua[number]):
                data[f"continuum_{number + 1}_{k + 1}"] = line = (curve - centre) @ main.T
                axes.plot(line[:, 0], line[:, 1], color=CURVE, linewidth=2.5, alpha=0.7, zorder=2)
            kinds = np.minimum(dimensions[number], len(COLOURS) - 1)
            for kind in sorted(set(kinds.tolist())):
                these = places[kinds == kind]
                axes.plot(these[:, 0], these[:, 1], "o", color=COLOURS[kind], markersize=5, zorder=3)
            axes.set_xlabel(f"component 1 ({share[0]:.0%} of the variance)")
            axes.set_ylabel(f"component 2 ({share[-1]:.0%})")
            if len(points) > 1:
                axes.set_title(f"condition {number + 1}")
            data |= {f"points_{number + 1}": places, f"unstable_dimensions_{number + 1}": dimensions[number]}
            data[f"trajectories_{number + 1}"] = runs
        present = sorted({int(min(d, len(COLOURS) - 1)) for each in dimensions[:count] for d in each})
        handles = [Line2D([], [], color=COLOURS[k], marker="o", linestyle="none", label=name_of(k)) for k in present]
        if any(continua[:count]):
            handles.append(Line2D([], [], color=CURVE, linewidth=2.5, alpha=0.7, label="continuum"))
        if handles:
            figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    caption = "Fixed points, by their unstable directions, and trajectories in the two leading principal components."
    return (plot("fixed_points", caption, figure, data),)


def name_of(kind: int) -> str:
    """What points of so many unstable directions are called; the last colour stands for more as well."""
    if not kind:
        return "stable"
    return f"{kind}{' or more' if kind == len(COLOURS) - 1 else ''} unstable"
