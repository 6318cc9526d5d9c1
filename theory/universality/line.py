"""A straight line in the place of tanh over an interval, and the largest distance between the two: proved."""

from dataclasses import dataclass

import numpy as np

from theory.universality.bounded import ROUNDING, SLOPE_ERROR, TANH_ERROR, Array, above, slope_of, tanh

_NARROWEST = 1e-8
"""Half the width of the narrowest interval that a chord is taken over."""


@dataclass(frozen=True, eq=False)
class Line:
    """c + s y, to be taken for tanh(a + y) where y is small: any doubles.

    e(y) = tanh(a + y) - c - s y is what is left.

    >>> line = Line.along(np.zeros(1), np.ones(1))
    >>> bool(line.value(np.ones(1))[0] < 0.1), bool(line.slope(np.ones(1))[0] < 0.35)
    (True, True)
    """

    a: Array
    c: Array
    s: Array

    @staticmethod
    def along(a: Array, rho: Array) -> "Line":
        """The chord over |y| <= rho, moved to halfway between the curve's farthest points on both sides of it."""
        half = np.maximum(rho, _NARROWEST)
        s = np.clip((np.tanh(a + half) - np.tanh(a - half)) / (2 * half), 0.0, 1.0)
        return Line(a, np.zeros_like(a), s).centred(half)

    def centred(self, rho: Array) -> "Line":
        """The parallel line that is halfway over |y| <= rho."""
        lowest, highest = self._range(rho)
        return Line(self.a, (lowest + highest) / 2, self.s)

    def value(self, rho: Array) -> Array:
        """At least |e(y)| for |y| <= rho."""
        lowest, highest = self._range(rho)
        return above(np.maximum(highest - self.c, self.c - lowest) + ROUNDING * np.abs(self.c))

    def slope(self, rho: Array) -> Array:
        """At least |e(y) - e(y')| / |y - y'| for |y|, |y'| <= rho: tanh' = 1 - t^2 is highest where |t| is least."""
        ends = tanh(self.a - rho).middle, tanh(self.a + rho).middle
        sizes = np.abs(ends[0]), np.abs(ends[1])
        highest = np.minimum(np.maximum(*sizes) + 2 * TANH_ERROR, 1.0)
        lowest = np.where(ends[0] * ends[1] <= 0, 0.0, np.maximum(np.minimum(*sizes) - 2 * TANH_ERROR, 0.0))
        return above(np.maximum(slope_of(lowest) - self.s, self.s - slope_of(highest)) + SLOPE_ERROR)

    def _range(self, rho: Array) -> tuple[Array, Array]:
        """Bounds of tanh(a + y) - s y over |y| <= rho, below and above.

        Where a + y >= 0 that is concave: least at an end, and nowhere above its tangent at any point. The tangent is
        taken where tanh' = s, or as near to it as the interval goes. Where a + y <= 0 it is convex.
        """
        first, last = self.a - rho, self.a + rho
        zero = np.clip(0.0, first, last)
        found = [self._off(each) for each in (first, last, zero)]
        lowest, highest = np.minimum.reduce(found), np.maximum.reduce(found)
        level = np.arctanh(np.sqrt(np.clip(1 - self.s, 0.0, 1 - 2.0**-40)))  # a proposal: any point has a tangent
        rise = self._tangent(level, zero, np.maximum(last, zero), 1)
        fall = self._tangent(-level, np.minimum(first, zero), zero, -1)
        highest = np.where(last >= 0, np.maximum(highest, rise), highest)
        lowest = np.where(first <= 0, np.minimum(lowest, fall), lowest)
        # of tanh, of the ends (by which tanh moves no more than they do), of the line, and of the sums
        room = above(2 * TANH_ERROR + 8 * ROUNDING * (1 + np.abs(self.a) + rho))
        return lowest - room, highest + room

    def _tangent(self, point: Array, first: Array, last: Array, sign: int) -> Array:
        """The farthest that the tangent at this point, or next to it in the interval, goes up or down in there."""
        at = np.clip(point, first, last)
        steep = sign * (slope_of(tanh(at).middle) - self.s)
        farthest = np.maximum(steep * (last - at), -steep * (at - first)) + SLOPE_ERROR * (last - first)
        return self._off(at) + sign * farthest

    def _off(self, x: Array) -> Array:
        return tanh(x).middle - self.s * (x - self.a)
