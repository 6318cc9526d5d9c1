"""Jobs given to a scheduler of Dask, which runs a job again elsewhere when its worker dies."""

import queue
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from distributed import Client, Future, KilledWorker

from simulate.sweep.attempt import Ending, Failure
from simulate.sweep.job import Job
from simulate.sweep.spread import Tell, Workers
from simulate.sweep.standing import Reached
from simulate.sweep.store import Store
from simulate.sweep.worker import packed, work

AGAIN = 3
"""How often a job is given again that was on a worker which died, and is not known to have begun there."""


class SchedulerLost(ConnectionError):
    """The scheduler cannot be reached, or not any more. What was finished is kept.

    >>> issubclass(SchedulerLost, ConnectionError)
    True
    """


@contextmanager
def submitting(client: Client, store: Store, tell: Tell) -> Iterator["Submitted"]:
    """Workers of this client, for the time of a sweep; what they have in hand at its end is given up."""
    submitted = Submitted(client, store, tell)
    try:
        client.subscribe_topic(submitted.topic, submitted.hear)
        yield submitted
    finally:
        if client.status == "running":
            client.unsubscribe_topic(submitted.topic)
            client.cancel(list(submitted.futures.values()), force=True)


class Submitted(Workers):
    """What the workers of a scheduler were given and have not ended."""

    def __init__(self, client: Client, store: Store, tell: Tell) -> None:
        self.client, self.store, self.tell = client, store, tell
        self.topic = f"sweep-{uuid.uuid4().hex}"
        self.numbers = count()
        self.jobs: dict[str, Job] = {}
        self.futures: dict[str, Future[Any]] = {}
        self.again: Counter[str] = Counter()
        self.news: queue.SimpleQueue[tuple[str, Future[Any] | Reached]] = queue.SimpleQueue()
        self.threads = 1

    @property
    def count(self) -> int:
        """Threads of all workers, as last seen."""
        return self.threads

    def give(self, job: Job) -> None:
        """Let the scheduler choose a worker for it, costly jobs first."""
        name = job.name
        self.jobs[name] = job
        key = f"{name}-{self.topic}-{next(self.numbers)}"
        parcel = packed(job, self.store)
        future = self.client.submit(work, parcel, name, self.topic, key=key, priority=job.cost, pure=False)
        self.futures[name] = future
        future.add_done_callback(lambda done: self.news.put((name, done)))

    def hear(self, event: tuple[float, Any]) -> None:
        """What a worker tells of its job. Runs in a thread of Dask's."""
        name, done, of, unit = event[1]
        self.news.put((name, Reached(done, of, unit)))

    def ended(self, patience: float) -> list[tuple[str, Ending]]:
        """Names of jobs that have ended, and how."""
        endings: list[tuple[str, Ending]] = []
        until = time.monotonic() + patience
        while not endings and (left := until - time.monotonic()) > 0:
            try:
                name, news = self.news.get(timeout=left)
            except queue.Empty:
                break
            if name in self.futures:  # else it is late
                if isinstance(news, Reached):
                    self.tell(name, news)
                elif self._blameless(name, news):
                    self.again[name] += 1
                    self.give(self.jobs[name])
                else:
                    del self.futures[name]
                    endings.append((name, _ending(name, news)))
        self._look()
        return endings

    def _blameless(self, name: str, future: Future[Any]) -> bool:
        """Whether it merely waited on the workers that died: Dask blames all that they had, not what they had in hand.

        What was in hand has left its lock.
        """
        died = future.status == "error" and isinstance(future.exception(), KilledWorker)
        return died and self.again[name] < AGAIN and not self.store.was_in_hand(self.jobs[name])

    def _look(self) -> None:
        try:
            if self.client.status != "running":
                raise ConnectionError(f"the client is {self.client.status}")
            self.threads = max(sum(self.client.nthreads().values()), 1)
        except (OSError, RuntimeError) as error:
            raise SchedulerLost(
                f"the scheduler is gone ({error}); what was finished is kept: start the sweep again"
            ) from error


def _ending(name: str, future: Future[Any]) -> Ending:
    if future.status == "finished":
        ending: Ending = future.result()
        return ending
    if future.status == "error":
        error = future.exception()
        if isinstance(error, KilledWorker):
            deaths = error.allowed_failures + 1
            return Failure(name, f"KilledWorker: workers that died in the midst of it: {deaths}; too little memory?")
        return Failure(name, f"{type(error).__name__}: {error}")
    raise SchedulerLost(f"the scheduler gave up {name} ({future.status}): start the sweep again")
