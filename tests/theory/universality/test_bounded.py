"""Arrays with a bound of rounding, and lines in the place of tanh, against exact numbers."""

from fractions import Fraction

import flint
import numpy as np
import pytest

from theory.universality.bounded import SLOPE_ERROR, TANH_ERROR, Bounded, above, slope_of, tanh
from theory.universality.line import Line


def fractions(array):
    return np.vectorize(Fraction, otypes=[object])(array)


def drawn(random, shape, spread=6):
    """Numbers of many sizes and both signs, so that sums cancel."""
    return random.normal(size=shape) * 2.0 ** random.integers(-spread, spread, size=shape)


def holds(bounded, exact):
    middle = fractions(bounded.middle)
    radius = fractions(np.broadcast_to(bounded.radius, bounded.middle.shape))
    return bool((abs(middle - exact) <= radius).all())


def test_what_underflows_is_held_after_a_large_factor():
    """Of 7 * 2^-1060 a part of 2^-52 is zero; times 2^600 it is what the product's rounding takes."""
    large, small = np.array([[np.nextafter(2.0**600, np.inf)]]), np.array([[7 * 2.0**-1060]])
    assert holds(Bounded(large) @ Bounded(small), fractions(large) @ fractions(small))


def test_nothing_is_told_of_sums_that_overflow():
    """The sum is below zero, but infinite where it is made from the left; the bound of its rounding is not."""
    row, ones = np.array([[1e308, 1e308, -1.7e308, -1.7e308]]), np.ones((4, 1))
    with np.errstate(all="ignore"):
        total = Bounded(row) @ Bounded(ones)
        assert not (total.least_size() > 0).any()
        assert not np.isfinite(total.radius).any()


@pytest.mark.parametrize("seed", range(3))
def test_results_hold_those_of_all_numbers_that_are_meant(seed):
    random = np.random.default_rng(seed)
    A, B = (Bounded(drawn(random, (5, 5)), np.abs(drawn(random, (5, 5))) * 2.0**-40) for _ in range(2))
    exact = Bounded(drawn(random, (5, 5)))
    for signs in (-1, 1, 0):
        a, b, c = (fractions(x.middle) + signs * fractions(np.zeros((5, 5)) + x.radius) for x in (A, B, exact))
        assert holds(A @ B, a @ b)
        assert holds(exact @ B, c @ b)
        assert holds(A * B, a * b)
        assert holds(A + B, a + b)
        assert holds(A - exact, a - c)
        assert (fractions(A.size()) >= abs(a)).all()
        assert (fractions(A.least_size()) <= abs(a)).all()
        vector = np.abs(drawn(random, 5))
        assert (fractions(A.times(vector)) >= abs(a) @ fractions(vector)).all()


def test_sums_that_cancel_are_not_taken_for_zero():
    row = np.array([[2.0**60, 1.0, -(2.0**60)]])
    product = Bounded(row) @ Bounded(np.ones((3, 1)))
    assert product.radius[0, 0] >= 1
    assert product.least_size()[0, 0] == 0


def test_what_is_no_number_bounds_nothing():
    with np.errstate(all="ignore"):
        overflown = Bounded(np.array([[1e200]])) @ Bounded(np.array([[1e200]]))
        assert not overflown.size()[0, 0] < np.inf
        assert not (overflown - overflown).least_size()[0, 0] > 0


def test_underflow_is_bounded():
    tiny = Bounded(np.array([[1e-200]])) @ Bounded(np.array([[1e-200]]))
    assert tiny.middle[0, 0] == 0
    assert 0 < tiny.radius[0, 0] < 1e-280
    assert above(np.zeros(1))[0] > 0


def test_tanh_is_as_near_as_it_says():
    random = np.random.default_rng(4)
    x = np.concatenate([drawn(random, 3000), [0.0, -0.0, 20.0, 19.999, -20.5, 1e-300, 700.0, -1e300, np.inf]])
    found = tanh(x)
    before, flint.ctx.prec = flint.ctx.prec, 120
    try:
        slopes = slope_of(found.middle).tolist()
        for value, near, slope in zip(x.tolist(), found.middle.tolist(), slopes, strict=True):
            true = flint.arb(1 if value > 0 else -1) if abs(value) > 1e6 else flint.arb(value).tanh()
            assert (flint.arb(near) - true).abs_upper() < TANH_ERROR
            assert (flint.arb(slope) - (1 - true * true)).abs_upper() < SLOPE_ERROR
    finally:
        flint.ctx.prec = before


def test_a_line_is_as_near_as_it_says_and_no_nearer_than_it_must():
    random = np.random.default_rng(5)
    a, rho = random.normal(size=200) * 2, np.abs(drawn(random, 200, 3))
    line = Line.along(a, rho)
    for bent in (line, Line(a, random.normal(size=200), random.uniform(0, 1, 200))):
        y = np.linspace(-1, 1, 4001)[:, None] * rho
        away = np.abs(np.tanh(a + y) - bent.c - bent.s * y).max(axis=0)
        steep = np.abs(1 - np.tanh(a + y) ** 2 - bent.s).max(axis=0)
        assert (away <= bent.value(rho) + 1e-15).all()
        assert (steep <= bent.slope(rho) + 1e-15).all()
        assert (bent.value(rho) <= away + 1e-3 * rho + 1e-9).all()
        assert (bent.slope(rho) <= steep + 1e-2 * rho + 1e-9).all()
    tangents = Line(a, np.tanh(a), 1 - np.tanh(a) ** 2)
    bent = (rho > 1e-3) & (rho < 0.5) & (np.abs(a) > rho)
    assert bent.sum() > 20
    assert (line.value(rho)[bent] < 0.7 * tangents.value(rho)[bent]).all()
