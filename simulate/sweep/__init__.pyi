from .attempt import Failure as Failure
from .cluster import Cluster as Cluster
from .conditions import BadTable as BadTable, read_conditions as read_conditions
from .described import NotDescribed as NotDescribed, described as described
from .job import Job as Job
from .local_processes import LocalProcesses as LocalProcesses, NoWorkers as NoWorkers
from .spread import HERE as HERE, Spread as Spread
from .standing import Standing as Standing
from .store import (
    NoResult as NoResult,
    NotStored as NotStored,
    RefusedResult as RefusedResult,
    Store as Store,
)
from .submitted import SchedulerLost as SchedulerLost
from .sweep import Swept as Swept, SweepFailed as SweepFailed, sweep as sweep

__all__ = [
    "BadTable",
    "HERE",
    "Cluster",
    "Failure",
    "Job",
    "LocalProcesses",
    "NoResult",
    "NoWorkers",
    "NotDescribed",
    "NotStored",
    "RefusedResult",
    "SchedulerLost",
    "Spread",
    "Standing",
    "Store",
    "SweepFailed",
    "Swept",
    "described",
    "read_conditions",
    "sweep",
]
