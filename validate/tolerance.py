"""How far a measurement may lie from its prediction, as objects that also say why.

A tolerance is made before the measurement it judges. Each kind turns a prediction and a measurement into a
`Comparison`: the two numbers that are shown, their distance, the largest distance admitted, and whether it
holds.
"""

import math
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

Scalar: TypeAlias = float | int | bool | str | None


@dataclass(frozen=True)
class Comparison:
    """One comparison: `error` and `tolerance` are in the same unit.

    `passed` is None where nothing is asserted.
    """

    predicted: Scalar
    measured: Scalar
    error: float | None
    tolerance: float | None
    passed: bool | None
    points: int = 1


class ToleranceError(ValueError):
    """A tolerance or the values given to it make no sense together.

    The message says which and what is needed.
    """


class Tolerance(ABC):
    """A rule by which a measurement agrees with a prediction, and where the rule comes from."""

    @property
    @abstractmethod
    def origin(self) -> str:
        """Where the tolerance comes from, for example `rounding`, `O(dt^2)` or `binomial 99.9 %`."""

    @abstractmethod
    def judge(self, predicted: object, measured: object) -> Comparison:
        """Compare; arrays are compared point by point and the worst point is reported."""


@dataclass(frozen=True)
class Absolute(Tolerance):
    """`|measured - predicted| <= value`, for numbers or arrays of one shape."""

    value: float
    source: str

    def __post_init__(self) -> None:
        _require_bound(self.value)

    @property
    @override
    def origin(self) -> str:
        return self.source

    @override
    def judge(self, predicted: object, measured: object) -> Comparison:
        p, m = _pair(predicted, measured)
        return _worst(p, m, _distance(p, m), self.value)


@dataclass(frozen=True)
class Relative(Tolerance):
    """`|measured - predicted| <= value * |predicted|`, for numbers or arrays of one shape.

    The error is relative.
    """

    value: float
    source: str

    def __post_init__(self) -> None:
        _require_bound(self.value)

    @property
    @override
    def origin(self) -> str:
        return f"relative, {self.source}"

    @override
    def judge(self, predicted: object, measured: object) -> Comparison:
        p, m = _pair(predicted, measured)
        distance = _distance(p, m)
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.where(distance == 0, 0.0, distance / np.abs(p))
        return _worst(p, m, error, self.value)


@dataclass(frozen=True)
class Exact(Tolerance):
    """Equality: of whole numbers, truth values or words (a cycle's itinerary, an outcome's name)."""

    source: str = "exact"

    @property
    @override
    def origin(self) -> str:
        return self.source

    @override
    def judge(self, predicted: object, measured: object) -> Comparison:
        if isinstance(predicted, str) or isinstance(measured, str) or predicted is None or measured is None:
            same = predicted == measured
            return Comparison(_scalar(predicted), _scalar(measured), 0.0 if same else None, 0.0, same)
        p, m = _pair(predicted, measured)
        compared = _worst(p, m, _distance(p, m), 0.0)
        if compared.points > 1:
            return compared
        return Comparison(_scalar(predicted), _scalar(measured), compared.error, 0.0, compared.passed)


@dataclass(frozen=True)
class _OneSided(Tolerance):
    """The prediction is a bound of every point; the error is how far the worst one is beyond it."""

    source: str
    side: ClassVar[str]

    @property
    @override
    def origin(self) -> str:
        return f"{self.side} bound, {self.source}"

    @override
    def judge(self, predicted: object, measured: object) -> Comparison:
        p, m = _pair(predicted, measured)
        return _worst(p, m, _excess(m, p) if self.side == "upper" else _excess(p, m), 0.0)


class AtMost(_OneSided):
    """The prediction is an upper bound: `measured <= predicted` at every point; the error is the excess."""

    side = "upper"


class AtLeast(_OneSided):
    """The prediction is a lower bound: `measured >= predicted` at every point; the error is the shortfall."""

    side = "lower"


@dataclass(frozen=True)
class Bracket(Tolerance):
    """A threshold found from both sides: measured is `(below, above)`, at most `resolution` apart.

    It passes when the prediction lies between the two. Shown are the middle of the bracket, its distance from
    the prediction, and half the bracket's width.
    """

    resolution: float
    source: str

    def __post_init__(self) -> None:
        _require_bound(self.resolution)

    @property
    @override
    def origin(self) -> str:
        return f"bracket, {self.source}"

    @override
    def judge(self, predicted: object, measured: object) -> Comparison:
        ends = np.asarray(measured, dtype=float)
        if ends.shape != (2,):
            raise ToleranceError(f"a bracket is a pair (below, above); got shape {ends.shape}")
        p, below, above = _number(predicted), float(ends[0]), float(ends[1])
        middle = below + (above - below) / 2
        rounding = 4 * sys.float_info.epsilon * max(abs(below), abs(above))
        passed = below <= p <= above and above - below <= self.resolution + rounding
        return Comparison(p, middle, abs(middle - p), (above - below) / 2, passed)


@dataclass(frozen=True)
class Binomial(Tolerance):
    """A fraction of `trials` against a predicted probability, by the exact (Clopper-Pearson) interval.

    Predicted and measured are fractions in [0, 1]. The interval has coverage at least `1 - (1 - level) /
    family`, so that `family` such checks in one run all hold by chance with probability at least `level`. The
    tolerance shown is the distance from the measured fraction to the interval's end on the prediction's side.
    """

    trials: int
    level: float = 0.999
    family: int = 1

    def __post_init__(self) -> None:
        if self.trials < 1 or self.family < 1 or not 0 < self.level < 1:
            raise ToleranceError("binomial tolerance: trials and family at least 1, level between 0 and 1")

    @property
    @override
    def origin(self) -> str:
        shared = f" for {self.family} checks together" if self.family > 1 else ""
        return f"binomial {100 * self.level:g} %, {self.trials} trials{shared}"

    def interval(self, measured: float) -> tuple[float, float]:
        """The Clopper-Pearson interval about a measured fraction."""
        from scipy.stats import binomtest

        successes = round(measured * self.trials)
        if abs(successes - measured * self.trials) > 1e-6:
            raise ToleranceError(f"{measured} is not a whole number of {self.trials} trials")
        level = 1 - (1 - self.level) / self.family
        interval = binomtest(successes, self.trials).proportion_ci(level, method="exact")
        return float(interval.low), float(interval.high)

    @override
    def judge(self, predicted: object, measured: object) -> Comparison:
        p, m = _number(predicted), _number(measured)
        low, high = self.interval(m)
        return Comparison(p, m, abs(m - p), m - low if p < m else high - m, low <= p <= high)


@dataclass(frozen=True)
class Reported(Tolerance):
    """Nothing is asserted: the two values stand side by side, and `source` says why they need not agree."""

    source: str

    @property
    @override
    def origin(self) -> str:
        return f"reported, {self.source}"

    @override
    def judge(self, predicted: object, measured: object) -> Comparison:
        if isinstance(predicted, str) or isinstance(measured, str) or predicted is None or measured is None:
            return Comparison(_scalar(predicted), _scalar(measured), None, None, None)
        p, m = _pair(predicted, measured)
        worst = _worst(p, m, _distance(p, m), math.inf)
        if p.ndim:
            return Comparison(worst.predicted, worst.measured, worst.error, None, None, worst.points)
        return Comparison(_scalar(predicted), _scalar(measured), worst.error, None, None)


def _require_bound(value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise ToleranceError(f"a tolerance is a finite number not below zero, got {value}")


def _pair(predicted: ArrayLike | object, measured: ArrayLike | object) -> tuple[np.ndarray, np.ndarray]:
    p, m = np.asarray(predicted, dtype=float), np.asarray(measured, dtype=float)
    if p.size == 0 or m.size == 0:
        raise ToleranceError("there is nothing to compare: an array is empty")
    if p.shape != m.shape and p.ndim and m.ndim:
        raise ToleranceError(f"shapes differ: predicted {p.shape}, measured {m.shape}")
    p, m = np.broadcast_arrays(p, m)
    return p, m


def _distance(p: np.ndarray, m: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.where(p == m, 0.0, np.abs(m - p))  # equal infinities agree


def _excess(larger: np.ndarray, smaller: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.where(larger <= smaller, 0.0, larger - smaller)


def _worst(p: np.ndarray, m: np.ndarray, error: np.ndarray, bound: float) -> Comparison:
    at = int(np.argmax(np.where(np.isnan(error), np.inf, error)))
    worst = float(error.flat[at])
    return Comparison(float(p.flat[at]), float(m.flat[at]), worst, bound, bool(worst <= bound), p.size)


def _scalar(value: object) -> Scalar:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return _number(value)


def _number(value: object) -> float:
    return float(np.asarray(value, dtype=float))
