"""Definiteness against exact elimination by another program, sign by sign of the leading minors."""

import itertools
from fractions import Fraction

import flint
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.contraction.definite import ELIMINATED, is_positive_definite, is_positive_semidefinite
from theory.contraction.exact_matrix import ExactMatrix


def minor(rows, members):
    return flint.fmpz_mat([[rows[i][j] for j in members] for i in members]).det()


def leading_minors_are_positive(rows):
    return all(minor(rows, range(count + 1)) > 0 for count in range(len(rows)))


def principal_minors_are_not_negative(rows):
    size = len(rows)
    return all(minor(rows, m) >= 0 for k in range(1, size + 1) for m in itertools.combinations(range(size), k))


@st.composite
def symmetric_integers(draw):
    """Gram matrices of few or of many vectors (singular, definite), shifted at random: every kind occurs."""
    size = draw(st.integers(1, 5))
    count = draw(st.integers(max(1, size - 2), size + 2))
    vectors = np.array(draw(st.lists(st.lists(st.integers(-4, 4), min_size=size, max_size=size), min_size=count)))
    shift = draw(st.sampled_from([0, 0, 1, -1, 3]))
    return (vectors.T @ vectors + shift * np.eye(size, dtype=int)).tolist()


@settings(max_examples=80, deadline=None)
@given(symmetric_integers())
def test_integers(rows):
    matrix = ExactMatrix.of(rows)
    assert is_positive_definite(matrix) == leading_minors_are_positive(rows)
    assert is_positive_semidefinite(matrix) == principal_minors_are_not_negative(rows)


def test_sympy_agrees():
    rng = np.random.default_rng(0)
    answers = set()
    for _ in range(12):
        rows = rng.integers(-3, 4, (3, 3))
        rows = (rows + rows.T + 3 * np.eye(3, dtype=int)).tolist()
        answers.add(bool(sp.Matrix(rows).is_positive_definite))
        assert is_positive_definite(ExactMatrix.of(rows)) == sp.Matrix(rows).is_positive_definite
        assert is_positive_semidefinite(ExactMatrix.of(rows)) == sp.Matrix(rows).is_positive_semidefinite
    assert answers == {True, False}


@pytest.mark.parametrize("size", [2, 5, 9])
def test_tiny_eigenvalues(size):
    """Hilbert's matrix, less a bit more or less than its least eigenvalue: decided beyond a float's digits."""
    hilbert = [[Fraction(1, i + j + 1) for j in range(size)] for i in range(size)]
    assert is_positive_definite(ExactMatrix.of(hilbert))
    # its last pivot is 1 / (inverse)_nn: taking that off the last diagonal entry leaves exactly a singular matrix
    inverse = ExactMatrix.of(hilbert).inverse().diagonal_entries()[-1]
    pivot = Fraction(int(inverse.q), int(inverse.p))
    for part, definite, semidefinite in (
        (1 - Fraction(1, 10**40), True, True),
        (Fraction(1), False, True),
        (1 + Fraction(1, 10**40), False, False),
    ):
        rows = [list(row) for row in hilbert]
        rows[-1][-1] -= part * pivot
        assert is_positive_definite(ExactMatrix.of(rows)) is definite
        assert is_positive_semidefinite(ExactMatrix.of(rows)) is semidefinite


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_scaling_of_rows_and_columns_changes_nothing(kind):
    """D M D, D from 1e-200 to 1e200, has the signs of M: definite, singular, indefinite."""
    rng = np.random.default_rng(kind)
    regular = 0
    while regular < 6:
        vectors = rng.integers(-5, 6, (4, 4))
        if kind == 1:
            vectors[3] = vectors[0] - vectors[1]
        signs = np.diag([1, 1, 1, -1 if kind == 2 else 1])
        rows = vectors.T @ signs @ vectors
        if kind != 1 and abs(round(np.linalg.det(vectors))) == 0:
            continue
        regular += 1
        scale = ExactMatrix.diagonal([Fraction(10) ** int(e) for e in rng.integers(-200, 201, 4)])
        scaled = scale @ ExactMatrix.of(rows.tolist()) @ scale
        assert is_positive_definite(scaled) is (kind == 0)
        assert is_positive_semidefinite(scaled) is (kind != 2)


@pytest.mark.parametrize("size", [ELIMINATED // 2, ELIMINATED + 40])
def test_many_rows(size):
    """Random Gram matrices with a condition number of 1e6, whose least eigenvalue is lifted or lowered."""
    rng = np.random.default_rng(4)
    turn = np.linalg.qr(rng.normal(size=(size, size)))[0]
    matrix = turn @ np.diag(np.geomspace(1e-6, 1, size)) @ turn.T
    symmetric = ExactMatrix.of((matrix + matrix.T) / 2)
    lowered = symmetric - Fraction(2, 10**6) * ExactMatrix.identity(size)
    assert is_positive_definite(symmetric)
    if size > ELIMINATED:  # exact elimination of so many digits takes seconds
        assert not is_positive_definite(lowered)


@pytest.mark.parametrize("decide", [is_positive_definite, is_positive_semidefinite])
def test_no_matrix_of_a_form(decide):
    assert not decide(ExactMatrix.of([[2, 1], [0, 2]]))
    assert not decide(ExactMatrix.of([[2, 1, 0], [1, 2, 0]]))
    assert not decide(ExactMatrix.of([[2, 1], [1 + Fraction(1, 10**100), 2]]))


def test_signs_on_the_diagonal():
    assert not is_positive_definite(ExactMatrix.of([[0]]))
    assert is_positive_semidefinite(ExactMatrix.of([[0]]))
    assert is_positive_semidefinite(ExactMatrix.zeros(3, 3))
    assert not is_positive_semidefinite(ExactMatrix.of([[0, 1], [1, 5]]))
    assert not is_positive_semidefinite(ExactMatrix.of([[1, 0], [0, -Fraction(1, 10**300)]]))
    assert is_positive_definite(ExactMatrix.of([[Fraction(1, 10**300)]]))


@pytest.mark.parametrize("exponent", [400, 1100, 3000])
def test_entries_beyond_floats(exponent):
    """Off the diagonal too, where scaled floats overflow (warnings are errors here)."""
    large = 1 << exponent
    assert not is_positive_semidefinite(ExactMatrix.of([[1, large], [large, 1]]))
    assert is_positive_definite(ExactMatrix.of([[large, 1], [1, Fraction(2, large)]]))
    assert not is_positive_definite(ExactMatrix.of([[large, 1], [1, Fraction(1, large)]]))
    assert is_positive_semidefinite(ExactMatrix.of([[large, 1], [1, Fraction(1, large)]]))


def test_a_zero_pivot_with_anything_beside_it_is_not_semidefinite():
    """So little that no eigenvalue is clearly negative in floats; next to the pivot or further off."""
    little = Fraction(1, 10**12)
    for place in (1, 2):
        rows = [[Fraction(0), 0, 0], [0, Fraction(1), 0], [0, 0, Fraction(1)]]
        rows[0][place] = rows[place][0] = little
        assert not is_positive_semidefinite(ExactMatrix.of(rows))
        rows[0][0] = little**2
        assert is_positive_semidefinite(ExactMatrix.of(rows))
        assert not is_positive_definite(ExactMatrix.of(rows))


def test_a_neuron_that_is_zero_throughout_is_passed_over():
    """Elimination goes on after a zero pivot with zeros beside it; no diagonal dominates here."""
    assert is_positive_semidefinite(ExactMatrix.of([[0, 0, 0], [0, 1, 2], [0, 2, 4]]))
    assert not is_positive_semidefinite(ExactMatrix.of([[0, 0, 0], [0, 1, 2], [0, 2, 4 - Fraction(1, 10**30)]]))
