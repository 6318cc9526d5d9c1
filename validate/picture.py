"""Figures as small as a page wants them: a palette of colours, compressed without loss; and thumbnails."""

import base64
import io
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageColor

from validate.palette import CELLS, LEVELS, MEASUREMENT, NONLINEARITIES, SERIES, THEORY, UNSTABLE

THUMBNAIL = (360, 240)
"""Most pixels across and down, for about half as many on a page."""
MEANINGS = frozenset(
    ImageColor.getrgb(each)
    for group in ((THEORY, MEASUREMENT), SERIES, NONLINEARITIES.values(), CELLS.values(), LEVELS.values(), UNSTABLE)
    for each in group
)
"""Colours that stand for something, and so are shown as they are."""


@dataclass(frozen=True)
class Detail:
    """How much of a figure a page keeps: so many colours, and so many pixels across at most."""

    colours: int
    width: int


def small(png: bytes, detail: Detail) -> str:
    """A figure with so much detail as an address that holds it (data URI)."""
    image = _opened(png)
    palette = _palette(image, detail.colours)
    image.thumbnail((detail.width, image.height), Image.Resampling.LANCZOS)
    return _address(image.quantize(palette=palette, dither=Image.Dither.NONE).convert("RGB"), lossless=True)


def paper_width(png: bytes) -> int:
    """Pixels of a screen, 96 an inch, across a figure of 160 pixels an inch."""
    return round(_opened(png).width * 96 / 160)


def thumbnail(png: bytes) -> str:
    """The figure at a glance, as an address that holds it."""
    image = _opened(png)
    image.thumbnail(THUMBNAIL, Image.Resampling.LANCZOS)
    return _address(image, lossless=False)


def _palette(image: Image.Image, colours: int) -> Image.Image:
    """The colours that mean something, those that most pixels have, as of a grey band, and others far apart.

    A thin red line means something, green must not become the blue that is nearest, nor grey a pale red.
    """
    counted: Any = image.getcolors(image.width * image.height)
    often = [colour for _, colour in sorted(counted, key=lambda each: -each[0])]
    meant = [colour for colour in often if colour in MEANINGS][: colours // 2]
    kept = meant + [colour for colour in often if colour not in meant][: max(colours // 2 - len(meant), colours // 4)]
    apart = image.quantize(colours - len(kept), method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    values = [value for colour in kept for value in colour] + list(apart.getpalette() or [])
    palette = Image.new("P", (1, 1))
    palette.putpalette((values + values[-3:] * colours)[: 3 * colours])
    return palette


def _opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def _address(image: Image.Image, *, lossless: bool) -> str:
    stream = io.BytesIO()
    image.save(stream, "WEBP", lossless=lossless, quality=75, method=4)
    return f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}"
