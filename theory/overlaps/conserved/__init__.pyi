from . import broken as broken
from . import counting as counting
from . import function as function
from . import invariants as invariants
from . import linear_conditions as linear_conditions
from . import orbits as orbits
from . import symmetries as symmetries

__all__ = [
    "broken",
    "counting",
    "function",
    "invariants",
    "linear_conditions",
    "orbits",
    "symmetries",
]
