"""Adam's first step on normal rows, against many rows moved by the signs of their gradients."""

import numpy as np

from theory.overlaps.equations.adam import first_step


def test_against_many_rows() -> None:
    """Rows in antithetic pairs, whitened: the means of signs err by N^-1/2 = 1e-3, five of them times the rate."""
    rng = np.random.default_rng(0)
    half = rng.normal(size=(500_000, 4))
    rows = np.concatenate([half, -half])
    rows = rows @ np.linalg.inv(np.linalg.cholesky(rows.T @ rows / len(rows))).T
    root, rate = rng.normal(size=(4, 4)) / 2, 0.3
    sigma, gradient = root @ root.T, rng.normal(size=(4, 4))
    gradient = gradient + gradient.T
    theta = rows @ root.T
    moved = theta - rate * np.sign(theta @ gradient)
    np.testing.assert_allclose(moved.T @ moved / len(rows), first_step(sigma, gradient, rate), atol=5e-3 * rate)
    assert np.abs(first_step(sigma, gradient, rate) - sigma).max() > 0.1


def test_one_column_by_hand() -> None:
    """x - rate sign(h x) of a normal x with variance s: s - 2 rate (2 s / pi)^1/2 + rate^2 where h is positive."""
    found = first_step(np.array([[4.0]]), np.array([[0.7]]), 0.1)
    np.testing.assert_allclose(found, 4 - 0.4 * np.sqrt(2 / np.pi) + 0.01, rtol=1e-14)


def test_the_scale_of_the_gradient_does_not_matter() -> None:
    sigma, gradient = np.diag([1.0, 2.0]) + 0.3, np.array([[1.0, 2.0], [2.0, -1.0]])
    np.testing.assert_allclose(first_step(sigma, gradient, 0.1), first_step(sigma, 1e-6 * gradient, 0.1), rtol=1e-12)
