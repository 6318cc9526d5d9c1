"""Rational bounds hold the function in ball arithmetic of another library, and are as tight as they say."""

from collections.abc import Callable
from fractions import Fraction

import flint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.enclosures import (
    Enclosed,
    exponential_decay,
    over_bell,
    over_rising,
    sigmoid,
    sigmoid_slope,
    tanh,
    tanh_slope,
)

Ball = Callable[[flint.arb], flint.arb]


def logistic(x: flint.arb) -> flint.arb:
    return 1 / (1 + (-x).exp())


BALLS: dict[str, tuple[Callable[[Fraction, int], Enclosed], Ball]] = {
    "tanh": (tanh, lambda x: x.tanh()),
    "its slope": (tanh_slope, lambda x: 1 - x.tanh() ** 2),
    "sigmoid": (sigmoid, logistic),
    "the sigmoid's slope": (sigmoid_slope, lambda x: logistic(x) * logistic(-x)),
    "exponential": (lambda x, bits: exponential_decay(abs(x), bits), lambda x: (-abs(x)).exp()),
}

arguments = st.one_of(
    st.floats(-40, 40).map(Fraction),
    st.floats(-1e-6, 1e-6).map(Fraction),
    st.floats(-3000, 3000).map(Fraction),
    st.fractions(-20, 20),
)


def ball(number: Fraction) -> flint.arb:
    return flint.arb(flint.fmpq(number.numerator, number.denominator))


@pytest.mark.parametrize("name", BALLS)
@settings(deadline=None, max_examples=40)
@given(x=arguments, bits=st.integers(2, 120))
def test_bounds_hold_the_value_and_are_next_to_it(name, x, bits):
    function, true = BALLS[name]
    found = function(x, bits)
    with flint.ctx.workprec(9000):
        value = true(ball(x))
        assert not (ball(found.lower) > value)
        assert not (ball(found.upper) < value)
    assert found.upper - found.lower <= Fraction(2, 2**bits)
    assert (found.lower * 2**bits).denominator == (found.upper * 2**bits).denominator == 1


@settings(deadline=None, max_examples=40)
@given(low=st.fractions(-6, 6), width=st.fractions(0, 6), part=st.fractions(0, 1))
def test_over_an_interval_all_values_are_held(low, width, part):
    within = Enclosed(low, low + width)
    for function in (tanh, sigmoid):
        inner, outer = function(low + part * width, 40), over_rising(function, within, 40)
        assert inner.within(outer.lower, outer.upper)
    for function in (tanh_slope, sigmoid_slope):
        inner, outer = function(low + part * width, 40), over_bell(function, within, 40)
        assert inner.upper >= outer.lower
        assert inner.lower <= outer.upper
        ends = [function(end, 40).lower for end in (within.lower, within.upper)]
        assert outer.lower == min(ends)
        assert outer.upper >= max(ends)
    if low <= 0 <= low + width:
        assert over_bell(tanh_slope, within).upper == 1


def test_far_away_the_ends_are_the_limits():
    assert tanh(Fraction(10**6)).upper == 1
    assert sigmoid_slope(Fraction(-(10**6))).lower == 0
    assert exponential_decay(Fraction(40)).lower > 0
    with pytest.raises(ValueError, match="for y >= 0"):
        exponential_decay(Fraction(-1))
