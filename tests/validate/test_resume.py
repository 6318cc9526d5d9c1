"""Checkpoints of long runs: named by all that decides them, one run at a time, kept by a kill, removed at the end."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from simulate.ghost.population import Experiment
from validate.resume import KEPT_DAYS, fingerprint, resumable, resuming


@dataclass(frozen=True)
class Task:
    inputs: np.ndarray
    dt: float


@dataclass(frozen=True)
class Other:
    inputs: np.ndarray
    dt: float


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "rnn-learning-theory" / "checkpoints"


def test_a_fingerprint_tells_apart_whatever_decides_a_run() -> None:
    task = Task(np.linspace(0, 1, 10_000), 0.1)
    changed = task.inputs.copy()
    changed[5000] = np.nextafter(changed[5000], 1)
    values = [
        (task, 1),
        (task, 2),
        (replace(task, dt=0.2), 1),
        (replace(task, inputs=changed), 1),
        (replace(task, inputs=task.inputs.reshape(100, 100)), 1),
        (replace(task, inputs=task.inputs.astype(np.float32)), 1),
        (Other(task.inputs, 0.1), 1),
        (task, "1"),
    ]
    assert len({fingerprint(*each) for each in values}) == len(values)
    assert fingerprint(Task(task.inputs.copy(), 0.1), 1) == fingerprint(task, 1)
    assert fingerprint(Experiment(seed=1)) == fingerprint(Experiment(seed=1)) != fingerprint(Experiment(seed=2))
    with pytest.raises(TypeError, match="function"):
        fingerprint(lambda: 0)  # whose name has an address in it, another one in each process


def test_a_checkpoint_is_found_again_and_removed_at_the_end(cache: Path) -> None:
    with resuming("run", 7) as first:
        kept = first.checkpoint("map")
        assert kept is not None
        kept.save("mark", {"a": np.arange(3)})
    with resuming("run", 8) as other:
        missed = other.checkpoint("map")
        assert missed is not None
        assert missed.load("mark") is None
        other.finish()
    with resuming("run", 7) as second:
        kept = second.checkpoint("map")
        assert kept is not None
        found = kept.load("mark")
        assert found is not None
        np.testing.assert_array_equal(found["a"], np.arange(3))
        second.finish()
    assert list(cache.iterdir()) == []


def test_a_twin_at_the_same_time_gets_none() -> None:
    with resuming("run", 7) as first, resuming("run", 7) as twin:
        assert first.checkpoint("map") is not None
        assert twin.checkpoint("map") is None
        twin.finish()


def test_a_killed_run_holds_nothing(cache: Path) -> None:
    code = (
        "import os, signal, numpy\nfrom validate.resume import resuming\n"
        "with resuming('run', 7) as r:\n r.checkpoint('map').save('mark', {'a': numpy.ones(2)})\n"
        " os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -9
    with resuming("run", 7) as second:
        kept = second.checkpoint("map")
        assert kept is not None
        assert kept.load("mark") is not None
        second.finish()
    assert list(cache.iterdir()) == []


def test_what_has_lain_long_is_removed_by_the_next_run_whatever_it_is(cache: Path) -> None:
    old, young = time.time() - (KEPT_DAYS + 1) * 24 * 3600, time.time() - (KEPT_DAYS - 1) * 24 * 3600
    with resuming("lasts", 1) as running:
        paths = {}
        for name, age in (("stopped", old), ("lately", young)):
            with resuming(name, 1) as stopped:
                kept = stopped.checkpoint("map")
                assert kept is not None
                kept.save("mark", {"a": np.arange(3)})
                paths[name] = kept.path
            os.utime(kept.path, (age, age))
        lock, left = next(cache.glob(".lasts*.lock")), cache / ".killed-1.lock"
        left.touch()
        for each in (lock, left):
            os.utime(each, (old, old))
        with resuming("next", 2):
            assert not paths["stopped"].exists()
            assert paths["lately"].exists()
            assert not left.exists()
            assert lock.exists()  # of a run that still lasts
        with resuming("lasts", 1) as twin:
            assert twin.checkpoint("map") is None
        running.finish()


def test_without_a_place_to_write_there_is_no_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    (tmp_path / "file").write_text("")
    assert resumable("run", 7) is None
    with resuming("run", 7) as none:
        assert none.checkpoint("map") is None
        none.finish()


def test_a_checkpoint_that_cannot_be_read_or_written_stops_nothing(cache: Path) -> None:
    kept = resumable("run", 7)
    assert kept is not None
    kept.save("mark", {"a": np.ones(2)})
    assert kept.load("another mark") is None
    kept.path.write_bytes(kept.path.read_bytes()[:-30])
    assert kept.load("mark") is None
    kept.path.unlink()
    kept.path.mkdir()
    kept.save("mark", {"a": np.ones(2)})
    assert kept.load("mark") is None
