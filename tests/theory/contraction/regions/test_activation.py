"""Bounds of slopes and secants hold all of them, and are next to the extreme ones."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.contraction.regions.activation import ACTIVATIONS, RELU, SIGMOID, TANH

each = pytest.mark.parametrize("phi", ACTIVATIONS, ids=lambda phi: phi.name)
arguments = st.floats(-6, 6).map(lambda z: round(z, 3))
widths = st.floats(0.01, 9).map(lambda width: round(width, 3))


def sampled(phi, z, width):
    """Slopes and secants at many places."""
    steps = np.concatenate([np.linspace(-width, width, 2001), [1e-5, -1e-5]])
    slopes = phi.derivatives(z + steps)
    steps = steps[np.abs(steps) > 1e-6]
    return slopes, (phi.values(z + steps) - phi.values(np.array([z]))) / steps


@each
@settings(max_examples=12, deadline=None)
@given(z=arguments, width=widths)
def test_exact_bounds_hold_what_is_sampled_and_are_next_to_it(phi, z, width):
    slopes, secants = sampled(phi, z, width)
    for bounds, found in (
        (phi.slopes(Fraction(z), Fraction(width)), slopes),
        (phi.secants(Fraction(z), Fraction(width)), secants),
    ):
        assert float(bounds.lower) <= found.min() + 1e-9
        assert float(bounds.upper) >= found.max() - 1e-9
        if phi is not RELU or found is secants:
            assert found.min() - float(bounds.lower) < 1e-2
            assert float(bounds.upper) - found.max() < 1e-2


@each
@settings(max_examples=12, deadline=None)
@given(z=arguments, width=widths)
def test_floats_are_the_exact_bounds(phi, z, width):
    at, wide = np.array([z]), np.array([width])
    for floats, exact in (
        (phi.slopes_about(at)(wide), phi.slopes(Fraction(z), Fraction(width))),
        (phi.secants_about(at)(wide), phi.secants(Fraction(z), Fraction(width))),
    ):
        assert floats.lower[0] == pytest.approx(float(exact.lower), abs=1e-7)
        assert floats.upper[0] == pytest.approx(float(exact.upper), abs=1e-7)


@each
@pytest.mark.parametrize("kind", ["slopes_about", "secants_about"])
def test_rises_are_derivatives_by_the_width(phi, kind):
    z, width, small = np.array([-2.3, -0.4, 0.7, 1.9, 3.1]), np.array([0.3, 1.7, 0.2, 4.0, 2.2]), 1e-6
    if phi is RELU and kind == "slopes_about":
        return  # steps
    bounds = getattr(phi, kind)(z)
    above, below, here = bounds(width + small), bounds(width - small), bounds(width)
    np.testing.assert_allclose((above.lower - below.lower) / (2 * small), here.lower_rise, atol=1e-7)
    np.testing.assert_allclose((above.upper - below.upper) / (2 * small), here.upper_rise, atol=1e-7)


def test_a_tangent_is_the_steepest_secant():
    bounds = TANH.secants(Fraction(1), Fraction(6))
    assert 0.8 < float(bounds.upper) < 0.83  # less than the slope one, which the interval reaches
    assert SIGMOID.secants(Fraction(2), Fraction(12)).upper == pytest.approx(float(bounds.upper) / 4, abs=1e-8)
    assert TANH.slopes(Fraction(1), Fraction(6)).upper == 1
