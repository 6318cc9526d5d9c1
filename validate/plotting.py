"""The look of every figure, and a figure together with the data behind it.

Figures are drawn from result objects only, with matplotlib's object interface: no window, no global state.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from validate.output import Plot
from validate.palette import MEASUREMENT, MUTED, SERIES, THEORY

PREDICTED: dict[str, Any] = {"color": THEORY, "linewidth": 1.6, "zorder": 3}  # a line: what must be true
MEASURED: dict[str, Any] = {
    "color": MEASUREMENT,
    "linestyle": "none",
    "marker": "o",
    "markersize": 3.5,
    "zorder": 2,
}  # points

GUIDE: dict[str, Any] = {"color": MUTED, "linewidth": 0.8, "linestyle": ":"}  # a place to read off; no data

WIDE, ONE_PANEL = 7.2, 5.4
"""Widths in inches: of a figure across a page, and of one pair of axes."""
NOTE: dict[str, Any] = {"fontsize": 8, "color": "#555555"}  # words within axes
SEM = "bars: standard error of the mean"
BINOMIAL_95 = "bars: 95 % interval of a binomial fraction"
MANY_PANELS = 9
"""Where there are more, they are told by their titles and bear no letters."""

_STYLE: dict[Any, Any] = {
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9.0,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "axes.prop_cycle": cycler(color=SERIES),
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


def ticks_within(axis: Axis, values: Sequence[float]) -> None:
    """Put plain numbers at those of these values that the axis shows, however it is scaled, and nowhere else."""
    low, high = axis.get_view_interval()
    shown = [value for value in values if low <= value <= high]
    axis.set_ticks(shown, labels=[f"{value:g}".replace("-", "−") for value in shown])
    axis.set_ticks([], minor=True)


def whole_ticks(axes: Axes) -> None:
    """Ticks of the horizontal axis at whole numbers: there is no half epoch and no half neuron."""
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True, min_n_ticks=2))


def complex_plane(axes: Axes) -> None:
    """One unit as long upwards as to the right, and the axes named."""
    axes.set(xlabel="real part", ylabel="imaginary part")
    axes.set_aspect("equal", adjustable="box")


def legend_right(axes: Axes, title: str | None = None) -> None:
    """The legend beside the axes, where it can lie on no data."""
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), title=title)


def legend_under(axes: Axes, *, columns: int = 1) -> None:
    """The legend under one panel and its label, where panels show different things."""
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=columns)


def legend_below(figure: Figure, columns: int) -> None:
    """One legend below all panels: every label once, in the order of the panels."""
    found: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    figure.legend(found.values(), found.keys(), loc="outside lower center", ncols=columns)


def decades(axes: Axes, *, at_least: float = 1.0) -> None:
    """Widen the limits of a logarithmic vertical axis to so many powers of ten around what it shows.

    Then it bears two ticks with numbers or more, whatever its data.
    """
    low, high = np.log10(axes.get_ylim())
    missing = max(0.0, at_least - (high - low)) / 2
    low, high = np.floor(low - missing), np.ceil(high + missing)
    axes.set_ylim(10.0**low, 10.0**high)


def letter_panels(figure: Figure) -> None:
    """a, b, c at the panels' upper left corners; one panel, colour bars and grids of many bear none."""
    panels = [axes for axes in figure.axes if axes.get_label() != "<colorbar>" and axes.axison]
    if not 1 < len(panels) <= MANY_PANELS:
        return
    for letter, axes in zip("abcdefghi", panels, strict=False):
        axes.annotate(
            letter, (0, 1), xycoords="axes fraction", xytext=(-24, 7), textcoords="offset points", fontweight="bold"
        )


def listed(numbers: Sequence[float | int]) -> str:
    """Numbers as a caption tells them: one where all are one, else each.

    >>> listed([5, 5]), listed([32, 24, 16])
    ('5', '32, 24 and 16')
    """
    words = [f"{number:,g}" for number in numbers]
    if len(set(words)) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} and {words[-1]}"


def plot(name: str, caption: str, figure: Figure, data: Mapping[str, ArrayLike]) -> Plot:
    """The finished figure as PNG and SVG, together with its caption and every array drawn in it.

    Its panels are lettered, and epochs on a linear axis have whole ticks.
    """
    letter_panels(figure)
    for axes in figure.axes:
        if "epoch" in axes.get_xlabel() and axes.get_xscale() == "linear":
            whole_ticks(axes)
    png = _render(figure, "png")
    figure.set_layout_engine("none")  # places are found once, for both
    return Plot(name, caption, png, _render(figure, "svg"), data)


def _render(figure: Figure, kind: str) -> bytes:
    stream = io.BytesIO()
    with style():
        figure.savefig(stream, format=kind, metadata={"Date": None} if kind == "svg" else None)
    return stream.getvalue()
