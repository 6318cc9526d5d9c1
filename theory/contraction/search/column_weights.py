"""The dual: vectors at several angles, weighted so that no diagonal scaling does better, by linear programs.

Unit vectors v_j at angles a_j with weights p_j >= 0 bound f* from below by k if sum_j p_j Re(conj(v_ij) (c_j N v_j)_i)
>= k sum_j p_j |v_ij|^2 for every i: multiplied by any q_i > 0 and summed, that excludes S_a(q, k) > 0 at all of these
angles. Eigenvectors of Herm(c N) at the end of the central path nearly do, with the weights 1 / (k - lambda) of Z_a;
linear programs correct the weights.
"""

from dataclasses import dataclass

import numpy as np
import scipy.optimize
from jaxtyping import Complex, Float

from theory.contraction.network import Matrix
from theory.contraction.search.angles import hermitian_part
from theory.contraction.search.conic import PARABOLA
from theory.contraction.search.filters import Filters

_LIGHTEST = 1e-11
"""Eigenvectors whose weight is below this part of the largest are left out."""
_HEAVY = 1e-6
_LARGEST = (1.0,) * 60 + (2.0,) * 60
"""How much a ratio above the mean counts, step by step: at first rows only shrink."""
_GONE = 1e-9
_PROGRAMS = 12
_CLOSE = 1e-4


@dataclass(frozen=True)
class Columns:
    """Vectors v_j, times the square roots of their weights, at angles a_j; and the bound they prove, to rounding."""

    lower: float
    angles: Float[np.ndarray, " columns"]
    vectors: Complex[np.ndarray, "n columns"]


def weigh(scaled: Matrix, level: float, angles: tuple[float, ...], filters: Filters = PARABOLA) -> Columns:
    """The best bound from the top eigenvectors at these angles; `level` is a little above the largest eigenvalue.

    >>> columns = weigh(np.array([[0.0, -2.0], [2.0, 0.0]]), 1.0001, (np.pi / 2,))
    >>> round(columns.lower, 3)
    1.0
    """
    weights, places, vectors = _eigenvectors(scaled, level, angles, filters)
    at = _Places(scaled, places, filters)
    heavy = np.where(weights > _HEAVY, weights, 0.0)
    best = Columns(0.0, places[:0], vectors[:, :0])
    for rows in (np.ones(len(scaled)), _shrunk(at, vectors, heavy)):
        chosen = _programmed(at, vectors * rows[:, None], weights, level)
        rows = rows * _shrunk(at, vectors * rows[:, None], chosen)
        kept = chosen > 0
        weighted = vectors[:, kept] * rows[:, None] * np.sqrt(chosen[kept])
        lower = bound(*_Places(scaled, places[kept], filters).sides(weighted))
        if lower > best.lower:
            best = Columns(lower, places[kept], weighted)
        if best.lower > level * (1 - 2 * _CLOSE):
            break
    return best


def bound(left: Float[np.ndarray, "n columns"], right: Float[np.ndarray, "n columns"]) -> float:
    """The largest k >= 0 with sums of `left` at least k times those of `right`; rows of zeros do not count.

    >>> bound(np.array([[3.0, 1.0], [0.0, 0.0]]), np.array([[1.0, 1.0], [0.0, 0.0]]))
    2.0
    """
    top, bottom = left.sum(axis=1), right.sum(axis=1)
    present = bottom > 0
    return max(float((top[present] / bottom[present]).min()), 0.0) if present.any() else 0.0


@dataclass(frozen=True)
class _Places:
    """N, and the angle of every column."""

    scaled: Matrix
    angles: Float[np.ndarray, " columns"]
    filters: Filters

    def sides(
        self, vectors: Complex[np.ndarray, "n columns"]
    ) -> tuple[Float[np.ndarray, "n columns"], Float[np.ndarray, "n columns"]]:
        """Re(conj(v_ij) (c_j N v_j)_i) and |v_ij|^2."""
        turned = np.empty_like(vectors)
        for angle in np.unique(self.angles).tolist():
            here = self.angles == angle
            turned[:, here] = self.filters.applied(self.scaled, angle, vectors[:, here])
        return (vectors.conj() * turned).real, np.abs(vectors) ** 2


def _programmed(
    at: _Places,
    vectors: Complex[np.ndarray, "n columns"],
    weights: Float[np.ndarray, " columns"],
    level: float,
) -> Float[np.ndarray, " columns"]:
    """The weights that give the best bound: bisection over k, a linear program for each."""
    left, right = at.sides(vectors)
    present = right.any(axis=1)
    left, right = left[present], right[present]
    best = np.where(weights > _HEAVY, weights, 0.0)
    lower, upper, trial = bound(left * best, right * best), level, level * (1 - 2 * _CLOSE)
    for _ in range(_PROGRAMS):
        if lower >= trial or upper - lower < _CLOSE * upper:
            break
        found = _program(left - trial * right, right @ weights)
        reached = bound(left * found, right * found) if (right @ found > 0).all() else 0.0
        if reached > lower:
            best, lower = found, reached
        if reached < trial:
            upper = trial
        trial = (lower + upper) / 2
    return best


def _shrunk(
    at: _Places,
    vectors: Complex[np.ndarray, "n columns"],
    weights: Float[np.ndarray, " columns"],
) -> Float[np.ndarray, " n"]:
    """Factors for rows that fall short: made smaller, their ratio rises, and the others' hardly change.

    Such rows are small. Small enough, they are zero: the bound is then one for fewer neurons.
    """
    factors = np.ones(len(vectors))
    best, lower = factors, 0.0
    for largest in _LARGEST:
        left, right = at.sides(vectors * factors[:, None])
        reached = bound(left * weights, right * weights)
        if reached > lower:
            best, lower = factors, reached
        top, bottom = left @ weights, right @ weights
        ratios = np.divide(top, bottom, out=np.ones(len(vectors)), where=bottom > 0)
        factors = factors * np.sqrt(np.clip(ratios * (bottom.sum() / top.sum()), 0.25, largest))
        factors = np.where(factors < _GONE, 0.0, factors)
    return best


def _program(surplus: Float[np.ndarray, "n columns"], scale: Float[np.ndarray, " n"]) -> Float[np.ndarray, " columns"]:
    """Weights p >= 0 with `surplus` p >= `scale` s for the largest s up to 1; rows and columns brought to size one."""
    matrix = surplus / scale[:, None]
    sizes = np.abs(matrix).max(axis=0)
    matrix = matrix / sizes
    count = matrix.shape[1]
    program = scipy.optimize.linprog(
        np.append(np.zeros(count), -1.0),
        A_ub=np.hstack([-matrix, np.ones((len(matrix), 1))]),
        b_ub=np.zeros(len(matrix)),
        bounds=[(0, None)] * count + [(None, 1.0)],
        method="highs",
    )
    if program.status != 0:
        return np.zeros(count)
    return np.maximum(program.x[:-1], 0.0) / sizes


def _eigenvectors(
    scaled: Matrix, level: float, angles: tuple[float, ...], filters: Filters
) -> tuple[Float[np.ndarray, " columns"], Float[np.ndarray, " columns"], Complex[np.ndarray, "n columns"]]:
    weights, places, vectors = [], [], []
    for angle in angles:
        values, basis = np.linalg.eigh(hermitian_part(scaled, angle, filters))
        weights.append(1 / np.maximum(level - values, 1e-12 * level))
        places.append(np.full(len(values), angle))
        vectors.append(basis.astype(complex))
    weight, place, vector = np.concatenate(weights), np.concatenate(places), np.hstack(vectors)
    heavy = np.argsort(-weight)[: 2 * len(scaled) + 20]
    heavy = heavy[weight[heavy] > _LIGHTEST * weight[heavy[0]]]
    return weight[heavy] / weight[heavy[0]], place[heavy], vector[:, heavy]
