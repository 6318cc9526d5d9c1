"""The neurons of a map whose leaks differ, as filters: C_i = a_i / (z - k_i), k_i = 1 - a_i, on the circle |z| = rho.

Slopes scaled to [0, 1], the multiplier LMI of a voltage-like map is feasible at the factor rho exactly if for some
diagonal D > 0 the Hermitian part of C D M D^-1 is below I on the whole circle; of a rate-like map if it is for M^T,
with D^-1 (derived here as for flows; `tests/theory/contraction/test_leaky.py`).
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Complex, Float, Int
from typing_extensions import override

from theory.contraction.network import Vector
from theory.contraction.search.filters import OwnFilters
from theory.contraction.search.rates import Family

_FINENESS = 1.1
"""Tangents of half an angle follow one another by this factor where neurons turn."""
_SLOWER, _BEYOND = np.tan(np.pi * np.arange(17) / 64), np.tan(np.pi * np.arange(17, 32) / 64)


@dataclass(frozen=True, eq=False)
class Leaky(OwnFilters):
    """Neurons of a map that keep these parts of their state, at a factor rho above them all.

    z = rho (1 + i w) / (1 - i w) with w = `unit` tan(angle / 2); the unit is a power of two that brings the turns of
    the neurons, at w = (rho - k) / (rho + k), to angles of size one.

    >>> Leaky.of(np.array([0.5, 0.25]), 1.0).turn(0.0).real.ravel().tolist()
    [1.0, 1.0]
    """

    keep: Vector
    factor: float
    unit: float

    @classmethod
    def of(cls, keep: Vector, factor: float) -> "Leaky":
        """With the unit in the middle of where neurons turn."""
        corners = (factor - keep) / (factor + keep)
        return cls(keep, factor, float(np.exp2(np.round(np.log2(corners.max() * corners.min()) / 2))))

    @cached_property
    def corners(self) -> Vector:
        """The w at which 1 / C is turned by an eighth of a circle."""
        return (self.factor - self.keep) / (self.factor + self.keep)

    @override
    def turns(self, angles: Float[np.ndarray, " angles"]) -> Complex[np.ndarray, "angles n"]:
        cos, sin = np.cos(angles / 2)[:, None], self.unit * np.sin(angles / 2)[:, None]
        sin, cos = np.where(angles[:, None] == np.pi, self.unit, sin), np.where(angles[:, None] == np.pi, 0.0, cos)
        below = (self.factor - self.keep) * cos + 1j * (self.factor + self.keep) * sin
        return (1 - self.keep) * (cos - 1j * sin) / below

    @property
    @override
    def last(self) -> float:
        return np.pi

    @property
    @override
    def first(self) -> tuple[float, ...]:
        slowest, fastest = float(self.corners.min()), float(self.corners.max())
        return (0.0, self._angle(np.tan(0.5) * slowest), self._angle(np.tan(1.0) * fastest), np.pi)

    @cached_property
    def _grid(self) -> tuple[float, ...]:
        slowest, fastest = float(self.corners.min()), max(float(self.corners.max()), 1.0)
        between = np.geomspace(slowest, fastest, int(np.ceil(np.log(fastest / slowest) / np.log(_FINENESS))) + 1)
        places = np.unique(np.concatenate([slowest * _SLOWER, between, fastest * _BEYOND]))
        return (*(self._angle(w) for w in places.tolist()), np.pi)

    @property
    @override
    def grid(self) -> tuple[float, ...]:
        return self._grid

    def _angle(self, tangent: float) -> float:
        return float(2 * np.arctan(tangent / self.unit))

    @override
    def level(self, value: float) -> float:
        ends = self.turns(np.array([0.0, np.pi])).real[:, 0]
        return max(float((ends * value).max()), 0.0)

    @override
    def part(self, members: Int[np.ndarray, " members"]) -> "Leaky":
        return replace(self, keep=self.keep[members])


@dataclass(frozen=True, eq=False)
class Leaks(Family):
    """Neurons of a map with these leaks; rate c stands for the factor 1 - c."""

    leaks: Vector

    @property
    @override
    def fastest(self) -> float:
        """The least leak."""
        return float(self.leaks.min())

    @override
    def at(self, rate: float) -> Leaky:
        return Leaky.of(1 - self.leaks, 1 - rate)
