"""Where descents over the orthogonal group end, and where they start."""

import numpy as np
import pytest
from scipy.linalg import expm

from simulate.measures.descent import descend, transpose
from simulate.measures.starts import Decomposed, at_random, by_eigenvalues, polar, reflected, synchronised

SIZES = (2, 5, 8)


def problem(n: int, count: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    return rng.normal(size=(n, n)), rng.normal(size=(count, n, n)), at_random(count, n, rng)


@pytest.mark.parametrize("n", SIZES)
def test_ends_are_orthogonal_of_the_start_s_determinant_and_give_their_values(n: int) -> None:
    A, B, starts = problem(n)
    found = descend(A, B, starts)
    np.testing.assert_allclose(
        found.aligners @ transpose(found.aligners), np.broadcast_to(np.eye(n), B.shape), atol=1e-13
    )
    np.testing.assert_allclose(np.linalg.det(found.aligners), np.linalg.det(starts), atol=1e-10)
    for C, b, value in zip(found.aligners, B, found.values, strict=True):
        assert value == pytest.approx(np.linalg.norm(A - C @ b @ C.T), rel=1e-13)


@pytest.mark.parametrize("n", SIZES)
def test_ends_are_local_minima(n: int) -> None:
    """Along any turn exp(t W) the squared distance has slope zero, by central differences, and no lower neighbour.

    A slope of FLAT times sizes of about 10 times 10 is 1e-5.
    """
    A, B, starts = problem(n)
    rng = np.random.default_rng(0)
    for C, b in zip(descend(A, B, starts).aligners, B, strict=True):

        def squared(t: float, W: np.ndarray, C: np.ndarray = C, b: np.ndarray = b) -> float:
            turned = expm(t * W) @ C
            return float(((A - turned @ b @ turned.T) ** 2).sum())

        for _ in range(5):
            W = rng.normal(size=(n, n))
            W = (W - W.T) / np.linalg.norm(W - W.T)
            assert abs(squared(1e-5, W) - squared(-1e-5, W)) / 2e-5 < 1e-4
            assert min(squared(1e-2, W), squared(-1e-2, W)) > squared(0.0, W) - 1e-7


def test_it_leaves_a_maximum() -> None:
    """The worst order of diagonal entries, turned by 1e-6: descents begin uphill-curved and end at the best order."""
    A = np.diag([1.0, 2.0, 4.0])
    W = 1e-6 * np.array([[0, 1, 2], [-1, 0, 3], [-2, -3, 0.0]])
    found = descend(A, np.diag([4.0, 2.0, 1.0])[None], expm(W)[None])
    assert found.values[0] < 1e-10


def test_inputs_are_not_changed() -> None:
    A, B, starts = problem(4)
    before = [each.copy() for each in (A, B, starts)]
    descend(A, B, starts)
    for now, then in zip((A, B, starts), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("complex_", [False, True])
def test_phases_come_back_in_each_block(complex_: bool) -> None:
    """Up to one phase a block, also where weights are tiny and blocks do not touch."""
    rng = np.random.default_rng(1)
    z = np.exp(2j * np.pi * rng.random((6, 7))) if complex_ else rng.choice([-1.0, 1.0], (6, 7))
    weights = 10.0 ** rng.uniform(-3, 0, (6, 7, 7))
    weights = weights + transpose(weights)
    weights[:, :3, 3:] = weights[:, 3:, :3] = 0
    found = synchronised(weights * z[:, :, None] * z[:, None, :].conj())
    for block in (slice(3), slice(3, 7)):
        ratio = found[:, block] / z[:, block]
        np.testing.assert_allclose(ratio, np.broadcast_to(ratio[:, :1], ratio.shape), atol=1e-12)


def test_eigenvectors_of_a_rotated_copy_give_the_rotation() -> None:
    rng = np.random.default_rng(2)
    A, Q = rng.normal(size=(10, 7, 7)), at_random(10, 7, rng)
    C = by_eigenvalues(Decomposed.of(A), Decomposed.of(transpose(Q) @ A @ Q))
    np.testing.assert_allclose(C @ transpose(Q) @ A @ Q @ transpose(C), A, atol=1e-9)


def test_reflections_and_polar_factors() -> None:
    A, B, starts = problem(5)
    A = np.broadcast_to(A, B.shape)
    other = reflected(A, B, starts)
    np.testing.assert_allclose(np.linalg.det(other), -np.linalg.det(starts))
    for k in range(len(B)):
        costs = []
        for axis in range(5):
            C = starts[k] @ np.diag([-1.0 if i == axis else 1.0 for i in range(5)])
            costs.append(np.linalg.norm(A[k] - C @ B[k] @ C.T))
        assert np.linalg.norm(A[k] - other[k] @ B[k] @ other[k].T) == pytest.approx(min(costs))
    np.testing.assert_allclose(polar(2 * starts), starts, atol=1e-13)
