"""How many epochs gradient descent takes from one r to another, on any smooth loss.

An epoch r -> r - alpha L'(r) is a step of length one of Euler's method for r' = -alpha L'(r), so the law of Euler's
passage times (`theory.ghost.toy.euler`) counts epochs. To second order

    N = integral dr / (alpha |L'|)  +  (1/2) ln(L'(end) / L'(start))  +  O(alpha L''),

and the third term bounds what is left out. Derived here from `passage_density`; `theory.ghost.descent.plateau` is the
case of the confident loss, and the test compares with it term by term and with iterated descent at finite confidence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import sympy as sp
from jaxtyping import Float
from numpy.polynomial.chebyshev import Chebyshev

from theory.ghost.descent.errors import RateError, StartError
from theory.ghost.toy import euler
from theory.lowering import lower_numpy

NODES = 96  # of the interpolation of ln |L'| between start and end
Points = Float[np.ndarray, " points"]
Gradient = Callable[[Points], tuple[Points, Points]]
"""For an array of r, the sign of L' and ln |L'|: in the no-learning zone |L'| is below the smallest float."""
_speed, _slope, _bend = sp.symbols("f f_1 f_2", real=True)


@dataclass(frozen=True)
class EpochCount:
    """Epochs until descent first passes `end`; `error_bound` is one epoch (they are whole) and twice the third term."""

    start: float
    end: float
    epochs: float
    error_bound: float


@cache
def _density(order: int) -> Callable[..., Points]:
    """Epochs spent per unit of r at one order, from the speed -alpha L' and its first two derivatives."""
    speed = euler.flow(euler.position)
    x = euler.position
    values = {speed.diff(x, 2): _bend, speed.diff(x): _slope, speed: _speed}
    density = euler.passage_density(order)
    for derivative, symbol in values.items():
        density = density.subs(derivative, symbol)
    return lower_numpy((_speed, _slope, _bend), density)


@cache
def _quadrature() -> tuple[Points, Points]:
    nodes, weights = np.polynomial.legendre.leggauss(2 * NODES)
    return nodes, weights


class DescentPath:
    """The stretch between two places `start` and `end` on which a loss is descended without a minimum on the way.

    The loss must be smooth there and its gradient of the sign that leads from start to end. Raises `StartError` where
    it is not.
    """

    def __init__(self, gradient: Gradient, start: float, end: float) -> None:
        """Interpolate ln |L'| at Chebyshev points."""
        self.start, self.end = start, end
        low, high = min(start, end), max(start, end)
        self._direction = 1.0 if start > end else -1.0
        if not low < high:
            raise StartError(f"descent from {start} to {end} has no length; give two different places")

        def logarithm(r: Points) -> Points:
            sign, size = gradient(r)
            if not np.all(sign == self._direction):
                raise StartError(f"descent does not lead from r = {start} to {end}: a minimum lies on the way")
            return size

        self._logarithm = Chebyshev.interpolate(logarithm, NODES, domain=[low, high])
        self._slope, self._bend = self._logarithm.deriv(), self._logarithm.deriv(2)

    def count(self, rate: float, start: float | None = None) -> EpochCount:
        """Epochs at a learning rate, from `start` (default: the path's own) to its end.

        Raises `RateError` unless the rate is positive and finite.
        """
        if not 0 < rate < float("inf"):
            raise RateError(f"the learning rate is {rate}; give a positive finite number")
        begin = self.start if start is None else start
        first, second, third = (self._integral(order, rate, begin) for order in range(3))
        return EpochCount(begin, self.end, first + second, 1 + 2 * abs(third))

    def start_for(self, rate: float, epochs: float) -> float:
        """The place on the path from which the end is about `epochs` away; its start if that is nearer."""
        if self.count(rate).epochs <= epochs:
            return self.start
        far, near = self.start, self.end
        for _ in range(60):
            middle = (far + near) / 2
            far, near = (far, middle) if self.count(rate, middle).epochs <= epochs else (middle, near)
        return near

    def _integral(self, order: int, rate: float, begin: float) -> float:
        nodes, weights = _quadrature()
        half = (self.end - begin) / 2
        r = begin + half * (nodes + 1)
        speed = -rate * self._direction * np.exp(self._logarithm(r))
        if order == 0 and not np.all(speed):
            return float("inf")  # slower than any float
        speed = np.where(speed, speed, -self._direction * np.finfo(float).tiny)
        slope = speed * self._slope(r)
        bend = speed * (self._bend(r) + self._slope(r) ** 2)
        return float(half * np.sum(weights * _density(order)(speed, slope, bend)))
