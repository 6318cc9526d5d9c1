"""Many jobs, each computed once: by whom it may be, killed and started again as often as it may be."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from graphlib import TopologicalSorter

from simulate.integrate import require_double_precision
from simulate.sweep.attempt import Busy, Computed, Ending, Failure
from simulate.sweep.job import Job
from simulate.sweep.spread import HERE, Spread
from simulate.sweep.standing import Reached, Standing
from simulate.sweep.store import NotStored, Store

PATIENCE = 0.5
"""Seconds between two looks at a job that another process computes."""


class SweepFailed(RuntimeError):
    """Some jobs of a sweep raised; `failures` says which and how. All others are done, and stored.

    >>> failed = SweepFailed((Failure("square-0123456789abcdef", "ValueError: a negative root"),))
    >>> print(failed)
    1 job failed, all others are stored; the next sweep tries again:
      square-0123456789abcdef: ValueError: a negative root
    """

    def __init__(self, failures: tuple[Failure, ...]) -> None:
        count = f"{len(failures)} job{'s' * (len(failures) > 1)}"
        lines = (f"\n  {failure.name}: {failure.error}" for failure in failures)
        super().__init__(f"{count} failed, all others are stored; the next sweep tries again:{''.join(lines)}")
        self.failures = failures


@dataclass(frozen=True)
class Swept:
    """What a sweep did: the names of the jobs that it computed, and of those whose results it found.

    >>> Swept(computed=("square-0123456789abcdef",), found=())
    Swept(computed=('square-0123456789abcdef',), found=())
    """

    computed: tuple[str, ...]
    found: tuple[str, ...]


def unheard(standing: Standing) -> None:
    """Nobody listens."""


def sweep(
    jobs: Iterable[Job],
    store: Store,
    *,
    spread: Spread = HERE,
    progress: Callable[[Standing], None] = unheard,
) -> Swept:
    """Compute what is missing of these jobs, and of those that they need, into the store.

    A sweep that is killed, at whatever moment, loses the job that each worker had in hand; the next one goes on from
    there. Two sweeps on one store at the same time share the work: no job is computed twice.

    >>> import jax, tempfile, xarray as xr
    >>> jax.config.update("jax_enable_x64", True)
    >>> from simulate.sweep import Job, Store, sweep
    >>> class Square(Job):
    ...     x: float
    ...     def compute(self, needed, progress):
    ...         return xr.Dataset({"square": self.x**2})
    >>> jobs = [Square(x) for x in (1.0, 2.0, 3.0)]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(folder)
    ...     once, again = sweep(jobs, store), sweep(jobs, store)
    ...     len(once.computed), len(again.computed), [float(store.read(job).square) for job in jobs]
    (3, 0, [1.0, 4.0, 9.0])

    Arguments:
        jobs: each counts once, however often it is named. What they need (`Job.needs`) is computed first, unless the
            job itself is there. Of those that could begin, the costliest do.
        store: where results are, and are put.
        spread: where to compute: `HERE`, `LocalProcesses(workers)` or `Cluster(address)`.
        progress: is told how far it all is whenever that changes; `print` prints it.

    Raises:
        SweepFailed: if jobs raised, when all others are done.
        NotStored: if the disk is full, at once; what was finished is kept.
        RefusedResult: if a file of the store is damaged or of another format, before anything is computed.
        SchedulerLost: if a cluster's scheduler cannot be reached, or not any more.
        DoublePrecisionRequired: if `jax_enable_x64` is off: results are to be the same wherever they are computed.
        KeyboardInterrupt: on Ctrl-C; what was finished is kept.
    """
    require_double_precision()
    store.tidy()
    books = _Books(jobs, store, progress)
    if books.graph.is_active():
        try:
            _compute(books, store, spread)
        finally:
            store.tidy()  # workers that were stopped in the midst of a job leave its lock
    if books.failures:
        raise SweepFailed(tuple(books.failures))
    return Swept(tuple(books.computed), tuple(books.found))


def _compute(books: "_Books", store: Store, spread: Spread) -> None:
    """Give jobs to workers as their needs are met, and write down how they end, until none is left."""
    with spread.workers(store, books.tell) as workers:
        books.workers = lambda: workers.count
        books.show()
        postponed: list[Job] = []
        looked, given = time.monotonic(), 0
        while books.graph.is_active():
            for job in books.ready():
                workers.give(job)
                given += 1
            if postponed and (not given or time.monotonic() - looked > PATIENCE):
                if not given:
                    time.sleep(PATIENCE)
                for job in postponed:
                    workers.give(job)
                given, postponed, looked = given + len(postponed), [], time.monotonic()
            if not given:
                continue  # the last that could begin have failed with what they need
            for name, ending in workers.ended(PATIENCE):
                given -= 1
                if isinstance(ending, Busy):
                    postponed.append(books.jobs[name])
                books.enter(name, ending)


class _Books:
    """What is known of each job."""

    def __init__(self, jobs: Iterable[Job], store: Store, progress: Callable[[Standing], None]) -> None:
        self.progress = progress
        self.workers: Callable[[], int] = lambda: 1
        self.jobs: dict[str, Job] = {}
        self.costs: dict[str, float] = {}  # they may take a while to find out, and progress asks often
        self.needs: dict[str, tuple[str, ...]] = {}
        self.computed: list[str] = []
        self.found: list[str] = []
        self.failures: list[Failure] = []
        self.running: dict[str, Reached] = {}
        self.seconds = self.cost = 0.0  # of those that are done
        self._enter_missing(jobs, store)
        self.graph = TopologicalSorter(
            {name: [need for need in needs if need in self.needs] for name, needs in self.needs.items()}
        )
        self.graph.prepare()

    def _enter_missing(self, jobs: Iterable[Job], store: Store) -> None:
        waiting = list(jobs)[::-1]
        while waiting:
            job = waiting.pop()
            name = job.name
            if name in self.jobs:
                continue
            self.jobs[name], self.costs[name] = job, job.cost
            if job in store:
                self.found.append(name)
                self._take_into_account(name, store.provenance(job)["seconds"])
            else:
                needs = job.needs()
                self.needs[name] = tuple(each.name for each in needs)
                waiting += needs[::-1]

    def ready(self) -> list[Job]:
        """Those whose needs have just been met, costliest first; those whose needs have failed fail with them."""
        ready: list[str] = []
        while names := self.graph.get_ready():
            for name in names:
                failed = {failure.name for failure in self.failures} & set(self.needs[name])
                if failed:
                    self.enter(name, Failure(name, f"not begun, as it needs {min(failed)}"))
                else:
                    ready.append(name)
        return [self.jobs[name] for name in sorted(ready, key=lambda name: -self.costs[name])]

    def enter(self, name: str, ending: Ending) -> None:
        """That a job has ended so."""
        self.running.pop(name, None)
        if isinstance(ending, Busy):
            return
        if isinstance(ending, Failure):
            if ending.hopeless:
                raise NotStored(ending.error.partition(": ")[2])
            self.failures.append(ending)
        else:
            (self.computed if isinstance(ending, Computed) else self.found).append(name)
            self._take_into_account(name, ending.seconds)
        self.graph.done(name)
        self.show()

    def _take_into_account(self, name: str, seconds: float) -> None:
        self.seconds += seconds
        self.cost += self.costs[name]

    def tell(self, name: str, part: Reached) -> None:
        """That a worker has a job in hand, and is so far."""
        self.running[name] = part
        self.show()

    def show(self) -> None:
        """Let who listens know."""
        done, failed, running = len(self.computed) + len(self.found), len(self.failures), dict(self.running)
        left = len(self.jobs) - done - failed - len(running)
        self.progress(Standing(done, failed, running, left, self._seconds_left()))

    def _seconds_left(self) -> float | None:
        if not self.cost:
            return None
        ended = {*self.computed, *self.found, *(failure.name for failure in self.failures)}
        shares = {name: 1.0 - part.fraction for name, part in self.running.items()}
        rest = sum(cost * shares.get(name, 1.0) for name, cost in self.costs.items() if name not in ended)
        return self.seconds / self.cost * rest / max(self.workers(), 1)
