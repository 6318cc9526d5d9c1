from . import decide as decide
from . import search as search
from . import statements as statements
from . import system as system

__all__ = [
    "decide",
    "search",
    "statements",
    "system",
]
