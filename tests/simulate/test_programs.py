"""Compiled programs are let go before the kernel refuses a process more memory maps."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate import programs
from simulate.programs import release_programs

on_linux = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="the system does not tell its maps")


def _maps() -> int:
    return len(Path("/proc/self/maps").read_text().splitlines())


@on_linux
def test_maps_of_programs_are_given_back_and_the_programs_still_answer():
    squares = [jax.jit(lambda x, k=k: jnp.linalg.inv(x + k) @ x) for k in range(1, 11)]
    answers = [square(jnp.eye(3) * 2.0) for square in squares]
    assert all(square._cache_size() == 1 for square in squares)
    before = _maps()
    assert release_programs(most=10)
    assert _maps() < before - 10 * len(squares)
    assert all(square._cache_size() == 0 for square in squares)
    for square, answer in zip(squares, answers, strict=True):
        np.testing.assert_array_equal(square(jnp.eye(3) * 2.0), answer)


@on_linux
def test_programs_stay_while_maps_are_few():
    double = jax.jit(lambda x: 2 * x)
    double(jnp.ones(2))
    assert not release_programs(most=10**9)
    assert double._cache_size() == 1


def test_nothing_is_done_where_the_system_does_not_tell(monkeypatch, tmp_path):
    monkeypatch.setattr(programs, "_MAPS", tmp_path / "none")
    assert not release_programs(most=0)


@on_linux
def test_by_default_half_of_the_maps_granted_may_be_held(monkeypatch, tmp_path):
    maps, granted = tmp_path / "maps", tmp_path / "granted"
    monkeypatch.setattr(programs, "_MAPS", maps)
    monkeypatch.setattr(programs, "_MAPS_GRANTED", granted)
    granted.write_text("8\n")
    maps.write_text("a\n" * 4)
    assert not release_programs()
    maps.write_text("a\n" * 5)
    assert release_programs()
