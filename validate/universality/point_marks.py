"""How fixed points look in all figures: a mark for each number of unstable directions, and a cube seen from aside."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from validate.palette import UNSTABLE

MARKS = ("o", "^", "s", "D", "P")
"""Of points with no unstable direction, one, two, three, and more."""
EDGE: dict[str, Any] = {"markeredgecolor": "#1a1a1a", "markeredgewidth": 0.6}
PATH: dict[str, Any] = {"color": "#aaaaaa", "linewidth": 0.5}
"""Of trajectories, below all else."""
OBLIQUE = np.array([[1.0, 0.0], [0.0, 1.0], [0.45, 0.3]])
"""From three numbers to the plane: no two corners, edges or faces of a cube fall on one another."""


def mark_points(
    axes: Axes, places: Float[np.ndarray, "points 2"], dimensions: Int[np.ndarray, " points"], *, size: float = 5.0
) -> None:
    """A mark each, those of more unstable directions above the others."""
    kinds = np.minimum(dimensions, len(UNSTABLE) - 1)
    for kind in sorted(set(kinds.tolist())):
        axes.plot(*places[kinds == kind].T, **_look(kind), markersize=size, zorder=3 + kind / 10)


def legend_of(dimensions: Int[np.ndarray, " points"]) -> list[Line2D]:
    """An entry for each mark that points of such dimensions have."""
    present = sorted(set(np.minimum(dimensions, len(UNSTABLE) - 1).tolist()))
    return [Line2D([], [], **_look(kind), markersize=5.0, label=_name(kind)) for kind in present]


def seen_from_aside(letter: str) -> tuple[str, str]:
    """What the axes of a cube are called that is drawn obliquely, of three numbers with this letter.

    >>> seen_from_aside("y")
    ('$y_1 + 0.45\\\\,y_3$', '$y_2 + 0.3\\\\,y_3$')
    """
    right, up = OBLIQUE[2]
    return rf"${letter}_1 + {right:g}\,{letter}_3$", rf"${letter}_2 + {up:g}\,{letter}_3$"


def _look(kind: int) -> dict[str, Any]:
    return {"color": UNSTABLE[kind], "marker": MARKS[kind], "linestyle": "none", **EDGE}


def _name(kind: int) -> str:
    if not kind:
        return "stable"
    return f"{kind}{' or more' if kind == len(UNSTABLE) - 1 else ''} unstable"
