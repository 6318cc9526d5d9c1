"""The speed of learning: against explicit neurons and against the flow, and its linearity."""

import numpy as np
import pytest

from theory.overlaps.equations.speed import loss_speed


def test_against_explicit_neurons() -> None:
    """l = sum_ab C_ab Sigma_ab^2 / 2 on 5 neurons: one small step of theta <- theta - eta N dl/dtheta, error O(eta)."""
    rng = np.random.default_rng(0)
    theta = rng.normal(size=(5, 4))
    weights = rng.normal(size=(4, 4))
    weights = weights + weights.T

    def loss(now: np.ndarray) -> float:
        return float((weights * (now.T @ now / 5) ** 2).sum() / 2)

    sigma = theta.T @ theta / 5
    gradient = weights * sigma
    numeric = np.zeros_like(theta)
    for index in np.ndindex(theta.shape):
        step = np.zeros_like(theta)
        step[index] = 1e-5
        numeric[index] = (loss(theta + step) - loss(theta - step)) / 2e-5
    np.testing.assert_allclose(numeric, 2 * theta @ gradient / 5, atol=1e-8)
    errors = []
    for rate in (1e-4, 5e-5):
        fallen = (loss(theta - rate * 5 * numeric) - loss(theta)) / rate
        errors.append(abs(fallen - loss_speed(gradient, sigma, 1.0)))
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.05)


def test_linear_in_the_overlaps() -> None:
    rng = np.random.default_rng(1)
    gradient, one, other = (each + each.T for each in rng.normal(size=(3, 4, 4)))
    together = loss_speed(gradient, one + 2 * other, 0.3)
    assert together == pytest.approx(loss_speed(gradient, one, 0.3) + 2 * loss_speed(gradient, other, 0.3), rel=1e-12)
