"""The nodes for a gain without closed form: accuracy, derivative, smoothness at zero, refusals."""

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from theory.lowering import lower_numpy
from theory.overlaps.closure.gain_rule import GainRule, GainRuleError, gain_rule
from theory.overlaps.gaussian import ERF, RELU, TANH, Nonlinearity, Smooth, x

SOFTSIGN = Smooth("softsign", x / sp.sqrt(1 + x**2))
SHIFTED = Smooth("shifted", sp.tanh(x + sp.Rational(1, 2)))


def averages(phi: Nonlinearity, rule: GainRule, variance: float) -> tuple[float, float]:
    slope, third = (lower_numpy((x,), phi.derivative(x, order)) for order in (1, 3))
    points = np.sqrt(variance) * rule.nodes
    return float(rule.weights @ slope(points)), float(rule.weights @ third(points)) / 2


@pytest.mark.parametrize("phi", [TANH, SOFTSIGN, SHIFTED], ids=lambda phi: phi.name)
def test_gain_by_adaptive_quadrature(phi: Nonlinearity) -> None:
    """Between the variances the rule was chosen at; it is twice as fine as its stated error needs, hence the 1e-10."""
    rule = gain_rule(phi)
    assert rule.error <= 1e-10
    slope, third = (sp.lambdify((x,), phi.derivative(x, order), "mpmath") for order in (1, 3))
    for variance in (0.0, 1e-3, 0.37, 5.1, 97.0):
        size = mp.sqrt(variance)
        panels = [-12, -3, -1, -0.3, 0, 0.3, 1, 3, 12]
        exact = [mp.quad(lambda xi, f=f, size=size: f(size * xi) * mp.npdf(xi), panels) for f in (slope, third)]
        gain, derivative = averages(phi, rule, variance)
        assert abs(gain - exact[0]) < 1e-10
        assert abs(derivative - exact[1] / 2) < 1e-10


def test_erf_against_its_closed_form() -> None:
    rule = gain_rule(ERF)
    for variance in np.linspace(0, 100, 41):
        gain, derivative = averages(ERF, rule, variance)
        closed = 1 / np.sqrt(1 + np.pi / 2 * variance)
        assert abs(gain - closed) < 1e-10
        assert abs(derivative + np.pi / 4 * closed**3) < 1e-10


def test_stated_error_is_a_bound() -> None:
    """A coarse rule is wrong by no more than it says (twice: the finer rule it was compared with errs too)."""
    for accuracy in (1e-2, 1e-4, 1e-6):
        rule = gain_rule(TANH, accuracy=accuracy)
        fine = gain_rule(TANH)
        assert len(rule.nodes) < len(fine.nodes)
        for variance in (0.0, 0.3, 3.0, 30.0, 100.0):
            difference = np.subtract(averages(TANH, rule, variance), averages(TANH, fine, variance))
            assert np.abs(difference).max() <= 2 * rule.error <= 2 * accuracy


def test_far_fewer_nodes_than_gauss_hermite() -> None:
    """At variance 100, 40 Gauss-Hermite nodes leave more than 1e-3 of tanh's gain; the rule has 43 and leaves 1e-10."""
    node, weight = np.polynomial.hermite_e.hermegauss(40)
    rule = gain_rule(TANH)
    exact, _ = averages(TANH, rule, 100.0)
    assert abs(weight @ (1 - np.tanh(10 * node) ** 2) / np.sqrt(2 * np.pi) - exact) > 1e-3
    assert len(rule.nodes) <= 50


def test_smooth_at_zero_variance() -> None:
    """gain = 1 - variance + O(variance^2) for tanh, whose third derivative at 0 is -2."""
    rule = gain_rule(TANH)
    gain, derivative = averages(TANH, rule, 0.0)
    assert gain == pytest.approx(1, abs=1e-14)
    assert derivative == pytest.approx(-1, abs=1e-14)
    small = 1e-4
    assert averages(TANH, rule, small)[0] == pytest.approx(1 - small, abs=3 * small**2)


def test_refusals() -> None:
    with pytest.raises(GainRuleError, match="relu"):
        gain_rule(RELU)
    with pytest.raises(GainRuleError, match="kink"):
        gain_rule(Smooth("leaky", sp.Abs(x) + 2 * x))
    with pytest.raises(GainRuleError, match="three continuous derivatives"):
        gain_rule(Smooth("explosive", sp.exp(x**2)))
