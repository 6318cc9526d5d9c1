import jax
import numpy as np
import pytest

from simulate.ghost.gradient import rank_one_gradient
from simulate.integrate import DoublePrecisionRequired


def numpy_loss(m, n, b, steps=20, step=0.5, confidence=10.0, threshold=1.0):
    """The delayed-activation loss written out in numpy."""
    state, total = np.full(len(m), -0.3), 0.0
    for k in range(2 * steps):
        state = (1 - step) * state + step * np.tanh(m * (n @ state) + b)
        output = 1 / (1 + np.exp(-confidence * (n @ state - threshold)))
        total += (output - (k >= steps)) ** 2
    return total / steps


def test_gradient_against_central_differences():
    """O(h^2) with h = 1e-5, in a network whose output switches (kappa passes the threshold)."""
    generator = np.random.default_rng(3)
    parts = [0.3 * generator.normal(size=6) + shift for shift in (0.4, 0.5, 0.2)]
    found = rank_one_gradient(*parts, confidence=4.0)
    h = 1e-5
    for which in range(3):
        for neuron in range(6):
            moved = [[part.copy() for part in parts] for _ in range(2)]
            moved[0][which][neuron] += h
            moved[1][which][neuron] -= h
            up, down = (numpy_loss(*each, confidence=4.0) for each in moved)
            assert found[which][neuron] == pytest.approx((up - down) / (2 * h), rel=1e-6, abs=1e-8)
    assert max(np.abs(part).max() for part in found) > 1e-3


def test_single_precision_is_refused():
    with jax.enable_x64(False), pytest.raises(DoublePrecisionRequired, match="jax_enable_x64"):
        rank_one_gradient(np.ones(2), np.ones(2), np.zeros(2))
