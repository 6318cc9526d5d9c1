"""The look of every figure, and a figure together with the data behind it.

Figures are drawn from result objects only, with matplotlib's object interface: no window, no global state.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from validate.output import Plot

PREDICTED: dict[str, Any] = {"color": "#b3272d", "linewidth": 1.6, "zorder": 3}  # a line: what must be true
MEASURED: dict[str, Any] = {
    "color": "#1f4e79",
    "linestyle": "none",
    "marker": "o",
    "markersize": 3.5,
    "zorder": 2,
}  # points

GUIDE: dict[str, Any] = {"color": "#777777", "linewidth": 0.8, "linestyle": ":"}  # a place to read off; no data

_STYLE: dict[Any, Any] = {
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "figure.constrained_layout.use": True,
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9.0,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.5,
    "axes.axisbelow": True,
    "svg.hashsalt": "rnn-learning-theory",  # the same figure gives the same file
    "svg.fonttype": "path",
}


@contextmanager
def style() -> Iterator[None]:
    """The project's look, for figures made inside the block."""
    with matplotlib.rc_context(_STYLE):
        yield


def new_figure(width: float = 6.4, height: float = 4.0) -> tuple[Figure, Axes]:
    """An empty figure with one pair of axes; width and height in inches. Call inside `style()`."""
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots()


def new_panels(count: int, width: float, height: float) -> tuple[Figure, tuple[Axes, ...]]:
    """Panels side by side; width and height of the whole in inches. Call inside `style()`."""
    figure, rows = new_grid(1, count, width, height)
    return figure, rows[0]


def new_grid(rows: int, columns: int, width: float, height: float) -> tuple[Figure, tuple[tuple[Axes, ...], ...]]:
    """Rows of panels; width and height of the whole in inches. Call inside `style()`."""
    figure = Figure(figsize=(width, height))
    return figure, tuple(tuple(row) for row in figure.subplots(rows, columns, squeeze=False))


def mark_values(axes: Axes, values: Sequence[float]) -> None:
    """Put the ticks of a logarithmic horizontal axis at these values and nowhere else."""
    axes.set_xticks(list(values), labels=[f"{value:g}" for value in values])
    axes.minorticks_off()


def plot(name: str, caption: str, figure: Figure, data: Mapping[str, ArrayLike]) -> Plot:
    """The finished figure as PNG and SVG, together with its caption and every array drawn in it."""
    png = _render(figure, "png")
    figure.set_layout_engine("none")  # places are found once, for both
    return Plot(name, caption, png, _render(figure, "svg"), data)


def _render(figure: Figure, kind: str) -> bytes:
    stream = io.BytesIO()
    with style():
        figure.savefig(stream, format=kind, metadata={"Date": None} if kind == "svg" else None)
    return stream.getvalue()
