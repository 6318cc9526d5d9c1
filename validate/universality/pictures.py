"""Figures of populations, drawn from results alone: components, distances, places of networks, graphs."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from simulate.measures.embedding import embed
from validate.output import Plot
from validate.palette import CELLS, NONLINEARITIES
from validate.plotting import new_grid, new_panels, plot, style
from validate.universality.conditions import NetworkKind
from validate.universality.graph_figure import draw_graph, places_of
from validate.universality.members import Members
from validate.universality.point_marks import OBLIQUE, legend_of, mark_points
from validate.universality.similarity import Division, divisions

SLOW = "#d08a1d"
"""Points that are slow and no fixed points."""
OF_GROUP = {**CELLS, **NONLINEARITIES}
FILLS: tuple[tuple[Literal["full", "none"], str], ...] = (("full", "trained"), ("none", "untrained"))
TRIALS = 6
Square = Float[np.ndarray, "_ _"]


def first_of_each(members: Members) -> dict[NetworkKind, int]:
    """The place of the first network of each kind."""
    return {kind: next(i for i, each in enumerate(members.each) if each.kind == kind) for kind in members.kinds}


def components(name: str, members: Members, shown: Sequence[np.ndarray]) -> Plot:
    """A panel a kind: the trajectories of one network and its points, in the directions that hold most."""
    chosen = first_of_each(members)
    data: dict[str, np.ndarray] = {}
    with style():
        figure, panels = _by_kind(members)
        for kind, place in chosen.items():
            axes, found = panels[kind], members.each[place].points.found[0]
            states = shown[place]
            flat = states.reshape(-1, states.shape[-1])
            centre = flat.mean(axis=0)
            _, scales, directions = np.linalg.svd(flat - centre, full_matrices=False)
            seen_from = OBLIQUE if found.outputs.shape[-1] > 2 else np.eye(2)
            dimensions = len(seen_from)
            to_plane = directions[:dimensions].T @ seen_from
            paths, points, slow = ((each - centre) @ to_plane for each in (states[:TRIALS], found.points, found.slow))
            for path in paths:
                axes.plot(*path.T, color="#bbbbbb", linewidth=0.5, zorder=1)
            axes.plot(*slow.T, linestyle="none", marker="x", color=SLOW, markersize=4, zorder=2)
            mark_points(axes, points, found.unstable_dimensions, size=4.0)
            held = (scales[:dimensions] ** 2).sum() / (scales**2).sum()
            axes.set_title(f"{kind} ({len(points)} points; {100 * held:.0f} %)", fontsize=8)
            _bare(axes)
            key = str(kind).replace(" ", "_")
            data |= {f"{key}_paths": paths, f"{key}_points": points, f"{key}_slow": slow}
            data[f"{key}_unstable_dimensions"] = found.unstable_dimensions
        handles = [*_dimensions(members), Line2D([], [], linestyle="none", marker="x", color=SLOW, label="slow")]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=7)
    caption = (
        "Trajectories of trials (grey) and fixed points of one network of each kind in its leading principal "
        "components (two, or three seen from aside), which hold the share of the variance that the title tells. "
        "Colours: unstable dimensions. Crosses: slow points."
    )
    return plot(name, caption, figure, data)


def matrices(name: str, members: Members, distances: Mapping[str, Square]) -> Plot:
    """A panel a measure: distances between all networks, kind by kind."""
    kinds = [each.kind for each in members.each]
    borders = [i for i in range(1, len(kinds)) if kinds[i] != kinds[i - 1]]
    middles = [float(np.mean([i for i, kind in enumerate(kinds) if kind == one])) for one in members.kinds]
    with style():
        figure, panels = new_panels(len(distances), 3.3 * len(distances) + 0.4, 3.4)
        for axes, (measure, matrix) in zip(panels, distances.items(), strict=True):
            image = axes.imshow(matrix, cmap="viridis", interpolation="nearest")
            for border in borders:
                axes.axhline(border - 0.5, color="white", linewidth=0.5)
                axes.axvline(border - 0.5, color="white", linewidth=0.5)
            axes.set_xticks(middles, [str(kind) for kind in members.kinds], rotation=90, fontsize=6)
            axes.set_yticks(middles, [str(kind) for kind in members.kinds], fontsize=6)
            axes.grid(visible=False)
            axes.set_title(measure)
            figure.colorbar(image, ax=axes, shrink=0.7)
    data: dict[str, np.ndarray] = {measure.replace(", ", "_"): matrix for measure, matrix in distances.items()}
    data["kinds"] = np.array([str(kind) for kind in kinds])
    return plot(
        name, f"Distances between all {len(kinds)} trained networks, those of a kind side by side.", figure, data
    )


def places(name: str, members: Members, distances: Mapping[str, Square]) -> Plot:
    """A row a measure, a column a division: networks in the plane that shows their distances best."""
    shown = [each for each in divisions(members) if each.name in ("by cell, tanh", "by nonlinearity, vanilla")]
    shown = [each for each in shown if len(each.which) > 2]
    data: dict[str, np.ndarray] = {}
    with style():
        figure, rows = new_grid(len(distances), max(1, len(shown)), 3.2 * max(1, len(shown)), 3.0 * len(distances))
        for panels, (measure, matrix) in zip(rows, distances.items(), strict=True):
            for axes, division in zip(panels, shown, strict=False):
                data |= _draw_places(axes, measure, matrix, division)
    caption = (
        "Trained networks as points whose distances are as near as may be to those measured (multidimensional scaling; "
        "the title tells the stress). Left: tanh networks by cell. Right: vanilla networks by nonlinearity."
    )
    return plot(name, caption, figure, data)


def _draw_places(axes: Axes, measure: str, matrix: Square, division: Division) -> dict[str, np.ndarray]:
    embedded = embed(matrix[np.ix_(division.which, division.which)])
    groups = np.array(division.groups)
    for group in dict.fromkeys(division.groups):
        points = embedded.points[groups == group]
        axes.plot(points[:, 0], points[:, 1], "o", color=OF_GROUP[group], label=group, markersize=4, alpha=0.8)
    axes.set_title(f"{measure}, {division.name} (stress {embedded.stress:.2f})", fontsize=8)
    axes.set_aspect("equal", "datalim")
    axes.tick_params(labelsize=6)
    axes.legend(fontsize=7)
    key = f"{measure}_{division.name}".replace(", ", "_").replace(" ", "_")
    return {f"{key}_points": embedded.points, f"{key}_groups": groups}


def graphs(name: str, members: Members) -> Plot:
    """A panel a kind: nodes where they are read, edges as dark as they are likely."""
    data: dict[str, np.ndarray] = {}
    with style():
        figure, panels = _by_kind(members)
        for kind, place in first_of_each(members).items():
            graph = members.each[place].points.graph
            if graph is None:
                continue
            key = str(kind).replace(" ", "_")
            draw_graph(panels[kind], graph, places_of(graph)[0])
            _bare(panels[kind])
            panels[kind].set_title(str(kind), fontsize=8)
            data |= {f"{key}_transitions": graph.transitions, f"{key}_outputs": graph.outputs}
            data[f"{key}_unstable_dimensions"] = graph.unstable_dimensions
        handles = _dimensions(members)
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=7)
    caption = (
        "The transition graph of one network of each kind: fixed points where the network reads them, an edge from one "
        "point to another as dark as a small perturbation of the first is likely to end at the second."
    )
    return plot(name, caption, figure, data)


def untrained(name: str, members: Members, both: Square) -> Plot:
    """Trained and untrained networks of one cell in one plane, a panel a cell."""
    count, cells = len(members.each), tuple(dict.fromkeys(kind.cell for kind in members.kinds))
    data: dict[str, np.ndarray] = {}
    with style():
        figure, panels = new_panels(len(cells), 3.1 * len(cells), 3.1)
        for axes, cell in zip(panels, cells, strict=True):
            which = members.which(cell=cell)
            if len(which) < 2:
                continue
            every = np.concatenate([which, which + count])
            embedded = embed(both[np.ix_(every, every)])
            for at, (trained, place) in enumerate([(True, i) for i in which] + [(False, i) for i in which]):
                phi = members.each[place].kind.nonlinearity
                fill = FILLS[0 if trained else 1][0]
                axes.plot(*embedded.points[at], "o", color=OF_GROUP[phi], fillstyle=fill, markersize=5)
            axes.set_title(f"{cell} (stress {embedded.stress:.2f})", fontsize=8)
            axes.set_aspect("equal", "datalim")
            axes.tick_params(labelsize=6)
            data |= {f"{cell}_points": embedded.points, f"{cell}_networks": every}
        handles = [
            Line2D([], [], linestyle="none", marker="o", color=OF_GROUP[phi], fillstyle=fill, label=f"{phi}, {word}")
            for phi in dict.fromkeys(kind.nonlinearity for kind in members.kinds)
            for fill, word in FILLS
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=7)
    caption = "Trained networks (full) and the same as they started (open), a point each, by SVCCA on the same trials."
    return plot(name, caption, figure, data)


def _by_kind(members: Members) -> tuple[Figure, dict[NetworkKind, Axes]]:
    """A row a nonlinearity, a column a cell; panels without networks are empty."""
    kinds = members.kinds
    phis, cells = (tuple(dict.fromkeys(getattr(kind, part) for kind in kinds)) for part in ("nonlinearity", "cell"))
    figure, rows = new_grid(len(phis), len(cells), 2.5 * len(cells) + 0.3, 2.4 * len(phis) + 0.4)
    panels = {NetworkKind(cell, phi): rows[i][j] for i, phi in enumerate(phis) for j, cell in enumerate(cells)}
    for kind, axes in panels.items():
        if kind not in kinds:
            axes.set_axis_off()
    return figure, panels


def _dimensions(members: Members) -> list[Line2D]:
    """The legend of colours that some network needs."""
    return legend_of(np.concatenate([each.points.found[0].unstable_dimensions for each in members.each]))


def _bare(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
