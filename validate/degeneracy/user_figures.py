"""The pictures of a user's population: places by multidimensional scaling, and distances beside their nulls."""

from collections.abc import Mapping, Sequence
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulate.measures.embedding import Embedding
from simulate.populations.distances import BesideNull
from validate.output import Plot
from validate.plotting import MEASURED, new_grid, plot, style

COLUMNS = 3
NAMED = 16
"""Networks whose names are written into the figures; of more, the order is that of the files."""


def drawn_places(names: Sequence[str], places: Mapping[str, Embedding]) -> Plot:
    """The networks in the plane in which their distances are shown best, a panel a measure."""
    with style():
        figure, panels = _panels(len(places))
        for axes, (measure, embedding) in zip(panels, places.items(), strict=True):
            points = embedding.points
            axes.plot(points[:, 0], points[:, 1], **MEASURED)
            axes.set_title(f"{measure}, stress {embedding.stress:.2f}")
            axes.set_aspect("equal", "datalim")
            axes.margins(0.25)
            if len(names) <= NAMED:
                for name, (x, y) in zip(names, points, strict=True):
                    axes.annotate(name, (x, y), (4, 3), textcoords="offset points", fontsize=7)
    caption = "Networks by multidimensional scaling of their distances, in units of these; stress 0 is without misfit."
    data = {measure: embedding.points for measure, embedding in places.items()}
    return plot("places", caption, figure, {**data, "networks": np.array(names)})


def drawn_distances(names: Sequence[str], found: Mapping[str, BesideNull]) -> Plot:
    """The distances above the diagonal, and their nulls below it."""
    data: dict[str, np.ndarray] = {"networks": np.array(names)}
    with style():
        figure, panels = _panels(len(found))
        for axes, (measure, each) in zip(panels, found.items(), strict=True):
            null = each.null
            shown = np.full(each.pairs.value.shape, np.nan)
            above = np.triu_indices(len(names), 1)
            shown[above] = each.pairs.value[above]
            data[measure] = each.pairs.value
            if null is not None:
                shown.T[above] = null[above]
                data[f"{measure}_null"] = null
            image = axes.imshow(shown, cmap="viridis", vmin=0.0)
            figure.colorbar(image, ax=axes, shrink=0.8)
            axes.grid(visible=False)
            axes.set_title(measure)
            _name_ticks(axes, names)
        figure.suptitle("above the diagonal: distances; below: their nulls", fontsize=9)
    caption = "Distances of networks (above the diagonal) and their nulls (below it)."
    return plot("distances", caption, figure, data)


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    """As many panels, in rows of three."""
    columns, rows = min(count, COLUMNS), ceil(count / COLUMNS)
    figure, grid = new_grid(rows, columns, 3.3 * columns, 3.0 * rows)
    panels = [axes for row in grid for axes in row]
    for axes in panels[count:]:
        axes.set_axis_off()
    return figure, panels[:count]


def _name_ticks(axes: Axes, names: Sequence[str]) -> None:
    if len(names) > NAMED:
        return
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
