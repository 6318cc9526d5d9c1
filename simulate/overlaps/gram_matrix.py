"""Which matrices are Gram matrices, and vectors that have one for theirs. Free of JAX: refusals come at once."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

ROUNDING = 1e-9
"""Asymmetry and negative eigenvalues below this fraction of the largest entry are taken for rounding."""

NO_DIRECTION = 1e-13
"""Eigenvalues below this fraction of the largest are zero: well above the rounding of eigenvalues, 1e-16."""

Counts = tuple[int, int, int, int]


class NotAGramMatrix(ValueError):
    """No vectors have these overlaps."""


def require_gram(sigma: ArrayLike, counts: Counts) -> Float[np.ndarray, "d d"]:
    """The matrix, symmetric to the last bit, if vectors with these overlaps exist.

    `counts` are the numbers of columns of m, u, v and z.

    Raises:
        NotAGramMatrix: naming what is wrong.
    """
    matrix = np.asarray(sigma, dtype=np.float64)
    d = sum(counts)
    if matrix.shape != (d, d):
        raise NotAGramMatrix(
            f"overlaps of shape {matrix.shape}: {d} x {d} are needed, m, u, v, z having {counts} columns"
        )
    if not np.isfinite(matrix).all():
        raise NotAGramMatrix("overlaps that are not finite: give finite numbers")
    size, asymmetry = np.abs(matrix).max(), np.abs(matrix - matrix.T)
    if asymmetry.max() > ROUNDING * size:
        a, b = np.unravel_index(asymmetry.argmax(), matrix.shape)
        raise NotAGramMatrix(
            f"overlaps not symmetric: entry ({a}, {b}) is {matrix[a, b]:g}, entry ({b}, {a}) is {matrix[b, a]:g}"
        )
    matrix = (matrix + matrix.T) / 2
    least = np.linalg.eigvalsh(matrix)[0]
    if least < -ROUNDING * size:
        raise NotAGramMatrix(
            f"overlaps not positive semidefinite: the least eigenvalue is {least:g}; no vectors have them"
        )
    return matrix


def square_root(sigma: Float[np.ndarray, "d d"]) -> Float[np.ndarray, "rank d"]:
    """A matrix with as many rows as sigma has positive eigenvalues (its rank), whose Gram matrix is sigma.

    >>> root = square_root(np.array([[1.0, 1.0], [1.0, 1.0]]))
    >>> root.shape, (root.T @ root).round(12).tolist()
    ((1, 2), [[1.0, 1.0], [1.0, 1.0]])
    """
    values, vectors = np.linalg.eigh(sigma)
    kept = values > NO_DIRECTION * max(values[-1], 0.0)
    return np.sqrt(values[kept])[:, None] * vectors[:, kept].T


def triangular_root(sigma: Float[np.ndarray, "d d"]) -> Float[np.ndarray, "rank d"]:
    """The square root of which every column has one direction more than those before it: column k has k + 1 entries.

    Rows of theta that it mixes from points have m in their first coordinates, then u, v and z; unlike a root of
    eigenvectors it changes little where sigma changes little, also where eigenvalues are close to one another. The rank
    may be any.
    """
    triangular = np.linalg.qr(square_root(sigma), mode="r")
    return np.where(np.diagonal(triangular) < 0, -1.0, 1.0)[:, None] * triangular


def random_gram(neurons: int, size: int, seed: int) -> Float[np.ndarray, "d d"]:
    """The overlaps of a random network: normal columns, `size` of them, each scaled to norm sqrt(neurons).

    >>> sigma = random_gram(neurons=100, size=4, seed=0)
    >>> sigma.shape, bool(np.linalg.eigvalsh(sigma).min() > 0)
    ((4, 4), True)
    """
    columns = np.random.default_rng(seed).standard_normal((neurons, size))
    columns /= np.linalg.norm(columns, axis=0)
    return columns.T @ columns
