from . import broken as broken
from . import counting as counting
from . import function as function
from . import invariants as invariants
from . import kept as kept
from . import linear_conditions as linear_conditions
from . import orbits as orbits
from . import symmetries as symmetries
from . import values as values

__all__ = [
    "broken",
    "counting",
    "function",
    "invariants",
    "kept",
    "linear_conditions",
    "orbits",
    "symmetries",
    "values",
]
