"""Is a rational symmetric matrix positive definite? Floating point proposes, integers decide.

With R an approximate inverse of the Cholesky factor of M, R M R^T is nearly the identity. R is rounded to integers
and the product taken exactly: if it is strictly diagonally dominant with a positive diagonal it is positive definite,
and then so is M (R is triangular with a nonzero diagonal, hence invertible). Where this does not decide, small
matrices are eliminated exactly.
"""

import flint
import numpy as np
import scipy.linalg
from jaxtyping import Float, Int

from theory.contraction.exact_matrix import ExactMatrix

ELIMINATED = 60
"""Rows up to which a matrix is eliminated exactly where dominance does not decide; the cost grows as rows^4 or more."""
_BITS = 50
_CLEARLY = 1e-10
"""Eigenvalues below minus this, a row, are no rounding errors of a matrix scaled to a diagonal near one."""


def is_positive_definite(matrix: ExactMatrix) -> bool:
    """Whether M > 0 is proved; a matrix of more than `ELIMINATED` rows may be definite and yet not be proved so.

    >>> is_positive_definite(ExactMatrix.of([[2, 1], [1, 2]])), is_positive_definite(ExactMatrix.of([[1, 1], [1, 1]]))
    (True, False)
    """
    if not _symmetric(matrix) or any(entry <= 0 for entry in matrix.diagonal_entries()):
        return False
    return _dominant(matrix) or (_hopeful(matrix) and _eliminated(matrix, strict=True))


def is_positive_semidefinite(matrix: ExactMatrix) -> bool:
    """Whether M >= 0 is proved; with the same reserve.

    >>> is_positive_semidefinite(ExactMatrix.of([[1, 1], [1, 1]]))
    True
    >>> is_positive_semidefinite(ExactMatrix.of([[0, 1], [1, 0]]))
    False
    """
    if not _symmetric(matrix) or any(entry < 0 for entry in matrix.diagonal_entries()):
        return False
    if all(2 * row[i] >= sum(map(abs, row)) for i, row in enumerate(matrix.rows())):
        return True
    return is_positive_definite(matrix) or (_hopeful(matrix) and _eliminated(matrix, strict=False))


def _symmetric(matrix: ExactMatrix) -> bool:
    return matrix.shape[0] == matrix.shape[1] and matrix == matrix.T


def _hopeful(matrix: ExactMatrix) -> bool:
    """Whether exact elimination is worth its cost: few rows, and no eigenvalue that is clearly negative in floats."""
    if matrix.shape[0] > ELIMINATED:
        return False
    whole = matrix.entries.numer_denom()[0]
    scaled = _approximation(whole, _scales(whole, matrix.shape[0]))
    return not np.isfinite(scaled).all() or bool(np.linalg.eigvalsh(scaled)[0] > -_CLEARLY * len(scaled))


def _dominant(matrix: ExactMatrix) -> bool:
    whole = matrix.entries.numer_denom()[0]
    size = matrix.shape[0]
    scales = _scales(whole, size)
    try:
        factor = np.linalg.cholesky(_approximation(whole, scales))
    except np.linalg.LinAlgError:
        return False
    inverse = scipy.linalg.solve_triangular(factor, np.eye(size), lower=True)
    if not np.isfinite(inverse).all():
        return False
    shifts = (scales.max() - scales).tolist()
    rounded = [
        [int(entry) << s for entry, s in zip(row, shifts, strict=True)] for row in np.ldexp(inverse, _BITS).tolist()
    ]
    if any(rounded[i][i] == 0 for i in range(size)):
        return False
    proposal = flint.fmpz_mat(rounded)
    product = (proposal * whole * proposal.transpose()).table()
    return all(2 * row[i] > sum(map(abs, row)) for i, row in enumerate(product))


def _scales(whole: flint.fmpz_mat, size: int) -> Int[np.ndarray, " rows"]:
    """Powers of two that bring the diagonal near one: half the binary lengths of its entries."""
    return np.array([(int(whole[i, i]).bit_length() + 1) // 2 for i in range(size)])


def _approximation(whole: flint.fmpz_mat, scales: Int[np.ndarray, " rows"]) -> Float[np.ndarray, "rows rows"]:
    """The scaled matrix in floats, without overflow on the way."""
    heads, drops = np.empty((len(scales),) * 2), np.empty((len(scales),) * 2, dtype=np.int64)
    for i, row in enumerate(whole.table()):
        for j, entry in enumerate(row):
            drops[i, j] = max(int(entry).bit_length() - 60, 0)
            heads[i, j] = float(int(entry) >> int(drops[i, j]))
    exponents = np.clip(drops - scales[:, None] - scales, -4000, 4000)
    with np.errstate(over="ignore"):
        return np.ldexp(heads, exponents)


def _eliminated(matrix: ExactMatrix, *, strict: bool) -> bool:
    """Symmetric elimination: all pivots positive, or zero with nothing beside them where M >= 0 is asked."""
    rows = matrix.rows()
    size = len(rows)
    for k in range(size):
        pivot = rows[k][k]
        if pivot < 0 or (strict and pivot == 0):
            return False
        if pivot == 0:
            if any(rows[i][k] != 0 for i in range(k + 1, size)):
                return False
            continue
        for i in range(k + 1, size):
            if rows[i][k] != 0:
                ratio = rows[i][k] / pivot
                for j in range(i, size):
                    rows[i][j] -= ratio * rows[k][j]
                    rows[j][i] = rows[i][j]
        # the eliminated column is no longer read
    return True
