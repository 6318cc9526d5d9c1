"""Weight noise: the covariance of one step by many draws, the answer of training by the map, diffusion by networks."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells.nonlinearity import LINEAR as LINEAR_NEURON
from simulate.overlaps.closure import Closure, Overlaps
from simulate.overlaps.draw import draw_exact
from simulate.tasks.impulse import filter_task
from simulate.training.learn import learn
from simulate.training.rule import GradientDescent
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import LINEAR
from theory.overlaps.memory.loop import Filter
from theory.overlaps.memory.weight_noise import blurred, noise_covariance, step_matrix

RATE, DT, STEPS = 5e-3, 0.4, 50
TASK = Filter(0.2, DT, STEPS)


@eqx.filter_jit
def trained(sigma: jax.Array, epochs: int) -> jax.Array:
    closure = Closure(Shape(), LINEAR)
    return learn(Overlaps(sigma, closure), filter_task(0.2, DT, STEPS), GradientDescent(RATE), epochs).end.sigma()


@pytest.fixture(scope="module")
def solution() -> np.ndarray:
    theta = np.random.default_rng(5).normal(size=(8, 4))
    return np.asarray(trained(jnp.asarray(theta.T @ theta / 8), 6000))


@pytest.mark.parametrize("noise", [0.01, 1.0])
def test_covariance_of_one_step(solution: np.ndarray, noise: float) -> None:
    """100,000 draws: relative error 5 (2 / 1e5)^1/2 = 0.022 of the largest entry, with noise small and large."""
    rng = np.random.default_rng(0)
    neurons, draws = 6, 100_000
    orthonormal = np.linalg.qr(rng.normal(size=(neurons, 4)))[0]
    values, vectors = np.linalg.eigh(solution)
    theta = np.sqrt(neurons) * orthonormal * np.sqrt(np.maximum(values, 0)) @ vectors.T
    moved = theta + noise * rng.normal(size=(draws, neurons, 4))
    sigma = np.einsum("nia,nib->nab", moved, moved).reshape(draws, 16) / neurons
    expected = noise_covariance(solution, noise, neurons)
    np.testing.assert_allclose(np.cov(sigma.T), expected, atol=0.022 * np.abs(expected).max())


def test_answer_of_training_to_a_displacement(solution: np.ndarray) -> None:
    """Central differences of one step of the map at the solution, err by the square of 1e-5."""
    rng = np.random.default_rng(1)
    displacement = rng.normal(size=(4, 4))
    displacement = displacement + displacement.T
    ends = [np.asarray(trained(jnp.asarray(solution + sign * 1e-5 * displacement), 1)) for sign in (1, -1)]
    measured = (ends[0] - ends[1]) / 2e-5
    answer = (step_matrix(solution, TASK.curvature, RATE) @ displacement.ravel()).reshape(4, 4)
    np.testing.assert_allclose(measured, answer, atol=1e-7)
    assert np.abs(answer - displacement).max() > 0.1


def test_the_function_is_held_and_uu_less_vv_diffuses_freely(solution: np.ndarray) -> None:
    """Training moves no u u - v v: its variance grows by 4 s^2 (uu + vv) / N + 4 s^4 / N a step, and never stops."""
    noise, neurons, epochs = 1e-3, 8, 400
    found = blurred(solution, TASK.curvature, rate=RATE, noise=noise, neurons=neurons, epochs=epochs)
    apart = np.diag([0.0, 1.0, -1.0, 0.0]).ravel()
    growth = 4 * noise**2 * (solution[1, 1] + solution[2, 2] + noise**2) / neurons
    np.testing.assert_allclose(apart @ found @ apart, growth * np.arange(epochs + 1), rtol=1e-6)
    vu = found[:, 6, 6]
    assert vu[400] / vu[200] < 1.1


def test_networks_diffuse_as_predicted(solution: np.ndarray) -> None:
    """400 networks of 8 neurons, 60 epochs: variances to 5 (2 / 400)^1/2 = 0.35 of themselves."""
    noise, neurons, epochs, runs = 1e-3, 8, 60, 400
    keys = jax.random.split(jax.random.key(0), runs)
    network = draw_exact(keys[0], solution, Shape().counts, neurons, LINEAR_NEURON)
    rule, task = GradientDescent(RATE, noise=noise), filter_task(0.2, DT, STEPS)
    ends = jax.jit(jax.vmap(lambda key: learn(network, task, rule, epochs, key).end.sigma()))(keys)
    measured = np.asarray(ends).reshape(runs, 16).var(axis=0, ddof=1)
    predicted = np.diag(blurred(solution, TASK.curvature, rate=RATE, noise=noise, neurons=neurons, epochs=epochs)[-1])
    np.testing.assert_allclose(measured, predicted, rtol=0.35)
    assert predicted.max() / predicted.min() > 10
