"""Rational matrices against Python's fractions, entry by entry."""

from fractions import Fraction

import flint
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from theory.contraction.exact_matrix import ExactMatrix, exact_vector, on_grid, rational, short

FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=64)


def fractions(matrix):
    return [[Fraction(int(entry.p), int(entry.q)) for entry in row] for row in matrix.rows()]


@settings(max_examples=40, deadline=None)
@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=FLOATS))
def test_floats_are_taken_exactly(array):
    """Subnormal ones and the largest side by side; and back without loss."""
    matrix = ExactMatrix.of(array)
    assert fractions(matrix) == [[Fraction(entry) for entry in row] for row in array.tolist()]
    assert matrix == ExactMatrix.of(array.tolist())
    np.testing.assert_array_equal(matrix.approximate(), array)


def test_extremes_of_floats():
    extreme = np.array([[5e-324, -1.7976931348623157e308], [0.0, -2.2250738585072014e-308]])
    assert fractions(ExactMatrix.of(extreme)) == [[Fraction(entry) for entry in row] for row in extreme.tolist()]


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_no_rational_value(wrong):
    with pytest.raises((ValueError, OverflowError)):
        rational(wrong)
    with pytest.raises(ValueError, match="not finite"):
        ExactMatrix.of(np.array([[1.0, wrong]]))


@pytest.mark.parametrize("kind", ["f2", "f4", "i8", "u8"])
def test_other_numbers_are_taken_exactly(kind):
    """Whole numbers beyond 2^53 too, and short floats, of which 53 digits overflow."""
    array = np.array([[0, 1], [1, 0]]).astype(kind)
    if kind in ("i8", "u8"):
        array[0, 0] = 2**53 + 1
    else:
        array[0, 0] = np.array(1, kind) / 3
    found = ExactMatrix.of(array)
    assert [found.entries[i, j] for i in (0, 1) for j in (0, 1)] == [rational(x) for x in array.ravel().tolist()]
    assert found.entries[0, 0] != 0


def test_beyond_floats():
    huge = ExactMatrix.of([[1 << 3000, -(1 << 3000), Fraction(1, 1 << 3000)]])
    assert huge.approximate().tolist() == [[np.inf, -np.inf, 0.0]]
    assert ExactMatrix.of([[Fraction(1, 3)]]).approximate()[0, 0] == 1 / 3
    tall = Fraction((1 << 3000) + 1, 1 << 2999)  # both parts beyond floats, their ratio not
    assert ExactMatrix.of([[tall]]).approximate()[0, 0] == 2.0


def test_arithmetic_is_numpys():
    """Whole numbers, where floats are exact."""
    rng = np.random.default_rng(0)
    a, b = rng.integers(-9, 9, (2, 3, 3)).astype(float)
    c = rng.integers(-9, 9, (3, 2)).astype(float)
    one, two, three = map(ExactMatrix.of, (a, b, c))
    pairs = {
        "product": (one @ three, a @ c),
        "sum": (one + two, a + b),
        "difference": (one - two, a - b),
        "minus": (-one, -a),
        "multiple": (0.25 * one, 0.25 * a),
        "fraction": (flint.fmpq(1, 4) * one, 0.25 * a),
        "transpose": (three.T, c.T),
    }
    for name, (exact, plain) in pairs.items():
        assert exact == ExactMatrix.of(plain), name
        assert exact.shape == plain.shape, name
    assert [float(entry) for entry in one.times(exact_vector([1.0, 2.0, 3.0]))] == (a @ [1.0, 2.0, 3.0]).tolist()
    assert [float(entry) for entry in one.diagonal_entries()] == np.diag(a).tolist()
    assert one != ExactMatrix.identity(3)
    assert one != "a matrix"


def test_diagonal_matrices_have_the_size_and_nothing_beside_the_diagonal():
    assert ExactMatrix.diagonal([2, 0, 0.5]).is_diagonal(3)
    for other in ([[1, 0], [2.0**-60, 1]], [[1, 2.0**-60], [0, 1]], [[1]], [[1, 0], [0, 1], [0, 0]], [[1, 0, 0]] * 2):
        assert not ExactMatrix.of(other).is_diagonal(2)


def test_inverse_is_exact():
    rng = np.random.default_rng(1)
    matrix = ExactMatrix.of(rng.normal(size=(4, 4)))
    assert matrix @ matrix.inverse() == ExactMatrix.identity(4)
    with pytest.raises(ZeroDivisionError):
        ExactMatrix.of([[1, 2], [2, 4]]).inverse()


def test_blocks():
    """Put in and taken out again; whole matrices of blocks are those of numpy."""
    rng = np.random.default_rng(2)
    a, b, c = (rng.integers(-9, 9, shape).astype(float) for shape in ((2, 2), (2, 3), (3, 3)))
    one, corner, two = map(ExactMatrix.of, (a, b, c))
    assert ExactMatrix.symmetric(one, corner, two) == ExactMatrix.of(np.block([[a, b], [b.T, c]]))
    whole = ExactMatrix.block_diagonal([one, two])
    assert whole == ExactMatrix.of(np.block([[a, np.zeros((2, 3))], [np.zeros((3, 2)), c]]))
    assert whole.block(slice(0, 2), slice(0, 2)) == one
    assert whole.block(slice(2, 5), slice(2, 5)) == two
    assert whole.block(slice(0, 2), slice(2, 5)).is_zero()
    whole.put(0, 2, corner)
    assert whole.block(slice(0, 2), slice(2, 5)) == corner
    assert not whole.is_zero()
    assert ExactMatrix.zeros(2, 3).shape == (2, 3)
    assert ExactMatrix.diagonal([1, 2.5]) == ExactMatrix.of([[1, 0], [0, 2.5]])


def test_largest_sum_bounds_the_spectral_norm():
    rng = np.random.default_rng(3)
    for shape in ((1, 4), (4, 1), (3, 5), (6, 6)):
        matrix = rng.normal(size=shape)
        found = float(ExactMatrix.of(matrix).largest_sum())
        assert found >= np.linalg.norm(matrix, 2) * (1 - 1e-12)
        assert found == pytest.approx(max(np.abs(matrix).sum(0).max(), np.abs(matrix).sum(1).max()), rel=1e-14)


@settings(max_examples=40, deadline=None)
@given(arrays.arrays(np.float64, st.integers(1, 5), elements=st.floats(-1e300, 1e300)), st.integers(1, 50))
def test_on_grid(array, bits):
    """Whole multiples of a step, at most one off (half of one, unless log2 rounds the largest up to a power of two)."""
    rounded = on_grid(array, bits)
    largest = max(Fraction(abs(x)) for x in array.tolist())
    if largest == 0:
        assert not rounded.any()
        return
    leading = Fraction(1)  # the power of two at or below the largest
    while leading > largest:
        leading /= 2
    while leading * 2 <= largest:
        leading *= 2
    step = leading / 2**bits
    for before, after in zip(array.tolist(), rounded.tolist(), strict=True):
        assert abs(Fraction(after) - Fraction(before)) <= step
        if step >= Fraction(2) ** -1074:
            assert (Fraction(after) / step).denominator == 1


@settings(max_examples=40, deadline=None)
@given(st.floats(1e-300, 1e300), st.integers(1, 45))
def test_short_is_just_below(value, bits):
    found = short(value, bits)
    assert 0 < found <= value
    assert Fraction(value) - Fraction(found) < 2 * Fraction(value) / 2**bits
    mantissa = abs(Fraction(found).numerator)
    assert (mantissa // (mantissa & -mantissa)).bit_length() <= bits + 1
