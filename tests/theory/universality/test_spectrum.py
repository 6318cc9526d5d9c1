"""Eigenvalues outside the circle and signs of determinants: doubles and balls say the same, and nothing too much."""

import numpy as np
import pytest

from theory.universality import spectrum
from theory.universality.bounded import Bounded


def both(matrix, monkeypatch):
    """Counts and signs, as doubles decide and as balls do."""
    quick = spectrum.count_outside(Bounded(matrix)), spectrum.sign_of_determinant(matrix)
    with monkeypatch.context() as patch:
        patch.setattr(spectrum, "_outside_by_doubles", lambda *_: None)
        patch.setattr(spectrum, "_sign_by_doubles", lambda *_: 0)
        return quick, (spectrum.count_outside(Bounded(matrix)), spectrum.sign_of_determinant(matrix))


@pytest.mark.parametrize("size", [1, 2, 5, 12])
def test_doubles_and_balls_agree(size, monkeypatch):
    for seed in range(8):
        W = np.random.default_rng(seed).normal(size=(size, size)) * 1.5 / np.sqrt(size)
        quick, slow = both(W, monkeypatch)
        assert quick == slow == ((np.abs(np.linalg.eigvals(W)) > 1).sum(), np.sign(np.linalg.det(W)))


def test_factors_that_overflow_are_left_to_balls():
    """The second pivot is twice the largest number there is, or nearly."""
    with np.errstate(all="ignore"):
        assert spectrum.sign_of_determinant(1.7e308 * np.array([[1.0, 1.0], [-1.0, 1.0]])) == 1
        assert spectrum.sign_of_determinant(1.7e308 * np.array([[-1.0, 1.0], [1.0, 1.0]])) == -1


def test_doubles_decide_of_many_units():
    W = np.random.default_rng(1).normal(size=(60, 60)) * 1.5 / np.sqrt(60)
    values, vectors = np.linalg.eig(W)
    assert spectrum._outside_by_doubles(Bounded(W), vectors.astype(complex)) == (np.abs(values) > 1).sum()
    assert spectrum._sign_by_doubles(Bounded(W)) == np.sign(np.linalg.det(W))


@pytest.mark.parametrize("radius", [0.0, 2.0**-40, 0.1])
def test_an_eigenvalue_that_may_be_on_the_circle_is_not_told(radius):
    """1 + r / 2 is outside; with r added or taken it may be anywhere around one."""
    turned = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
    middle = turned @ np.diag([1 + radius / 2, 0.5, -2.0, 0.1]) @ turned.T
    matrix = Bounded(middle, np.full((4, 4), radius))
    assert spectrum._outside_by_doubles(matrix, np.linalg.eig(middle)[1].astype(complex)) is None
    assert spectrum.count_outside(matrix) is None


def test_a_determinant_that_is_zero_or_may_be_has_no_sign_in_doubles():
    assert spectrum._sign_by_doubles(Bounded(np.ones((2, 2)))) == 0
    assert spectrum._sign_by_doubles(Bounded(np.full((1, 1), 0.5), np.ones((1, 1)))) == 0
    exchanged = np.eye(5)[[1, 2, 0, 4, 3]] * np.array([1, 2, 3, 4, -5.0])
    assert spectrum._sign_by_doubles(Bounded(exchanged)) == 1
