"""The Wasserstein distance of eigenvalues: brute force over permutations, and the axioms."""

from itertools import permutations

import numpy as np
import pytest

from simulate.measures.eigenvalues import EigenvalueDistance
from simulate.measures.samples import DifferentSizes, NotFinite, WrongShape

MEASURE = EigenvalueDistance()


def matrices(count: int, n: int) -> list[np.ndarray]:
    return list(np.random.default_rng(0).normal(size=(count, n, n)))


@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_least_over_all_permutations(n: int) -> None:
    items = matrices(8, n)
    for A, B in zip(items[::2], items[1::2], strict=True):
        a, b = np.linalg.eigvals(A), np.linalg.eigvals(B)
        tried = [
            np.mean([abs(x - b[k]) ** 2 for x, k in zip(a, order, strict=True)]) for order in permutations(range(n))
        ]
        found = MEASURE(A, B)
        assert found.value == pytest.approx(np.sqrt(min(tried)), rel=1e-12)
        assert found.gap == 0


def test_metric_axioms_and_similar_matrices() -> None:
    items = matrices(5, 6)
    d = {(i, j): MEASURE(A, B).value for i, A in enumerate(items) for j, B in enumerate(items)}
    for i, j, k in permutations(range(5), 3):
        assert d[i, j] == pytest.approx(d[j, i], rel=1e-13)
        assert d[i, k] <= d[i, j] + d[j, k] + 1e-12
    V = np.random.default_rng(1).normal(size=(6, 6))
    for i, A in enumerate(items):
        assert d[i, i] == 0
        assert MEASURE(A, V @ A @ np.linalg.inv(V)).value < 1e-10


def test_it_is_at_most_the_distance_of_normal_matrices_over_root_n() -> None:
    """Hoffman and Wielandt: for normal matrices no C brings them nearer than their eigenvalues are."""
    from simulate.measures.orthogonal import OperatorDistance

    for A, B in zip(matrices(4, 5), matrices(8, 5)[4:], strict=True):
        normal = [np.linalg.qr(A)[0], np.linalg.qr(B)[0]]
        assert MEASURE(*normal).value <= OperatorDistance()(*normal).value / np.sqrt(5) + 1e-12


def test_refusals() -> None:
    with pytest.raises(DifferentSizes):
        MEASURE(np.eye(2), np.eye(3))
    with pytest.raises(WrongShape, match="square"):
        MEASURE(np.eye(2), np.ones((2, 3)))
    with pytest.raises(NotFinite):
        MEASURE(np.eye(2), np.full((2, 2), np.inf))
