"""Figures as small as a page wants them: a palette of colours, compressed without loss; and thumbnails."""

import base64
import io
from dataclasses import dataclass

from PIL import Image

THUMBNAIL = (360, 240)
"""Most pixels across and down, for about half as many on a page."""


@dataclass(frozen=True)
class Detail:
    """How much of a figure a page keeps: so many colours, and so many pixels across at most."""

    colours: int
    width: int


def small(png: bytes, detail: Detail) -> str:
    """A figure with so much detail as an address that holds it (data URI)."""
    image = _opened(png)
    # colours that are far apart, however few pixels have them: a red line means something
    palette = image.quantize(detail.colours, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
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


def _opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def _address(image: Image.Image, *, lossless: bool) -> str:
    stream = io.BytesIO()
    image.save(stream, "WEBP", lossless=lossless, quality=75, method=4)
    return f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}"
