"""The look of every figure, and a figure together with the data behind it.

Figures are drawn from result objects only, with matplotlib's object interface: no window, no global state.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from validate.output import OutputDirectory, npz_bytes

PREDICTED = {"color": "#b3272d", "linewidth": 1.6, "zorder": 3}  # a line: what must be true
MEASURED = {"color": "#1f4e79", "linestyle": "none", "marker": "o", "markersize": 3.5, "zorder": 2}  # points

_STYLE: dict[str, object] = {
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


@dataclass(frozen=True)
class Plot:
    """A figure, what it shows in a sentence, and every array drawn in it. `name` becomes the files' stem."""

    name: str
    caption: str
    figure: Figure
    data: dict[str, ArrayLike] = field(default_factory=dict)

    def png(self) -> bytes:
        """The figure as a PNG file."""
        return self._render("png")

    def svg(self) -> bytes:
        """The figure as an SVG file."""
        return self._render("svg")

    def save(self, directory: OutputDirectory) -> None:
        """Write `name.png`, `name.svg` and the data as `name.npz`."""
        directory.write(f"{self.name}.png", self.png())
        directory.write(f"{self.name}.svg", self.svg())
        directory.write(f"{self.name}.npz", npz_bytes(self.data))

    def _render(self, kind: str) -> bytes:
        stream = io.BytesIO()
        with style():
            self.figure.savefig(stream, format=kind, metadata={"Date": None} if kind == "svg" else None)
        return stream.getvalue()


@contextmanager
def style() -> Iterator[None]:
    """The project's look, for figures made inside the block."""
    with matplotlib.rc_context(_STYLE):  # type: ignore[arg-type]
        yield


def new_figure(width: float = 6.4, height: float = 4.0) -> tuple[Figure, Axes]:
    """An empty figure with one pair of axes; width and height in inches. Call inside `style()`."""
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots()
