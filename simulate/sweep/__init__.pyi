from .attempt import Failure as Failure
from .described import NotDescribed as NotDescribed, described as described
from .job import Job as Job
from .spread import HERE as HERE, Spread as Spread
from .standing import Standing as Standing
from .store import (
    NoResult as NoResult,
    NotStored as NotStored,
    RefusedResult as RefusedResult,
    Store as Store,
)
from .sweep import Swept as Swept, SweepFailed as SweepFailed, sweep as sweep

__all__ = [
    "HERE",
    "Failure",
    "Job",
    "NoResult",
    "NotDescribed",
    "NotStored",
    "RefusedResult",
    "Spread",
    "Standing",
    "Store",
    "SweepFailed",
    "Swept",
    "described",
    "sweep",
]
