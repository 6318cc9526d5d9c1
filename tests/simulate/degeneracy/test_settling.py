"""Operators fitted to the activity of linear networks, against what their overlaps foretell."""

import jax
import numpy as np
import pytest

from simulate.cells.nonlinearity import LINEAR, TANH
from simulate.degeneracy.settling import settling
from simulate.measures.dsa import DSA
from simulate.measures.orthogonal import OperatorDistance
from simulate.overlaps import draw_exact, random_gram
from theory.degeneracy import dynamics_apart, embedded_operator, least_distance, whitened_operator

COUNTS = (1, 1, 1, 1)
DT, STEPS = 0.2, 12
LATENTS = np.random.default_rng(0).normal(size=(9, 2))


@pytest.fixture(scope="module")
def networks():
    """Two pairs of overlaps and activity: of different functions, and of one function."""
    root = np.diag([1.5, 1.0, 2.0, 1.0]) ** 0.5
    one, other = (root @ random_gram(30, 4, seed) @ root for seed in (1, 2))
    same = other.copy()
    for a, b in ((0, 2), (0, 3), (1, 2), (1, 3)):  # visible
        same[a, b] = same[b, a] = one[a, b]
    same += np.diag([0.5, 0.0, 1.0, 1.0])
    drawn = [draw_exact(jax.random.key(k), each, COUNTS, 20, LINEAR) for k, each in enumerate((one, other, same))]
    return [
        (sigma, settling(network, LATENTS, steps=STEPS, dt=DT))
        for sigma, network in zip((one, other, same), drawn, strict=True)
    ]


def test_states_follow_the_equation_of_every_neuron() -> None:
    network = draw_exact(jax.random.key(3), random_gram(30, 4, 0), COUNTS, 20, TANH)
    m, u, v = (np.asarray(getattr(network.connectivity, block)) for block in "muv")
    found = settling(network, LATENTS, steps=3, dt=0.5)
    for trial, (k_m, k_u) in enumerate(LATENTS):
        x = m[:, 0] * k_m + u[:, 0] * k_u
        for state in found[trial]:
            np.testing.assert_allclose(state, x, atol=1e-12)
            x = x + 0.5 * (-x + u[:, 0] * (v[:, 0] @ np.tanh(x)) / 20)


@pytest.mark.parametrize("delays", [1, 3])
def test_the_operator_of_the_activity_is_that_of_the_overlaps(networks, delays: int) -> None:
    for sigma, activity in networks:
        found = DSA(delays=delays, rank=2).fit_operator(activity).in_activity.matrix
        assert least_distance(found, embedded_operator(sigma, dt=DT, delays=delays)).value < 1e-8


def test_dsa_in_coordinates_of_the_activity_is_the_closed_form(networks) -> None:
    found = [DSA(delays=1, rank=2).fit_operator(activity).in_activity for _, activity in networks]
    for k in (1, 2):
        predicted = DT * dynamics_apart(networks[0][0], networks[k][0]).value
        assert OperatorDistance()(found[0], found[k]).value == pytest.approx(predicted, rel=1e-6)


@pytest.mark.parametrize("delays", [1, 3])
def test_whitened_dsa_sees_the_function_alone(networks, delays: int) -> None:
    """One function, one set of trials: zero, though the invisible overlaps differ. The operator is that of the theory.

    States that an embedding leaves out at the start of trials are left out of the covariance as well.
    """
    one, other, same = (activity for _, activity in networks)
    dsa = DSA(delays=delays, rank=2)
    assert dsa(one, same).value < 1e-8
    assert dsa(one, other).value > 1e-3
    sigma, step = networks[0][0], np.eye(2)
    latents = [LATENTS]
    generator = np.array([[-1.0, 0.0], [sigma[0, 2], sigma[1, 2] - 1.0]])
    step = np.eye(2) + DT * generator
    for _ in range(STEPS - 1):
        latents.append(latents[-1] @ step.T)
    history = np.stack(latents, axis=1)[:, delays - 1 :].reshape(-1, 2)
    covariance = np.cov(history.T)
    predicted = np.eye(2) + DT * whitened_operator(sigma, covariance)
    assert least_distance(dsa.fit_operator(one).matrix, predicted).value < 1e-8


def test_a_cut_direction_lets_invisible_overlaps_in(networks) -> None:
    one, _, same = (activity for _, activity in networks)
    assert DSA(delays=1, rank=1)(one, same).value > 1e-3
