"""Closed Gaussian expectations against quadrature that shares nothing with sympy's integration."""

from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from theory.lowering import lower_numpy
from theory.overlaps.gaussian import (
    ERF,
    LINEAR,
    NONLINEARITIES,
    RELU,
    TANH,
    Closed,
    Nonlinearity,
    NotANonlinearity,
    Smooth,
    x,
)

CLOSED = (LINEAR, ERF, RELU)
VARIANCE = sp.Symbol("variance", positive=True)
XX, YY = sp.symbols("xx yy", positive=True)
XY = sp.Symbol("xy", real=True)
PAIRS = ((1.0, 0.3, 2.0), (0.2, -0.1, 0.5), (4.0, -2.9, 2.5), (1.0, 0.0, 1.0))


@pytest.mark.parametrize("phi", CLOSED, ids=lambda phi: phi.name)
@pytest.mark.parametrize("variance", [0.01, 0.7, 30.0])
def test_gain_by_stein(phi: Closed, variance: float) -> None:
    """<x phi(x)> / variance, adaptively to 20 digits: phi itself, where the derivation used phi'."""
    value = sp.lambdify((x,), phi.formula, "mpmath")
    with mp.workdps(25):
        size = mp.sqrt(variance)
        moment = mp.quad(lambda xi: xi * value(size * xi) * mp.npdf(xi), [-20, 0, 20]) / size
        assert abs(moment - phi.gain(VARIANCE).evalf(25, subs={VARIANCE: mp.mpf(variance)})) < 1e-18


def pair_mean(phi: Nonlinearity, order: int, xx: float, xy: float, yy: float) -> float:
    """<f(x) f(y)>, f the derivative of that order, in polar coordinates: kinks of ReLU lie on four rays."""
    function = lower_numpy((x,), phi.expression(x) if order == 0 else phi.derivative(x, order))
    factor = np.linalg.cholesky([[xx, xy], [xy, yy]])
    kinks = [np.arctan2(*point) for row in factor for point in ((row[0], -row[1]), (-row[0], row[1]))]
    ends = np.unique(np.concatenate([[-np.pi, np.pi], kinks]))
    node, weight = np.polynomial.legendre.leggauss(40)
    angle = np.concatenate([(a + b) / 2 + (b - a) / 2 * node for a, b in pairwise(ends)])
    share = np.concatenate([(b - a) / 2 * weight for a, b in pairwise(ends)])
    radius, radial = 5 * (node + 1), 5 * weight * 5 * (node + 1) * np.exp(-((5 * (node + 1)) ** 2) / 2) / (2 * np.pi)
    one = radius[:, None] * (factor[0, 0] * np.cos(angle))
    two = radius[:, None] * (factor[1, 0] * np.cos(angle) + factor[1, 1] * np.sin(angle))
    product = np.broadcast_to(function(one) * function(two), one.shape)
    return float(radial @ product @ share)


@pytest.mark.parametrize("phi", CLOSED, ids=lambda phi: phi.name)
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.sampled(1)
def test_covariances_by_polar_quadrature(phi: Closed, pair: tuple[float, float, float]) -> None:
    """The quadrature is cut at ten standard deviations (1e-22) and resolves these pairs to 1e-11."""
    for order, closed in enumerate((phi.covariance(XX, XY, YY), phi.gain_covariance(XX, XY, YY))):
        value = float(lower_numpy((XX, XY, YY), closed)(*pair))
        assert abs(value - pair_mean(phi, order, *pair)) < 1e-10


def test_closed_forms_are_those_of_the_textbooks() -> None:
    """The gain of erf, the arcsine law, the first arccosine kernel; ReLU's gain whatever the variance."""
    assert sp.simplify(ERF.gain(VARIANCE) - 1 / sp.sqrt(1 + sp.pi * VARIANCE / 2)) == 0
    assert RELU.gain(VARIANCE) == sp.Rational(1, 2)
    assert LINEAR.gain(VARIANCE) == LINEAR.gain_covariance(XX, XY, YY) == 1
    assert LINEAR.covariance(XX, XY, YY) == XY
    arcsine = 2 / sp.pi * sp.asin(XY * sp.pi / 2 / sp.sqrt((1 + sp.pi * XX / 2) * (1 + sp.pi * YY / 2)))
    assert sp.simplify(ERF.covariance(XX, XY, YY) - arcsine) == 0
    angle = sp.acos(XY / sp.sqrt(XX * YY))
    kernel = sp.sqrt(XX * YY) / (2 * sp.pi) * (sp.sin(angle) + (sp.pi - angle) * sp.cos(angle))
    assert sp.simplify((RELU.covariance(XX, XY, YY) - kernel).rewrite(sp.asin)) == 0


@pytest.mark.parametrize("phi", CLOSED, ids=lambda phi: phi.name)
def test_price(phi: Closed) -> None:
    """d <phi phi> / d xy = <phi' phi'>, by a central difference of error 1e-10."""
    step, variance = 1e-5, 1.3
    square = lower_numpy((XX, XY, YY), phi.covariance(XX, XY, YY))
    slope = lower_numpy((XX, XY, YY), phi.gain_covariance(XX, XY, YY))
    off_diagonal = (square(variance, 0.4 + step, 2.0) - square(variance, 0.4 - step, 2.0)) / (2 * step)
    assert off_diagonal == pytest.approx(float(slope(variance, 0.4, 2.0)), abs=1e-9)


def test_what_a_nonlinearity_is() -> None:
    assert set(NONLINEARITIES) == {"linear", "erf", "relu", "tanh"}
    assert TANH.gain(VARIANCE) is TANH.covariance(XX, XY, YY) is TANH.gain_covariance(XX, XY, YY) is None
    assert [NONLINEARITIES[name].odd for name in ("linear", "erf", "relu", "tanh")] == [True, True, False, True]
    assert sp.simplify(TANH.derivative(XY) - 1 + sp.tanh(XY) ** 2) == 0
    assert RELU.derivative(x, 2) == 0
    with pytest.raises(NotANonlinearity, match=r"theory\.overlaps\.gaussian\.x"):
        Smooth("wrong", sp.tanh(XY * x))
    with pytest.raises(NotANonlinearity):
        Smooth("constant", sp.S.One)
