"""Matrices without negative entries off the diagonal: one positive vector decides whether they are stable.

For such a matrix B (a majorant of the weights) and v = (I - c T - B)^-1 1: v > 0 just where T^-1 (B - I) has spectral
abscissa below -c. This serves reducible and sparse matrices too, whose Perron vectors have zeros.

Where each row may be that of either of two matrices, one vector decides as well: v > 0 with (I - c T - B) v > 0 for
both exists just where that is so of the worst choice of rows, which is found row by row (Howard's policy iteration).
"""

from collections.abc import Sequence

import numpy as np
from scipy.sparse.csgraph import connected_components

from theory.contraction.claims.majorant import majorants, worst_sums
from theory.contraction.exact_matrix import ExactMatrix, exact_vector, to_digits
from theory.contraction.network import Matrix, Network, Vector

Bounds = tuple[Matrix, ...]
"""One matrix, or two of which each row may be taken."""
_CHOICES = 50
_ABOVE = 1e-9


def approximate_majorants(network: Network, *, joint: bool) -> Bounds:
    """Those of `claims.majorant` in floating point."""
    if network.lowest is None:
        bound = np.abs(network.gained)
        diagonal = np.diag(network.gained)
        np.fill_diagonal(bound, diagonal if joint else np.maximum(diagonal, 0.0))
        return (bound,)
    ends = []
    for slopes in (network.lowest, network.slopes):
        sloped = network.form.sloped(network.weights, np.diag(slopes))
        bound = np.abs(sloped)
        np.fill_diagonal(bound, np.diag(sloped))
        ends.append(bound)
    return (ends[0], ends[1]) if joint else (np.maximum(*ends),)


def transposed(bounds: Bounds) -> Bounds:
    """For sums down columns."""
    return tuple(bound.T for bound in bounds)


def best_rate(network: Network, bounds: Bounds) -> float:
    """The largest c with (I - c T - B) v > 0 for some v > 0 (a supremum)."""
    drifts = tuple((bound - np.eye(network.size)) / network.time_constants[:, None] for bound in bounds)
    return -spectral_abscissa(worst_rows(drifts))


def best_gain(bounds: Bounds) -> float:
    """The largest factor g for which g B - I is stable (a supremum); infinite where it is for every g."""
    abscissa = spectral_abscissa(worst_rows(bounds))
    return 1 / abscissa if abscissa > 0 else np.inf


def spectral_abscissa(matrix: Matrix) -> float:
    """The largest real part of an eigenvalue, one strongly connected part after another.

    Exact for a triangular matrix.
    """
    count, label = connected_components(matrix != 0, directed=True, connection="strong")
    parts = (np.flatnonzero(label == part) for part in range(count))
    if count > 1:
        return max(
            float(matrix[part[0], part[0]]) if len(part) == 1 else spectral_abscissa(matrix[np.ix_(part, part)])
            for part in parts
        )
    return float(np.linalg.eigvals(matrix).real.max())


def worst_rows(bounds: Bounds) -> Matrix:
    """Each row one of these, so that the spectral abscissa is largest.

    Just above the abscissa s of a choice, v = (s I - B)^-1 1 > 0; while other rows make more of v, they are taken.

    >>> worst_rows((np.array([[0.5, 0.0], [0.0, 0.0]]), np.array([[0.0, 0.25], [1.0, 0.0]]))).tolist()
    [[0.5, 0.0], [1.0, 0.0]]
    """
    chosen = bounds[-1]
    for _ in range(_CHOICES if len(bounds) > 1 else 0):
        level = spectral_abscissa(chosen)
        level += _ABOVE * max(1.0, abs(level))
        better = _worse_for(bounds, chosen, np.linalg.solve(level * np.eye(len(chosen)) - chosen, np.ones(len(chosen))))
        if better is None:
            break
        chosen = better
    return chosen


def _worse_for(bounds: Bounds, chosen: Matrix, vector: Vector) -> Matrix | None:
    """With the rows that make most of this vector; None where those that are chosen do."""
    images = np.array([bound @ vector for bound in bounds])
    more = images.max(axis=0) > chosen @ vector + 1e-12 * np.abs(images).max(axis=0)
    if not more.any() or not np.isfinite(images).all():
        return None
    best = np.array(bounds)[images.argmax(axis=0), np.arange(len(chosen))]
    return np.where(more[:, None], best, chosen)


def positive_solution(network: Network, bounds: Bounds, rate: float) -> Vector | None:
    """v = (I - c T - B)^-1 1 in short numbers, or None where it is not positive."""
    return positive_vector(np.diag(1 - rate * network.time_constants), bounds)


def positive_vector(level: Matrix, bounds: Bounds) -> Vector | None:
    """(level - B)^-1 1 in short numbers, B the rows that are worst for it; None where it is not positive."""
    chosen = bounds[-1]
    for _ in range(_CHOICES):
        try:
            solution = np.linalg.solve(level - chosen, np.ones(len(chosen)))
        except np.linalg.LinAlgError:
            return None
        if not (np.isfinite(solution).all() and (solution > 0).all()):
            return None
        better = _worse_for(bounds, chosen, solution) if len(bounds) > 1 else None
        if better is None:
            break
        chosen = better
    return to_digits(solution)


def not_below_one(network: Network, *, joint: bool) -> bool:
    """Whether some x >= 0, not zero, has B x >= x in rational arithmetic: then B - I is not stable."""
    return grows(approximate_majorants(network, joint=joint), majorants(network.exact, joint=joint))


def grows(bounds: Bounds, exact: Sequence[ExactMatrix]) -> bool:
    """Whether some x >= 0, not zero, has B x >= x, in rational arithmetic, for a choice of rows."""
    worst = worst_rows(bounds)
    values, vectors = np.linalg.eig(worst)
    leading = np.abs(vectors[:, np.argmax(values.real)].real)
    for candidate in (np.where(leading > 1e-9 * leading.max(), leading, 0.0), np.ones(len(worst))):
        entries = exact_vector(candidate)
        if all(image >= entry for image, entry in zip(worst_sums(exact, entries), entries, strict=True)):
            return True
    return False
