"""Networks as points, those of all levels of a factor together: as far apart as they were measured (Fig. 3A)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from simulate.measures.embedding import bootstrap_ellipses, embed
from validate.degeneracy.curves import clean
from validate.degeneracy.factor import MeasuredFactor
from validate.output import Plot
from validate.palette import shades
from validate.plotting import legend_right, listed, new_grid, plot, style

REPLICATES = 100
MARKERS = "osD^vP*X"
CAPTION = (
    "Networks (points) in the plane that shows the distances between them best, by multidimensional scaling, all "
    "levels of a factor together; units are those of the distance, and axes have no meaning of their own. Stress is "
    "the share that the plane misses: above 0.2 it shows them but roughly. Ellipses hold a level's centre in 95 % of "
    "bootstrap samples of networks."
)


def places(name: str, shown: Sequence[MeasuredFactor], seed: int) -> Plot:
    """A row a factor: networks by DSA, and by weights over the whole group where all are of one size."""
    matrices = [
        {"DSA": result.across.dsa, "weights": result.across.weights} for result in shown if result.across is not None
    ]
    titles = [title for title in ("DSA", "weights") if any(each[title] is not None for each in matrices)]
    data: dict[str, np.ndarray] = {}
    with style():
        figure, rows = new_grid(len(shown), len(titles), 3.4 * len(titles) + 1.0, 2.9 * len(shown))
        for row, result, by_title in zip(rows, shown, matrices, strict=True):
            factor = result.factor
            for axes, title in zip(row, titles, strict=True):
                distances = by_title[title]
                if result.across is None or distances is None:
                    axes.set_axis_off()
                    continue
                names = [level.tick for level in result.levels]
                found = _draw(axes, distances, result.across.population, names)
                axes.set_title(f"{title}, {factor.task}\nstress {found['stress']:.2f}")
                data |= {clean(f"{factor.name}_{factor.task}_{title}_{key}"): each for key, each in found.items()}
            drawn = [axes for axes in row if axes.axison]
            legend_right(drawn[-1], title=factor.axis)
    counts = sorted(
        {
            int((result.across.population == k).sum())
            for result in shown
            if result.across is not None
            for k in range(len(result.levels))
        }
    )
    return plot(name, f"{CAPTION} {listed(counts)} networks a level. Seed {seed}.", figure, data)


def _draw(axes: Axes, distances: np.ndarray, population: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Points and ellipses; what they are, as the data behind the figure."""
    embedded = embed(distances)
    ellipses = bootstrap_ellipses(distances, groups=population.tolist(), replicates=REPLICATES, seed=0)
    turn = np.linspace(0, 2 * np.pi, 100)
    around = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    for number, (label, colour) in enumerate(zip(names, shades(len(names)), strict=True)):
        points = embedded.points[population == number]
        marker = MARKERS[number % len(MARKERS)]
        axes.plot(*points.T, marker, color=colour, markersize=4, label=label, alpha=0.8, zorder=3)
        ellipse = ellipses[number]
        axes.add_patch(
            Polygon(
                ellipse.centre + around @ ellipse.half_axes, facecolor=colour, edgecolor=colour, alpha=0.2, zorder=2
            )
        )
    axes.set_aspect("equal", "datalim")
    axes.margins(0.15)
    axes.set(xlabel="first coordinate", ylabel="second coordinate")
    return {
        "points": embedded.points,
        "population": population,
        "stress": np.array(embedded.stress),
        "centres": np.array([ellipses[number].centre for number in range(len(names))]),
        "half_axes": np.array([ellipses[number].half_axes for number in range(len(names))]),
    }
