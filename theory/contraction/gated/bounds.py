"""Intervals of arrays, in floating point or in rational numbers: the same formulas propose and decide.

Rational arrays hold `Fraction`s; numpy's operators work on them entry by entry, exactly.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import Shaped
from scipy.special import expit
from typing_extensions import override

from theory.enclosures import Enclosed, Function, over_rising, sigmoid, tanh

Numbers = Shaped[np.ndarray, "..."]
"""Floats, or an array of `Fraction`s."""


@dataclass(frozen=True, eq=False)
class Bounds:
    """Between which two numbers each entry of an array lies, both included."""

    low: Numbers
    high: Numbers

    def __add__(self, other: "Bounds") -> "Bounds":
        return Bounds(self.low + other.low, self.high + other.high)

    def __mul__(self, other: "Bounds") -> "Bounds":
        """Entry by entry: the extremes are among the four products of ends."""
        products = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Bounds(np.min(products, axis=0), np.max(products, axis=0))

    @property
    def size(self) -> Numbers:
        """The largest absolute value."""
        return np.maximum(-self.low, self.high)

    def within(self, other: "Bounds") -> bool:
        """Whether every entry's interval lies in the other's."""
        return bool(np.all(other.low <= self.low) and np.all(self.high <= other.high))

    def apart_from(self, other: "Bounds") -> bool:
        """Whether some entry's intervals have no number in common."""
        return bool(np.any(self.high < other.low) or np.any(other.high < self.low))

    def hull(self, other: "Bounds") -> "Bounds":
        """The least interval around both."""
        return Bounds(np.minimum(self.low, other.low), np.maximum(self.high, other.high))

    def pieces(self, number: int) -> "Bounds":
        """Each interval cut into so many of one length, along a new first axis.

        >>> Bounds(np.zeros(1), np.ones(1)).pieces(2).high.tolist()
        [[0.5], [1.0]]
        """
        steps = np.arange(number, dtype=object)[:, None]
        width = (self.high - self.low) / number
        low = (self.low + steps * width).astype(self.low.dtype)
        return Bounds(low, np.concatenate([low[1:], self.high[None]]))


def image(matrix: Numbers, box: Bounds) -> Bounds:
    """What a matrix makes of all vectors of a box: M m -+ |M| r, for its middle m and its radii r.

    >>> image(np.array([[1.0, -2.0]]), Bounds(np.zeros(2), np.ones(2))).low.tolist()
    [-2.0]
    """
    middle, radius = (box.low + box.high) / 2, (box.high - box.low) / 2
    center, spread = matrix @ middle, np.abs(matrix) @ radius
    return Bounds(center - spread, center + spread)


def largest(constant: Any, linear: Any, square: Any, over: Bounds) -> Numbers:
    """The largest value of `constant` + `linear` x + `square` x^2 for x in the interval, exactly: at an end or inside.

    >>> largest(0.0, 1.0, -1.0, Bounds(np.array([0.0, 0.6]), np.array([1.0, 1.0]))).tolist()
    [0.25, 0.24]
    """
    low, high = (constant + (linear + square * x) * x for x in (over.low, over.high))
    bends = square < 0
    down = np.where(bends, square, -1)
    top = linear / (-2 * down)
    inside = bends & (over.low < top) & (top < over.high)
    return np.where(inside, constant - linear * linear / (4 * down), np.maximum(low, high))


def away_from_zero(piece: Bounds) -> tuple[Numbers, Numbers]:
    """The least and the largest absolute value in each interval."""
    return np.maximum(np.maximum(piece.low, -piece.high), 0 * piece.low), piece.size


def around_bend(gate: Bounds) -> tuple[tuple[Numbers, Numbers], ...]:
    """A triangle around (y, y (1 - y)) for y in the interval: both ends, and where the tangents there meet.

    >>> [point.tolist() for point in around_bend(Bounds(np.zeros(1), np.ones(1)))[2]]
    [[0.5], [0.5]]
    """
    middle = (gate.low + gate.high) / 2
    ends = ((y, y * (1 - y)) for y in (gate.low, gate.high))
    return *ends, (middle, middle - gate.low * gate.high)


class Arithmetic(ABC):
    """In which numbers something is computed."""

    @abstractmethod
    def numbers(self, array: Numbers) -> Numbers:
        """An array of floats, each taken exactly."""

    @abstractmethod
    def sigmoid(self, argument: Bounds) -> Bounds:
        """What 1 / (1 + exp(-x)) takes on intervals."""

    @abstractmethod
    def tanh(self, argument: Bounds) -> Bounds:
        """What the hyperbolic tangent takes on intervals."""


@dataclass(frozen=True)
class Floats(Arithmetic):
    """Floating point: bounds are those of real numbers up to rounding; they propose."""

    @override
    def numbers(self, array: Numbers) -> Numbers:
        return np.asarray(array, float)

    @override
    def sigmoid(self, argument: Bounds) -> Bounds:
        return Bounds(expit(argument.low), expit(argument.high))

    @override
    def tanh(self, argument: Bounds) -> Bounds:
        return Bounds(np.tanh(argument.low), np.tanh(argument.high))


@dataclass(frozen=True)
class Rationals(Arithmetic):
    """Rational numbers, the two functions rounded outwards; they decide."""

    @override
    def numbers(self, array: Numbers) -> Numbers:
        exact = np.asarray(array, object)
        return np.array([Fraction(x) for x in exact.ravel()], object).reshape(exact.shape)

    @override
    def sigmoid(self, argument: Bounds) -> Bounds:
        return _outwards(sigmoid, argument)

    @override
    def tanh(self, argument: Bounds) -> Bounds:
        return _outwards(tanh, argument)


FLOATS, RATIONALS = Floats(), Rationals()


def _outwards(rising: Function, argument: Bounds) -> Bounds:
    ends = zip(argument.low, argument.high, strict=True)
    found = [over_rising(rising, Enclosed(low, high)) for low, high in ends]
    return Bounds(np.array([each.lower for each in found], object), np.array([each.upper for each in found], object))
