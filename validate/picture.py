"""Figures as small as a page wants them: a palette of colours, compressed without loss; and thumbnails."""

import base64
import io

from PIL import Image

THUMBNAIL = (360, 240)
"""Most pixels across and down, for about half as many on a page."""


def small(png: bytes, colours: int) -> str:
    """A figure in so many colours as an address that holds it (data URI)."""
    image = _opened(png).quantize(colours, dither=Image.Dither.NONE).convert("RGB")
    return _address(image, lossless=True)


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
