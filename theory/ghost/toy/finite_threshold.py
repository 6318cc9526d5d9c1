"""A step output with a finite threshold: loss, gradient, and what the threshold does to the optimum.

The state passes a finite threshold before it blows up, so the optimum, the point of no return and the
critical learning rate all move. They are the roots of ``passage_time(r) = moment``, solved to any precision
here, and expanded in ``softness`` = 1 / threshold.
"""

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

import mpmath as mp
import sympy as sp

from theory.ghost.toy import step_output
from theory.ghost.toy.step_output import INTEGRAL, Normalisation, delay, r, response, threshold, time

softness = sp.Symbol("e", positive=True)  # 1 / threshold
_s = sp.Symbol("s", positive=True)
Real: TypeAlias = float | int | mp.mpf


def escaped_by(moment: sp.Expr) -> sp.Basic:
    """Whether the state has passed the threshold by `moment`; well defined for every r."""
    z = r * time**2
    passed = sp.Or(z >= sp.pi**2 / 4, step_output.trajectory() > threshold)
    return passed.subs(time, moment)


@cache
def step_loss(normalisation: Normalisation = INTEGRAL) -> sp.Expr:
    """Loss for infinite confidence at a finite threshold, for every r."""
    early, late, never = (
        loss.subs(step_output.escape, step_output.passage_time()) / normalisation.divisor
        for loss in step_output.loss_regimes()
    )
    return sp.Piecewise((early, escaped_by(delay)), (late, escaped_by(delay + response)), (never, True))


@cache
def step_gradient(normalisation: Normalisation = INTEGRAL) -> sp.Expr:
    """dL/dr of `step_loss`; at the kink itself the slope of the late branch (a float never meets it)."""
    branches = [(value.diff(r), condition) for value, condition in step_loss(normalisation).args]
    return sp.Piecewise(*branches)


@cache
def early_slope() -> sp.Expr:
    """dL/dr of the integral loss where the escape is early, in r, the escape time and ``softness``.

    Its value at the optimum, where the escape time is the delay, sets the critical learning rate.

    >>> early_slope()
    (e/(e**2*r + 1) + t_esc)/(2*r)
    """
    early, _, _ = step_output.loss_regimes()
    slope = early.subs(step_output.escape, step_output.passage_time()).diff(r)
    slope = slope.subs(sp.atan(threshold / sp.sqrt(r)), step_output.escape * sp.sqrt(r)).subs(threshold, 1 / softness)
    return sp.collect(sp.expand(2 * r * sp.simplify(slope)), step_output.escape, sp.factor) / (2 * r)


# Expansion in 1 / threshold


@cache
def passage_series(order: int) -> sp.Expr:
    """Passage time up to softness**order, in s = sqrt(r).

    >>> passage_series(3)
    e**3*s**2/3 - e + pi/(2*s)
    """
    exact = step_output.passage_time().subs({sp.sqrt(r): _s, threshold: 1 / softness})
    return sp.expand(sp.series(exact, softness, 0, order + 1).removeO())


@cache
def _r_series(moment: sp.Expr, order: int) -> sp.Expr:
    """The r whose passage time is `moment`, up to softness**order, found order by order."""
    guess = sp.pi / (2 * moment)
    for power in range(1, order + 1):
        unknown = sp.Symbol("k")
        equation = (_s * (passage_series(order) - moment)).subs(_s, guess + unknown * softness**power)
        leading = sp.series(sp.expand(equation), softness, 0, power + 1).removeO().coeff(softness, power)
        (coefficient,) = sp.solve(sp.expand(leading), unknown)
        guess += coefficient * softness**power
    return sp.series(sp.expand(guess**2), softness, 0, order + 1).removeO()


def optimal_r_series(order: int = 2) -> sp.Expr:
    """Optimum up to softness**order.

    >>> optimal_r_series(1)
    pi**2/(4*T**2) - pi**2*e/(2*T**3)
    """
    return _r_series(delay, order)


def point_of_no_return_series(order: int = 2) -> sp.Expr:
    """Point of no return up to softness**order."""
    return _r_series(delay + response, order)


@cache
def critical_learning_rate_series(order: int = 2, normalisation: Normalisation = INTEGRAL) -> sp.Expr:
    """Critical learning rate up to softness**order, for any response window.

    >>> sp.expand(sp.simplify(step_output.paper_window(critical_learning_rate_series(1))))
    3*pi**4/(32*T**5) - pi**4*e/(2*T**6)
    """
    optimum = optimal_r_series(order)
    drop = optimum - point_of_no_return_series(order)
    slope = early_slope().subs({step_output.escape: delay, r: optimum}) / normalisation.divisor
    series = sp.series(sp.together(drop / slope), softness, 0, order + 1).removeO()
    return sum(sp.factor(series.coeff(softness, k)) * softness**k for k in range(order + 1))


# Numbers to any precision


def r_escaping_at(moment: Real, level: Real, digits: int = 30) -> mp.mpf:
    """The r > 0 whose passage time through `level` (may be infinite) is `moment`, to `digits` digits.

    With y = sqrt(r) moment the equation y + atan(y / (level moment)) = pi / 2 is increasing and concave,
    with its root between the two bounds used.
    """
    with mp.workdps(digits + 10):
        scale = 0 if mp.isinf(level) else 1 / (mp.mpf(level) * mp.mpf(moment))
        low, high = mp.pi / 2 / (1 + scale), mp.pi / 2
        y = high if scale == 0 else mp.findroot(lambda y: y + mp.atan(scale * y) - high, (low, high), "anderson")
        return (y / moment) ** 2


def critical_learning_rate(window: tuple[Real, Real], level: Real, digits: int = 30) -> mp.mpf:
    """Critical rate of the integral loss for (delay, response window) at a finite or infinite threshold."""
    with mp.workdps(digits + 10):
        optimum = r_escaping_at(window[0], level, digits)
        drop = optimum - r_escaping_at(mp.mpf(window[0]) + window[1], level, digits)
        return drop / _early_slope_mp()(optimum, window[0], 1 / mp.mpf(level))


@cache
def _early_slope_mp() -> Callable[..., mp.mpf]:
    return sp.lambdify((r, step_output.escape, softness), early_slope(), "mpmath")
