"""Sweeps that are killed, two at once, and without room: nothing lost, nothing computed twice, nothing half-written."""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from simulate.sweep import NotStored, Standing, Store, sweep
from tests.simulate.sweep.fake_jobs import counted, processes, times_computed

ROOT = Path(__file__).parents[3]
JOBS = 5


@dataclass(frozen=True)
class Place:
    """Where sweeps of one kind are, and where their jobs leave their marks."""

    moment: str
    root: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)

    @property
    def folder(self) -> Path:
        return self.root / self.moment / "count"

    @property
    def store(self) -> Store:
        return Store(self.root / self.moment / "store")


@contextlib.contextmanager
def sweeping(root: Path, *moments: str, seconds: float = 0.0) -> Iterator["subprocess.Popen[str]"]:
    """Sweeps in other processes; one alone does not outlive the block."""
    order = [sys.executable, "-m", "tests.simulate.sweep.sweeping", str(root), str(JOBS), str(seconds), *moments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(order, cwd=ROOT, env=environment, text=True, **pipes) as child:
        try:
            yield child
        finally:
            child.kill()


def exits(child: "subprocess.Popen[str]") -> list[int]:
    """The exit statuses of all of several sweeps."""
    told, said = child.communicate(timeout=100)
    assert child.returncode == 0, said
    return json.loads(told)


def wait_until(condition: Callable[[], bool], child: "subprocess.Popen[str] | None" = None) -> None:
    """A minute long; a process that ends in the meantime is the reason why not."""
    until = time.monotonic() + 60
    while not condition():
        if child is not None and child.poll() is not None:
            raise AssertionError(f"ended with {child.returncode}: {child.communicate()[1]}")
        assert time.monotonic() < until
        time.sleep(0.02)


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def hidden(store: Store) -> list[str]:
    return [name for name in os.listdir(store.directory) if name.startswith(".")]


def require_all(place: Place) -> None:
    """Every result is there, right, and nothing else."""
    store = place.store
    for job in counted(place.folder, JOBS):
        result = store.read(job)
        assert float(result.square) == job.x**2
        assert np.array_equal(result.ballast, np.full(5_000, job.x))
    assert hidden(store) == []
    assert len(os.listdir(store.directory)) == JOBS + 1


def test_a_sweep_killed_at_any_moment_goes_on(tmp_path: Path) -> None:
    """At most the job in hand is computed again; of its file nothing is there, or all."""
    moments = {"computing": 2, "writing": 2, "flushed": 2, "renamed": 1}  # how often the third job is computed then
    places = [Place(moment, tmp_path) for moment in moments]
    with sweeping(tmp_path, *moments) as child:
        assert exits(child) == [-signal.SIGKILL] * 4
    for place in places:
        store, jobs = place.store, counted(place.folder, JOBS)
        there = 3 if place.moment == "renamed" else 2
        assert [job in store for job in jobs] == [True] * there + [False] * (JOBS - there), place
        parts = [name for name in hidden(store) if name.endswith(".part")]
        assert len(parts) == (place.moment in ("writing", "flushed")), place
        assert len(sweep(jobs, store).computed) == JOBS - there
        assert times_computed(place.folder) == {0.0: 1, 1.0: 1, 2.0: moments[place.moment], 3.0: 1, 4.0: 1}, place
        require_all(place)


def test_two_sweeps_at_once_share_the_work(tmp_path: Path) -> None:
    place = Place("never", tmp_path)
    with sweeping(tmp_path, "never", "never", seconds=0.3) as child:
        assert exits(child) == [0, 0]
    assert times_computed(place.folder) == {float(x): 1 for x in range(JOBS)}
    assert len({process for x in range(JOBS) for process in processes(place.folder, float(x))}) == 2
    require_all(place)


def test_who_waits_for_a_sweep_that_dies_takes_over(tmp_path: Path) -> None:
    place = Place("alone", tmp_path)
    with sweeping(tmp_path, "alone", seconds=1000.0) as other:
        wait_until(lambda: times_computed(place.folder) == {0.0: 1}, other)  # it has the first job in hand

        def hear(standing: Standing) -> None:
            if standing.done == JOBS - 1 and not standing.running:  # all but that
                assert other.poll() is None
                other.kill()

        assert len(sweep(counted(place.folder, JOBS), place.store, progress=hear).computed) == JOBS
    assert times_computed(place.folder) == {0.0: 2, 1.0: 1, 2.0: 1, 3.0: 1, 4.0: 1}
    assert processes(place.folder, 0.0) == [other.pid, os.getpid()]
    require_all(place)


def test_local_processes_end_with_the_one_that_sweeps(tmp_path: Path) -> None:
    place = Place("workers", tmp_path)
    with sweeping(tmp_path, "workers", seconds=1000.0) as main:
        wait_until(lambda: len(times_computed(place.folder)) == 2, main)
        workers = [process for x in range(JOBS) for process in processes(place.folder, float(x))]
        assert len({*workers, main.pid}) == 3
        main.kill()
        wait_until(lambda: not any(map(alive, workers)))
    begun = times_computed(place.folder)
    sweep(counted(place.folder, JOBS), place.store)
    assert times_computed(place.folder) == {float(x): 1 + begun[float(x)] for x in range(JOBS)}
    require_all(place)


def test_a_file_for_which_there_is_no_room_leaves_nothing(tmp_path: Path) -> None:
    """By the system's limit to the size of a file: half of it is there when there is no more room."""
    place = Place("here", tmp_path)
    store, jobs = place.store, counted(place.folder, JOBS)
    sweep(jobs[:1], store)
    room = store.path(jobs[0]).stat().st_size // 2
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with pytest.raises(NotStored, match="all finished results are kept"):
            sweep(jobs, store)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert hidden(store) == []
    assert [job in store for job in jobs] == [True, False, False, False, False]
    sweep(jobs, store)
    assert times_computed(place.folder) == {0.0: 1, 1.0: 2, 2.0: 1, 3.0: 1, 4.0: 1}
    require_all(place)
