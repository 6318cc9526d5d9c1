"""Searches over one family of filters, a member a rate: the least ceiling at a rate, and the best rate.

With f*(c) the least ceiling of the filters at rate c (`filters`), slopes times g are proved at rate c exactly if g
f*(c) < 1. f* grows with c; the best rate is where g f*(c) = 1, found by secants of 1 / f*, which is about linear in c;
what counts is the rate that a scaling found on the way allows.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np
import scipy.optimize

from theory.contraction.network import Matrix, Vector
from theory.contraction.search.angles import ceiling
from theory.contraction.search.central_path import rescaled
from theory.contraction.search.filters import Filters
from theory.contraction.search.smallest_conic import ConicSearch, smallest_conic

_ROUNDS = 10
_SETTLED = 5e-4
_NEAREST = 1 - 1e-6
"""Rates above this part of the fastest are not searched."""
_ENDLESS = 1e9


class Family(ABC):
    """How neurons answer at a frequency, at every rate."""

    @property
    @abstractmethod
    def fastest(self) -> float:
        """No rate is above it: that of the slowest neuron left alone."""

    @abstractmethod
    def at(self, rate: float) -> Filters:
        """The filters at a rate below the fastest."""


@dataclass(frozen=True)
class RateSearches:
    """All searches made for one matrix and a family, by their rate; each begins at the one nearest to it."""

    matrix: Matrix
    family: Family
    made: dict[float, ConicSearch] = field(default_factory=dict)

    @property
    def fastest(self) -> float:
        """That of the family."""
        return self.family.fastest

    def at(self, rate: float) -> ConicSearch:
        """The least ceiling at a rate below the fastest."""
        if rate not in self.made:
            nearest = min(self.made, key=lambda other: abs(other - rate), default=None)
            start = None if nearest is None else self.made[nearest].scaling
            self.made[rate] = smallest_conic(self.matrix, self.family.at(rate), start)
        return self.made[rate]

    def allowed(self, scaling: Vector, gain: float) -> float:
        """The rate that this scaling proves at slopes times `gain`; not positive where none is."""
        scaled = rescaled(self.matrix, np.log(scaling))

        def reserve(rate: float) -> float:
            value = ceiling(scaled, filters=self.family.at(rate)).value
            return (1 / value if value > 0 else _ENDLESS) - gain

        first, last = reserve(0.0), self.fastest * _NEAREST
        if first <= 0:
            return first / gain * self.fastest
        if reserve(last) > 0:
            return last
        root = scipy.optimize.brentq(reserve, 0.0, last, xtol=1e-7 * last, rtol=1e-7)
        return max(float(root) - 2e-7 * last, 0.0)

    def best_rate(self, gain: float) -> float:
        """The best rate at slopes times `gain`; not positive where there is none."""
        low, high = (0.0, self._reserve(0.0, gain)), (self.fastest, -gain)
        best = self.allowed(self.at(0.0).scaling, gain)
        trial = best
        for _ in range(_ROUNDS):
            if not 0 < trial < self.fastest * _NEAREST:
                break
            reserve = self._reserve(trial, gain)
            best = max(best, self.allowed(self.at(trial).scaling, gain))
            if abs(reserve) < _SETTLED * gain or high[0] - best < _SETTLED * best:
                break
            low, high = ((trial, reserve), high) if reserve > 0 else (low, (trial, reserve))
            secant = low[0] + (high[0] - low[0]) * low[1] / (low[1] - high[1])
            trial = max(secant, best) if best > low[0] else secant
        return best

    def _reserve(self, rate: float, gain: float) -> float:
        """How far the largest gain is above this one: about linear in the rate."""
        value = self.at(rate).value
        return (1 / value if value > 0 else _ENDLESS) - gain

    def near(self, rate: float) -> ConicSearch:
        """The nearest search made, one at rate zero if none was."""
        return self.made[min(self.made, key=lambda other: abs(other - rate))] if self.made else self.at(0.0)
