"""How far the numerical range of N reaches beyond a conic, or what `filters` has: a maximum over one angle.

N is real, so theta in [0, pi] is enough. The maximum is not negative.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from jaxtyping import Complex, Float
from scipy.linalg import lapack

from theory.contraction.network import Matrix
from theory.contraction.search.conic import PARABOLA
from theory.contraction.search.filters import Filters

Hermitian = Float[np.ndarray, "n n"] | Complex[np.ndarray, "n n"]
_ROUNDS = 8
_DISTINCT = 0.005


@dataclass(frozen=True)
class Ceiling:
    """The maximum over theta, the maximum over the angles asked for, and local maxima above that, highest first."""

    value: float
    known: float
    peaks: tuple[tuple[float, float], ...]


def hermitian_part(matrix: Matrix, angle: float, filters: Filters = PARABOLA) -> Hermitian:
    """(c N + (c N)^*) / 2, real where c is.

    >>> hermitian_part(np.array([[0.0, 2.0], [0.0, 0.0]]), 0.0)
    array([[0., 1.],
           [1., 0.]])
    """
    c = filters.turn(angle)
    static = c.real * matrix
    even: Matrix = (static + static.T) / 2
    if not np.any(c.imag):
        return even
    odd = c.imag * matrix
    return even + 1j * ((odd - odd.T) / 2)


def cholesky(matrix: Hermitian) -> Hermitian | None:
    """The lower Cholesky factor, or None where there is none."""
    routine = lapack.zpotrf if np.iscomplexobj(matrix) else lapack.dpotrf
    factor, failed = routine(matrix, lower=1, clean=1)
    return None if failed else factor


def top(matrix: Hermitian) -> tuple[float, Float[np.ndarray, " n"] | Complex[np.ndarray, " n"]]:
    """The largest eigenvalue and its eigenvector."""
    last = len(matrix) - 1
    values, vectors = scipy.linalg.eigh(matrix, subset_by_index=[last, last])
    return float(values[0]), vectors[:, 0]


def ascend(matrix: Matrix, angle: float, filters: Filters = PARABOLA) -> tuple[float, float, float]:
    """The value at this angle, a local maximum reached from it, and the angle of that.

    For a fixed unit vector v one angle is best for Re v^* (C N) v: alternating between the two never descends.
    """
    first = best = -np.inf
    place = angle
    for _ in range(_ROUNDS):
        value, vector = top(hermitian_part(matrix, angle, filters))
        first = value if first == -np.inf else first
        if value <= best + 1e-7 * abs(best):
            break
        best, place = value, angle
        angle = filters.best(matrix, vector.astype(complex))
    return first, best, place


def ceiling(matrix: Matrix, known: Iterable[float] = (), filters: Filters = PARABOLA) -> Ceiling:
    """The maximum over theta to 1e-5 or so, from known angles and wherever a Cholesky factor on the grid fails.

    >>> round(ceiling(np.array([[0.0, -3.0], [3.0, 0.0]])).value, 6)
    1.5
    """
    identity = np.eye(len(matrix))
    slack = 1e-12 * float(np.abs(matrix).max())
    found = [ascend(matrix, angle, filters) for angle in dict.fromkeys([0.0, *known])]
    start = max(0.0, *(first for first, _, _ in found))
    level = max(0.0, *(value for _, value, _ in found))
    for angle in filters.grid:
        if cholesky((level * (1 + 1e-5) + slack) * identity - hermitian_part(matrix, angle, filters)) is None:
            found.append(ascend(matrix, angle, filters))
            level = max(level, found[-1][1])
    peaks: list[tuple[float, float]] = []
    for _, value, angle in sorted(found, key=lambda peak: -peak[1]):
        if value > start and all(abs(angle - other) > _DISTINCT for _, other in peaks):
            peaks.append((value, angle))
    return Ceiling(level, start, tuple(peaks))
