from itertools import product

import numpy as np
import pytest

from theory.degeneracy import Dispersion, directions, mixed_rows, normal_rows

ROOT = np.array([[1.0, 0.5, -0.3], [0.0, 0.8, 0.4], [0.2, 0.0, 1.1]])


def covariances(overlaps: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Of the overlaps (outcomes x d x d) at these probabilities, entry by entry."""
    mean = np.tensordot(weights, overlaps, axes=1)
    off = overlaps - mean
    d = len(mean)
    return np.array(
        [
            [[[weights @ (off[:, a, b] * off[:, c, e]) for e in range(d)] for c in range(d)] for b in range(d)]
            for a in range(d)
        ]
    )


def test_normal_rows_by_quadrature_that_is_exact_for_fourth_powers():
    x, w = np.polynomial.hermite_e.hermegauss(3)
    rows = np.array(list(product(x, repeat=3))) @ ROOT
    weights = np.array([np.prod(each) for each in product(w / w.sum(), repeat=3)])
    overlaps = np.einsum("ka,kb->kab", rows, rows)
    np.testing.assert_allclose(normal_rows(ROOT.T @ ROOT), covariances(overlaps, weights), atol=1e-13)


def test_mixed_rows_of_two_neurons_by_all_outcomes_of_signs():
    outcomes = np.array(list(product((-1.0, 1.0), repeat=6))).reshape(-1, 2, 3) @ ROOT
    overlaps = np.einsum("kia,kib->kab", outcomes, outcomes) / 2
    exact = covariances(overlaps, np.full(len(outcomes), 1 / len(outcomes)))
    np.testing.assert_allclose(mixed_rows(ROOT, -2.0) / 2, exact, atol=1e-14)


@pytest.mark.parametrize(
    ("covariance", "count"),
    [(normal_rows(ROOT.T @ ROOT), 6), (normal_rows(np.diag([1.0, 2.0, 0.0])), 3), (mixed_rows(ROOT, -2.0), 3)],
)
def test_directions_have_the_covariances_and_are_as_many_as_the_overlaps_vary_in(covariance, count):
    found = directions(covariance)
    assert len(found) == count
    assert (found == found.transpose(0, 2, 1)).all()
    np.testing.assert_allclose(np.einsum("iab,icd->abcd", found, found), covariance, atol=1e-13)


def test_the_spread_of_the_overlaps_themselves():
    covariance = mixed_rows(ROOT, 3.0)
    found = Dispersion(ROOT.T @ ROOT, directions(covariance)).spread(neurons=25)
    np.testing.assert_allclose(found, np.sqrt(np.einsum("abab->ab", covariance) / 25), rtol=1e-12)
