"""What a detour leaves: the second-order formula against the map, its order, its holonomy and its invariants."""

from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from simulate.overlaps.closure import Closure, Overlaps
from simulate.tasks.impulse import filter_task
from simulate.training.learn import learn
from simulate.training.rule import GradientDescent
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import LINEAR
from theory.overlaps.impulse.filter import euler_response, p, vu, zm
from theory.overlaps.memory.loop import Filter, NotAsymptotic, detour
from theory.overlaps.memory.rank_one import at_equal_function, function_gradients, move, network_function

DT, STEPS = 0.2, 100
SIGNATURE = np.diag([1.0, 1, -1, -1])


@eqx.filter_jit
def trained(sigma: jax.Array, decay: jax.Array, rate: jax.Array, epochs: int) -> jax.Array:
    task = filter_task(decay, DT, STEPS)
    return learn(Overlaps(sigma, Closure(Shape(), LINEAR)), task, GradientDescent(rate), epochs).end.sigma()


def after(sigma: np.ndarray, decay: float, rate: float, epochs: int = 3000) -> np.ndarray:
    return np.asarray(trained(jnp.asarray(sigma), jnp.asarray(decay), jnp.asarray(rate), epochs))


@pytest.fixture(scope="module")
def solution() -> np.ndarray:
    """Overlaps far from any symmetry, at the solution for decay 0.2."""
    theta = np.random.default_rng(3).normal(size=(6, 4))
    return after(theta.T @ theta / 6, 0.2, 5e-3)


def test_solution_answers_exactly() -> None:
    task = Filter(0.3, DT, STEPS)
    at = dict(zip((zm, vu, p), task.solution, strict=True))
    for n in (0, 1, 50):
        value = euler_response(sp.Float(DT), sp.Integer(n)).subs(at)
        assert float(value) == pytest.approx(np.exp(-0.3 * DT * n), abs=1e-14)


@pytest.mark.sampled(1)
def test_curvature_is_that_of_the_simulated_loss(solution: np.ndarray) -> None:
    """H of the simulated loss, linear in the distance of the decay: its slope is M times that of the solution."""
    task, small = Filter(0.2, DT, STEPS), 1e-5
    closure = Closure(Shape(), LINEAR)
    gradients = [
        np.asarray(closure.loss_and_gradient(jnp.asarray(solution), filter_task(d, DT, STEPS)(jnp.asarray(0)))[1])
        for d in (0.2 - small, 0.2 + small)
    ]
    shift = Filter(0.2 + small, DT, STEPS).solution - Filter(0.2 - small, DT, STEPS).solution
    pull = -task.curvature @ shift / (2 * small)
    predicted = np.tensordot(pull, function_gradients(solution), 1)
    # differences of O(small^2), and rounding of the gradients over 2 small
    np.testing.assert_allclose((gradients[1] - gradients[0]) / (2 * small), predicted, atol=1e-7)


def test_detour_is_second_order_with_the_predicted_coefficient(solution: np.ndarray) -> None:
    """Relative error of the prediction against the distance: slope 1, and the displacement itself slope 2."""
    distances = np.array([1e-3, 5e-4, 2.5e-4])
    errors, sizes = [], []
    for distance in distances:
        measured = after(after(solution, 0.2 + distance, 5e-3), 0.2, 5e-3) - solution
        predicted = detour(solution, Filter(0.2, DT, STEPS), Filter(0.2 + distance, DT, STEPS), 5e-3).displacement
        sizes.append(np.abs(measured).max())
        errors.append(np.abs(measured - predicted).max() / sizes[-1])
    assert errors[-1] < 0.02
    assert np.log2(errors[0] / errors[2]) / 2 == pytest.approx(1, abs=0.1)
    assert np.log2(sizes[0] / sizes[2]) / 2 == pytest.approx(2, abs=0.1)


def test_holonomy_is_the_limit_of_small_rates(solution: np.ndarray) -> None:
    """The displacement at small rates is linear in the rate; its intercept moves no invariant, its slope does."""
    task, other = Filter(0.2, DT, STEPS), Filter(0.21, DT, STEPS)
    rates = np.array([4e-5, 2e-5, 1e-5])
    found = [detour(solution, task, other, rate) for rate in rates]
    drift = [(each.displacement - each.holonomy) for each in found]
    for faster, slower in pairwise(drift):
        assert np.abs(faster).max() / np.abs(slower).max() == pytest.approx(2, rel=0.02)

    def invariants_moved(change: np.ndarray) -> np.ndarray:
        powers = [SIGNATURE @ np.linalg.matrix_power(solution @ SIGNATURE, k) for k in range(4)]
        return np.array(
            [np.trace(p @ change) for p in powers] + [change[0, 0] - change[3, 3], change[1, 1] - change[2, 2]]
        )

    holonomy = found[0].holonomy
    assert np.abs(holonomy).max() > 1e-8
    assert np.abs(invariants_moved(holonomy)).max() < 1e-10 * np.abs(holonomy).max() * np.abs(solution).max() ** 4
    assert np.abs(invariants_moved(drift[0])).max() > 0.1 * np.abs(drift[0]).max()


def test_holonomy_against_a_flow_that_knows_no_expansion(solution: np.ndarray) -> None:
    """The map at three rates, extrapolated to zero: what is left is of third order in the rate, 1 % in the distance."""
    distance = 1e-3
    ends = []
    for rate, epochs in ((1e-3, 8000), (5e-4, 16000), (2.5e-4, 32000)):
        there = after(solution, 0.2 + distance, rate, epochs)
        ends.append(after(there, 0.2, rate, epochs) - solution)
    first = [2 * b - a for a, b in pairwise(ends)]
    extrapolated = (4 * first[1] - first[0]) / 3
    predicted = detour(solution, Filter(0.2, DT, STEPS), Filter(0.2 + distance, DT, STEPS), 0.0).holonomy
    assert np.abs(extrapolated - predicted).max() < 0.05 * np.abs(predicted).max()


def test_projection_keeps_the_function(solution: np.ndarray) -> None:
    change = at_equal_function(np.ones((4, 4)), solution)
    assert np.abs(np.einsum("iab,ba->i", function_gradients(solution), change)).max() < 1e-12
    assert np.abs(at_equal_function(move(solution, np.array([1.0, 2, 3])), solution)).max() < 1e-11
    np.testing.assert_allclose(network_function(solution), Filter(0.2, DT, STEPS).solution, atol=1e-10)


def test_refuses_a_rate_that_diverges(solution: np.ndarray) -> None:
    task, other = Filter(0.2, DT, STEPS), Filter(0.21, DT, STEPS)
    with pytest.raises(NotAsymptotic, match="below"):
        detour(solution, task, other, 0.5)
