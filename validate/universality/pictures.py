"""Figures of populations, drawn from results alone: components, distances, places of networks, graphs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from simulate.measures.embedding import embed
from simulate.measures.fixed_points.find import FixedPoints
from validate.output import Plot
from validate.palette import CELLS, MUTED, NONLINEARITY_MARKS, SERIES
from validate.plotting import new_grid, new_panels, plot, style
from validate.symbols import typeset, typeset_all
from validate.universality.conditions import NetworkKind
from validate.universality.graph_figure import draw_graph, places_of
from validate.universality.members import Members
from validate.universality.point_marks import OBLIQUE, PATH, legend_of, mark_points, seen_from_aside
from validate.universality.similarity import Division, divisions

SLOW: dict[str, Any] = {"linestyle": "none", "marker": "x", "color": MUTED, "markersize": 4}
"""Points that are slow and no fixed points."""
HELD: dict[str, Any] = {"linestyle": "none", "marker": "o", "color": SERIES[4], "markersize": 3, "label": "held"}
"""States whose output stays for a trial."""
FILLS: tuple[tuple[Literal["full", "none"], str], ...] = (("full", "trained"), ("none", "untrained"))
GREY: dict[str, Any] = {"linestyle": "none", "color": MUTED, "markersize": 5}
"""In legends, of what has another colour in each panel."""
TRIALS = 6
Square = Float[np.ndarray, "_ _"]


def first_of_each(members: Members) -> dict[NetworkKind, int]:
    """The place of the first network of each kind."""
    return {kind: next(i for i, each in enumerate(members.each) if each.kind == kind) for kind in members.kinds}


def named(kind: NetworkKind) -> str:
    """As a figure says it.

    >>> named(NetworkKind("gru", "relu"))
    'GRU, ReLU'
    """
    return typeset_all(f"{kind.cell}, {kind.nonlinearity}")


def look_of(kind: NetworkKind) -> dict[str, Any]:
    """The cell by its colour, the nonlinearity by its mark."""
    return {"color": CELLS[kind.cell], "marker": NONLINEARITY_MARKS[kind.nonlinearity]}


@dataclass(frozen=True, eq=False)
class InComponents:
    """Trials and points of one network in the plane of its leading principal components, or three seen from aside.

    `held` is the share of the variance of its states that is in them, `labels` what the axes are called, `still` where
    states are that hold an output, if there is a line.
    """

    paths: Float[np.ndarray, "trials steps 2"]
    points: Float[np.ndarray, "points 2"]
    slow: Float[np.ndarray, "slow 2"]
    still: Float[np.ndarray, "still 2"]
    held: float
    labels: tuple[str, str]


def in_components(
    states: Float[np.ndarray, "trials steps size"],
    found: FixedPoints,
    line: Float[np.ndarray, "held size"] | None = None,
) -> InComponents:
    """Two of networks with one output or two, otherwise three."""
    flat = states.reshape(-1, states.shape[-1])
    centre = flat.mean(axis=0)
    _, scales, directions = np.linalg.svd(flat - centre, full_matrices=False)
    three = found.outputs.shape[-1] > 2
    seen_from = OBLIQUE if three else np.eye(2)
    to_plane = directions[: len(seen_from)].T @ seen_from
    right, up = seen_from_aside("c")
    still = found.points[:0] if line is None else line
    paths, points, slow, still = (
        (each - centre) @ to_plane for each in (states[:TRIALS], found.points, found.slow, still)
    )
    return InComponents(
        paths,
        points,
        slow,
        still,
        held=float((scales[: len(seen_from)] ** 2).sum() / (scales**2).sum()),
        labels=(f"components {right}", f"components {up}") if three else ("component 1", "component 2"),
    )


def components(
    name: str, members: Members, shown: Sequence[np.ndarray], lines: Sequence[np.ndarray] | None = None
) -> Plot:
    """A panel a kind: the trajectories of one network and its points, in the directions that hold most.

    With `lines`, of each network, also the states that hold an output.
    """
    chosen = first_of_each(members)
    data: dict[str, np.ndarray] = {}
    labels = "", ""
    with style():
        figure, panels = by_kind(members)
        for kind, place in chosen.items():
            axes, found = panels[kind], members.each[place].points.found[0]
            seen = in_components(shown[place], found, None if lines is None else lines[place])
            for path in seen.paths:
                axes.plot(*path.T, **PATH, zorder=1)
            axes.plot(*seen.still.T, **HELD, zorder=2)
            axes.plot(*seen.slow.T, **SLOW, zorder=2)
            mark_points(axes, seen.points, found.unstable_dimensions, size=4.0)
            of_variance = f"{100 * seen.held:.0f} % of the variance"
            axes.set_title(f"{named(kind)}\n{points_counted(len(seen.points))}, {of_variance}", fontsize=8)
            in_a_plane(axes)
            key = str(kind).replace(" ", "_")
            data |= {f"{key}_paths": seen.paths, f"{key}_points": seen.points, f"{key}_slow": seen.slow}
            data[f"{key}_unstable_dimensions"] = found.unstable_dimensions
            if lines is not None:
                data[f"{key}_held"] = seen.still
            labels = seen.labels
        three = members.each[0].points.found[0].outputs.shape[-1] > 2
        outer_labels(figure, labels)
        handles = [*_dimensions(members), Line2D([], [], **PATH, label="trial")]
        if any(len(members.each[place].points.found[0].slow) for place in chosen.values()):
            handles.append(Line2D([], [], **SLOW, label="slow"))
        if lines is not None:
            handles.append(Line2D([], [], **HELD))
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    line = "" if lines is None else " and states that hold an output for a trial (first context)"
    caption = (
        f"The first of the networks of each kind: {TRIALS} trials, fixed points by their unstable directions{line}, "
        f"in the leading principal components of its state ({'three, c, seen from aside' if three else 'two'}; shares "
        f"of the variance in the titles; seed {members.seed})."
    )
    return plot(name, caption, figure, data)


def matrices(name: str, members: Members, distances: Mapping[str, Square]) -> Plot:
    """A panel a measure: distances between all networks, kind by kind."""
    kinds = [each.kind for each in members.each]
    borders = [i for i in range(1, len(kinds)) if kinds[i] != kinds[i - 1]]
    middles = [float(np.mean([i for i, kind in enumerate(kinds) if kind == one])) for one in members.kinds]
    with style():
        figure, panels = new_panels(len(distances), 3.4 * len(distances), 3.2)
        for axes, (measure, matrix) in zip(panels, distances.items(), strict=True):
            image = axes.imshow(matrix, cmap="viridis", interpolation="nearest")
            for border in borders:
                axes.axhline(border - 0.5, color="white", linewidth=0.5)
                axes.axvline(border - 0.5, color="white", linewidth=0.5)
            axes.set_xticks(middles, [named(kind) for kind in members.kinds], rotation=90, fontsize=7)
            axes.set_yticks(middles, [named(kind) for kind in members.kinds], fontsize=7)
            axes.grid(visible=False)
            axes.set_title(measure)
            figure.colorbar(image, ax=axes, shrink=0.8, label="distance")
    data: dict[str, np.ndarray] = {measure.replace(", ", "_"): matrix for measure, matrix in distances.items()}
    data["kinds"] = np.array([str(kind) for kind in kinds])
    caption = (
        f"Distances between all {len(kinds)} trained networks, those of a kind side by side ({_counts(members)}): of "
        "activity on the same trials, and of transition graphs where there are any (with what is read at their points, "
        "and by edges alone)."
    )
    return plot(name, caption, figure, data)


def places(name: str, members: Members, distances: Mapping[str, Square], *, rows: str) -> Plot:
    """A row a measure, a column a division: networks in the plane that shows their distances best.

    `rows` says in the caption what the measures are.
    """
    shown = [each for each in divisions(members) if each.name in ("by cell, tanh", "by nonlinearity, vanilla")]
    shown = [each for each in shown if len(each.which) > 2]
    data: dict[str, np.ndarray] = {}
    with style():
        columns = max(1, len(shown))
        figure, grid = new_grid(len(distances), columns, 3.4 * columns, 3.0 * len(distances) + 0.4)
        for panels, (measure, matrix) in zip(grid, distances.items(), strict=True):
            for axes, division in zip(panels, shown, strict=False):
                data |= _draw_places(axes, members, measure, matrix, division)
        _legend_of_kinds(figure, [members.each[i].kind for each in shown for i in each.which])
    caption = (
        "Trained networks as points whose distances in the plane are as near as may be to those measured "
        "(multidimensional scaling; stress: what is left). Colours: cells; shapes: nonlinearities. Left: tanh networks "
        f"by cell. Right: vanilla networks by nonlinearity. {rows} ({_counts(members)})."
    )
    return plot(name, caption, figure, data)


def _draw_places(
    axes: Axes, members: Members, measure: str, matrix: Square, division: Division
) -> dict[str, np.ndarray]:
    division = division.of(np.flatnonzero(np.isfinite(np.diagonal(matrix)[division.which])).tolist())
    if len(division.which) < 3:  # no plane is needed
        axes.set_axis_off()
        return {}
    embedded = embed(matrix[np.ix_(division.which, division.which)])
    groups = np.array(division.groups)
    for place, point in zip(division.which, embedded.points, strict=True):
        axes.plot(*point, **look_of(members.each[place].kind), markersize=5, alpha=0.8)
    axes.set_title(f"{measure}: {typeset_all(division.name)} (stress {embedded.stress:.2f})", fontsize=8.5)
    in_a_plane(axes)
    label = f"{measure} distance" if measure == "SVCCA" else "graph distance"
    axes.set(xlabel=label, ylabel=label)
    key = f"{measure}_{division.name}".replace(", ", "_").replace(" ", "_")
    return {f"{key}_points": embedded.points, f"{key}_groups": groups}


def graphs(name: str, members: Members) -> Plot:
    """A panel a kind: nodes where they are read, edges as dark as they are likely."""
    data: dict[str, np.ndarray] = {}
    labels = "", ""
    with style():
        figure, panels = by_kind(members)
        for kind, place in first_of_each(members).items():
            graph = members.each[place].points.graph
            if graph is None:
                continue
            key = str(kind).replace(" ", "_")
            draw_graph(panels[kind], graph, places_of(graph)[0])
            in_a_plane(panels[kind])
            labels = places_of(graph)[1]
            panels[kind].set_title(f"{named(kind)}, {points_counted(len(graph))}")
            data |= {f"{key}_transitions": graph.transitions, f"{key}_outputs": graph.outputs}
            data[f"{key}_unstable_dimensions"] = graph.unstable_dimensions
        outer_labels(figure, labels)
        handles = _dimensions(members)
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    caption = (
        "The transition graph of the first of the networks of each kind: fixed points where the network reads them "
        "(targets are 1 and -1), by their unstable directions; an arrow from one point to another is as dark as a "
        f"small perturbation of the first is likely to end at the second (black: always; seed {members.seed})."
    )
    return plot(name, caption, figure, data)


def untrained(name: str, members: Members, both: Square) -> Plot:
    """Trained and untrained networks of one cell in one plane, a panel a cell."""
    count, cells = len(members.each), tuple(dict.fromkeys(kind.cell for kind in members.kinds))
    data: dict[str, np.ndarray] = {}
    with style():
        figure, panels = new_panels(len(cells), 3.1 * len(cells), 3.4)
        for axes, cell in zip(panels, cells, strict=True):
            which = members.which(cell=cell)
            if len(which) < 2:
                continue
            every = np.concatenate([which, which + count])
            embedded = embed(both[np.ix_(every, every)])
            for at, (trained, place) in enumerate([(True, i) for i in which] + [(False, i) for i in which]):
                fill = FILLS[0 if trained else 1][0]
                axes.plot(*embedded.points[at], **look_of(members.each[place].kind), fillstyle=fill, markersize=5)
            axes.set_title(f"{typeset(cell)} (stress {embedded.stress:.2f})")
            in_a_plane(axes)
            axes.set(xlabel="SVCCA distance", ylabel="SVCCA distance")
            data |= {f"{cell}_points": embedded.points, f"{cell}_networks": every}
        handles = [
            Line2D([], [], **GREY, marker=NONLINEARITY_MARKS[phi], fillstyle=fill, label=f"{typeset(phi)}, {word}")
            for phi in dict.fromkeys(kind.nonlinearity for kind in members.kinds)
            for fill, word in FILLS
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    caption = (
        "Trained networks (full) and the same as they started (open), a point each, whose distances in the plane are "
        "as near as may be to those by SVCCA on the same trials (multidimensional scaling; stress: what is left). "
        f"Shapes: nonlinearities ({_counts(members)})."
    )
    return plot(name, caption, figure, data)


def _counts(members: Members) -> str:
    """How many networks of each kind there are, and the seed."""
    counts = sorted(set(Counter(each.kind for each in members.each).values()))
    return f"n = {' to '.join(map(str, counts[:: max(1, len(counts) - 1)]))} of each kind, seed {members.seed}"


def _legend_of_kinds(figure: Figure, kinds: Sequence[NetworkKind]) -> None:
    """Below all panels: an entry for each kind that is drawn."""
    handles = [
        Line2D([], [], linestyle="none", **look_of(kind), markersize=5, label=named(kind))
        for kind in dict.fromkeys(kinds)
    ]
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def outer_labels(figure: Figure, labels: tuple[str, str]) -> None:
    """Names of axes once a row and once a column of a grid."""
    for axes in figure.axes:
        place = axes.get_subplotspec()
        assert place is not None
        if place.is_last_row():
            axes.set_xlabel(labels[0])
        if place.is_first_col():
            axes.set_ylabel(labels[1])


def by_kind(members: Members) -> tuple[Figure, dict[NetworkKind, Axes]]:
    """A row a nonlinearity, a column a cell; panels without networks are empty."""
    kinds = members.kinds
    phis, cells = (tuple(dict.fromkeys(getattr(kind, part) for kind in kinds)) for part in ("nonlinearity", "cell"))
    figure, rows = new_grid(len(phis), len(cells), 2.6 * len(cells) + 0.3, 2.6 * len(phis) + 0.4)
    panels = {NetworkKind(cell, phi): rows[i][j] for i, phi in enumerate(phis) for j, cell in enumerate(cells)}
    for kind, axes in panels.items():
        if kind not in kinds:
            axes.set_axis_off()
    return figure, panels


def _dimensions(members: Members) -> list[Line2D]:
    """The legend of marks that the first network of some kind needs."""
    drawn = [members.each[place].points.found[0] for place in first_of_each(members).values()]
    return legend_of(np.concatenate([found.unstable_dimensions for found in drawn]))


def points_counted(count: int) -> str:
    """As a title says it.

    >>> points_counted(1), points_counted(9)
    ('1 point', '9 points')
    """
    return f"{count} point{'' if count == 1 else 's'}"


def in_a_plane(axes: Axes) -> None:
    """Distances are as long upwards as to the right."""
    axes.set_aspect("equal", "datalim")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=4))
    axes.tick_params(labelsize=7)
