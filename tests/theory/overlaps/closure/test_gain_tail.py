"""The series of the gain at large variance: its coefficients, its bound, its derivatives, and what has none."""

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from theory.lowering import lower_numpy
from theory.overlaps.closure.gain_tail import gain_tail
from theory.overlaps.gaussian import ERF, TANH, Nonlinearity, Smooth, x

SOFTSIGN = Smooth("softsign", x / sp.sqrt(1 + x**2))
ARCTAN = Smooth("arctan", sp.atan(x))
SHIFTED = Smooth("shifted", sp.tanh(x + sp.Rational(1, 2)))
LEAKY = Smooth("leaky", sp.tanh(3 * x) + x / 5)


def exact(phi: Nonlinearity, variance: float, order: int = 0) -> float:
    """(d/dD)^j gain = <He_2j(xi) phi'(sqrt(D) xi)> / (2D)^j, by 60 Gauss nodes a panel, each twice as wide."""
    slope, size = lower_numpy((x,), phi.derivative(x)), np.sqrt(variance)
    edges = np.concatenate([[0.0], 2.0 ** np.arange(-8, np.log2(9 * size)), [9 * size]])
    node, weight = np.polynomial.legendre.leggauss(60)
    half = np.diff(edges)[:, None] / 2
    y, weight = edges[:-1, None] + half * (1 + node), half * weight
    hermite = 1 if order == 0 else (y / size) ** 2 - 1
    density = np.exp(-((y / size) ** 2) / 2) / (size * np.sqrt(2 * np.pi))
    return float(np.sum(weight * (slope(y) + slope(-y)) * hermite * density) / (2 * variance) ** order)


def test_the_gain_of_tanh_has_bernoulli_numbers_for_moments() -> None:
    """M_2k = (4^k - 2) pi^2k |B_2k| / 2^(2k-1)."""
    tail = gain_tail(TANH)
    assert tail is not None
    for k, coefficient in enumerate(tail.coefficients):
        moment = (4**k - 2) * mp.pi ** (2 * k) * abs(mp.bernoulli(2 * k)) / mp.mpf(2) ** (2 * k - 1) if k else 2
        assert coefficient == pytest.approx(
            float(moment / mp.factorial(k) / mp.mpf(-2) ** k / mp.sqrt(2 * mp.pi)), rel=1e-13
        )


def test_the_series_of_erf_is_that_of_its_closed_form() -> None:
    """(1 + pi D / 2)^-1/2 = (pi D / 2)^-1/2 (1 - 1 / (pi D) + 3 / (2 pi^2 D^2) - ...)."""
    tail = gain_tail(ERF)
    assert tail is not None
    for k, coefficient in enumerate(tail.coefficients):
        assert coefficient == pytest.approx(
            float(sp.binomial(sp.Rational(-1, 2), k) * (2 / sp.pi) ** (k + 0.5)), rel=1e-12
        )


@pytest.mark.parametrize("phi", [TANH, SHIFTED, LEAKY, SOFTSIGN, ARCTAN], ids=lambda phi: phi.name)
def test_at_every_variance_from_the_smallest_up_it_is_the_integral(phi: Nonlinearity) -> None:
    """The bound is in units of A_0 / sqrt(2 pi D) = |M_0| / sqrt(2 pi D) here, as f keeps its sign."""
    tail = gain_tail(phi)
    assert tail is not None
    for variance in (tail.smallest, 3 * tail.smallest, 30 * tail.smallest):
        leading = abs(tail.coefficients[0]) / np.sqrt(variance)
        for order, unit in ((0, leading), (1, leading / (2 * variance))):
            error = abs(float(tail.derivative(variance, order)) - exact(phi, variance, order))
            assert error <= 1.01 * tail.error * unit + 4e-16 * abs(tail.constant)


def test_the_bound_is_not_met_far_below() -> None:
    """At a thirtieth of the smallest variance the error is beyond the accuracy."""
    for phi in (TANH, SOFTSIGN):
        tail = gain_tail(phi)
        assert tail is not None
        variance = tail.smallest / 30
        leading = tail.coefficients[0] / np.sqrt(variance)
        assert abs(float(tail.derivative(variance)) - exact(phi, variance)) > tail.error * leading


def test_a_slope_that_settles_at_once_and_slopes_that_never_do() -> None:
    softplus = gain_tail(Smooth("softplus", sp.log(1 + sp.exp(x))))
    assert softplus is not None
    assert (softplus.constant, softplus.coefficients, softplus.smallest) == (0.5, (), 0.0)
    assert gain_tail(Smooth("cubic", x - x**3)) is None
    assert gain_tail(Smooth("sine", sp.sin(x))) is None
    assert gain_tail(Smooth("slow", sp.asinh(x))) is None  # phi' falls as 1 / |x|: no integral
