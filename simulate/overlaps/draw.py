"""Networks with requested overlaps."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Key

from simulate.cells.low_rank import Connectivity, LowRank
from simulate.cells.nonlinearity import AnyNonlinearity, known_function
from simulate.integrate import require_double_precision
from simulate.overlaps.gram_matrix import Counts, require_gram, square_root


class TooFewNeurons(ValueError):
    """No network of this size has these overlaps."""


def draw_exact(
    key: Key[Array, ""], sigma: ArrayLike, counts: Counts, neurons: int, nonlinearity: AnyNonlinearity
) -> LowRank:
    """A network whose overlaps are sigma to rounding, its rows otherwise as random as can be.

    Orthonormal random vectors, mixed by a square root of sigma; for many neurons its rows are normal.

    Raises:
        NotAGramMatrix: if no vectors have these overlaps.
        TooFewNeurons: if the rank of sigma exceeds the number of neurons.
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.cells import ERF
    >>> from theory.overlaps import Shape
    >>> sigma = 0.8 * np.eye(4) + 0.2
    >>> network = draw_exact(jax.random.key(0), sigma, Shape().counts, 50, ERF)
    >>> bool(abs(network.sigma() - sigma).max() < 1e-12)
    True
    """
    require_double_precision()
    root = square_root(require_gram(sigma, counts))
    if len(root) > neurons:
        raise TooFewNeurons(f"overlaps of rank {len(root)} need at least {len(root)} neurons, not {neurons}")
    orthonormal, _ = jnp.linalg.qr(jax.random.normal(key, (neurons, len(root))))
    return network_of(jnp.sqrt(float(neurons)) * orthonormal @ root, counts, nonlinearity)


def draw_on_average(
    key: Key[Array, ""], sigma: ArrayLike, counts: Counts, neurons: int, nonlinearity: AnyNonlinearity
) -> LowRank:
    """A network of independent normal rows with covariance sigma: its overlaps are sigma to O(N^-1/2).

    Raises:
        NotAGramMatrix: if no vectors have these overlaps.
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.cells import ERF
    >>> from theory.overlaps import Shape
    >>> sigma = 0.8 * np.eye(4) + 0.2
    >>> network = draw_on_average(jax.random.key(0), sigma, Shape().counts, 10_000, ERF)
    >>> bool(abs(network.sigma() - sigma).max() < 0.05)
    True
    """
    require_double_precision()
    root = square_root(require_gram(sigma, counts))
    return network_of(jax.random.normal(key, (neurons, len(root))) @ root, counts, nonlinearity)


def network_of(
    theta: Float[Array, "neurons d"],
    counts: Counts,
    nonlinearity: AnyNonlinearity,
    share: Float[Array, " neurons"] | None = None,
) -> LowRank:
    """The network with the columns of m, u, v, z side by side in theta; the shares are 1/N unless given."""
    m, u, v, z = jnp.split(theta, np.cumsum(counts)[:-1].tolist(), axis=1)
    share = jnp.full(theta.shape[0], 1 / theta.shape[0]) if share is None else share
    return LowRank(Connectivity(m, u, v, z), share, known_function(nonlinearity))
