"""Path integration: positions added up step by step, walls by bouncing one at a time, the walk by its covariance."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chi2, kstest

from simulate.tasks.constant import BadConstant
from simulate.tasks.path_integration import PathIntegration, heading_and_speed, reflected

KEY = jax.random.key(11)
RANDOM = np.random.default_rng(0)
FREE = {"arena": 1e3, "start": 0.0}  # no wall is ever met


def drawn(**constants):
    return eqx.filter_jit(PathIntegration(KEY, **constants))(jnp.asarray(1))


@pytest.mark.parametrize("start", [5.0, 2.0, 0.0])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_positions_are_the_start_and_all_steps_since_added_up(dimensions, start):
    batch = drawn(dimensions=dimensions, start=start, trials=6, steps=60, speed=0.8)
    inputs, targets = np.asarray(batch.inputs), np.asarray(batch.targets)
    assert inputs.shape == (6, 60, dimensions if start == 0.0 else 2 * dimensions)
    for trial in range(6):
        position = list(inputs[trial, 0, dimensions:]) if start else [0.0] * dimensions
        assert max(map(abs, position)) <= start
        for step in range(60):
            *angles, speed = inputs[trial, step, :dimensions]
            azimuth, elevation = angles[0], angles[1] if dimensions == 3 else 0.0
            across = speed * math.cos(elevation)
            moved = across * math.cos(azimuth), across * math.sin(azimuth), speed * math.sin(elevation)
            position = [here + by for here, by in zip(position, moved, strict=False)]
            assert targets[trial, step] == pytest.approx(position, abs=1e-13 * 60)
            assert speed >= 0
            assert abs(azimuth) <= math.pi
            assert abs(elevation) <= math.pi / 2
    assert not np.any(inputs[:, 1:, dimensions:])
    assert np.all(batch.mask == 1)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_no_path_leaves_the_arena_and_walls_are_met(dimensions):
    positions = np.abs(drawn(dimensions=dimensions, arena=1.5, start=1.5, trials=200, speed=1.0).targets)
    assert positions.max() <= 1.5
    assert positions.max() > 1.4


def test_reflection_is_what_bouncing_off_one_wall_after_another_gives():
    path = RANDOM.normal(scale=20, size=(50, 3))
    for place, folded in zip(path.ravel(), np.asarray(reflected(jnp.asarray(path), 2.5)).ravel(), strict=True):
        while abs(place) > 2.5:
            place = math.copysign(5.0, place) - place
        assert folded == pytest.approx(place, abs=1e-12)


def test_a_step_that_meets_no_wall_is_the_step_of_the_walk_and_none_is_longer():
    walk, walled = drawn(steps=300, **FREE), drawn(steps=300, arena=1.0, start=0.0)
    speed, shortened = np.asarray(walk.inputs)[..., 1], np.asarray(walled.inputs)[..., 1]
    assert np.all(shortened <= speed + 1e-12)
    met = np.mean(shortened < speed - 1e-9)
    assert 0.05 < met < 0.5  # walls are two apart, steps 0.3 long


@pytest.mark.parametrize("dimensions", [2, 3])
def test_velocities_forget_themselves_at_the_rate_that_is_said(dimensions):
    """The covariance of one component at steps t and s is speed^2 / dimensions * exp(-|t - s| / persistence)."""
    task = PathIntegration(KEY, dimensions=dimensions, steps=30, speed=0.4, persistence=7.0)
    memory, step = task._memory(), np.arange(30)
    expected = 0.4**2 / dimensions * np.exp(-np.abs(step[:, None] - step) / 7)
    np.testing.assert_allclose(memory @ memory.T, expected, atol=1e-15)
    assert not np.any(np.triu(memory, 1))


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("step", [0, 19])
def test_speeds_and_headings_have_their_distributions(dimensions, step):
    """Each component normal, so that squared speeds add up to a chi-square; headings uniform; all at 99.9 %."""
    inputs = np.asarray(drawn(dimensions=dimensions, trials=1000, steps=20, speed=0.4, **FREE).inputs)[:, step]
    total = np.sum(inputs[:, -1] ** 2) * dimensions / 0.4**2
    low, high = chi2.interval(0.999, 1000 * dimensions)
    assert low < total < high
    assert kstest(inputs[:, 0], "uniform", (-np.pi, 2 * np.pi)).pvalue > 0.001
    if dimensions == 3:
        assert kstest(np.sin(inputs[:, 1]), "uniform", (-1, 2)).pvalue > 0.001


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ([1.0, 0.0], [0.0, 1.0]),
        ([0.0, 2.0], [math.pi / 2, 2.0]),
        ([-3.0, 0.0], [math.pi, 3.0]),
        ([0.0, -1.0], [-math.pi / 2, 1.0]),
        ([0.0, 0.0, 2.0], [0.0, math.pi / 2, 2.0]),
        ([0.0, 3.0, -3.0], [math.pi / 2, -math.pi / 4, 18**0.5]),
    ],
)
def test_headings_by_hand(step, told):
    np.testing.assert_allclose(heading_and_speed(jnp.asarray(step)), told, rtol=1e-15)


def test_starts_are_uniform_and_must_lie_within_the_walls():
    starts = np.asarray(drawn(trials=1000, steps=1).inputs)[:, 0, 2:]
    for axis in starts.T:
        assert kstest(axis, "uniform", (-5, 10)).pvalue > 0.001
    with pytest.raises(BadConstant, match=r"give at most 5\.0"):
        PathIntegration(KEY, start=5.1)
