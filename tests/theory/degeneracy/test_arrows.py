"""Arrows in closed form, against derivatives taken apart, and where they turn."""

import numpy as np
import pytest
import sympy as sp

from theory.degeneracy import Dispersion, LossCrossing
from theory.degeneracy.arrows import (
    N,
    NoTurn,
    a,
    c,
    g,
    h,
    squared_distance,
    squared_spread,
    turning_point,
    width_exponent,
)
from theory.degeneracy.stopping import NotCrossed, SmoothCrossing


def test_the_exponent_of_spreads_goes_from_a_half_to_zero_and_never_turns():
    exponent = width_exponent(squared_spread())
    assert sp.limit(exponent.subs(N, N / h**2), N, 0) == -sp.Rational(1, 2)
    assert sp.limit(exponent, N, sp.oo) == 0
    assert exponent.is_negative or sp.simplify(exponent + 6 * c**2 / (N * h**2 + 12 * c**2)) == 0


def test_weights_turn_where_the_page_says():
    """L^2 g / 2 + a = g L: 1 -+ sqrt(1 - 2 a / g), and at a = 0 at N = e^2."""
    exponent = width_exponent(squared_distance())
    for sign in (-1, 1):
        there = 1 + sign * sp.sqrt(1 - 2 * a / g)
        assert sp.expand(sp.numer(sp.together(exponent)).subs(sp.log(N), there)) == 0
    at = sp.lambdify((N, a, g), exponent)
    assert at(np.exp(2) * 0.99, 1e-12, 1.0) > 0 > at(np.exp(2) * 1.01, 1e-12, 1.0)
    neurons = np.geomspace(1.01, 1e6, 200)
    assert (at(neurons, 0.51, 1.0) < 0).all()  # 2 a > g: nowhere up


def test_a_scaled_output_is_a_larger_target():
    """gamma^2 eta times the gradient of (y / gamma - t)^2 is eta times that of (y - gamma t)^2."""
    y, t, gamma = sp.symbols("y t gamma", positive=True)
    scaled, larger = (y / gamma - t) ** 2, (y - gamma * t) ** 2
    assert sp.simplify(gamma**2 * sp.diff(scaled, y) - sp.diff(larger, y)) == 0
    assert sp.simplify(gamma**2 * scaled - larger) == 0


def test_an_arrow_that_does_not_turn_is_refused():
    with pytest.raises(NoTurn, match="points up at 1 and at 2"):
        turning_point(lambda x: x, 1.0, 2.0, halvings=3)


def paths(step: float) -> tuple[Dispersion, Dispersion, float]:
    """A loss exp(-t - e) and a quantity exp(-2 t - 2 e) + e at three epochs around t = 1, and the loss at 1 + step / 3.

    Stopped at a loss, exp(-2 t) does not vary: the quantity answers to e by one exactly.
    """
    t = 1 + step * np.arange(-1, 2)
    loss = Dispersion(np.exp(-t), -np.exp(-t)[None])
    quantity = Dispersion(np.exp(-2 * t), 1 - 2 * np.exp(-2 * t)[None])
    return loss, quantity, float(np.exp(-1 - step / 3))


def test_what_cancels_cancels_to_second_order_in_the_step():
    errors = []
    for step in (0.02, 0.01):
        loss, quantity, threshold = paths(step)
        errors.append(abs(float(SmoothCrossing(loss, threshold).stopped(quantity).coefficient) - 1))
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.2)
    before, after = (
        [Dispersion(np.asarray(each.value[k]), each.slopes[:, k]) for each in (loss, quantity)] for k in (1, 2)
    )
    secant = LossCrossing(before[0], after[0], threshold, epoch=1).stopped(before[1], after[1])
    assert errors[1] < 0.1 * abs(float(secant.coefficient) - 1)


def test_whole_epochs_add_a_twelfth_of_the_square_of_a_step():
    loss, quantity, threshold = paths(0.01)
    crossing = SmoothCrossing(loss, threshold)
    extra = float(crossing.spread(quantity, 100)) ** 2 - float(crossing.stopped(quantity).spread(100)) ** 2
    step = 0.01 * 2 * np.exp(-2 - 0.02 / 3)
    assert extra == pytest.approx(step**2 / 12, rel=1e-3)


@pytest.mark.parametrize("losses", [(1.0, 0.9, 0.8), (0.8, 0.9, 1.0), (0.5, 0.4, 0.45)])
def test_losses_that_do_not_fall_to_the_threshold_are_refused(losses):
    with pytest.raises(NotCrossed, match="do not fall to"):
        SmoothCrossing(Dispersion(np.array(losses), np.ones((1, 3))), 0.3)
