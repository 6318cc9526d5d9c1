"""The phase portrait of two latent variables, drawn from its data alone."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D

from simulate.latent import LatentPortrait
from validate.output import Plot
from validate.palette import ASKED, MUTED, SERIES
from validate.plotting import new_panels, plot, style
from validate.universality.point_marks import legend_of, mark_points

SHADES = ("#dbe6f2", "#f6e3d3", "#dff0e0", "#efe0ef", "#f7f2cf", "#d9eeee", "#f5dadd", "#e6e6e6")
"""Of basins, in turn."""
BOUNDARY: dict[str, Any] = {"color": ASKED, "linewidth": 1.5}
MOVING: dict[str, Any] = {"color": SERIES[1], "linewidth": 2.0}
VISITED: dict[str, Any] = {"color": SERIES[1], "linestyle": "none", "marker": ".", "markersize": 5.0}
"""What comes to no point, of a flow and of a map."""
STILL = (r"$\dot\kappa_{} = 0$", r"$\kappa_{}$ stays")
NULLCLINES: tuple[dict[str, Any], ...] = (
    {"colors": SERIES[0], "linestyles": "--", "linewidths": 1.1},
    {"colors": SERIES[2], "linestyles": "-.", "linewidths": 1.1},
)
PANELS = 3
"""Portraits in one figure, at most."""


def drawn_portraits(
    portraits: tuple[LatentPortrait, ...],
    titles: tuple[str, ...],
    name: str = "latent_portrait",
    networks: str = "the network",
) -> tuple[Plot, ...]:
    """A panel a portrait; none without any. `networks` says in the caption what they are of."""
    if not portraits:
        return ()
    data: dict[str, np.ndarray] = {}
    with style():
        shown = portraits[:PANELS]
        in_steps = shown[0].in_steps
        figure, panels = new_panels(len(shown), 3.9 * len(shown) + 0.2, 4.3)
        for number, (axes, portrait) in enumerate(zip(panels, shown, strict=True)):
            _draw(axes, portrait)
            axes.set_title(titles[number])
            mark = "" if len(shown) == 1 else f"_{number + 1}"
            data |= {f"{key}{mark}": value for key, value in _data(portrait).items()}
        handles = legend_of(np.concatenate([each.unstable_dimensions for each in shown]))
        handles += [
            Line2D(
                [], [], **{key.removesuffix("s"): each for key, each in look.items()}, label=STILL[in_steps].format(k)
            )
            for k, look in enumerate(NULLCLINES, start=1)
        ]
        if any(each.separatrices for each in shown):
            handles.append(Line2D([], [], **BOUNDARY, label="boundary of basins"))
        if any(each.moving for each in shown):
            handles.append(Line2D([], [], **(VISITED if in_steps else MOVING), label="comes to no point"))
        figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 1 + 2 * len(shown)))
    counts = ", ".join(str(len(each.points)) for each in shown)
    points = f"fixed points by their unstable directions ({counts})"
    flow = (
        f"The flow in two latent variables of {networks}: streamlines, where either variable stands still (broken "
        f"lines), {points}, and basins (shaded, white where no point is reached) with the stable manifolds of saddles "
        "that bound them."
    )
    steps = (
        f"Steps in two latent variables of {networks}: arrows say where a step leads, not how far; where a step leaves "
        f"either variable as it is (broken lines), {points}, and basins (shaded, white where no point is reached), by "
        f"following the steps from {len(shown[0].basin_axis)} x {len(shown[0].basin_axis)} places."
    )
    return (plot(name, steps if in_steps else flow, figure, data),)


def _draw(axes: Axes, portrait: LatentPortrait) -> None:
    axis, reach = portrait.axis, float(portrait.axis[-1])
    first, second = np.moveaxis(portrait.velocity, -1, 0)
    shades = np.searchsorted(np.unique(portrait.basins[portrait.basins >= 0]), portrait.basins) % len(SHADES)
    axes.imshow(
        np.ma.masked_where(portrait.basins < 0, shades),
        cmap=ListedColormap(SHADES),
        vmin=0,
        vmax=len(SHADES) - 1,
        extent=(-reach, reach, -reach, reach),
        origin="lower",
        interpolation="nearest",
        zorder=0,
    )
    if portrait.in_steps:
        some = np.ix_(range(2, len(axis), 4), range(2, len(axis), 4))
        lengths = np.maximum(np.hypot(first, second), np.finfo(float).tiny)
        ways = ((each / lengths)[some] for each in (first, second))
        axes.quiver(axis[2::4], axis[2::4], *ways, color=MUTED, scale=24, width=0.003, pivot="mid", zorder=1)
    else:
        axes.streamplot(axis, axis, first, second, color=MUTED, linewidth=0.5, arrowsize=0.6, density=1.1, zorder=1)
    for values, look in zip((first, second), NULLCLINES, strict=True):
        axes.contour(axis, axis, values, levels=[0.0], **look, zorder=2)
    for path in portrait.moving:
        axes.plot(*path.T, **(VISITED if portrait.in_steps else MOVING), zorder=3)
    for each in portrait.separatrices:
        axes.plot(*each.curve.T, **BOUNDARY, zorder=3)
    mark_points(axes, portrait.points, portrait.unstable_dimensions)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_aspect("equal")
    axes.grid(visible=False)
    axes.set_xlabel(r"$\kappa_1$")
    axes.set_ylabel(r"$\kappa_2$")


def _data(portrait: LatentPortrait) -> dict[str, np.ndarray]:
    curves = {f"separatrix_{k + 1}": each.curve for k, each in enumerate(portrait.separatrices)}
    curves |= {f"moving_{k + 1}": each for k, each in enumerate(portrait.moving)}
    return {
        "axis": portrait.axis,
        "velocity": portrait.velocity,
        "points": portrait.points,
        "unstable_dimensions": portrait.unstable_dimensions,
        "basin_axis": portrait.basin_axis,
        "basins": portrait.basins,
        **curves,
    }
