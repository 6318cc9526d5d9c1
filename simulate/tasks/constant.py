"""A constant of a task is spelled once: a field with its default and the values that it may take."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TypeVar

import equinox as eqx

T = TypeVar("T")

ALLOWED = "allowed"
"""Where a field keeps the values that it may take."""


class BadConstant(ValueError):
    """A constant that no task can be made with."""


@dataclass(frozen=True)
class Values:
    """The values that a constant may take; as text, what to give instead."""

    @abstractmethod
    def allow(self, value: object) -> bool:
        """Whether this is one of them."""

    @abstractmethod
    def __str__(self) -> str:
        """As in: give a whole number from 1."""


@dataclass(frozen=True)
class WholeNumber(Values):
    """Whole numbers from `least` to `most`."""

    least: int
    most: int | None = None

    def allow(self, value: object) -> bool:
        """Whether this is one of them."""
        most = math.inf if self.most is None else self.most
        return isinstance(value, Integral) and not isinstance(value, bool) and self.least <= int(value) <= most

    def __str__(self) -> str:
        """As in: give a whole number from 1."""
        return f"a whole number from {self.least}" + ("" if self.most is None else f" to {self.most}")


@dataclass(frozen=True)
class Number(Values):
    """Finite numbers of at least `least`, above `above` and at most `most`, where these are given."""

    least: float | None = None
    above: float | None = None
    most: float | None = None

    def allow(self, value: object) -> bool:
        """Whether this is one of them."""
        if not isinstance(value, Real) or isinstance(value, bool) or not math.isfinite(float(value)):
            return False
        number = float(value)
        return (
            (self.least is None or number >= self.least)
            and (self.above is None or number > self.above)
            and (self.most is None or number <= self.most)
        )

    def __str__(self) -> str:
        """As in: give a number above 0, at most 1."""
        sides = {"from": self.least, "above": self.above, "at most": self.most}
        told = ", ".join(f"{side} {value:g}" for side, value in sides.items() if value is not None)
        return f"a number {told}" if told else "a finite number"


@dataclass(frozen=True)
class Range(Values):
    """Two values, the larger one last; they may be equal."""

    of: Values

    def allow(self, value: object) -> bool:
        """Whether this is such a pair."""
        if not isinstance(value, tuple) or len(value) != 2:
            return False
        return all(self.of.allow(each) for each in value) and bool(value[0] <= value[1])

    def __str__(self) -> str:
        """As in: give (low, high) with low <= high, each a whole number from 0."""
        return f"(low, high) with low <= high, each {self.of}"


@dataclass(frozen=True)
class OrNone(Values):
    """Such a value, or none."""

    of: Values

    def allow(self, value: object) -> bool:
        """Whether this is one of them, or None."""
        return value is None or self.of.allow(value)

    def __str__(self) -> str:
        """As in: give a number above 0, or None."""
        return f"{self.of}, or None"


@dataclass(frozen=True)
class YesOrNo(Values):
    """True or False."""

    def allow(self, value: object) -> bool:
        """Whether this is one of them."""
        return isinstance(value, bool)

    def __str__(self) -> str:
        """As in: give True or False."""
        return "True or False"


COUNT = WholeNumber(1)
POSITIVE = Number(above=0.0)
PROBABILITY = Number(above=0.0, most=1.0)
YES_OR_NO = YesOrNo()


def constant(default: T, allowed: Values) -> T:
    """A field of a `DrawnTask`, given by name only, which refuses what is not allowed."""
    return eqx.field(default=default, static=True, kw_only=True, metadata={ALLOWED: allowed})
