from . import transport as transport
from .fluctuations import (
    Dispersion as Dispersion,
    directions as directions,
    mixed_rows as mixed_rows,
    normal_rows as normal_rows,
)
from .stopping import LossCrossing as LossCrossing

__all__ = [
    "Dispersion",
    "LossCrossing",
    "directions",
    "mixed_rows",
    "normal_rows",
    "transport",
]
