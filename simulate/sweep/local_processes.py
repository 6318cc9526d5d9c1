"""Jobs in several processes of this machine."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dask
from distributed import Client, LocalCluster

from simulate.runtime import KEEPING_FREED_MEMORY, available_cores
from simulate.sweep.cluster import Cluster
from simulate.sweep.spread import Spread, Tell, Workers
from simulate.sweep.store import Store
from simulate.sweep.submitted import submitting

BEFORE_SPAWN = "distributed.nanny.pre-spawn-environ"


class NoWorkers(RuntimeError):
    """There are no processes to compute in: none were asked for, or they did not start.

    >>> try:
    ...     LocalProcesses(0)
    ... except NoWorkers as error:
    ...     str(error)
    '0 processes compute nothing: give one or more'
    """


@dataclass(frozen=True)
class LocalProcesses(Spread):
    """In so many processes of this machine, by default one a core; each computes in double precision, in one thread.

    The processes are started anew, not forked, which JAX would not survive. So a script that sweeps has to keep what
    it does behind `if __name__ == "__main__":`, as always where Python starts processes.

    A process that dies is replaced, and its job done again, up to three times. They all end with the process that
    sweeps, however that ends.

    >>> LocalProcesses(4)
    LocalProcesses(count=4)

    Raises:
        NoWorkers: for fewer than one; by `sweep`, if they do not start.
    """

    count: int = field(default_factory=available_cores)

    def __post_init__(self) -> None:
        if self.count < 1:
            raise NoWorkers(f"{self.count} processes compute nothing: give one or more")

    @contextmanager
    def workers(self, store: Store, tell: Tell) -> Iterator[Workers]:
        """They live as long as the sweep."""
        with (
            self._started() as cluster,
            Client(cluster, set_as_default=False) as client,
            submitting(client, store, tell) as workers,
        ):
            yield workers

    @contextmanager
    def kept(self) -> Iterator[Spread]:
        """The same processes for several sweeps, which live as long as the block: each imports and traces but once."""
        with self._started() as cluster:
            yield Cluster(cluster.scheduler_address)

    @contextmanager
    def _started(self) -> Iterator[LocalCluster]:
        environment = {**dask.config.get(BEFORE_SPAWN), **KEEPING_FREED_MEMORY}
        with (
            _environment_kept(),
            dask.config.set({BEFORE_SPAWN: environment, "distributed.worker.multiprocessing-method": "spawn"}),
            self._cluster() as cluster,
        ):
            yield cluster

    def _cluster(self) -> LocalCluster:
        try:
            return LocalCluster(
                n_workers=self.count,
                threads_per_worker=1,
                processes=True,
                memory_limit=0,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
        except RuntimeError as error:
            raise NoWorkers(
                f"the processes did not start ({error}). Each begins by importing the script that is run: "
                "keep what that does behind `if __name__ == '__main__':`"
            ) from error


@contextmanager
def _environment_kept() -> Iterator[None]:
    """What Dask sets for its workers, it sets in this process and leaves there."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
