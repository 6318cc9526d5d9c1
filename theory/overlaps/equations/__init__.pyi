from . import activity as activity
from . import adam as adam
from . import exact as exact
from . import factors as factors
from . import gradient_span as gradient_span
from . import gram as gram
from . import latex as latex
from . import loss as loss
from . import roles as roles
from . import row as row
from . import shape as shape
from . import slow as slow
from . import speed as speed
from . import step as step
from . import visible as visible

__all__ = [
    "activity",
    "adam",
    "exact",
    "factors",
    "gradient_span",
    "gram",
    "latex",
    "loss",
    "roles",
    "row",
    "shape",
    "slow",
    "speed",
    "step",
    "visible",
]
