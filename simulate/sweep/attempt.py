"""One job, as a worker does it: under the job's lock, with what it needs read, computed and stored."""

import time
import traceback
from dataclasses import dataclass
from typing import TypeAlias

from simulate.lock import InUse
from simulate.programs import release_programs
from simulate.sweep.job import Job, JobProgress
from simulate.sweep.store import NotStored, Store


@dataclass(frozen=True)
class Computed:
    """It was computed and stored."""

    seconds: float


@dataclass(frozen=True)
class AlreadyThere:
    """Another process had computed it in the meantime."""

    seconds: float


@dataclass(frozen=True)
class Busy:
    """Another process is computing it."""


@dataclass(frozen=True)
class Failure:
    """A job that raised: its name, what it raised, and where.

    `hopeless`: no other job could be stored either.

    >>> Failure("square-0123456789abcdef", "ValueError: a negative root").error
    'ValueError: a negative root'
    """

    name: str
    error: str
    traceback: str = ""
    hopeless: bool = False


Ending: TypeAlias = Computed | AlreadyThere | Busy | Failure


def attempt(job: Job, store: Store, progress: JobProgress) -> Ending:
    """Compute a job into the store, unless it is there or another process is at it; `progress` hears when it begins."""
    try:
        with store.holding(job):
            if job in store:
                return AlreadyThere(store.provenance(job)["seconds"])
            progress(0, 0, "")
            needed = tuple(store.read(each) for each in job.needs())
            began = time.monotonic()
            result = job.compute(needed, progress)
            seconds = time.monotonic() - began
            store.write(job, result, seconds=seconds)
            return Computed(seconds)
    except InUse:
        return Busy()
    except Exception as error:
        hopeless = isinstance(error, NotStored)
        told = f"{type(error).__name__}: {error}"
        return Failure(job.name, told, traceback.format_exc(), hopeless)
    finally:
        release_programs()  # every condition has programs of its own, and a sweep may have thousands
