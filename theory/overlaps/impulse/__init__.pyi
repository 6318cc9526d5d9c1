from . import clock as clock
from . import critical as critical
from . import divided as divided
from . import embedding as embedding
from . import escape as escape
from . import filter as filter
from . import gramian as gramian
from . import oscillator as oscillator
from . import plateau as plateau

__all__ = [
    "clock",
    "critical",
    "divided",
    "embedding",
    "escape",
    "filter",
    "gramian",
    "oscillator",
    "plateau",
]
