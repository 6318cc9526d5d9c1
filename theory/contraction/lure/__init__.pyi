from . import decide as decide
from . import least_gain as least_gain
from . import metric as metric
from . import reached as reached
from . import search as search
from . import statements as statements
from . import system as system
from . import transfer as transfer
from . import units as units

__all__ = [
    "decide",
    "least_gain",
    "metric",
    "reached",
    "search",
    "statements",
    "system",
    "transfer",
    "units",
]
