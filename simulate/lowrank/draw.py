"""Networks with requested overlaps."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Key

from simulate.integrate import require_double_precision
from simulate.lowrank.network import Connectivity, Network
from simulate.lowrank.nonlinearity import Nonlinearity

ROUNDING = 1e-9
"""Asymmetry and negative eigenvalues below this fraction of the largest entry are taken for rounding."""

Counts = tuple[int, int, int, int]


class NotAGramMatrix(ValueError):
    """No vectors have these overlaps."""


class TooFewNeurons(ValueError):
    """No network of this size has these overlaps."""


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
    size = np.abs(matrix).max()
    if np.abs(matrix - matrix.T).max() > ROUNDING * size:
        a, b = np.unravel_index(np.abs(matrix - matrix.T).argmax(), matrix.shape)
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
    """A matrix with as many rows as sigma has positive eigenvalues, whose Gram matrix is sigma."""
    values, vectors = np.linalg.eigh(sigma)
    kept = values > ROUNDING * max(values[-1], 0.0)
    return np.sqrt(values[kept])[:, None] * vectors[:, kept].T


def draw_exact(
    key: Key[Array, ""], sigma: ArrayLike, counts: Counts, neurons: int, nonlinearity: Nonlinearity
) -> Network:
    """A network whose overlaps are sigma to rounding, its rows otherwise as random as can be.

    Orthonormal random vectors, mixed by a square root of sigma; for many neurons its rows are normal.

    Raises:
        NotAGramMatrix: if no vectors have these overlaps.
        TooFewNeurons: if the rank of sigma exceeds the number of neurons.
        DoublePrecisionRequired: if `jax_enable_x64` is off.
    """
    require_double_precision()
    root = square_root(require_gram(sigma, counts))
    if len(root) > neurons:
        raise TooFewNeurons(f"overlaps of rank {len(root)} need at least {len(root)} neurons, not {neurons}")
    orthonormal, _ = jnp.linalg.qr(jax.random.normal(key, (neurons, len(root))))
    return network_of(jnp.sqrt(float(neurons)) * orthonormal @ root, counts, nonlinearity)


def draw_on_average(
    key: Key[Array, ""], sigma: ArrayLike, counts: Counts, neurons: int, nonlinearity: Nonlinearity
) -> Network:
    """A network of independent normal rows with covariance sigma: its overlaps are sigma to O(N^-1/2).

    Raises:
        NotAGramMatrix: if no vectors have these overlaps.
        DoublePrecisionRequired: if `jax_enable_x64` is off.
    """
    require_double_precision()
    root = square_root(require_gram(sigma, counts))
    return network_of(jax.random.normal(key, (neurons, len(root))) @ root, counts, nonlinearity)


def network_of(theta: Float[Array, "neurons d"], counts: Counts, nonlinearity: Nonlinearity) -> Network:
    """The network with the columns of m, u, v, z side by side in theta."""
    m, u, v, z = jnp.split(theta, np.cumsum(counts)[:-1].tolist(), axis=1)
    share = jnp.full(theta.shape[0], 1 / theta.shape[0])
    return Network(Connectivity(m, u, v, z), share, nonlinearity)
