"""How fixed points look in all figures: a colour for each number of unstable dimensions, and a cube seen from aside."""

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

COLOURS = ("#222222", "#b3272d", "#2e8b57", "#1f4e79", "#8e5ea2")
"""Of points with no unstable dimension, one, two, three, and more."""
OBLIQUE = np.array([[1.0, 0.0], [0.0, 1.0], [0.45, 0.3]])
"""From three numbers to the plane: no two corners, edges or faces of a cube fall on one another."""


def mark_points(
    axes: Axes, places: Float[np.ndarray, "points 2"], dimensions: Int[np.ndarray, " points"], *, size: float = 5.0
) -> None:
    """A dot each, those of more unstable dimensions above the others."""
    kinds = np.minimum(dimensions, len(COLOURS) - 1)
    for kind in sorted(set(kinds.tolist())):
        axes.plot(*places[kinds == kind].T, "o", color=COLOURS[kind], markersize=size, zorder=3 + kind / 10)


def legend_of(dimensions: Int[np.ndarray, " points"]) -> list[Line2D]:
    """An entry for each colour that points of such dimensions have."""
    present = sorted(set(np.minimum(dimensions, len(COLOURS) - 1).tolist()))
    return [Line2D([], [], color=COLOURS[kind], marker="o", linestyle="none", label=_name(kind)) for kind in present]


def _name(kind: int) -> str:
    if not kind:
        return "stable"
    return f"{kind}{' or more' if kind == len(COLOURS) - 1 else ''} unstable"
