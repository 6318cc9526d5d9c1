"""The least ceiling of one strongly connected matrix: angles are added where they bind, until none does.

There the infimum is attained: along a sequence of scalings that leaves every bounded set some entry of N grows without
bound while the one opposite it vanishes, and with them the numerical range.
"""

from dataclasses import dataclass

import numpy as np

from theory.contraction.network import Matrix, Vector
from theory.contraction.search.angles import ceiling
from theory.contraction.search.balanced_units import balancing
from theory.contraction.search.central_path import follow_central_path, rescaled
from theory.contraction.search.filters import Filters


@dataclass(frozen=True)
class StoppingRule:
    """How close a search is to come: `tolerance` is the relative gap, `rounds` how often angles are added.

    A ceiling below `floor` counts as zero.
    """

    floor: float
    tolerance: float = 5e-4
    rounds: int = 30


@dataclass(frozen=True)
class LeastCeiling:
    """`value` is the ceiling at log d = `logs`; `centre`, `level` and `angles` are where the central path was left.

    `closed` tells whether the ceiling met the estimate of the optimum; `steps` counts Newton steps.
    """

    logs: Vector
    value: float
    centre: Vector
    level: float
    angles: tuple[float, ...]
    steps: int
    closed: bool


_LIGHT = 0.01
"""An angle with less than this part of the heaviest one's weight is dropped until it binds again."""


def least_ceiling(
    matrix: Matrix, filters: Filters, stopping: StoppingRule, start: Vector | None = None
) -> LeastCeiling:
    """Lower the ceiling of D M D^-1; `start` is a log d that is likely to be near.

    >>> from theory.contraction import search
    >>> matrix = np.array([[0.0, -8.0], [0.5, 0.0]])
    >>> round(least_ceiling(matrix, search.conic.PARABOLA, StoppingRule(1e-9)).value, 3)
    1.0
    """
    floor = stopping.floor
    if len(matrix) == 1:
        value = max(filters.level(float(matrix[0, 0])), 0.0)
        angle = filters.best(matrix, np.ones(1, complex))
        return LeastCeiling(np.zeros(1), value, np.zeros(1), max(value * 1.0001, floor), (angle,), 0, True)
    tried = _starts((filters.turn(0.0) * matrix).real) if start is None else [start]
    starts = [(logs, ceiling(rescaled(matrix, logs), filters=filters)) for logs in tried]
    logs, top = min(starts, key=lambda start: start[1].value)
    best, best_logs, steps, tolerance, closed = top.value, logs, 0, 0.1, False
    angles = tuple(sorted({*filters.first, *(angle for _, angle in top.peaks)}))
    level = max(1.2 * best, floor)
    for _ in range(stopping.rounds):
        point = follow_central_path(matrix, logs, level, angles, tolerance=tolerance, floor=floor / 2, filters=filters)
        logs, level = point.logs, point.level
        steps += point.steps
        top = ceiling(rescaled(matrix, logs), angles, filters)
        if top.value < best:
            best, best_logs = top.value, logs
        estimate = max(level - point.gap, point.lower, 0.0)
        if best - estimate <= stopping.tolerance * best or best <= floor:
            angles, closed = tuple(sorted({*angles, *(angle for _, angle in top.peaks)})), True
            break
        heaviest = max(point.weights)
        kept = [a for a, weight in zip(angles, point.weights, strict=True) if weight > _LIGHT * heaviest]
        new = [angle for value, angle in top.peaks if value > top.known + stopping.tolerance * best / 8]
        angles = tuple(sorted({*kept, *new}))
        tolerance = max(tolerance / (5 if top.value <= level else 3), stopping.tolerance / 4)
        level = max(top.value, level) + max(top.value - estimate, 0.0) / 2
    return LeastCeiling(best_logs, best, logs, level, angles, steps, closed)


def _starts(matrix: Matrix) -> list[Vector]:
    """Logarithms of scalings: none, balanced, and that of the Perron vectors of |M|."""
    size = len(matrix)
    absolute = np.abs(matrix)
    system = np.eye(size) * (1.01 * float(np.abs(np.linalg.eigvals(absolute)).max())) - absolute
    starts = [np.zeros(size), np.log(balancing(matrix))]
    right, left = np.linalg.solve(system, np.ones(size)), np.linalg.solve(system.T, np.ones(size))
    if (right > 0).all() and (left > 0).all():
        starts.append(np.log(left / right) / 2)
    return [start - start.mean() for start in starts]
