"""Neurons as filters: the diagonal C by which they answer at a frequency, and where on the boundary that is largest.

Slopes scaled to [0, 1], the multiplier LMI of T x' = -x + M w at rate c is feasible exactly if for some diagonal D > 0

    lambda_max of the Hermitian part of C N  <  1  at all omega,     C_i = 1 / (1 - c tau_i + i omega tau_i),

N = D M D^-1, in voltage form; in rate form the same of M^T

(derived here; `tests/theory/contraction/test_filters.py`): put x = (i omega T + I - c T)^-1 M w into the LMI, and P
drops out; the converse is the strict bounded-real lemma. T commutes with D. Where all neurons are alike C is a number,
and the best angle of a vector has a closed form (`conic`); else it is found on a grid that resolves every neuron.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Complex, Float, Inexact, Int
from typing_extensions import override

from theory.contraction.network import Matrix, Vector

Turn = complex | Complex[np.ndarray, "n 1"] | Complex[np.ndarray, "n n"]
"""C: a number where the neurons are alike, else a column, which multiplies rows, or a factor for every entry."""
_FINENESS = 1.1
"""Frequencies follow one another by this factor."""
_BEYOND = 48.0
"""So far, in corner frequencies of the fastest neuron, the grid reaches; there C is nearly zero."""
_BETWEEN = np.linspace(-1.0, 1.0, 11)
_REFINEMENTS = 4


class Filters(ABC):
    """The family of C over the angles of one boundary, from 0 to at most pi."""

    @abstractmethod
    def turn(self, angle: float) -> Turn:
        """C at this angle; real at 0 and pi."""

    def applied(
        self, matrix: Matrix, angle: float, vectors: Inexact[np.ndarray, "n columns"]
    ) -> Complex[np.ndarray, "n columns"]:
        """(C N) v for vectors v; where C multiplies rows, those of N v."""
        return self.turn(angle) * product(matrix, vectors)

    @abstractmethod
    def best(self, matrix: Matrix, vector: Complex[np.ndarray, " n"]) -> float:
        """The angle at which Re v^* (C N) v is largest."""

    @property
    @abstractmethod
    def last(self) -> float:
        """The largest angle of use."""

    @property
    @abstractmethod
    def first(self) -> tuple[float, ...]:
        """Angles to begin with."""

    @property
    @abstractmethod
    def grid(self) -> tuple[float, ...]:
        """Angles close enough to one another to see every peak."""

    @abstractmethod
    def level(self, value: float) -> float:
        """The largest Re C s of a real number s: the ceiling of one neuron."""

    @abstractmethod
    def part(self, members: Int[np.ndarray, " members"]) -> "Filters":
        """The family of these neurons alone."""


def product(matrix: Matrix, vectors: Inexact[np.ndarray, "n columns"]) -> Inexact[np.ndarray, "n columns"]:
    """A real matrix times vectors, real or not, by real products."""
    if not np.iscomplexobj(vectors):
        return matrix @ vectors
    return matrix @ vectors.real + 1j * (matrix @ vectors.imag)


class OwnFilters(Filters):
    """A filter for every neuron: C is a column. The best angle is found on the grid, and refined between its points."""

    @abstractmethod
    def turns(self, angles: Float[np.ndarray, " angles"]) -> Complex[np.ndarray, "angles n"]:
        """C at several angles, a row each."""

    @override
    def turn(self, angle: float) -> Turn:
        return self.turns(np.array([angle])).T

    @override
    def best(self, matrix: Matrix, vector: Complex[np.ndarray, " n"]) -> float:
        points = vector.conj() * (matrix @ vector)
        angles, table = np.array(self.grid), self._table
        place, width = 0, 0.0
        for _ in range(_REFINEMENTS):
            place = int((table @ points).real.argmax())
            width = float(np.diff(angles)[max(place - 1, 0) : place + 1].max()) if width == 0 else width / 5
            here = float(angles[place])
            angles = np.clip(here + width * _BETWEEN, 0.0, self.last)
            table = self.turns(angles)
        return float(angles[int((table @ points).real.argmax())])

    @cached_property
    def _table(self) -> Complex[np.ndarray, "angles n"]:
        return self.turns(np.array(self.grid))


@dataclass(frozen=True, eq=False)
class LowPass(OwnFilters):
    """Neurons of a flow with these time constants at a rate c below 1 / tau of them all: omega = -w tan(angle / 2).

    w, the `unit`, is (1 - c tau) / tau of the slowest neuron times a power of two.

    >>> LowPass.of(np.array([1.0, 4.0]), 0.0).turn(0.0).ravel().tolist()
    [(1+0j), (1+0j)]
    """

    time_constants: Vector
    rate: float
    unit: float

    @classmethod
    def of(cls, time_constants: Vector, rate: float) -> "LowPass":
        """With the unit in the middle of the corner frequencies."""
        corners = (1 - rate * time_constants) / time_constants
        doublings = int(np.round(np.log2(corners.max() / corners.min()) / 2))
        return cls(time_constants, rate, float(np.ldexp(corners.min(), doublings)))

    @cached_property
    def static(self) -> Vector:
        """1 - c tau_i, one over C at frequency zero."""
        return 1 - self.rate * self.time_constants

    @cached_property
    def corners(self) -> Vector:
        """The frequency at which each neuron turns by an eighth of a circle."""
        return self.static / self.time_constants

    @override
    def turns(self, angles: Float[np.ndarray, " angles"]) -> Complex[np.ndarray, "angles n"]:
        cos, sin = np.cos(angles / 2)[:, None], np.sin(angles / 2)[:, None]
        return cos / (self.static * cos - 1j * self.unit * self.time_constants * sin)

    @property
    @override
    def last(self) -> float:
        return self._angle(_BEYOND * float(self.corners.max()))

    @property
    @override
    def first(self) -> tuple[float, ...]:
        slowest, fastest = float(self.corners.min()), float(self.corners.max())
        return (0.0, self._angle(np.tan(0.5) * slowest), self._angle(np.tan(1.0) * fastest))

    @cached_property
    def _grid(self) -> tuple[float, ...]:
        slowest, fastest = float(self.corners.min()), float(self.corners.max())
        below = slowest * np.tan(np.pi * np.arange(17) / 64)
        count = int(np.ceil(np.log(fastest / slowest) / np.log(_FINENESS)))
        between = np.geomspace(slowest, fastest, count + 1)
        beyond = fastest * np.tan(np.pi * np.arange(17, 32) / 64)
        return tuple(self._angle(omega) for omega in np.unique(np.concatenate([below, between, beyond])).tolist())

    @property
    @override
    def grid(self) -> tuple[float, ...]:
        return self._grid

    def _angle(self, frequency: float) -> float:
        return float(2 * np.arctan(frequency / self.unit))

    @override
    def level(self, value: float) -> float:
        return max(value, 0.0) / float(self.static[0])

    @override
    def part(self, members: Int[np.ndarray, " members"]) -> "LowPass":
        return replace(self, time_constants=self.time_constants[members])
