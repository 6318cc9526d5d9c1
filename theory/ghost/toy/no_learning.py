"""Where a confident learner sees no gradient: its leading-order size at finite confidence.

In the no-learning zone the output stays small, ``o ~ exp(c (x - x_star))``, so the two parts of the gradient are
integrals of exponentials of the trajectory: the delay's pull (down in r under descent) holds the square of the
output, the response's pull (up in r) its first power. Below, each is a closed form or a Laplace end-point formula,
with the first correction, derived by machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import mpmath as mp
import numpy as np
import sympy as sp

from theory.ghost.toy import output, step_output
from theory.ghost.toy.confidence import loss_and_gradient
from theory.ghost.toy.step_output import confidence, delay, r, response, threshold, time
from theory.ghost.toy.toy_model import Part, ToyModel
from theory.lowering import lower_mpmath

ARGUMENTS = (r, delay, response, threshold, confidence)
_k = sp.Symbol("k", positive=True)
_x = sp.Symbol("x", real=True)
_s = sp.Symbol("s", positive=True)
_gap = sp.Symbol("gap", positive=True)  # x + s, which vanishes exponentially


@cache
def gradient_at_zero() -> sp.Expr:
    """dL/dr at r = 0 exactly, for any confidence and response window.

    >>> o = output.output().subs(output.phase, -confidence * threshold)
    >>> expected = -confidence * o * (1 - o) * (3 - 4 * o) * delay**2
    >>> sp.simplify(step_output.paper_window(gradient_at_zero()) - expected)
    0
    """
    still = {output.phase: -confidence * threshold, output.growth: step_output.sensitivity().subs(r, 0)}
    during, after = (term.subs(still) for term in output.gradient_terms())
    return sp.integrate(during, (time, 0, delay)) + sp.integrate(after, (time, delay, delay + response))


# Exponential integrals (r < 0)


@cache
def exponential_integral() -> sp.Expr:
    """Antiderivative of exp(k x) in time, by state, k and s = sqrt(-r) (its t-derivative: see the tests)."""
    return (sp.exp(_k * _s) * sp.Ei(_k * (_x - _s)) - sp.exp(-_k * _s) * sp.Ei(_k * (_x + _s))) / (2 * _s)


@cache
def growth_integral() -> sp.Expr:
    """Antiderivative of exp(k x) dx/dr in time, by state, time, k and s = sqrt(-r), for r < 0.

    By parts, from dx/dr = (x + t x') / (2 r).
    """
    plain = exponential_integral()
    return (plain.diff(_k) + (time * sp.exp(_k * _x) - plain) / _k) / (-2 * _s**2)


def _between(antiderivative: sp.Expr, rate: sp.Expr, start: sp.Expr, end: sp.Expr) -> sp.Expr:
    """The definite integral over a stretch of the trajectory, in r."""
    at = antiderivative.subs(_x + _s, _gap).subs(_k, rate)
    at = at.subs({_x: -_s * sp.tanh(_s * time), _gap: 2 * _s / (sp.exp(2 * _s * time) + 1)})
    return (at.subs(time, end) - at.subs(time, start)).subs(_s, sp.sqrt(-r))


class PrecisionError(ArithmeticError):
    """A closed form cancels so much that a thousand digits do not give twelve."""


@dataclass(frozen=True)
class Asymptotic:
    """A leading-order formula for one part of the gradient (both parts are positive).

    `correction` is the first relative correction, so the formula is good while it is small; it falls as
    1 / c**`order`. None: the formula misses only terms of relative size exp(-c (x_star - x)).
    """

    part: Part
    condition: str
    expression: sp.Expr
    correction: sp.Expr | None
    order: int | None

    def logarithm(self, value: float, model: ToyModel) -> mp.mpf:
        """log of the expression at r = value; the precision is doubled until fifteen digits stand."""
        evaluate = lower_mpmath(ARGUMENTS, self.expression)
        last, digits = mp.nan, 40
        while digits < 2000:
            with mp.workdps(digits):
                found = mp.log(evaluate(*map(mp.mpf, (value, *model.window, model.threshold, model.confidence))))
                if mp.isfinite(found) and not found.imag and abs(found - last) < mp.mpf(10) ** -15 * (1 + abs(found)):
                    return found
            last, digits = found, 2 * digits
        raise PrecisionError(f"{self.condition}: no fifteen digits at r = {value!r}, {model}; stay away from r = 0")

    def predicted_error(self, value: float, model: ToyModel) -> float:
        """The first correction at r = value; 0 where it is exponentially small."""
        if self.correction is None:
            return 0.0
        numbers = (value, *model.window, model.threshold, model.confidence)
        return float(lower_mpmath(ARGUMENTS, self.correction)(*map(mp.mpf, numbers)))


@cache
def response_below() -> Asymptotic:
    """r < 0, response: first power of the output, all times kept (exponential integrals)."""
    window = _between(growth_integral(), confidence, delay, delay + response)
    size = 2 * confidence * sp.exp(-confidence * threshold) * window
    return Asymptotic(Part.RESPONSE, "r < 0, exp(-c x_star) << 1", size, None, None)


@cache
def delay_below_exact() -> Asymptotic:
    """r < 0, delay: square of the output, all times kept.

    At t = 0 the exponential integrals are continuous, so the start needs no care.
    """
    window = _between(growth_integral(), 2 * confidence, sp.S.Zero, delay)
    size = 2 * confidence * sp.exp(-2 * confidence * threshold) * window
    return Asymptotic(Part.DELAY, "r < 0, exp(-c x_star) << 1", size, None, None)


@cache
def delay_below() -> Asymptotic:
    """r < 0, delay: Laplace at t = 0, ``exp(-2 c x_star) / (2 c r**2)``, with correction 1 / (c**2 |r|)."""
    depth = sp.Symbol("d", positive=True)  # -r
    mark = sp.Symbol("mark", positive=True)  # counts powers of t beyond the leading ones
    x = sp.series(step_output.trajectory().rewrite(sp.tan), time, 0, 5).removeO()
    x_r = x.diff(r)
    leading = x.coeff(time, 1) * time
    bent = sp.exp(2 * confidence * mark * (x - leading)) * (time + mark * (x_r - time))
    integrand = (bent.series(mark, 0, 2).removeO() * sp.exp(2 * confidence * leading)).subs(r, -depth)
    integral = sp.integrate(sp.expand(integrand), (time, 0, sp.oo))
    first, second = (sp.simplify(integral.coeff(mark, n)) for n in (0, 1))
    size = 2 * confidence * sp.exp(-2 * confidence * threshold) * first
    correction = sp.simplify(second / first)
    return Asymptotic(
        Part.DELAY, "r < 0, c |r| T >> 1, c sqrt|r| >> 1", size.subs(depth, -r), correction.subs(depth, -r), 2
    )


def _end_point(moment: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Laplace: integral of exp(c (x - x_star)) 2 c dx/dr ending at `moment`, and its relative 1/c correction."""
    x, x_r = step_output.trajectory(), step_output.sensitivity()
    speed = x.diff(time)
    weight = x_r / speed
    size = 2 * sp.exp(confidence * (x - threshold)) * weight
    correction = -weight.diff(time) / (confidence * speed * weight)
    return size.subs(time, moment), correction.subs(time, moment)


@cache
def response_above() -> Asymptotic:
    """0 < r < point of no return, response: Laplace at the end of the trial, where the state is highest."""
    size, correction = _end_point(delay + response)
    return Asymptotic(Part.RESPONSE, "0 < r, escape after T + T_r, c (x_star - x(T + T_r)) >> 1", size, correction, 1)


@cache
def response_below_laplace() -> Asymptotic:
    """r < 0, response: Laplace at the end of the delay, for a state that still moves by many 1/c after it."""
    size, correction = _end_point(delay)
    return Asymptotic(Part.RESPONSE, "r < 0, c |x'(T)| T_r >> 1", -size, correction, 1)


@cache
def loss_deficit_above() -> sp.Expr:
    """T_r - L for 0 < r < point of no return, to leading order in 1/c (Laplace at the end of the trial)."""
    x = step_output.trajectory()
    return (2 * sp.exp(confidence * (x - threshold)) / (confidence * (x**2 + r))).subs(time, delay + response)


# Measured validity


@dataclass(frozen=True)
class Validity:
    """Relative error of an asymptotic formula against quadrature, over confidences, and what was predicted."""

    confidences: tuple[float, ...]
    errors: tuple[float, ...]
    predicted: tuple[float, ...]

    @property
    def slope(self) -> float:
        """Exponent of the error's decay in c, from the last two confidences."""
        (a, b), (first, last) = self.errors[-2:], self.confidences[-2:]
        return float(np.log(abs(b / a)) / np.log(last / first))

    def good_from(self, tolerance: float = 0.1) -> float | None:
        """Least confidence measured from which on every error is within the tolerance; None if the last is not."""
        good = None
        for c, error in zip(reversed(self.confidences), reversed(self.errors), strict=True):
            if not abs(error) <= tolerance:
                break
            good = c
        return good


def measure_asymptotic(
    formula: Asymptotic, value: float, model: ToyModel, confidences: Sequence[float | int]
) -> Validity:
    """Compare the formula at r = value with quadrature at each confidence (errors are truth / formula - 1)."""
    errors, predicted = [], []
    for c in confidences:
        at = replace(model, confidence=float(c))
        found = loss_and_gradient(np.array([value]), at)
        truth = (found.log_delay_pull, found.log_response_pull)[formula.part][0]
        errors.append(float(mp.expm1(mp.mpf(float(truth)) - formula.logarithm(value, at))))
        predicted.append(formula.predicted_error(value, at))
    return Validity(tuple(map(float, confidences)), tuple(errors), tuple(predicted))
