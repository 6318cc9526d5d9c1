"""Distances of operators up to rotation: the bound, the search, and both beside brute force."""

from itertools import permutations

import numpy as np
import pytest
from scipy.optimize import minimize

from simulate.measures.measure import Distance
from simulate.measures.orthogonal import NoDirection, NoStarts, OperatorAngle, OperatorDistance
from simulate.measures.samples import DifferentSizes, NotFinite, WrongShape

MEASURE = OperatorDistance()


def matrices(count: int, n: int, seed: int = 0) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).normal(size=(count, n, n)) / np.sqrt(n))


def rotations(count: int, n: int, seed: int = 1) -> list[np.ndarray]:
    """Of both determinants, by turns."""
    rng = np.random.default_rng(seed)
    found = [np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(count)]
    for k, Q in enumerate(found):
        Q[0] *= np.sign(np.linalg.det(Q)) * (-1) ** k
    return found


def between(one: list[np.ndarray], other: list[np.ndarray]) -> list[Distance]:
    return MEASURE.between(one, other)


def scanned(A: np.ndarray, B: np.ndarray, angles: int = 20_000) -> float:
    """The least over all of O(2), on a grid of angles; a loop's worth of plain formulas."""
    least = np.inf
    for flip in (1.0, -1.0):
        t = 2 * np.pi * np.arange(angles) / angles
        C = np.array([[np.cos(t), -flip * np.sin(t)], [np.sin(t), flip * np.cos(t)]]).transpose(2, 0, 1)
        least = min(least, np.sqrt(((A - C @ B @ C.transpose(0, 2, 1)) ** 2).sum(axis=(1, 2))).min())
    return float(least)


def closed_form(A: np.ndarray, B: np.ndarray) -> float:
    """2 [(t - t')^2 + (|a| - |a'|)^2 + (s - s')^2], by half traces, turns and radii."""

    def parts(M: np.ndarray) -> np.ndarray:
        radius = np.hypot((M[0, 0] - M[1, 1]) / 2, (M[0, 1] + M[1, 0]) / 2)
        return np.array([(M[0, 0] + M[1, 1]) / 2, abs(M[0, 1] - M[1, 0]) / 2, radius])

    return float(np.sqrt(2 * ((parts(A) - parts(B)) ** 2).sum()))


def test_two_by_two_is_the_closed_form_and_the_bound_is_reached() -> None:
    one, other = matrices(50, 2), matrices(50, 2, seed=1)
    for A, B, found in zip(one, other, between(one, other), strict=True):
        assert found.value == pytest.approx(closed_form(A, B), rel=1e-10)
        assert found.lower == pytest.approx(closed_form(A, B), rel=1e-10)


def test_two_by_two_is_the_least_of_a_scan() -> None:
    """A grid of angles h = pi / 10^4 is off by at most ||A|| ||B|| times a few h^2 in the square."""
    one, other = matrices(20, 2), matrices(20, 2, seed=1)
    for A, B, found in zip(one, other, between(one, other), strict=True):
        assert 0 <= scanned(A, B) ** 2 - found.value**2 + 1e-12 <= 1e-6 * np.linalg.norm(A) * np.linalg.norm(B)


def test_three_by_three_is_the_least_of_many_searches_by_scipy() -> None:
    """Of 40 random starts each; rotations as products of three plane turns and a flip."""

    def rotation(angles: np.ndarray, flip: float) -> np.ndarray:
        C = np.diag([flip, 1.0, 1.0])
        for (i, j), angle in zip(((0, 1), (0, 2), (1, 2)), angles, strict=True):
            turn = np.eye(3)
            turn[[i, i, j, j], [i, j, i, j]] = np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)
            C = turn @ C
        return C

    rng = np.random.default_rng(2)
    one, other = matrices(5, 3), matrices(5, 3, seed=1)
    for A, B, found in zip(one, other, between(one, other), strict=True):
        tries = [
            minimize(lambda x, A=A, B=B: ((A - rotation(x, 1.0) @ B @ rotation(x, 1.0).T) ** 2).sum(), start).fun
            for start in rng.uniform(-np.pi, np.pi, (40, 3))
        ]
        assert found.value == pytest.approx(np.sqrt(min(tries)), rel=1e-5)


def test_the_bound_is_below_what_any_rotation_reaches() -> None:
    for n in (3, 6):
        one, other = matrices(10, n), matrices(10, n, seed=1)
        for A, B, found in zip(one, other, between(one, other), strict=True):
            assert found.lower <= found.value
            reached = [np.linalg.norm(A - C @ B @ C.T) for C in rotations(20, n)]
            assert found.value <= min(reached)


def test_symmetric_and_skew_matrices_are_as_far_apart_as_their_eigenvalues() -> None:
    one, other = matrices(10, 5), matrices(10, 5, seed=1)
    for sign in (1, -1):
        pairs = [([A + sign * A.T for A in one]), ([B + sign * B.T for B in other])]
        for A, B, found in zip(*pairs, between(*pairs), strict=True):
            spectra = [np.linalg.eigvalsh(M if sign == 1 else 1j * M) for M in (A, B)]
            assert found.value == pytest.approx(np.linalg.norm(spectra[0] - spectra[1]), rel=1e-10)
            assert found.gap < 1e-10


@pytest.mark.parametrize("n", [1, 2, 3, 10, 15])
def test_a_rotated_copy_is_at_zero(n: int) -> None:
    one = matrices(10, n)
    copies = [Q @ A @ Q.T for A, Q in zip(one, rotations(10, n), strict=True)]
    assert [(found.value, found.lower) for found in between(one, copies)] == [(0.0, 0.0)] * 10


def special(kind: str, n: int) -> np.ndarray:
    """Matrices whose eigenvectors, or those of their parts, are not unique or not independent."""
    plain, K = matrices(1, n)[0], matrices(1, n, seed=5)[0]
    turn = np.linalg.solve(np.eye(n) - (K - K.T), np.eye(n) + (K - K.T))
    block = matrices(1, n // 2)[0]
    return {
        "zero": np.zeros((n, n)),
        "identity": np.eye(n),
        "orthogonal": turn,
        "nilpotent": np.eye(n, k=1),
        "low rank": np.diag([1.0, 1.0] + [0.0] * (n - 2)) @ plain @ np.diag([1.0, 1.0] + [0.0] * (n - 2)),
        "cyclic": np.roll(np.eye(n), 1, axis=0),
        "spiral": np.kron(np.eye(n // 2), [[0.9, -0.3], [0.3, 0.9]]),
        "two equal blocks": np.kron(np.eye(2), block),
        "symmetric": plain + plain.T,
        "skew": K - K.T,
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "zero",
        "identity",
        "orthogonal",
        "nilpotent",
        "low rank",
        "cyclic",
        "spiral",
        "two equal blocks",
        "symmetric",
        "skew",
    ],
)
def test_a_rotated_copy_is_at_zero_without_a_unique_basis(kind: str) -> None:
    A = special(kind, 8)
    copies = [Q @ A @ Q.T for Q in rotations(6, 8)]
    for found in between([A] * 6, copies):
        assert found.value == 0.0


def test_a_perturbed_copy_is_as_near_as_its_perturbation() -> None:
    rng = np.random.default_rng(3)
    one = matrices(10, 8)
    for size in (1e-9, 1e-3):
        noise = size * rng.normal(size=(10, 8, 8))
        other = [Q @ (A + E) @ Q.T for A, E, Q in zip(one, noise, rotations(10, 8), strict=True)]
        for E, found in zip(noise, between(one, other), strict=True):
            assert found.lower <= found.value <= np.linalg.norm(E) * (1 + 1e-6)


def test_metric_axioms() -> None:
    """Equal both ways to the bit; the triangle by values and bounds, which holds whatever the search has missed."""
    items = matrices(6, 4)
    first, second = np.array([(i, j) for i in range(6) for j in range(6) if i != j]).T
    found = dict(
        zip(
            zip(first, second, strict=True), between([items[i] for i in first], [items[j] for j in second]), strict=True
        )
    )
    for i, j in found:
        assert found[i, j] == found[j, i]
    for i, j, k in permutations(range(6), 3):
        assert found[i, k].lower <= found[i, j].value + found[j, k].value
        assert found[i, k].value <= found[i, j].value + found[j, k].value + 1e-9  # small matrices: the search is exact


def test_a_pair_gets_the_same_distance_alone_and_among_others() -> None:
    one, other = matrices(5, 4), matrices(5, 4, seed=1)
    for A, B, found in zip(one, other, between(one, other), strict=True):
        alone = MEASURE(A, B)
        assert alone.value == pytest.approx(found.value, rel=1e-10)
        assert alone.found_by == found.found_by


def test_rotations_scales_and_transposes_of_both() -> None:
    A, B = matrices(2, 6)
    Q = rotations(1, 6)[0]
    plain, turned, doubled, across = between([A, Q @ A @ Q.T, 2 * A, A.T], [B, B, 2 * B, B.T])
    assert turned.value == pytest.approx(plain.value, rel=1e-3)  # another search, which may end elsewhere
    assert turned.lower == pytest.approx(plain.lower, rel=1e-12)
    assert doubled.value == pytest.approx(2 * plain.value, rel=1e-6)
    assert across.lower == pytest.approx(plain.lower, rel=1e-12)


def test_the_angle_is_that_of_the_largest_inner_product_and_has_no_scale() -> None:
    one, other = matrices(8, 4), matrices(8, 4, seed=1)
    angle = OperatorAngle()
    for A, B, d in zip(one, other, between(one, other), strict=True):
        largest = (np.sum(A * A) + np.sum(B * B) - d.value**2) / 2
        cosine = largest / np.linalg.norm(A) / np.linalg.norm(B)
        assert angle(A, B).value == pytest.approx(np.arccos(cosine), rel=1e-6)
    assert angle(one[0], 5 * one[0]).value < 1e-12
    with pytest.raises(NoDirection, match="zero"):
        angle(one[0], np.zeros((4, 4)))


def test_inputs_are_not_changed() -> None:
    A, B = matrices(2, 5)
    before = A.copy(), B.copy()
    MEASURE(A, B)
    np.testing.assert_array_equal(np.stack([A, B]), np.stack(before))


def test_refusals() -> None:
    with pytest.raises(DifferentSizes, match="sizes 2, 3"):
        MEASURE(np.eye(2), np.eye(3))
    with pytest.raises(NotFinite, match="NaN"):
        MEASURE(np.eye(2), np.full((2, 2), np.nan))
    with pytest.raises(WrongShape, match="square"):
        MEASURE(np.eye(2), np.ones((2, 3)))
    assert between([], []) == []


def test_pairs_whose_value_few_starts_reach_get_more() -> None:
    """No value is reached by 1,000 of 4 batches, so all are tried, and none ends higher than with one batch."""
    one, other = matrices(4, 8), matrices(4, 8, seed=1)
    few = OperatorDistance(batches=1).between(one, other)
    many = OperatorDistance(agreeing=1000).between(one, other)
    for some, all_ in zip(few, many, strict=True):
        assert all_.value <= some.value * (1 + 1e-12)
        assert (64 * all_.agreed) == pytest.approx(round(64 * all_.agreed), abs=1e-9)
    with pytest.raises(NoStarts, match="at least one"):
        OperatorDistance(batches=0)
