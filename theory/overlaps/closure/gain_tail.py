"""<phi'(x)> at a large variance of x, for a phi whose slope settles: a series, with a proved bound on its error.

A Gaussian x feels the even part of phi' alone. Let that be c + f(x), c its value far out. At a variance D so large that
the Gaussian is flat where f lives, exp(-x^2 / 2D) may be expanded:

    gain = c + 1 / sqrt(2 pi D)  sum_k  M_2k / k! (-1 / 2D)^k,      M_n = integral of x^n f.

For tanh c = 0 and M_0 = 2: the gain tends to sqrt(2 / (pi D)). The first K terms of exp(-s) err by no more than
s^(K-1) / (K-1)! and by no more than s^K / K!, hence by no more than s^a / e_a for every a from K - 1 to K, with
e_a = (K-1)!^(K-a) K!^(a-K+1). So the series after K terms errs by at most

    1 / sqrt(2 pi D)  A_2a / e_a (2D)^-a,      A_n = integral of |x^n f|,

where that is finite: for any a if f falls faster than every power, and for a < (p - 1) / 2 if it falls as |x|^-p. By
Price's theorem the derivative in D is half the same integral with f'' for f, whose series is the derivative of this
one, and whose K + 1 terms have the same bound with f'' and a + 1.

Derived here; `tests/theory/overlaps/closure/test_gain_tail.py` compares it with 40 digits up to a variance of 1e300.
"""

from dataclasses import dataclass
from functools import cache
from math import ceil, factorial, inf, pi, prod, sqrt
from typing import Any, TypeVar

import mpmath as mp
import numpy as np
import sympy as sp

from theory.overlaps.gaussian import Nonlinearity, x

NumberT = TypeVar("NumberT", bound=Any)

_MOST_TERMS = 12
_SHARE = 0.9  # of the powers that still converge, the largest that is used
_DIGITS = 60  # a difference of numbers near c is f down to its last ten digits
_FINEST, _FARTHEST = 2.0**-10, 2.0**200
_NEGLIGIBLE = mp.mpf(10) ** -50


@dataclass(frozen=True)
class GainTail:
    """gain = constant + sum_k coefficients[k] D^(-1/2 - k) at every variance D from `smallest` up.

    Gain less `constant` and its derivative in D are off by no more than `error` times the size of their leading terms,
    1 / sqrt(2 pi D) times A_0 and A_0 / 2D.
    """

    constant: float
    coefficients: tuple[float, ...]
    smallest: float
    error: float

    def derivative(self, variance: NumberT, order: int = 0) -> NumberT:
        """The derivative of the gain of that order in the variance: a number or an array, of NumPy or JAX alike.

        >>> from theory.overlaps import TANH
        >>> tail = gain_tail(TANH)
        >>> round(tail.derivative(1e100) * sqrt(1e100 * pi / 2), 14), tail.smallest < 100
        (1.0, True)
        """
        total: Any = 0 * variance
        for k in reversed(range(len(self.coefficients))):
            total = total / variance + self.coefficients[k] * prod((-0.5 - k - i for i in range(order)), start=1.0)
        return (self.constant if order == 0 else 0.0) + total * variance**-0.5 / variance**order


@cache
def gain_tail(phi: Nonlinearity, accuracy: float = 1e-10) -> GainTail | None:
    """The series that reaches down to the smallest variance at that accuracy; None where the slope does not settle.

    Where phi is odd but for a line and an even function (softplus), the gain is a constant, at every variance.
    """
    slope = phi.derivative(x)
    even = sp.simplify((slope + slope.subs(x, -x)) / 2)
    try:
        settled = sp.limit(even, x, sp.oo)
        rest = sp.simplify(even - settled)
        if settled.is_finite and rest == 0:
            return GainTail(float(settled), (), 0.0, 0.0)
        power = -sp.limit(x * rest.diff(x) / rest, x, sp.oo)
        height = sp.limit((phi.expression(x) - phi.expression(-x)) / 2 - settled * x, x, sp.oo)
    except (NotImplementedError, ValueError, TypeError):  # what oscillates has no limit
        return None
    if not (settled.is_number and settled.is_finite and height.is_finite and power.is_extended_real and power > 1):
        return None
    largest = inf if power == sp.oo else _SHARE * (float(power) - 1) / 2
    f, bend = _Samples.of(rest), _Samples.of(rest.diff(x, 2))
    size = f.moment(0.0, absolute=True)
    found = []
    for a in [float(k) for k in range(1, _MOST_TERMS + 1) if k <= largest] + [largest] * (largest < _MOST_TERMS):
        terms = ceil(a)
        of_gain = f.moment(2 * a, absolute=True) / _bound(terms, a)
        of_slope = bend.moment(2 * a + 2, absolute=True) / _bound(terms + 1, a + 1) / 2
        found.append(((max(of_gain, of_slope) / (size * accuracy)) ** (1 / a) / 2, terms))
    smallest, terms = min(found)
    moments = [2 * float(height)] + [f.moment(2.0 * k) for k in range(1, terms)]
    coefficients = tuple(m / factorial(k) / (-2.0) ** k / sqrt(2 * pi) for k, m in enumerate(moments))
    return GainTail(float(settled), coefficients, smallest, accuracy)


def _bound(terms: int, a: float) -> float:
    """e_a: exp(-s) less its first terms is at most s^a / e_a, for every s >= 0 and terms - 1 <= a <= terms."""
    return float(factorial(terms - 1) ** (terms - a) * factorial(terms) ** (a - terms + 1))


@dataclass(frozen=True)
class _Samples:
    """An even function at Gauss nodes of the panels between powers of two, each half the next, in many digits."""

    nodes: list[list[mp.mpf]]
    weights: list[list[mp.mpf]]
    values: list[list[mp.mpf]]

    @classmethod
    def of(cls, expression: sp.Expr) -> "_Samples":
        function = sp.lambdify((x,), expression, "mpmath")
        point, weight = np.polynomial.legendre.leggauss(40)
        nodes, weights, values = [], [], []
        with mp.workdps(_DIGITS):
            left, right, largest = mp.mpf(0), mp.mpf(_FINEST), mp.mpf(0)
            while right <= _FARTHEST:
                half = (right - left) / 2
                nodes.append([left + half * (1 + mp.mpf(p)) for p in point])
                weights.append([2 * half * mp.mpf(w) for w in weight])  # twice: f is even
                values.append([mp.re(function(node)) for node in nodes[-1]])
                height = max(abs(each) for each in values[-1])
                largest = max(largest, height)
                if height < _NEGLIGIBLE * largest:
                    break
                left, right = right, 2 * right
        return cls(nodes, weights, values)

    def moment(self, power: float, absolute: bool = False) -> float:
        """The integral of |x|^power f, or |f|, over the line; beyond the last panel it falls as it did up to there."""
        with mp.workdps(_DIGITS):
            panels = [
                mp.fsum(w * p**power * (abs(v) if absolute else v) for p, w, v in zip(*panel, strict=True))
                for panel in zip(self.nodes, self.weights, self.values, strict=True)
            ]
            last, before = panels[-1], panels[-2]
            beyond = last / (before / last - 1) if last != 0 and before / last > 1 else mp.mpf(0)
            return float(mp.fsum(panels) + beyond)
