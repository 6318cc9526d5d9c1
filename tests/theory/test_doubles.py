"""Whatever comes out as doubles is what went in, and whatever would not be is refused."""

from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory.doubles import NotDoubles, as_doubles

WHOLE = ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8")


@given(
    st.sampled_from(WHOLE).flatmap(
        lambda kind: st.tuples(
            st.just(kind),
            st.lists(
                st.integers(int(np.iinfo(kind).min), int(np.iinfo(kind).max))
                | st.sampled_from([0, 1, 2**53, 2**53 + 1, 2**63 - 1]).filter(lambda x: x <= np.iinfo(kind).max),
                max_size=4,
            ),
        )
    )
)
def test_whole_numbers_are_exact_or_refused(drawn):
    kind, numbers = drawn
    if all(float(x) == x for x in numbers):
        assert [int(x) for x in as_doubles(np.array(numbers, kind))] == numbers
    else:
        with pytest.raises(NotDoubles, match="beyond 2\\^53"):
            as_doubles(np.array(numbers, kind))


@given(st.lists(st.integers(0, 2**16 - 1), max_size=8))
def test_short_floats_are_exact(bits):
    for kind in (np.float16, ml_dtypes.bfloat16):
        short = np.array(bits, np.uint16).view(kind)
        for before, after in zip(short.tolist(), as_doubles(short).tolist(), strict=True):
            assert before == after or before != before
            if np.isfinite(after):
                assert Fraction(after) == Fraction(float(before))


def test_shapes_and_orders_stay():
    for array in (np.array(1.5), np.zeros((0, 3)), np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(4)[::2]):
        np.testing.assert_array_equal(as_doubles(array), array)
        assert as_doubles(array).shape == array.shape
        assert as_doubles(array).dtype == np.float64
    assert as_doubles(np.array([1.5]).astype(">f8")).tolist() == [1.5]
    assert as_doubles(np.array([True, False])).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (np.array([1.0], np.longdouble), "long doubles"),
        (np.array([1j]), "complex128 values"),
        (np.array(["1"]), "<U1 values"),
        (np.array([None]), "objects"),
        (np.zeros(1, [("real", "f8"), ("imag", "f8")]), "complex values"),
        (np.zeros(1, [("W", "f8"), ("b", "f8")]), r"a structure \(of W, b\)"),
        (np.zeros(1, ml_dtypes.float8_e4m3fn), "float8_e4m3fn"),
    ],
)
def test_other_values_are_refused(array, problem):
    with pytest.raises(NotDoubles, match=f"holds {problem}"):
        as_doubles(array)


def test_a_signalling_nan_is_a_nan():
    """A conversion of it is an invalid operation to the processor, and not to a reader of files."""
    for dtype in (np.float32, ml_dtypes.bfloat16):
        bits = np.array([0x7FA00000 if dtype == np.float32 else 0x7FA0], f"u{np.dtype(dtype).itemsize}")
        assert np.isnan(as_doubles(bits.view(dtype))).all()
