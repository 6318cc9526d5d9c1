"""Forgetting under weight decay: the drift at equal function against the map, its order in lambda, its decay rate."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.overlaps.closure import Closure, Overlaps
from simulate.tasks.impulse import filter_task
from simulate.training.learn import learn
from simulate.training.rule import GradientDescent
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import LINEAR
from theory.overlaps.memory.forgetting import forgotten, surviving_invariants
from theory.overlaps.memory.rank_one import network_function

SIGNATURE = np.diag([1.0, 1, -1, -1])


@eqx.filter_jit
def decayed(sigma: jax.Array, weight_decay: jax.Array, epochs: int) -> tuple[jax.Array, jax.Array]:
    rule = GradientDescent(5e-3, weight_decay=weight_decay)
    found = learn(Overlaps(sigma, Closure(Shape(), LINEAR)), filter_task(0.2, 0.2, 100), rule, epochs)
    return found.sigma, found.loss


@pytest.fixture(scope="module")
def solution() -> np.ndarray:
    theta = np.random.default_rng(5).normal(size=(8, 4))
    return np.asarray(decayed(jnp.asarray(theta.T @ theta / 8), jnp.asarray(0.0), 3000)[0][-1])


def test_drift_against_the_map_at_two_decays(solution: np.ndarray) -> None:
    """Same lambda t: the distance of map and drift is O(lambda), slope 1, and small at the smaller one."""
    distances = []
    for weight_decay in (2e-4, 1e-4):
        epochs = round(0.5 / weight_decay)
        measured = np.asarray(decayed(jnp.asarray(solution), jnp.asarray(weight_decay), epochs)[0])
        times = weight_decay * np.array([0, epochs // 2, epochs])
        predicted = forgotten(solution, times)
        np.testing.assert_allclose(predicted[0], solution, atol=1e-14)
        distances.append(np.abs(measured[[0, epochs // 2, epochs]] - predicted).max())
    assert np.log2(distances[0] / distances[1]) == pytest.approx(1, abs=0.15)


def test_drift_keeps_the_function_and_fades_the_invariants(solution: np.ndarray) -> None:
    times = np.linspace(0, 2, 5)
    for t, sigma in zip(times, forgotten(solution, times), strict=True):
        np.testing.assert_allclose(network_function(sigma), network_function(solution), atol=1e-8)
        spectrum, before = (np.sort(np.linalg.eigvals(SIGNATURE @ each).real) for each in (sigma, solution))
        np.testing.assert_allclose(spectrum, before * np.exp(-2 * t), atol=1e-8)
        difference, first = (each[1, 1] - each[2, 2] for each in (sigma, solution))
        assert difference == pytest.approx(first * np.exp(-2 * t), abs=1e-8)


def test_invariants_fade_at_their_rate_in_the_map(solution: np.ndarray) -> None:
    weight_decay, epochs = 2e-4, 2500
    measured = np.asarray(decayed(jnp.asarray(solution), jnp.asarray(weight_decay), epochs)[0][-1])
    left = surviving_invariants(weight_decay, np.array([float(epochs)]))[0]
    assert left == pytest.approx(np.exp(-1), rel=3e-4)
    change = (measured[1, 1] - measured[2, 2]) / (solution[1, 1] - solution[2, 2])
    assert change == pytest.approx(
        left, rel=0.02
    )  # the O(eta^2) a step: lambda^2 a step, as 2 eta H is of order lambda
