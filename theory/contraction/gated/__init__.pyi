from . import apart as apart
from . import bounds as bounds
from . import decide as decide
from . import document as document
from . import gru as gru
from . import layer as layer
from . import literature as literature
from . import lstm as lstm
from . import search as search
from . import squares as squares
from . import statements as statements

__all__ = [
    "apart",
    "bounds",
    "decide",
    "document",
    "gru",
    "layer",
    "literature",
    "lstm",
    "search",
    "squares",
    "statements",
]
