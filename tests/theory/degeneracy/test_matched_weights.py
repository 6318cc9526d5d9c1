"""The distance of two networks of normal rows whose overlaps are known, held to networks of exactly these overlaps."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from simulate.degeneracy.row_matching import RowMatching
from theory.degeneracy import coupled, matched_distance
from theory.degeneracy.coupling import has_turned_copies
from theory.degeneracy.matched_weights import matched_weights, overlap_of, variances_of
from theory.degeneracy.matching_copies import best_of_turned, best_of_two_signs
from theory.degeneracy.matching_law import BETA
from theory.degeneracy.matching_terms import gap_with_next_terms, linear_modes, of_a_product
from theory.overlaps import Shape

LEANING = np.eye(4)
LEANING[1, 1], LEANING[2, 2] = 4.0, 0.5
LEANING[1, 2] = LEANING[2, 1] = 1.0


def rows_of(gram: np.ndarray, neurons: int, rng: np.random.Generator) -> np.ndarray:
    """Normal rows, of which columns are mixed until their overlaps are these."""
    rows = rng.normal(size=(neurons, len(gram)))
    own = np.linalg.cholesky(rows.T @ rows / neurons)
    return np.asarray(rows @ np.linalg.inv(own).T @ np.linalg.cholesky(gram).T)


@pytest.mark.parametrize(("rank", "count"), [(1, 40), (2, 12)])
def test_networks_with_the_overlaps_given(rank: int, count: int) -> None:
    """Left out is where fewer than one row is expected, and what W saves that nearly has turned copies."""
    neurons, rng = 64, np.random.default_rng(rank)
    gram = np.eye(2 * rank) + 0.3 * (np.ones((2 * rank, 2 * rank)) - np.eye(2 * rank))
    sigma = np.eye(2 * rank + 2)
    sigma[1:-1, 1:-1] = gram
    squares = np.empty(count)
    for k in range(count):
        pair = [rows_of(gram, neurons, rng) for _ in range(2)]
        squares[k] = RowMatching(starts=6)(*((each[:, :rank], each[:, rank:]) for each in pair)).value ** 2
    predicted = matched_distance(sigma, sigma, neurons, Shape(rank=rank)) ** 2
    chance, thin = 4 * squares.std() / np.sqrt(count), 2 / np.log(neurons) ** 2 * predicted
    nearly = 0.0
    if rank == 2:
        thin = (1 + np.log(neurons) / 2) / np.sqrt(neurons) * predicted
        variances = variances_of(coupled(sigma, sigma, Shape(rank=2)), Shape(rank=2))
        circle = best_of_turned(variances, neurons, overlaps_given=True)
        nearly = (circle - best_of_two_signs(variances, neurons)) / neurons
        assert not has_turned_copies(sigma, Shape(rank=2))
    assert predicted - nearly - chance - thin < squares.mean() < predicted + chance + thin


def test_weights_and_not_their_factors() -> None:
    gauge = np.diag([1.0, 3.0, 1 / 3.0, 1.0])
    turned = matched_distance(gauge @ LEANING @ gauge, LEANING, 900)
    assert turned == pytest.approx(matched_distance(LEANING, LEANING, 900))


def test_what_it_is_made_of() -> None:
    variances = variances_of(coupled(LEANING, LEANING), Shape())
    assert variances.prod() == pytest.approx(2.0)  # (w n)^2: w^2 = 2, n^2 = 1
    best = coupled(LEANING, LEANING)
    assert overlap_of(best, Shape()) == pytest.approx(2.0)  # |W|^2
    saved = linear_modes(variances) + best_of_two_signs(variances, 900)
    found = matched_weights(LEANING, LEANING, 900)
    assert not found.leading_alone
    assert found.beyond == pytest.approx(of_a_product(gap_with_next_terms(variances, 900), 2.0) - saved / 900)


def test_linear_modes_are_those_of_covariances() -> None:
    """Matchings by the linear map between samples' covariances: its mean squared displacement, N large."""
    rng, variances, neurons, count = np.random.default_rng(4), np.array([1.6, 0.4]), 400, 600
    costs = []
    for one, other in rng.normal(size=(count, 2, neurons, 2)) * np.sqrt(variances):
        A, B = (each.T @ each / neurons for each in (one, other))
        middle = _root(_root(A) @ B @ _root(A))
        costs.append(neurons * (np.trace(A) + np.trace(B) - 2 * np.trace(middle)))  # of normal measures
    assert np.mean(costs) == pytest.approx(linear_modes(variances), abs=4 * np.std(costs) / np.sqrt(count) + 5 / 400)


def _root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)


@pytest.mark.parametrize(("variances", "count"), [([1.0, 1.0, 0.3, 0.3], 40), ([1.0, 0.8, 0.6, 0.4], 40)])
def test_matchings_of_four_variances_that_differ(variances: list[float], count: int) -> None:
    rng, size = np.random.default_rng(2), 160
    costs = []
    for x, y in rng.normal(size=(count, 2, size, 4)) * np.sqrt(variances):
        squares = cdist(x, y, "sqeuclidean")
        costs.append(squares[linear_sum_assignment(squares)].mean())
    predicted = gap_with_next_terms(variances, size)
    assert np.mean(costs) == pytest.approx(
        predicted, rel=1 / np.sqrt(size) + 4 * np.std(costs) / predicted / count**0.5
    )


def test_the_leading_term_alone_where_rows_are_few() -> None:
    flat = np.diag([1.0, 1.0, 1.0, 1.0])
    flat[1, 2] = flat[2, 1] = 1 - 1e-9  # u and v nearly parallel: a line
    found = matched_weights(flat, flat, 900)
    assert found.leading_alone
    assert found.distance == pytest.approx(np.sqrt(np.sqrt(1 - flat[1, 2] ** 2) / 1800) * np.log(900), rel=1e-4)
    few = matched_weights(np.eye(6), np.eye(6), 12, Shape(rank=2))
    assert few.leading_alone
    assert few.distance**2 == pytest.approx(BETA[4] * 8 * np.pi / 12**0.5)


def test_far_networks_keep_their_distance() -> None:
    near = matched_distance(np.eye(6), np.eye(6), 10**8, Shape(rank=2))
    assert near == pytest.approx(np.sqrt(BETA[4] * 8 * np.pi) / 100, rel=1e-2)
    far = matched_distance(np.eye(4), 4 * np.eye(4), 10**9)
    assert far == pytest.approx(3.0, rel=1e-3)


def test_variances_of_two_unlike_networks_are_variances():
    """Values of B C^T: real and positive, where those of B C are neither."""
    random = np.random.default_rng(0)
    shape = Shape(inputs=1, rank=2, outputs=1)
    for _ in range(5):
        first, second = (random.normal(size=(shape.size, shape.size)) for _ in "ab")
        best = coupled(first @ first.T, second @ second.T, shape)
        slopes = np.kron(np.eye(2), np.ones((2, 2))) * np.roll(best.cross, (2, 2), axis=(0, 1))
        values = np.linalg.eigvals(slopes @ best.cross.T)
        assert np.abs(values.imag).max() < 1e-6 * np.abs(values).max()
        assert (values.real > 0).all()
        np.testing.assert_allclose(variances_of(best, shape), np.sort(values.real), rtol=1e-6)
