from . import gain_rule as gain_rule
from . import potential as potential
from . import short_time as short_time
from . import trust as trust

__all__ = [
    "gain_rule",
    "potential",
    "short_time",
    "trust",
]
