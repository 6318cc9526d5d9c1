"""Rational bounds of exp, tanh, the sigmoid and their slopes, by integers alone: no float decides anything.

All rest on u = exp(-|y|), enclosed by a Taylor sum rounded down and rounded up: sigmoid(y) = 1 / (1 + u) for y >= 0,
its slope u / (1 + u)^2, tanh(x) = 2 sigmoid(2 x) - 1 and tanh'(x) = 4 sigmoid'(2 x). Each is monotone in u.

>>> tanh(Fraction(1, 2), bits=8)
Enclosed(lower=Fraction(59, 128), upper=Fraction(119, 256))
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

BITS = 64
"""Binary digits behind the point to which bounds are rounded, outwards, where nothing else is said."""
_FARTHEST = 1024
"""Beyond this argument exp(-y) is only known to be between zero and exp(-1024)."""
_GUARD = 32
"""Binary digits that are computed beyond those that are returned."""


class NotEnclosed(ValueError):
    """An argument that no enclosure is made for; the message says which are."""


@dataclass(frozen=True)
class Enclosed:
    """Two rational numbers that a real number, or all numbers of an interval, lie between, both included."""

    lower: Fraction
    upper: Fraction

    @property
    def middle(self) -> Fraction:
        """Halfway."""
        return (self.lower + self.upper) / 2

    @property
    def radius(self) -> Fraction:
        """Half the width."""
        return (self.upper - self.lower) / 2

    def within(self, lower: Fraction | int, upper: Fraction | int) -> bool:
        """Whether all of it lies between these, both included."""
        return lower <= self.lower and self.upper <= upper

    def outwards(self, bits: int) -> "Enclosed":
        """The least interval around it whose ends have `bits` binary digits behind the point.

        >>> Enclosed(Fraction(1, 3), Fraction(1, 3)).outwards(2)
        Enclosed(lower=Fraction(1, 4), upper=Fraction(1, 2))
        """
        unit = 1 << bits
        return Enclosed(Fraction(_floor(self.lower * unit), unit), Fraction(-_floor(-self.upper * unit), unit))


def exponential_decay(y: Fraction, bits: int = BITS) -> Enclosed:
    """exp(-y) for y >= 0.

    exp(y / 2^s), y / 2^s <= 1/2, is the sum of (y / 2^s)^k / k!: every term is rounded down for the lower bound, and up
    for the upper one, to which more than the terms left out is added. Both are squared s times and inverted.

    Raises:
        NotEnclosed: for a negative y.

    >>> exponential_decay(Fraction(0)), exponential_decay(Fraction(10**9)).lower
    (Enclosed(lower=Fraction(1, 1), upper=Fraction(1, 1)), Fraction(0, 1))
    """
    if y < 0:
        raise NotEnclosed(f"y is {y}; exp(-y) is enclosed for y >= 0")
    if y == 0:
        return Enclosed(Fraction(1), Fraction(1))
    if y > _FARTHEST:
        return Enclosed(Fraction(0), exponential_decay(Fraction(_FARTHEST), bits).upper)
    halvings = max(_ceiling(2 * y) - 1, 0).bit_length()
    digits = bits + 2 * halvings + _GUARD
    unit = 1 << digits
    argument = Enclosed(y / 2**halvings, y / 2**halvings).outwards(digits)
    low, high = (int(end * unit) for end in (argument.lower, argument.upper))
    below = above = below_term = above_term = unit
    k = 0
    while above_term > 1:
        k += 1
        below_term = below_term * low // (k * unit)
        above_term = -(-above_term * high // (k * unit))
        below, above = below + below_term, above + above_term
    above += 2  # the terms left out: each is at most half the one before, and the last was one unit at most
    for _ in range(halvings):
        below, above = below * below >> digits, -(-above * above >> digits)
    return Enclosed(Fraction(unit, above), Fraction(unit, below)).outwards(bits)


def sigmoid(x: Fraction, bits: int = BITS) -> Enclosed:
    """1 / (1 + exp(-x)).

    >>> sigmoid(Fraction(0))
    Enclosed(lower=Fraction(1, 2), upper=Fraction(1, 2))
    """
    u = exponential_decay(abs(x), bits + _GUARD)
    if x >= 0:
        return Enclosed(1 / (1 + u.upper), 1 / (1 + u.lower)).outwards(bits)
    return Enclosed(u.lower / (1 + u.lower), u.upper / (1 + u.upper)).outwards(bits)


def sigmoid_slope(x: Fraction, bits: int = BITS) -> Enclosed:
    """exp(-x) / (1 + exp(-x))^2, even in x and falling with |x|.

    >>> sigmoid_slope(Fraction(0))
    Enclosed(lower=Fraction(1, 4), upper=Fraction(1, 4))
    """
    u = exponential_decay(abs(x), bits + _GUARD)
    return Enclosed(*(end / (1 + end) ** 2 for end in (u.lower, u.upper))).outwards(bits)


def tanh(x: Fraction, bits: int = BITS) -> Enclosed:
    """The hyperbolic tangent.

    >>> tanh(Fraction(-3)).within(-1, Fraction(-995, 1000))
    True
    """
    inner = sigmoid(2 * x, bits + 1)
    return Enclosed(2 * inner.lower - 1, 2 * inner.upper - 1)


def tanh_slope(x: Fraction, bits: int = BITS) -> Enclosed:
    """1 - tanh(x)^2, even in x and falling with |x|.

    >>> tanh_slope(Fraction(0))
    Enclosed(lower=Fraction(1, 1), upper=Fraction(1, 1))
    """
    inner = sigmoid_slope(2 * x, bits + 2)
    return Enclosed(4 * inner.lower, 4 * inner.upper)


Function = Callable[[Fraction, int], Enclosed]


def over_rising(function: Function, argument: Enclosed, bits: int = BITS) -> Enclosed:
    """What a rising function, `tanh` or `sigmoid`, takes on an interval.

    >>> over_rising(sigmoid, Enclosed(Fraction(-1), Fraction(0))).upper
    Fraction(1, 2)
    """
    return Enclosed(function(argument.lower, bits).lower, function(argument.upper, bits).upper)


def over_bell(function: Function, argument: Enclosed, bits: int = BITS) -> Enclosed:
    """What an even function that falls with |x|, `tanh_slope` or `sigmoid_slope`, takes on an interval.

    >>> over_bell(tanh_slope, Enclosed(Fraction(-1), Fraction(2))).upper
    Fraction(1, 1)
    """
    nearest = max(argument.lower, -argument.upper, Fraction(0))
    farthest = max(-argument.lower, argument.upper)
    return Enclosed(function(farthest, bits).lower, function(nearest, bits).upper)


def _floor(number: Fraction) -> int:
    return number.numerator // number.denominator


def _ceiling(number: Fraction) -> int:
    return -(-number.numerator // number.denominator)
