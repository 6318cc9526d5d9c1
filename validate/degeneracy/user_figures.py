"""The pictures of a user's population: places by multidimensional scaling, and distances beside their nulls."""

from collections.abc import Mapping, Sequence
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulate.measures.embedding import Embedding
from simulate.populations.distances import BesideNull
from validate.output import Plot
from validate.plotting import MEASURED, ONE_PANEL, new_grid, plot, style
from validate.symbols import typeset

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
            axes.set(
                title=f"{typeset(measure)} (stress {embedding.stress:.2f})",
                xlabel="first coordinate",
                ylabel="second coordinate",
            )
            axes.set_aspect("equal", "datalim")
            axes.margins(0.25)
            if len(names) <= NAMED:
                for name, (x, y) in zip(names, points, strict=True):
                    axes.annotate(name, (x, y), (4, 3), textcoords="offset points", fontsize=7)
    caption = (
        f"{len(names)} networks by multidimensional scaling of their distances: units are those of the distance, and "
        "axes have no meaning of their own. Stress is the share that the plane misses: 0 is none, above 0.2 it shows "
        "them but roughly."
    )
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
            image = axes.imshow(shown, cmap="cividis", vmin=0.0)
            figure.colorbar(image, ax=axes, shrink=0.8, label=UNITS.get(measure, "distance"))
            axes.grid(visible=False)
            axes.set_title(typeset(measure))
            _name_ticks(axes, names)
    caption = (
        f"Distances of {len(names)} networks (above the diagonal) and their nulls (below it; empty where there is "
        "none)."
    )
    return plot("distances", caption, figure, data)


UNITS = {"cka": "1 − CKA", "svcca": "1 − SVCCA"}
"""Of the distances that are a similarity taken from one; others have the unit of what is compared."""


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    """As many panels, in rows of three."""
    columns, rows = min(count, COLUMNS), ceil(count / COLUMNS)
    figure, grid = new_grid(rows, columns, max(ONE_PANEL, 3.2 * columns), 3.0 * rows)
    panels = [axes for row in grid for axes in row]
    for axes in panels[count:]:
        axes.set_axis_off()
    return figure, panels[:count]


def _name_ticks(axes: Axes, names: Sequence[str]) -> None:
    if len(names) > NAMED:
        axes.set(xlabel="network", ylabel="network")
        return
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
