"""All fixed points of a ReLU network in a box: patterns of active units, branched over and excluded with proof.

Where the units S are active h = relu(W h + b) is linear: (1 - W_SS) h_S = b_S, solved in rational numbers. Patterns are
a tree: a unit is undecided, active or silent. A node is excluded by a linear program whose solver's word counts for
nothing: its multipliers y >= 0 of rows A h <= c are taken as they are, and if the least of (y^T A) h over the box is
above y^T c, in doubles with a bound of rounding, no h obeys the rows. What is not excluded is branched further.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import flint
import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import linprog

from theory.contraction import exact_matrix
from theory.universality.bounded import Bounded

UNDECIDED, SILENT, ACTIVE = -1, 0, 1

Weights = Float[np.ndarray, "size size"]
Vector = Float[np.ndarray, " size"]
Pattern = Int[np.ndarray, " size"]


@dataclass(frozen=True, eq=False)
class Regions:
    """Exact points in the box, each once; patterns whose equations are singular and that were not excluded; nodes."""

    points: tuple[tuple[Fraction, ...], ...]
    singular: tuple[tuple[int, ...], ...]
    nodes: int
    within: bool
    """Whether the limit of nodes was kept to."""


def rectified_points(W: Weights, drive: Vector, bound: float, most: int) -> Regions:
    """All h = relu(W h + drive) with 0 <= h <= bound."""
    points, singular, nodes = set[tuple[Fraction, ...]](), list[tuple[int, ...]](), 0
    waiting = [np.full(len(W), UNDECIDED)]
    while waiting and nodes < most:
        pattern, nodes = waiting.pop(), nodes + 1
        pattern, excluded, slack = _excluded(W, drive, bound, pattern)
        if excluded:
            continue
        undecided = np.flatnonzero(pattern == UNDECIDED)
        if len(undecided):
            unit = undecided[np.argmax(slack[undecided])]
            for state in (SILENT, ACTIVE):
                child = pattern.copy()
                child[unit] = state
                waiting.append(child)
            continue
        found = _solved(W, drive, pattern)
        if found is None:
            singular.append(tuple(pattern.tolist()))
        elif all(0 <= each <= bound for each in found) and _is_fixed(W, drive, found):
            points.add(found)
    return Regions(tuple(sorted(points)), tuple(singular), nodes, not waiting)


def _excluded(W: Weights, drive: Vector, bound: float, pattern: Pattern) -> tuple[Pattern, bool, Vector]:
    """The pattern with what bounds decide, whether it is excluded, and how far each unit is from either state."""
    pattern = pattern.copy()
    for _ in range(len(W)):
        highest = np.where(pattern == SILENT, 0.0, bound)
        # (W h + b)_i over the box, outwards
        rising, falling = Bounded(np.maximum(W, 0)), Bounded(np.maximum(-W, 0))
        shift = Bounded(drive[:, None])
        top, bottom = rising @ Bounded(highest[:, None]) + shift, shift - falling @ Bounded(highest[:, None])
        upper, lower = (top.middle + top.radius)[:, 0], (bottom.middle - bottom.radius)[:, 0]
        upper, lower = np.nextafter(upper, np.inf), np.nextafter(lower, -np.inf)
        if ((pattern == ACTIVE) & (upper < 0)).any() or ((pattern == SILENT) & (lower > 0)).any():
            return pattern, True, upper
        decided = np.where(lower > 0, ACTIVE, np.where(upper < 0, SILENT, UNDECIDED))
        fresh = (pattern == UNDECIDED) & (decided != UNDECIDED)
        if not fresh.any():
            break
        pattern[fresh] = decided[fresh]
    rows, limits = _rows(W, drive, pattern, lower, upper)
    count = len(W)
    found = linprog(
        np.r_[np.zeros(count), 1.0],
        A_ub=np.c_[rows, -np.ones(len(rows))],
        b_ub=limits,
        bounds=[*((0, each) for each in highest), (0, None)],
        method="highs",
    )
    if found.x is None:
        return pattern, False, upper - lower
    y = np.maximum(-found.ineqlin.marginals, 0.0)[None]
    together, limit = Bounded(y) @ Bounded(rows), Bounded(y) @ Bounded(limits[:, None])
    least = Bounded(np.nextafter(np.minimum(together.middle - together.radius, 0.0), -np.inf)) @ Bounded(
        highest[:, None]
    )
    gap = least - limit
    h = found.x[:count]
    excluded = bool((gap.middle > gap.size() - np.abs(gap.middle)).all())
    return pattern, excluded, h * np.abs(h - W @ h - drive)


def _rows(
    W: Weights, drive: Vector, pattern: Pattern, lower: Vector, upper: Vector
) -> tuple[Float[np.ndarray, "rows size"], Float[np.ndarray, " rows"]]:
    """A h <= c for all fixed points of this pattern.

    The sign of W h + b - h <= 0, of an active unit both signs; of an undecided one also h <= s (W h + b - lower), which
    holds where s is at least upper / (upper - lower). All entries are rounded towards what holds for more h >= 0.
    """
    size, active, open_ = np.eye(len(W)), pattern == ACTIVE, (pattern == UNDECIDED) & (lower < 0) & (upper > 0)
    s = np.nextafter(upper[open_] / (upper[open_] - lower[open_]), np.inf) * (1 + 2.0**-50)
    below = np.nextafter(W - size, -np.inf)
    above = np.nextafter(size - W, -np.inf)
    triangle = np.nextafter(size[open_] - s[:, None] * W[open_], -np.inf)
    triangle -= 2.0**-50 * (np.abs(triangle) + np.abs(s[:, None] * W[open_]))
    limit = s * (drive[open_] - lower[open_])
    limit += 2.0**-49 * s * (np.abs(drive[open_]) + np.abs(lower[open_]))
    return np.vstack([below, above[active], triangle]), np.concatenate([-drive, drive[active], limit])


def _solved(W: Weights, drive: Vector, pattern: Pattern) -> tuple[Fraction, ...] | None:
    """The one solution of the region's equations, exactly; None where they are singular."""
    active = np.flatnonzero(pattern == ACTIVE)
    state = [Fraction(0)] * len(W)
    if len(active):
        exact = exact_matrix.ExactMatrix.of(W[np.ix_(active, active)])
        left = (exact_matrix.ExactMatrix.identity(len(active)) - exact).entries
        right = exact_matrix.ExactMatrix.of(drive[active][:, None]).entries
        try:
            solution = left.solve(right)
        except ZeroDivisionError:
            return None
        for place, value in zip(active.tolist(), solution.entries(), strict=True):
            state[place] = exact_matrix.as_fraction(value)
    return tuple(state)


def _is_fixed(W: Weights, drive: Vector, state: tuple[Fraction, ...]) -> bool:
    """h = relu(W h + b), exactly."""
    column = flint.fmpq_mat([[flint.fmpq(each.numerator, each.denominator)] for each in state])
    driven = exact_matrix.ExactMatrix.of(W).entries * column + exact_matrix.ExactMatrix.of(drive[:, None]).entries
    pairs: Iterator[tuple[flint.fmpq, flint.fmpq]] = zip(driven.entries(), column.entries(), strict=True)
    return all(h == (a if a > 0 else 0) for a, h in pairs)
