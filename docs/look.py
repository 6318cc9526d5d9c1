"""The look of the pictures of these pages: as that of the commands' figures, and small files."""

import io
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

THEORY, MEASUREMENT, MUTED, FAINT, ASKED = "#b3272d", "#1f4e79", "#777777", "#e4e4e4", "#222222"
"""What must be true, what happened, what is held against it, regions, what a task asks for."""
SHADES = ("#0b2545", "#3b5a79", "#6c8eac", "#9cc3e0")
"""Of an ordered series, from dark to light."""

STYLE = {
    "savefig.dpi": 110,
    "figure.constrained_layout.use": True,
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
}


def save(figure: Figure, file: Path) -> None:
    """As a PNG of 64 colours, a third of the size of one of all."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    Image.open(stream).convert("RGB").quantize(64).save(file, optimize=True)
