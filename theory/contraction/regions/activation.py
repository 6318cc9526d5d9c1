"""Nonlinearities as regions need them: bounds of their values, slopes and secants, in rational numbers and in floats.

A secant of phi about z is (phi(z + s) - phi(z)) / s. What is said of all states near a fixed point takes secants about
it; what is said of any two states there takes slopes, and a secant is a mean of slopes.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from typing_extensions import override

from theory.enclosures import Enclosed, Function, over_bell, sigmoid, sigmoid_slope, tanh, tanh_slope

Vector = Float[np.ndarray, " n"]
BITS = 96
"""Binary digits behind the point of values of phi."""
_SLOPE_BITS = 30
"""The same of bounds of slopes and secants."""
_APPROACHES = 40
_NARROW = 2.0**-20
"""Secants over less than this are bounded by slopes, in floats too."""


@dataclass(frozen=True)
class SlopeBounds:
    """Lower and upper bounds of one number a neuron, and their derivatives by how far the argument may go."""

    lower: Vector
    upper: Vector
    lower_rise: Vector
    upper_rise: Vector

    @property
    def middle(self) -> Vector:
        """Halfway between the bounds."""
        return (self.lower + self.upper) / 2

    @property
    def radius(self) -> Vector:
        """Half of what is between them."""
        return (self.upper - self.lower) / 2

    @property
    def middle_rise(self) -> Vector:
        """The derivative of the middle."""
        return (self.lower_rise + self.upper_rise) / 2

    @property
    def radius_rise(self) -> Vector:
        """The derivative of the radius."""
        return (self.upper_rise - self.lower_rise) / 2


BoundsByWidth = Callable[[Vector], SlopeBounds]
"""Bounds of secants or slopes, from how far arguments go."""


class Activation(ABC):
    """A nonlinearity phi whose slopes lie between 0 and `steepest`.

    >>> RELU.secants(Fraction(1), Fraction(4))
    Enclosed(lower=Fraction(1, 4), upper=Fraction(1, 1))
    >>> TANH.slopes(Fraction(0), Fraction(0)).within(1, 1)
    True
    """

    name: ClassVar[str]
    steepest: ClassVar[float]
    typical: ClassVar[float] = 1.0
    """The size of phi's values."""
    bounds: ClassVar[tuple[int, int] | None] = None
    """Between which all values lie; None where there are no such numbers."""

    @abstractmethod
    def value(self, z: Fraction) -> Enclosed:
        """phi(z)."""

    @abstractmethod
    def slopes(self, z: Fraction, width: Fraction) -> Enclosed:
        """All phi'(z + s), |s| <= width."""

    @abstractmethod
    def secants(self, z: Fraction, width: Fraction) -> Enclosed:
        """All (phi(z + s) - phi(z)) / s, 0 < |s| <= width."""

    @abstractmethod
    def values(self, z: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """phi(z) in floats."""

    @abstractmethod
    def derivatives(self, z: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """phi'(z) in floats."""

    @abstractmethod
    def slopes_about(self, z: Vector) -> BoundsByWidth:
        """Those of `slopes` in floats, for positive widths."""

    @abstractmethod
    def secants_about(self, z: Vector) -> BoundsByWidth:
        """Those of `secants` in floats, for positive widths."""


class Sigmoidal(Activation):
    """phi is odd up to a constant, and concave from zero on; its slope falls with |z|.

    With z >= 0 the secant to z - s rises with s until it is a tangent, and falls beyond; that to z + s falls, and is
    the lower one. With u(e) = phi'(e) (z - e) - (phi(z) - phi(e)), u' = phi''(e) (z - e) is positive below zero and
    negative from there to z, and u(z) = 0: so u is positive from its only zero on, the tangent's e. The derivative of
    the secant by s has the sign of u. Where u(e) >= 0 and e <= 0, phi'(e) is at least all secants: phi lies above its
    tangent at e on the convex side, and above the chord from zero to z between them.
    """

    rising: ClassVar[Function]
    bell: ClassVar[Function]
    stretch: ClassVar[float] = 1.0
    """phi' = steepest (1 - tanh(z / stretch)^2)."""

    @override
    def value(self, z: Fraction) -> Enclosed:
        return type(self).rising(z, BITS)

    def values_between(self, lower: Fraction | None, upper: Fraction | None) -> Enclosed:
        """All phi(z), z from `lower` to `upper`; None is no bound.

        >>> TANH.values_between(None, Fraction(0))
        Enclosed(lower=Fraction(-1, 1), upper=Fraction(0, 1))
        """
        assert self.bounds is not None
        least, most = self.bounds
        return Enclosed(
            Fraction(least) if lower is None else max(self.value(lower).lower, Fraction(least)),
            Fraction(most) if upper is None else min(self.value(upper).upper, Fraction(most)),
        )

    def slopes_between(self, lower: Fraction | None, upper: Fraction | None) -> Enclosed:
        """All phi'(z), z from `lower` to `upper`; None is no bound.

        >>> TANH.slopes_between(None, Fraction(1))
        Enclosed(lower=Fraction(0, 1), upper=Fraction(1, 1))
        """
        near = max((end for end in (lower, None if upper is None else -upper) if end is not None), default=Fraction(0))
        bell = type(self).bell
        far = Fraction(0) if lower is None or upper is None else bell(max(-lower, upper), _SLOPE_BITS).lower
        return Enclosed(max(far, Fraction(0)), bell(max(near, Fraction(0)), _SLOPE_BITS).upper)

    def tilted_between(self, tilt: Fraction, lower: Fraction, upper: Fraction) -> Enclosed:
        """All phi(z) - c z, z from `lower` to `upper`, c = `tilt` positive.

        >>> found = TANH.tilted_between(Fraction(1, 4), Fraction(-5), Fraction(5))  # phi' = c at artanh(sqrt(3) / 2)
        >>> round(float(found.lower), 6), round(float(found.upper), 6)
        (-0.536786, 0.536786)
        """
        middle = self.value(Fraction(0))  # phi(-z) = 2 phi(0) - phi(z)
        least = 2 * middle.lower - self._highest_tilted(tilt, -upper, -lower)
        return Enclosed(least, self._highest_tilted(tilt, lower, upper))

    def _highest_tilted(self, tilt: Fraction, lower: Fraction, upper: Fraction) -> Fraction:
        """An upper bound: below zero phi is convex, and an end is highest; above zero it is below any tangent of it."""
        ends = max(self.value(end).upper - tilt * end for end in (lower, upper))
        if upper <= 0:
            return ends
        share = math.sqrt(1 - float(min(tilt / Fraction(self.steepest), Fraction(1))))
        begin = max(lower, Fraction(0))
        touching = min(max(Fraction(self.stretch * math.atanh(min(share, 1 - 2.0**-50))), begin), upper)
        slope = type(self).bell(touching, BITS)
        rises = ((s - tilt) * (end - touching) for s in (slope.lower, slope.upper) for end in (begin, upper))
        above = self.value(touching).upper - tilt * touching + max(rises)
        return above if lower >= 0 else max(above, ends)

    @override
    def slopes(self, z: Fraction, width: Fraction) -> Enclosed:
        return over_bell(type(self).bell, Enclosed(z - width, z + width), _SLOPE_BITS)

    @override
    def secants(self, z: Fraction, width: Fraction) -> Enclosed:
        z = abs(z)
        slopes = self.slopes(z, width)
        if width <= Fraction(_NARROW):
            return slopes
        lowest = self._secant(z, z + width)
        return Enclosed(max(lowest.lower, slopes.lower), min(self._highest(z, width), slopes.upper)).outwards(
            _SLOPE_BITS
        )

    def _secant(self, z: Fraction, other: Fraction) -> Enclosed:
        here, there = self.value(z), self.value(other)
        low, high = sorted((here.lower - there.upper, here.upper - there.lower), key=lambda x: x / (z - other))
        return Enclosed(low / (z - other), high / (z - other))

    def _highest(self, z: Fraction, width: Fraction) -> Fraction:
        """An upper bound of the secants."""
        end = z - width
        if self._before_tangent(z, end):
            return self._secant(z, end).upper
        distance = float(self._tangent_distances(np.array([float(z)]))[0])
        for slack in (1e-9, 1e-6, 1e-3, 1e-1):
            touching = Fraction(float(z) - distance * (1 - slack))
            if touching <= 0 and self._before_tangent(z, touching):
                return type(self).bell(touching, _SLOPE_BITS).upper
        return type(self).bell(Fraction(0), _SLOPE_BITS).upper

    def _before_tangent(self, z: Fraction, end: Fraction) -> bool:
        """Whether u(end) >= 0 is proved."""
        if end >= 0:
            return True
        rise = self.value(z).upper - self.value(end).lower
        return type(self).bell(end, BITS).lower * (z - end) >= rise

    @override
    def slopes_about(self, z: Vector) -> BoundsByWidth:
        z = np.abs(z)

        def bounds(width: Vector) -> SlopeBounds:
            far, near = z + width, np.maximum(z - width, 0.0)
            falling = np.where(z > width, -self._curvatures(near), 0.0)
            return SlopeBounds(self.derivatives(far), self.derivatives(near), self._curvatures(far), falling)

        return bounds

    @override
    def secants_about(self, z: Vector) -> BoundsByWidth:
        z = np.abs(z)
        slopes, touching = self.slopes_about(z), self._tangent_distances(z)

        def bounds(width: Vector) -> SlopeBounds:
            low, low_rise = self._secants(z, width, 1.0)
            high, high_rise = self._secants(z, np.minimum(width, np.maximum(touching, _NARROW)), -1.0)
            high, high_rise = np.minimum(high, self.steepest), np.where(width < touching, high_rise, 0.0)
            narrow = width < _NARROW
            if not narrow.any():
                return SlopeBounds(low, high, low_rise, high_rise)
            near = slopes(width)
            return SlopeBounds(
                np.where(narrow, near.lower, low),
                np.where(narrow, near.upper, high),
                np.where(narrow, near.lower_rise, low_rise),
                np.where(narrow, near.upper_rise, high_rise),
            )

        return bounds

    def _secants(self, z: Vector, width: Vector, side: float) -> tuple[Vector, Vector]:
        """The secants to z + side width, and their derivatives by the width."""
        secant = side * (self.values(z + side * width) - self.values(z)) / width
        return secant, (self.derivatives(z + side * width) - secant) / width

    def _tangent_distances(self, z: Vector) -> Vector:
        """How far below z >= 0 the line through (z, phi(z)) touches phi: bisection of u between -4 (z + 1) and zero."""
        low, high = -4 * (z + 1), np.zeros_like(z)
        for _ in range(_APPROACHES):
            middle = (low + high) / 2
            before = self.derivatives(middle) * (z - middle) >= self.values(z) - self.values(middle)
            low, high = np.where(before, low, middle), np.where(before, middle, high)
        return z - high

    @abstractmethod
    def _curvatures(self, z: Vector) -> Vector:
        """phi''(z)."""


@dataclass(frozen=True)
class HyperbolicTangent(Sigmoidal):
    """tanh."""

    name: ClassVar[str] = "tanh"
    bounds: ClassVar[tuple[int, int] | None] = (-1, 1)
    steepest: ClassVar[float] = 1.0
    rising: ClassVar[Function] = staticmethod(tanh)
    bell: ClassVar[Function] = staticmethod(tanh_slope)

    @override
    def values(self, z: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        return np.tanh(z)

    @override
    def derivatives(self, z: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        return 1 - np.tanh(z) ** 2

    @override
    def _curvatures(self, z: Vector) -> Vector:
        return -2 * np.tanh(z) * (1 - np.tanh(z) ** 2)


@dataclass(frozen=True)
class Logistic(Sigmoidal):
    """1 / (1 + exp(-z)), the sigmoid of gates."""

    name: ClassVar[str] = "sigmoid"
    bounds: ClassVar[tuple[int, int] | None] = (0, 1)
    steepest: ClassVar[float] = 0.25
    stretch: ClassVar[float] = 2.0
    rising: ClassVar[Function] = staticmethod(sigmoid)
    bell: ClassVar[Function] = staticmethod(sigmoid_slope)

    @override
    def values(self, z: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        return (1 + np.tanh(z / 2)) / 2

    @override
    def derivatives(self, z: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        return (1 - np.tanh(z / 2) ** 2) / 4

    @override
    def _curvatures(self, z: Vector) -> Vector:
        return -np.tanh(z / 2) * (1 - np.tanh(z / 2) ** 2) / 4


@dataclass(frozen=True)
class Rectifier(Activation):
    """max(z, 0). Its slopes are 0 or 1, and anything between where z = 0 is reached."""

    name: ClassVar[str] = "relu"
    steepest: ClassVar[float] = 1.0

    @override
    def value(self, z: Fraction) -> Enclosed:
        return Enclosed(max(z, Fraction(0)), max(z, Fraction(0)))

    @override
    def slopes(self, z: Fraction, width: Fraction) -> Enclosed:
        return Enclosed(Fraction(int(z - width > 0)), Fraction(int(z + width >= 0)))

    @override
    def secants(self, z: Fraction, width: Fraction) -> Enclosed:
        if z + width <= 0 or z - width >= 0:
            return Enclosed(Fraction(int(z > 0)), Fraction(int(z > 0)))
        return Enclosed(max(z, Fraction(0)) / width, (z + width) / width if z < 0 else Fraction(1)).outwards(
            _SLOPE_BITS
        )

    @override
    def values(self, z: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        return np.maximum(z, 0.0)

    @override
    def derivatives(self, z: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        return (z > 0).astype(float)

    @override
    def slopes_about(self, z: Vector) -> BoundsByWidth:
        still = np.zeros_like(z)

        def bounds(width: Vector) -> SlopeBounds:
            return SlopeBounds((z - width > 0).astype(float), (z + width >= 0).astype(float), still, still)

        return bounds

    @override
    def secants_about(self, z: Vector) -> BoundsByWidth:
        active, steep, still = z > 0, z >= 0, np.zeros_like(z)

        def bounds(width: Vector) -> SlopeBounds:
            part = np.minimum(np.abs(z) / width, 1.0)
            rise = np.where(part < 1, -part / width, 0.0)
            lower, upper = np.where(active, part, 0.0), np.where(steep, 1.0, 1 - part)
            return SlopeBounds(lower, upper, np.where(active, rise, still), np.where(steep, still, -rise))

        return bounds


TANH, SIGMOID, RELU = HyperbolicTangent(), Logistic(), Rectifier()
ACTIVATIONS: tuple[Activation, ...] = (TANH, SIGMOID, RELU)
