"""Networks as points, those of all levels of a factor together: as far apart as they were measured (Fig. 3A)."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from simulate.measures.embedding import bootstrap_ellipses, embed
from validate.degeneracy.curves import clean
from validate.degeneracy.factor import MeasuredFactor
from validate.output import Plot
from validate.plotting import new_grid, plot, style

REPLICATES = 100
MARKERS = "osD^vP*X"
CAPTION = (
    "Networks (points) in the plane that shows the distances between them best, by multidimensional scaling, all "
    "levels of a factor together. Ellipses hold a level's centre in 95 % of bootstrap samples of networks."
)


def places(name: str, shown: Sequence[MeasuredFactor]) -> Plot:
    """A column a factor: networks by DSA, and by weights over the whole group where all are of one size."""
    matrices = [
        {"DSA": result.across.dsa, "weights": result.across.weights} for result in shown if result.across is not None
    ]
    titles = [title for title in ("DSA", "weights") if any(each[title] is not None for each in matrices)]
    data: dict[str, np.ndarray] = {}
    with style():
        figure, rows = new_grid(len(titles), len(shown), 3.4 * len(shown) + 0.6, 3.2 * len(titles))
        for column, (result, by_title) in enumerate(zip(shown, matrices, strict=True)):
            factor = result.factor
            for row, title in enumerate(titles):
                axes, distances = rows[row][column], by_title[title]
                if result.across is None or distances is None:
                    axes.set_axis_off()
                    continue
                names = [f"{level.value:g}" for level in result.levels]
                found = _draw(axes, distances, result.across.population, names)
                axes.set_title(f"{title}, {factor.task} (stress {found['stress']:.2f})", fontsize=8)
                data |= {clean(f"{factor.name}_{factor.task}_{title}_{key}"): each for key, each in found.items()}
            rows[0][column].legend(title=factor.name, title_fontsize=8, fontsize=7, loc="best", labelspacing=0.2)
    return plot(name, CAPTION, figure, data)


def _draw(axes: Axes, distances: np.ndarray, population: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Points and ellipses; what they are, as the data behind the figure."""
    embedded = embed(distances)
    ellipses = bootstrap_ellipses(distances, groups=population.tolist(), replicates=REPLICATES, seed=0)
    colours = matplotlib.colormaps["viridis"](np.linspace(0.05, 0.85, len(names)))
    turn = np.linspace(0, 2 * np.pi, 100)
    around = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    for number, (label, colour) in enumerate(zip(names, colours, strict=True)):
        points = embedded.points[population == number]
        marker = MARKERS[number % len(MARKERS)]
        axes.plot(*points.T, marker, color=colour, markersize=4, label=label, alpha=0.8, zorder=3)
        ellipse = ellipses[number]
        axes.add_patch(
            Polygon(
                ellipse.centre + around @ ellipse.half_axes, facecolor=colour, edgecolor=colour, alpha=0.25, zorder=2
            )
        )
    axes.set_aspect("equal", "datalim")
    axes.margins(0.15)
    axes.tick_params(labelsize=7)
    return {
        "points": embedded.points,
        "population": population,
        "stress": np.array(embedded.stress),
        "centres": np.array([ellipses[number].centre for number in range(len(names))]),
        "half_axes": np.array([ellipses[number].half_axes for number in range(len(names))]),
    }
