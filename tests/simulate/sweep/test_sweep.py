import os
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest
import xarray as xr

from simulate import programs
from simulate.integrate import DoublePrecisionRequired
from simulate.sweep import Job, NotStored, RefusedResult, Standing, Store, SweepFailed, sweep
from tests.simulate.sweep.fake_jobs import Counted, Total, times_computed


class Root(Job):
    """The root of x, which raises for a negative one."""

    x: float
    needed: tuple[Job, ...] = ()

    def needs(self):
        return self.needed

    def compute(self, needed, progress):
        if self.x < 0:
            raise ValueError("a negative root")
        return xr.Dataset({"root": self.x**0.5})


class Interrupting(Job):
    def compute(self, needed, progress):
        raise KeyboardInterrupt


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "count").mkdir()
    return tmp_path / "count"


def test_what_is_missing_is_computed_and_nothing_else(store: Store, folder: Path) -> None:
    one, two, three = (Counted(x, str(folder)) for x in (1.0, 2.0, 3.0))
    assert sweep([one, two, one], store).computed == (one.name, two.name)
    swept = sweep([one, two, three], store)
    assert (swept.found, swept.computed) == ((one.name, two.name), (three.name,))
    assert sweep([three, two, one], store).computed == ()
    assert times_computed(folder) == {1.0: 1, 2.0: 1, 3.0: 1}
    assert [float(store.read(job).square) for job in (one, two, three)] == [1.0, 4.0, 9.0]


def test_what_is_needed_is_computed_first_once_and_only_where_it_is_missed(store: Store, folder: Path) -> None:
    parts = tuple(Counted(x, str(folder)) for x in (1.0, 2.0, 3.0))
    totals = [Total(parts), Total(parts[:2])]
    swept = sweep(totals, store)
    assert set(swept.computed[:3]) == {part.name for part in parts}
    assert [float(store.read(total).total) for total in totals] == [14.0, 5.0]
    for part in parts:
        store.path(part).unlink()
    assert sweep(totals, store).computed == ()
    assert set(times_computed(folder).values()) == {1}


def test_a_job_that_raises_is_reported_when_the_others_are_done(store: Store) -> None:
    bad, good = Root(-1.0), Root(4.0)
    on_bad = Root(9.0, (bad,))
    on_that = Root(16.0, (on_bad, good))
    with pytest.raises(SweepFailed, match=rf"3 jobs failed.*\n  {bad.name}: ValueError: a negative root") as raised:
        sweep([on_that, bad, good], store)
    errors = {failure.name: failure.error for failure in raised.value.failures}
    assert errors[on_bad.name] == f"not begun, as it needs {bad.name}"
    assert errors[on_that.name] == f"not begun, as it needs {on_bad.name}"
    assert "in compute" in raised.value.failures[0].traceback
    assert [job in store for job in (bad, good, on_bad, on_that)] == [False, True, False, False]


def test_ctrl_c_keeps_what_is_finished(store: Store) -> None:
    good, never = Root(4.0), Root(9.0)
    with pytest.raises(KeyboardInterrupt):
        sweep([good, Interrupting(), never], store)
    assert [job in store for job in (good, never)] == [True, False]
    assert [path for path in os.listdir(store.directory) if path.startswith(".")] == []


def test_a_full_disk_ends_the_sweep_and_keeps_what_is_finished(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [Counted(float(x), str(folder)) for x in range(4)]
    flush, flushed = os.fsync, []

    def full_after_two(descriptor: int) -> None:
        flushed.append(descriptor)
        if len(flushed) > 4:  # two of a file and of its directory
            raise OSError(28, "No space left on device")
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", full_after_two)
    with pytest.raises(NotStored, match=r"No space left on device.*all finished results are kept; free space"):
        sweep(jobs, store)
    monkeypatch.undo()
    assert [job in store for job in jobs] == [True, True, False, False]
    assert [path for path in os.listdir(store.directory) if path.startswith(".")] == []
    assert [float(store.read(job).square) for job in jobs[:2]] == [0.0, 1.0]
    sweep(jobs, store)
    assert times_computed(folder) == {0.0: 1, 1.0: 1, 2.0: 2, 3.0: 1}


def test_damage_is_found_before_anything_is_computed(store: Store, folder: Path) -> None:
    jobs = [Counted(float(x), str(folder)) for x in range(3)]
    sweep(jobs[2:], store)
    store.path(jobs[2]).write_bytes(b"nothing")
    with pytest.raises(RefusedResult, match="remove it"):
        sweep(jobs, store)
    assert times_computed(folder) == {2.0: 1}
    store.path(jobs[2]).unlink()
    assert len(sweep(jobs, store).computed) == 3


def test_single_precision_is_refused(store: Store) -> None:
    jax.config.update("jax_enable_x64", False)
    try:
        with pytest.raises(DoublePrecisionRequired):
            sweep([Root(4.0)], store)
    finally:
        jax.config.update("jax_enable_x64", True)


class Weighed(Job):
    """Takes as many seconds, by a clock of the test, as it costs."""

    seconds: float
    clock: object = eqx.field(compare=False, default=None)

    @property
    def cost(self):
        return self.seconds

    def compute(self, needed, progress):
        for step in range(1, 5):
            self.clock.now += self.seconds / 4
            progress(step, 4, "quarters")
        return xr.Dataset()


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


def test_the_time_left_is_that_of_finished_jobs_by_cost(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("simulate.sweep.attempt.time", clock)
    jobs = [Weighed(seconds, clock) for seconds in (1.0, 8.0, 2.0, 4.0)]
    heard: list[Standing] = []
    sweep(jobs, store, progress=heard.append)
    assert [standing.seconds_left for standing in heard[:6]] == [None] * 6
    assert heard[0].left == heard[0].jobs == 4
    costliest = heard[1:6]
    assert [list(standing.running) for standing in costliest] == [[jobs[1].name]] * 5
    assert [standing.running[jobs[1].name].fraction for standing in costliest] == [0.0, 0.25, 0.5, 0.75, 1.0]
    later = [standing.seconds_left for standing in heard[6:]]
    assert later == pytest.approx([7, 7, 6, 5, 4, 3, 3, 3, 2.5, 2, 1.5, 1, 1, 1, 0.75, 0.5, 0.25, 0, 0])
    assert (heard[-1].done, heard[-1].left, dict(heard[-1].running)) == (4, 0, {})


def test_what_was_found_counts_for_the_time_left(store: Store) -> None:
    clock = Clock()
    jobs = [Weighed(seconds, clock) for seconds in (1.0, 8.0)]
    store.write(jobs[0], xr.Dataset(), seconds=3.0)
    heard: list[Standing] = []
    sweep(jobs, store, progress=heard.append)
    assert heard[0].seconds_left == pytest.approx(24.0)
    assert str(heard[0]) == "1 of 2 done, 1 left, about 24 s"


def test_programs_of_conditions_that_are_done_are_let_go_where_maps_are_short(
    store: Store, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    double = jax.jit(lambda x: 2 * x)
    double(jnp.ones(2))
    monkeypatch.setattr(programs, "_MAPS_GRANTED", tmp_path / "granted")
    for granted, kept in ((10**9, 1), (2, 0)):
        (tmp_path / "granted").write_text(str(granted))
        sweep([Counted(float(granted), str(folder))], store)
        assert double._cache_size() == kept
