"""All fixed points of a ReLU network in a box: patterns of active units, branched over and excluded with proof.

Where the units S are active h = relu(W h + b) is linear: (1 - W_SS) h_S = b_S, solved in rational numbers. Patterns are
a tree: a unit is undecided, active or silent. A node is excluded by a linear program whose solver's word counts for
nothing: its multipliers y >= 0 of rows A h <= c are taken as they are, and if the least of (y^T A) h over the box is
above y^T c, in rational numbers, no h obeys the rows. What is not excluded is branched further.

With (l_i, u_i) bounds of (W h + b)_i over the box 0 <= h <= H (H_i zero of a silent unit), a fixed point obeys

    LEAST, of any unit      (W h + b)_i - h_i <= 0
    MOST, of an active one  h_i - (W h + b)_i <= 0
    CHORD, of others        h_i - s_i ((W h + b)_i - l_i) <= 0,  s_i = u_i / (u_i - l_i), where l_i < 0 < u_i
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from typing import TypeAlias

import flint
import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import linprog

from theory.contraction import exact_matrix

UNDECIDED, SILENT, ACTIVE = -1, 0, 1
_BITS = 24
"""Binary digits of multipliers: any that exclude will do, and shorter ones make shorter files."""

Weights = Float[np.ndarray, "size size"]
Vector = Float[np.ndarray, " size"]
Pattern = Int[np.ndarray, " size"]
Point: TypeAlias = tuple[Fraction, ...]


class Row(IntEnum):
    """What a multiplier is of."""

    LEAST = 0
    MOST = 1
    CHORD = 2


@dataclass(frozen=True)
class ByUnit:
    """Both states of this unit follow, the active one first."""

    unit: int


@dataclass(frozen=True)
class NoPoint:
    """Excluded by multipliers of rows of some units."""

    multipliers: tuple[tuple[Row, int, Fraction], ...]


@dataclass(frozen=True)
class Solved:
    """All units are decided, and the region's equations have one solution, a point or none."""


@dataclass(frozen=True)
class SingularRegion:
    """All units are decided; the region's equations are singular, and nothing excludes it."""


PatternNode: TypeAlias = ByUnit | NoPoint | Solved | SingularRegion


@dataclass(frozen=True, eq=False)
class Regions:
    """Exact points in the box, each once; patterns whose equations are singular and that were not excluded; all nodes.

    `nodes` are in the order in which they were met, from all units undecided on: the last that waits comes first.
    """

    points: tuple[Point, ...]
    singular: tuple[tuple[int, ...], ...]
    nodes: tuple[PatternNode, ...]
    within: bool
    """Whether the limit of nodes was kept to."""


def rectified_points(W: Weights, drive: Vector, bound: float, most: int) -> Regions:
    """All h = relu(W h + drive) with 0 <= h <= bound."""
    network = _Rectified(W, drive, bound)
    points, singular, nodes = set[Point](), list[tuple[int, ...]](), list[PatternNode]()
    waiting = [np.full(len(W), UNDECIDED)]
    while waiting and len(nodes) < most:
        pattern = waiting.pop()
        nodes.append(node := network.judged(pattern))
        match node:
            case ByUnit(unit):
                for state in (SILENT, ACTIVE):
                    child = pattern.copy()
                    child[unit] = state
                    waiting.append(child)
            case SingularRegion():
                singular.append(tuple(pattern.tolist()))
            case Solved():
                found = network.solved(pattern)
                if found is not None and network.has(found):
                    points.add(found)
    return Regions(tuple(sorted(points)), tuple(singular), tuple(nodes), not waiting)


class _Rectified:
    """The network in rational numbers, and in doubles, which propose."""

    def __init__(self, W: Weights, drive: Vector, bound: float) -> None:
        self.W, self.drive, self.bound = W, drive, exact_matrix.rational(bound)
        self.exact_W, self.exact_drive = _exact(W), _exact(drive[:, None])
        self.rising, self.falling = _exact(np.maximum(W, 0)), _exact(np.maximum(-W, 0))

    def judged(self, pattern: Pattern) -> PatternNode:
        highest = flint.fmpq_mat([[0 if state == SILENT else self.bound] for state in pattern])
        upper = (self.rising * highest + self.exact_drive).entries()
        lower = (self.exact_drive - self.falling * highest).entries()
        for unit, (state, low, high) in enumerate(zip(pattern.tolist(), lower, upper, strict=True)):
            if state != UNDECIDED and (high < 0 if state == ACTIVE else low > 0):
                return NoPoint(((Row.MOST if state == ACTIVE else Row.LEAST, unit, Fraction(1)),))
        sure = [unit for unit in np.flatnonzero(pattern == UNDECIDED) if upper[unit] < 0 or lower[unit] > 0]
        if sure:  # one state is excluded at once
            return ByUnit(int(sure[0]))
        undecided = np.flatnonzero(pattern == UNDECIDED)
        if not len(undecided) and self.solved(pattern) is not None:
            return Solved()
        multipliers, slack = self._proposed(pattern, lower, upper)
        if self._excludes(multipliers, lower, upper, highest.entries()):
            return NoPoint(multipliers)
        return ByUnit(int(undecided[np.argmax(slack[undecided])])) if len(undecided) else SingularRegion()

    def _proposed(
        self, pattern: Pattern, lower: list[flint.fmpq], upper: list[flint.fmpq]
    ) -> tuple[tuple[tuple[Row, int, Fraction], ...], Vector]:
        """Multipliers by a linear program, and how far each unit is from either state."""
        size, low, high = len(self.W), np.array([*map(_double, lower)]), np.array([*map(_double, upper)])
        open_ = np.flatnonzero((pattern == UNDECIDED) & (low < 0) & (high > 0))
        active = np.flatnonzero(pattern == ACTIVE)
        s = high[open_] / (high[open_] - low[open_])
        unit = np.eye(size)
        rows = np.vstack([self.W - unit, (unit - self.W)[active], unit[open_] - s[:, None] * self.W[open_]])
        limits = np.concatenate([-self.drive, self.drive[active], s * (self.drive[open_] - low[open_])])
        names = [
            *((Row.LEAST, k) for k in range(size)),
            *((Row.MOST, int(k)) for k in active),
            *((Row.CHORD, int(k)) for k in open_),
        ]
        most = np.where(pattern == SILENT, 0.0, _double(self.bound))
        found = linprog(
            np.r_[np.zeros(size), 1.0],
            A_ub=np.c_[rows, -np.ones(len(rows))],
            b_ub=limits,
            bounds=[*((0, each) for each in most), (0, None)],
            method="highs",
        )
        if found.x is None:
            return (), high - low
        y = exact_matrix.on_grid(np.maximum(-found.ineqlin.marginals, 0.0)[None], _BITS)[0]
        h = found.x[:size]
        told = tuple((*name, Fraction(value)) for name, value in zip(names, y.tolist(), strict=True) if value)
        return told, h * np.abs(h - self.W @ h - self.drive)

    def _excludes(
        self,
        multipliers: tuple[tuple[Row, int, Fraction], ...],
        lower: list[flint.fmpq],
        upper: list[flint.fmpq],
        highest: list[flint.fmpq],
    ) -> bool:
        """Whether the rows together have no h in the box: y^T A is v W + w, and y^T c is -v b + rest."""
        size, rest = len(self.W), flint.fmpq(0)
        v, w = [flint.fmpq(0)] * size, [flint.fmpq(0)] * size
        for row, unit, value in multipliers:
            y = exact_matrix.rational(value)
            if row is Row.LEAST:
                v[unit], w[unit] = v[unit] + y, w[unit] - y
                continue
            s = upper[unit] / (upper[unit] - lower[unit]) if row is Row.CHORD else flint.fmpq(1)
            v[unit], w[unit] = v[unit] - y * s, w[unit] + y
            rest -= y * s * lower[unit] if row is Row.CHORD else 0
        across = flint.fmpq_mat([v])
        slopes = [a + b for a, b in zip((across * self.exact_W).entries(), w, strict=True)]
        least = sum((slope * most for slope, most in zip(slopes, highest, strict=True) if slope < 0), flint.fmpq(0))
        return bool(least > rest - (across * self.exact_drive).entries()[0])

    def solved(self, pattern: Pattern) -> Point | None:
        """The one solution of the region's equations, exactly; None where they are singular."""
        active = np.flatnonzero(pattern == ACTIVE)
        state = [Fraction(0)] * len(self.W)
        if len(active):
            left = exact_matrix.ExactMatrix.identity(len(active)).entries - _exact(self.W[np.ix_(active, active)])
            try:
                solution = left.solve(_exact(self.drive[active][:, None]))
            except ZeroDivisionError:
                return None
            for place, value in zip(active.tolist(), solution.entries(), strict=True):
                state[place] = exact_matrix.as_fraction(value)
        return tuple(state)

    def has(self, state: Point) -> bool:
        """Whether h = relu(W h + b) is in the box, exactly."""
        column = flint.fmpq_mat([[exact_matrix.rational(each)] for each in state])
        driven = self.exact_W * column + self.exact_drive
        pairs: Iterator[tuple[flint.fmpq, flint.fmpq]] = zip(driven.entries(), column.entries(), strict=True)
        return all(0 <= h <= self.bound and h == (a if a > 0 else 0) for a, h in pairs)


def _exact(array: np.ndarray) -> flint.fmpq_mat:
    return exact_matrix.ExactMatrix.of(array).entries


def _double(number: flint.fmpq) -> float:
    return float(exact_matrix.as_fraction(number))
