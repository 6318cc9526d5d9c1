"""Where the jobs of a sweep are computed."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from simulate.sweep.attempt import Ending, attempt
from simulate.sweep.job import Job
from simulate.sweep.standing import Reached
from simulate.sweep.store import Store

Tell: TypeAlias = Callable[[str, Reached], None]
"""Hears the name of a job that a worker has in hand, and how far it is."""


class Workers(ABC):
    """Those who compute, while they are there."""

    @property
    @abstractmethod
    def count(self) -> int:
        """How many jobs they do at once."""

    @abstractmethod
    def give(self, job: Job) -> None:
        """Let them do this job too, after those that they were given before."""

    @abstractmethod
    def ended(self, patience: float) -> list[tuple[str, Ending]]:
        """Names of jobs that have ended, and how. Waits for the first of them, if need be `patience` seconds."""


class Spread(ABC):
    """Where jobs are computed. A new kind is one subclass.

    >>> isinstance(HERE, Spread)
    True
    """

    @abstractmethod
    def workers(self, store: Store, tell: Tell) -> AbstractContextManager[Workers]:
        """Those who compute, for the time of a sweep."""


@dataclass(frozen=True)
class _InTurn(Workers):
    store: Store
    tell: Tell
    given: deque[Job] = field(default_factory=deque)

    @property
    def count(self) -> int:
        return 1

    def give(self, job: Job) -> None:
        self.given.append(job)

    def ended(self, patience: float) -> list[tuple[str, Ending]]:
        job = self.given.popleft()
        name = job.name
        return [(name, attempt(job, self.store, lambda done, of, unit: self.tell(name, Reached(done, of, unit))))]


@dataclass(frozen=True)
class Here(Spread):
    """In this process, one job after the other: `HERE`.

    >>> HERE
    Here()
    """

    @contextmanager
    def workers(self, store: Store, tell: Tell) -> Iterator[Workers]:
        """This process."""
        yield _InTurn(store, tell)


HERE = Here()
"""In this process, one job after the other."""
