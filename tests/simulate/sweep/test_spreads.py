"""Jobs in other processes, and on the workers of a scheduler."""

import os
import signal
import time
from pathlib import Path

import dask
import jax
import numpy as np
import pytest
import xarray as xr
from distributed import LocalCluster

from simulate.sweep import (
    Cluster,
    Job,
    LocalProcesses,
    NotStored,
    NoWorkers,
    SchedulerLost,
    Standing,
    Store,
    SweepFailed,
    sweep,
)
from tests.simulate.sweep.fake_jobs import Counted, Total, counted, processes, times_computed


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "count").mkdir()
    return tmp_path / "count"


class Circumstances(Job):
    """How a worker computes: what JAX is set to there."""

    key: jax.Array

    def compute(self, needed, progress):
        drawn = jax.random.normal(self.key, (3,), float)
        devices, flags = jax.device_count(), os.environ["XLA_FLAGS"]
        return xr.Dataset({"drawn": ("draws", drawn), "devices": devices, "flags": flags, "process": os.getpid()})


class Refused(Job):
    def compute(self, needed, progress):
        raise ValueError("not this one")


class Process(Job):
    """Which one computes it."""

    x: float

    def compute(self, needed, progress):
        return xr.Dataset({"process": os.getpid()})


def test_processes_may_be_kept_for_several_sweeps(store: Store) -> None:
    jobs = [Process(float(x)) for x in range(2)]
    with LocalProcesses(1).kept() as spread:
        for job in jobs:
            sweep([job], store, spread=spread)
    (process,) = {int(store.read(job).process) for job in jobs}
    assert process != os.getpid()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


@pytest.mark.sampled(0)  # test_kills.py kills a sweep at any moment
def test_local_processes_survive_the_kill_of_one_and_a_job_that_raises(store: Store, folder: Path) -> None:
    jobs = [Counted(float(x), str(folder), seconds=1.5 * (x == 1)) for x in range(4)]
    circumstances, refused, total = Circumstances(jax.random.key(3)), Refused(), Total(tuple(jobs))
    killed: list[int] = []

    def hear(standing: Standing) -> None:
        if jobs[1].name in standing.running and not killed:
            while not processes(folder, 1.0):
                time.sleep(0.01)
            killed.extend(processes(folder, 1.0))
            os.kill(killed[0], signal.SIGKILL)

    environment = dict(os.environ)
    with pytest.raises(SweepFailed, match=rf"1 job failed.*\n  {refused.name}: ValueError: not this one") as raised:
        sweep([total, refused, circumstances], store, spread=LocalProcesses(2), progress=hear)
    assert "in compute" in raised.value.failures[0].traceback
    assert os.environ == environment
    assert float(store.read(total).total) == 14.0
    assert times_computed(folder) == {0.0: 1, 1.0: 2, 2.0: 1, 3.0: 1}
    assert killed[0] == processes(folder, 1.0)[0] != processes(folder, 1.0)[1]
    assert [name for name in os.listdir(store.directory) if name.startswith(".")] == []
    there = store.read(circumstances)
    assert int(there.process) != os.getpid()
    assert int(there.devices) == 1
    assert "--xla_cpu_multi_thread_eigen=false" in str(there.flags.item())
    assert there.drawn.dtype == float
    assert there.drawn.values == pytest.approx(np.asarray(jax.random.normal(jax.random.key(3), (3,), float)), rel=1e-14)


class Deadly(Job):
    def compute(self, needed, progress):
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.sampled(0)  # half a dozen processes are started
def test_a_job_that_kills_its_workers_is_given_up_and_reported(store: Store, folder: Path) -> None:
    """After as many deaths as Dask allows: here none, by default three. Jobs that waited there are not blamed."""
    deadly, jobs = Deadly(), counted(folder, 3)
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        pytest.raises(
            SweepFailed,
            match=rf"1 job failed.*\n  {deadly.name}: KilledWorker: workers that died in the midst of it: 1",
        ),
    ):
        sweep([deadly, *jobs], store, spread=LocalProcesses(1))
    assert all(job in store for job in jobs)
    assert times_computed(folder) == {0.0: 1, 1.0: 1, 2.0: 1}
    assert [name for name in os.listdir(store.directory) if name.startswith(".")] == []


def test_no_processes_are_refused() -> None:
    with pytest.raises(NoWorkers, match="give one or more"):
        LocalProcesses(0)


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:1", "mars://127.0.0.1:8786", ""])
def test_a_scheduler_that_is_not_there_is_reported(address: str, store: Store, folder: Path) -> None:
    with pytest.raises(SchedulerLost, match=r"no scheduler answers at .*start one by `dask scheduler`"):
        sweep(counted(folder, 1), store, spread=Cluster(address, patience=0.5))


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch):
    """A scheduler with two workers, all in this process, where JAX is set up already."""
    monkeypatch.setattr("simulate.sweep.worker.set_up", lambda: None)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield cluster


def test_jobs_on_a_scheduler_that_is_there(cluster: LocalCluster, store: Store, folder: Path) -> None:
    jobs = counted(folder, 6)
    total = Total(tuple(jobs))
    heard: list[Standing] = []
    swept = sweep([total], store, spread=Cluster(cluster.scheduler_address), progress=heard.append)
    assert (len(swept.computed), swept.computed[-1]) == (7, total.name)
    assert float(store.read(total).total) == 55.0
    assert set(times_computed(folder).values()) == {1}
    assert (heard[-1].done, heard[-1].left) == (7, 0)
    assert any(job.name in standing.running for job in jobs for standing in heard)
    assert sweep([*jobs, total], store, spread=Cluster("nowhere")).computed == ()  # nobody is asked for nothing


def test_a_store_that_workers_do_not_see_is_reported(
    cluster: LocalCluster, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulate.sweep.submitted.packed", packed_for_another_machine)
    with pytest.raises(SweepFailed, match="is no store here: it has to be a directory that all workers share"):
        sweep(counted(folder, 1), store, spread=Cluster(cluster.scheduler_address))


def packed_for_another_machine(job: Job, store: Store) -> bytes:
    import cloudpickle

    elsewhere = Store(store.directory.parent / "elsewhere")
    (elsewhere.directory / "store.json").unlink()
    return cloudpickle.dumps((job, elsewhere))


def test_a_full_disk_of_the_workers_ends_the_sweep(
    cluster: LocalCluster, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(NotStored, match=r"^cannot write .*No space left on device: all finished results are kept"):
        sweep(counted(folder, 3), store, spread=Cluster(cluster.scheduler_address))


def test_a_scheduler_that_goes_away_is_reported_and_the_next_sweep_goes_on(
    cluster: LocalCluster, store: Store, folder: Path
) -> None:
    jobs = counted(folder, 4, seconds=0.5)

    def hear(standing: Standing) -> None:
        if standing.done == 1:
            cluster.close()

    with pytest.raises(SchedulerLost, match="start the sweep again"):
        sweep(jobs, store, spread=Cluster(cluster.scheduler_address), progress=hear)
    done = [job for job in jobs if job in store]
    assert done
    again = sweep(jobs, store)
    assert set(again.found) >= {job.name for job in done}
    assert max(times_computed(folder).values()) <= 2
