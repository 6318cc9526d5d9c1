"""Universality in one look: two cells whose states lie differently and whose points lead to one another alike."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from validate.output import Plot
from validate.palette import CELLS
from validate.plotting import WIDE, new_grid, plot, style
from validate.universality.deviations import IDEAL, Deviation
from validate.universality.graph_figure import draw_graph, places_of
from validate.universality.members import Members
from validate.universality.pictures import Square, in_a_plane, in_components, named
from validate.universality.point_marks import legend_of

SHOWN, NONLINEARITY = ("vanilla", "gru"), "tanh"
"""Cells of the networks in the picture."""


def one_look(
    members: Members,
    deviations: Sequence[Deviation],
    shown: Sequence[np.ndarray],
    *,
    distances: Square,
    graphs: Square,
) -> tuple[Plot, ...]:
    """A column a cell: states in their components, and the graph. None where no network has the ideal points.

    `shown` are states by network, `distances` and `graphs` how far networks are apart by SVCCA and by their graphs.
    """
    chosen = _chosen(members, deviations)
    if not chosen:
        return ()
    data: dict[str, np.ndarray] = {}
    with style():
        figure, (above, below) = new_grid(2, len(chosen), WIDE / 2 * max(len(chosen), 1.5), WIDE)
        for left, right, place in zip(above, below, chosen, strict=True):
            each = members.each[place]
            graph, found = each.points.graph, each.points.found[0]
            assert graph is not None
            seen = in_components(shown[place], found)
            colour = CELLS[each.kind.cell]
            for path in seen.paths:
                left.plot(*path.T, color=colour, linewidth=0.8, alpha=0.45, zorder=0)
            most = float(graph.transitions[graph.unstable_dimensions > 0].max())
            draw_graph(left, graph, seen.points, most=most)
            left.set(xlabel=seen.labels[0], ylabel=seen.labels[1])
            left.set_title(f"{named(each.kind)}: where its states lie")
            places, (right_label, up_label) = places_of(graph)
            draw_graph(right, graph, places, most=most)
            right.set(xlabel=right_label, ylabel=up_label, title=f"{named(each.kind)}: what leads to what")
            for axes in (left, right):
                in_a_plane(axes)
            key = str(each.kind).replace(" ", "_")
            data |= {f"{key}_paths": seen.paths, f"{key}_points": seen.points, f"{key}_outputs": graph.outputs}
            data |= {f"{key}_transitions": graph.transitions, f"{key}_unstable_dimensions": graph.unstable_dimensions}
        handles = legend_of(np.concatenate([data[key] for key in data if key.endswith("_dimensions")]))
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    apart = "".join(
        f" Apart by {distances[one, other]:.2f} by SVCCA of their states, and by {graphs[one, other]:.2f} as graphs."
        for one, other in combinations(chosen, 2)
    )
    caption = (
        f"Networks trained to remember {members.task.outputs} bits (seed {members.seed}), of each cell the first with "
        f"all {sum(deviations[chosen[0]].polynomial)} fixed points. Above: trials (coloured) and the points in the "
        "leading principal components of the states. Below: the points where they are read. Arrows: where a small push "
        f"leads, as dark as it is likely.{apart}"
    )
    return (plot("flip_flop_one_look", caption, figure, data),)


def _chosen(members: Members, deviations: Sequence[Deviation]) -> list[int]:
    """Of each cell the first network with the ideal points."""
    ideal = [
        [
            place
            for place in members.which(cell=cell, nonlinearity=NONLINEARITY).tolist()
            if deviations[place].kind == IDEAL
        ]
        for cell in SHOWN
    ]
    return [places[0] for places in ideal if places]
