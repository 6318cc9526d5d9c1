"""Results of a sweep's jobs as a command needs them: from the store that its options name, or computed now."""

import atexit
import functools
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import jax
import xarray as xr

from simulate.runtime import available_cores, cache_directory
from simulate.sweep import HERE, Cluster, LocalProcesses, NotStored, NoWorkers, RefusedResult, SchedulerLost, Spread
from simulate.sweep.job import Job
from simulate.sweep.standing import Standing
from simulate.sweep.store import Store
from simulate.sweep.sweep import SweepFailed, sweep
from validate.options import Refusal
from validate.progress import Progress
from validate.report import Unfinished
from validate.store_settings import StoreSettings


def store_of(config: StoreSettings) -> Store:
    """Where trained populations are kept.

    Raises:
        Refusal: where no directory is named and the user's cache cannot be written; where what is there is no store of
            this version's.
    """
    cache = cache_directory() if config.store is None else None
    if config.store is None and cache is None:
        raise Refusal("--store", "not given, and the user's cache cannot be written", "a directory for the populations")
    with store_refused():
        return Store(config.store or Path(cache or "") / "populations")


@contextmanager
def store_refused() -> Iterator[None]:
    """What is wrong with a store is wrong with the option that named it."""
    try:
        yield
    except (RefusedResult, NotStored) as error:
        raise Refusal("--store", str(error), "a directory of this version's results, with room for more") from None


def spread_of(config: StoreSettings, jobs: int) -> Spread:
    """Where so many jobs are computed."""
    if config.scheduler is not None:
        return Cluster(config.scheduler)
    count = workers_of(config)
    return _processes(count) if min(count, jobs) > 1 else HERE


@functools.cache
def _processes(count: int) -> Spread:
    """Processes that all sections share: to start them takes longer than many a job."""
    running = ExitStack()
    atexit.register(running.close)
    return running.enter_context(LocalProcesses(count).kept())


def workers_of(config: StoreSettings) -> int:
    """As asked for; else one a core, but for small populations, and where JAX has a card that all would share."""
    if config.workers is not None:
        return config.workers
    return 1 if config.small or jax.default_backend() != "cpu" else available_cores()


def results_of(jobs: Sequence[Job], config: StoreSettings, progress: Progress) -> list[xr.Dataset]:
    """The results of some jobs: from the store, or computed now.

    Raises:
        Unfinished: where jobs failed; the others are stored.
    """
    store = store_of(config)
    with progress.told_task("populations") as tell:

        def show(standing: Standing) -> None:
            words = [*map(str, standing.running.values()), *filter(None, [standing.about])]
            tell("; ".join(words), standing.done + standing.failed, standing.jobs)

        with store_refused():
            try:
                missing = sum(job not in store for job in jobs)
                sweep(jobs, store, spread=spread_of(config, missing), progress=show)
            except (SchedulerLost, NoWorkers) as error:
                option = "--scheduler" if config.scheduler else "--workers"
                raise Refusal(option, str(error), "workers that can be had") from None
            except SweepFailed as error:
                raise Unfinished(str(error)) from error
            return [store.read(job) for job in jobs]
