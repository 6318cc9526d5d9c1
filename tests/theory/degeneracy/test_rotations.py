"""Distances up to rotation: the closed form of the plane proved, the interval held to brute force."""

import itertools

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.degeneracy.rotations import (
    CONTRACTIONS,
    ROTATIONS,
    NotComparable,
    _by_eigenvalues,
    least_distance,
    rotation_coordinates,
)

entries = st.lists(st.integers(-4, 4), min_size=4, max_size=4)
ENTRIES = sp.symbols("a b c d e f g h", real=True)


def over_angles(A, B, count=20_000):
    """The least |A - Q B Q^T| over a fine grid of rotations and reflections; above the least by O(count^-2)."""
    r = np.linspace(0, 2 * np.pi, count)
    turn = np.array([[np.cos(r), -np.sin(r)], [np.sin(r), np.cos(r)]]).transpose(2, 0, 1)
    Q = np.concatenate([turn, turn @ np.diag([1.0, -1.0])])
    return float(np.linalg.norm(A - Q @ B @ Q.transpose(0, 2, 1), axis=(1, 2)).min())


@pytest.mark.parametrize("sense", [1, -1], ids=["rotations", "reflections"])
def test_the_squared_distance_of_the_plane_is_that_of_the_coordinates_and_one_cosine(sense: int) -> None:
    """|A - Q B Q^T|^2 = 2 [(t - t')^2 + (a -+ a')^2 + s^2 + s'^2] - 4 s s' cos(angle), every angle being reached."""
    half = sp.Symbol("half", real=True)  # the tangent of half the angle by which Q turns
    c, s = (1 - half**2) / (1 + half**2), 2 * half / (1 + half**2)
    Q = sp.Matrix([[c, -s], [s, c]]) * sp.diag(1, sense)
    A, B = sp.Matrix(2, 2, ENTRIES[:4]), sp.Matrix(2, 2, ENTRIES[4:])
    (t, a, p, q), (u, b, x, y) = (
        (M.trace() / 2, (M[1, 0] - M[0, 1]) / 2, (M[0, 0] - M[1, 1]) / 2, (M[0, 1] + M[1, 0]) / 2) for M in (A, B)
    )
    y = sense * y
    cosine = (p * x + q * y) * (c**2 - s**2) + (q * x - p * y) * 2 * c * s  # s s' cos(angle)
    expected = 2 * ((t - u) ** 2 + (a - sense * b) ** 2 + p**2 + q**2 + x**2 + y**2) - 4 * cosine
    assert sp.cancel(sp.together(sum(each**2 for each in A - Q * B * Q.T) - expected)) == 0
    assert sp.expand((p * x + q * y) ** 2 + (q * x - p * y) ** 2 - (p**2 + q**2) * (x**2 + y**2)) == 0
    of_A = [each**2 / 2 for each in rotation_coordinates(A)]
    assert [sp.expand(each) for each in of_A] == [sp.expand(each) for each in (t**2, a**2, p**2 + q**2)]


@settings(max_examples=10, deadline=None)
@given(entries, entries)
def test_coordinates_give_the_least_over_all_angles(one: list[int], other: list[int]) -> None:
    A, B = np.reshape(one, (2, 2)).astype(float), np.reshape(other, (2, 2)).astype(float)
    points = [np.array(rotation_coordinates(sp.Matrix(M.astype(int))), dtype=float) for M in (A, B)]
    exact = float(np.linalg.norm(points[0] - points[1]))
    # On the grid the angle is off by pi / count at most, and the squared distance by its curvature, 16 |A| |B|.
    off = 8 * np.linalg.norm(A) * np.linalg.norm(B) * (np.pi / 20_000) ** 2
    assert exact**2 - 1e-9 <= over_angles(A, B) ** 2 <= exact**2 + off + 1e-9


def test_the_interval_closes_on_the_closed_form() -> None:
    A, B = np.array([[1.0, -2.0], [0.5, 0.0]]), np.array([[0.0, 1.0], [3.0, -1.0]])
    points = [np.array(rotation_coordinates(sp.Matrix(M)), dtype=float) for M in (A, B)]
    found = least_distance(A, B)
    assert found.value == pytest.approx(np.linalg.norm(points[0] - points[1]), abs=1e-9)
    assert found.gap < 1e-6


@pytest.mark.parametrize("over", [ROTATIONS, CONTRACTIONS])
def test_no_admitted_matrix_passes_the_bound_and_the_search_ends_at_it(over) -> None:
    rng = np.random.default_rng(3)
    A, B = rng.normal(size=(2, 3, 3))
    found = least_distance(A, B, over=over)
    tried = over.nearest(rng.normal(size=(4_000, 3, 3)))
    squares = (A**2).sum() + (B**2).sum() - 2 * np.einsum("ij,kil,lm,kjm->k", A, tried, B, tried)
    assert squares.min() > found.lower**2
    assert squares.min() > found.value**2 - 1e-9
    assert 0 <= found.gap < 1e-5 * found.value
    assert np.linalg.svd(found.turn)[1].max() < 1 + 1e-12


def test_a_rotated_copy_is_no_distance_away_and_a_mirrored_sense_neither() -> None:
    rng = np.random.default_rng(0)
    A, Q = rng.normal(size=(3, 3)), np.linalg.qr(rng.normal(size=(3, 3)))[0]
    for turn in (Q, -Q):
        assert least_distance(A, turn @ A @ turn.T).value < 1e-9 * np.linalg.norm(A)


def test_contractions_are_rotations_of_more_dimensions() -> None:
    """Of the corner of an orthogonal matrix nothing but a contraction shows, and every contraction does."""
    A, B = np.diag([1.0, 0.0]), np.diag([0.0, -1.0])
    inside = least_distance(A, B, over=CONTRACTIONS)
    padded = least_distance(np.pad(A, (0, 2)), np.pad(B, (0, 2)))
    assert inside.value == pytest.approx(np.sqrt(2), abs=1e-6)
    assert padded.value == pytest.approx(inside.value, abs=1e-6)


def test_sorted_eigenvalues_bound_contractions_with_the_zeros_beside_them() -> None:
    """Of 1 and -1 rotations have the trace -2 alone, contractions any up to zero."""
    one = np.eye(2)
    assert [_by_eigenvalues(one, -one, over) for over in (ROTATIONS, CONTRACTIONS)] == pytest.approx([-2, 0])


def test_nothing_is_compared_that_cannot_be() -> None:
    for one, other in itertools.permutations([np.eye(2), np.eye(3)]):
        with pytest.raises(NotComparable, match="one size"):
            least_distance(one, other)
    with pytest.raises(NotComparable, match="finite"):
        least_distance(np.eye(2), np.full((2, 2), np.nan))
    with pytest.raises(NotComparable, match="2 x 2"):
        rotation_coordinates(sp.eye(3))
    assert least_distance(np.zeros((2, 2)), np.eye(2)).value == pytest.approx(np.sqrt(2))
