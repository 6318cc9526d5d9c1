from . import gain_rule as gain_rule
from . import gain_tail as gain_tail
from . import potential as potential
from . import short_time as short_time
from . import trust as trust

__all__ = [
    "gain_rule",
    "gain_tail",
    "potential",
    "short_time",
    "trust",
]
