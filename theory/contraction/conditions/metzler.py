"""Matrices without negative entries off the diagonal: one positive vector decides whether they are stable.

For such a matrix B (a majorant of the weights) and v = (I - c T - B)^-1 1: v > 0 just where T^-1 (B - I) has spectral
abscissa below -c. This serves reducible and sparse matrices too, whose Perron vectors have zeros.
"""

import numpy as np
from scipy.sparse.csgraph import connected_components

from theory.contraction.claims.majorant import Diagonal, majorant
from theory.contraction.exact_matrix import exact_vector, to_digits
from theory.contraction.network import Matrix, Network, Vector


def approximate_majorant(network: Network, diagonal: Diagonal) -> Matrix:
    """The majorant of M = `network.gained` in floating point."""
    bound = np.abs(network.gained)
    np.fill_diagonal(bound, [float(diagonal(entry)) for entry in np.diag(network.gained)])
    return bound


def best_rate(network: Network, metzler: Matrix) -> float:
    """The largest c with (I - c T - B) v > 0 for some v > 0 (a supremum)."""
    return -spectral_abscissa((metzler - np.eye(network.size)) / network.time_constants[:, None])


def best_gain(metzler: Matrix) -> float:
    """The largest factor g for which g B - I is stable (a supremum); infinite where it is for every g."""
    abscissa = spectral_abscissa(metzler)
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


def positive_solution(network: Network, metzler: Matrix, rate: float) -> Vector | None:
    """v = (I - c T - B)^-1 1 in short numbers, or None where it is not positive."""
    try:
        solution = np.linalg.solve(np.diag(1 - rate * network.time_constants) - metzler, np.ones(network.size))
    except np.linalg.LinAlgError:
        return None
    if not (np.isfinite(solution).all() and (solution > 0).all()):
        return None
    return to_digits(solution)


def not_below_one(network: Network, diagonal: Diagonal) -> bool:
    """Whether some x >= 0, not zero, has B x >= x in rational arithmetic: then B - I is not stable."""
    values, vectors = np.linalg.eig(approximate_majorant(network, diagonal))
    leading = np.abs(vectors[:, np.argmax(values.real)].real)
    exact = majorant(network.exact.gained, diagonal)
    for candidate in (np.where(leading > 1e-9 * leading.max(), leading, 0.0), np.ones(network.size)):
        entries = exact_vector(candidate)
        if all(image >= entry for image, entry in zip(exact.times(entries), entries, strict=True)):
            return True
    return False
