"""The channels of a Lur'e system as filters: how the argument of one answers, at a frequency, to the value of another.

With H(z) = G C (z I - A)^-1 B and |z| = 1 - c (or Re z = -c) the multiplier LMI at rate c has a solution exactly if for
some diagonal D > 0 the Hermitian part of D H D^-1 is below I at all z, A being faster than c: put x = (z I - A)^-1 B w
into the LMI, and P drops out; the converse is the strict bounded-real lemma. A network is the case where H_ij is a
filter times M_ij (`theory/contraction/search/filters.py`); here every entry has its own.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.linalg
from jaxtyping import Bool, Complex, Float, Inexact, Int
from typing_extensions import override

from theory.contraction.lure.system import LureSystem
from theory.contraction.network import Matrix, Vector
from theory.contraction.search.filters import Filters, Turn
from theory.contraction.search.rates import Family, RateSearches

_EVEN = np.linspace(0, np.pi, 25)
_AROUND = np.array([-6.0, -2.5, -1.0, -0.4, 0.0, 0.4, 1.0, 2.5, 6.0])
"""Of the half-width of a resonance, where it is looked at."""
_APART = 0.3
"""Of the half-width, how near one another points of the grid are at most."""
_LARGEST_TABLE = 8_000_000
_NEARLY = 3.14
"""Beyond this angle a flow's H is nearly zero."""
_BETWEEN = np.array([-1.0, -0.5, 0.5, 1.0])
_ZOOMS = 3


@dataclass(frozen=True, eq=False)
class Resolvent:
    """(z I - A)^-1 at points of the boundary of one rate, by a Schur form; z = point(angle), from 0 to `last`."""

    system: LureSystem
    rate: float

    @cached_property
    def schur(self) -> tuple[Complex[np.ndarray, "n n"], Complex[np.ndarray, "n n"]]:
        """A = U T U^*."""
        triangle, basis = scipy.linalg.schur(self.system.A, output="complex")
        return triangle, basis

    @cached_property
    def unit(self) -> float:
        """Of frequencies of a flow: how far eigenvalues are from the boundary, the middle of their logarithms."""
        if self.system.discrete:
            return 1.0
        distances = np.abs(self.schur[0].diagonal() + self.rate)
        return float(np.sqrt(distances.max() * distances.min()))

    def point(self, angle: float) -> complex:
        """z."""
        if self.system.discrete:
            return (1 - self.rate) * self.system.point(angle)
        return self.unit * self.system.point(angle) - self.rate

    @property
    def last(self) -> float:
        """The largest angle of use."""
        return np.pi if self.system.discrete else _NEARLY

    def times(self, angle: float, right: Float[np.ndarray, "n columns"]) -> Complex[np.ndarray, "n columns"]:
        """(z I - A)^-1 times a real matrix; real at the angles 0 and pi."""
        triangle, basis = self.schur
        below = self.point(angle) * np.eye(len(triangle)) - triangle
        solved = basis @ scipy.linalg.solve_triangular(below, basis.conj().T @ right)
        return solved.real + 0j if angle in (0.0, np.pi) else solved

    @cached_property
    def grid(self) -> tuple[float, ...]:
        """Angles that resolve every eigenvalue of A."""
        values = self.schur[0].diagonal()
        if self.system.discrete:
            at, width = np.abs(np.angle(values)), (1 - self.rate - np.abs(values)) / (1 - self.rate)
        else:
            at = 2 * np.arctan(np.abs(values.imag) / self.unit)
            width = 2 * (-values.real - self.rate) / self.unit / (1 + (values.imag / self.unit) ** 2)
        width = np.clip(width, 1e-9, 1.0)
        angles = np.append(_EVEN, np.clip(at[:, None] + width[:, None] * _AROUND, 0, self.last))
        widths = np.append(np.full(len(_EVEN), _APART), np.repeat(width, len(_AROUND)))
        kept: list[float] = []
        for angle, near in sorted(zip(np.minimum(angles, self.last).tolist(), widths.tolist(), strict=True)):
            if not kept or angle - kept[-1] > _APART * near or angle == self.last > kept[-1]:
                kept.append(angle)
        return tuple(kept)


@dataclass(frozen=True, eq=False)
class Transfer(Filters):
    """H over the boundary of one rate, of some of the channels."""

    resolvent: Resolvent
    members: Int[np.ndarray, " members"]

    def _at(self, angle: float) -> Complex[np.ndarray, "k k"]:
        system = self.resolvent.system
        return system.sensed[self.members] @ self.resolvent.times(angle, system.B[:, self.members])

    @cached_property
    def _angles(self) -> Vector:
        """Of the grid, fewer where a table of all would be large."""
        most = max(_LARGEST_TABLE // len(self.members) ** 2, 16)
        angles = np.array(self.resolvent.grid)
        return angles[np.unique(np.linspace(0, len(angles) - 1, min(len(angles), most)).round().astype(int))]

    @cached_property
    def _table(self) -> Complex[np.ndarray, "angles k k"]:
        return np.array([self._at(angle) for angle in self._angles.tolist()])

    @cached_property
    def _places(self) -> dict[float, int]:
        return {angle: place for place, angle in enumerate(self._angles.tolist())}

    @cached_property
    def _seen(self) -> dict[float, Complex[np.ndarray, "k k"]]:
        return {}

    @override
    def turn(self, angle: float) -> Turn:
        if angle in self._places:
            return self._table[self._places[angle]]
        if angle not in self._seen:
            if len(self._seen) > 64:
                self._seen.clear()
            self._seen[angle] = self._at(angle)
        return self._seen[angle]

    @override
    def applied(
        self, matrix: Matrix, angle: float, vectors: Inexact[np.ndarray, "n columns"]
    ) -> Complex[np.ndarray, "n columns"]:
        return (self.turn(angle) * matrix) @ vectors

    @override
    def best(self, matrix: Matrix, vector: Complex[np.ndarray, " n"]) -> float:
        weights = vector.conj()[:, None] * matrix * vector
        angles = self._angles
        values = np.tensordot(self._table, weights, 2).real
        place = int(values.argmax())
        angle, value = float(angles[place]), float(values[place])
        width = float(np.diff(angles)[max(place - 1, 0) : place + 1].max()) if len(angles) > 1 else 0.0
        for _ in range(_ZOOMS):
            near = np.clip(angle + width * _BETWEEN, 0.0, self.last).tolist()
            found = [float((self._at(each) * weights).sum().real) for each in near]
            if max(found) > value:
                angle, value = near[int(np.argmax(found))], max(found)
            width /= 3
        return angle

    @property
    @override
    def last(self) -> float:
        return self.resolvent.last

    @property
    @override
    def first(self) -> tuple[float, ...]:
        return (0.0, self.best(np.eye(len(self.members)), np.ones(len(self.members), complex)), self.last)

    @property
    @override
    def grid(self) -> tuple[float, ...]:
        return tuple(self._angles.tolist())

    @override
    def level(self, value: float) -> float:
        one = np.full((1, 1), value)
        return max(float(value * self._at(self.best(one, np.ones(1, complex)))[0, 0].real), 0.0)

    @override
    def part(self, members: Int[np.ndarray, " members"]) -> "Transfer":
        return Transfer(self.resolvent, self.members[members])


@dataclass(frozen=True, eq=False)
class Transfers(Family):
    """The channels of one system at every rate."""

    system: LureSystem

    @property
    @override
    def fastest(self) -> float:
        """How fast A forgets."""
        growth = self.system.growth(self.system.A)
        return 1 - growth if self.system.discrete else -growth

    @override
    def at(self, rate: float) -> Transfer:
        return Transfer(Resolvent(self.system, rate), np.arange(len(self.system.slopes)))


def transfer_searches(system: LureSystem) -> RateSearches:
    """Searches for multipliers of one system, by their rate.

    >>> from theory.contraction import lure
    >>> one = np.eye(1)
    >>> found = transfer_searches(lure.system.lure(0.5 * one, 0.25 * one, one, discrete=True))
    >>> round(found.best_rate(1.0), 4)
    0.25
    """
    return RateSearches(connected(system).astype(float), Transfers(system))


def connected(system: LureSystem) -> Bool[np.ndarray, "k k"]:
    """Which channel's value another's argument may depend on, by way of any states."""
    through = (system.sensed != 0).astype(float) @ reachable(system) @ (system.B != 0).astype(float)
    return np.asarray(through > 0)


def reachable(system: LureSystem) -> Float[np.ndarray, "n n"]:
    """One where a state acts on another by way of states alone, or is itself; else zero."""
    reach = (np.eye(system.states) + (system.A != 0)) > 0
    for _ in range(int(np.ceil(np.log2(max(system.states, 2))))):
        reach = (reach.astype(float) @ reach.astype(float)) > 0
    return reach.astype(float)
