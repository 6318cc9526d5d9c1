"""The gradient of the task's loss at a network of the user's own."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike, Float

from simulate.cells.rank_one import RankOne
from simulate.integrate import require_double_precision
from simulate.tasks.delayed_activation import DelayedActivation

Vector = Float[np.ndarray, " neurons"]
TASK = DelayedActivation()


def rank_one_gradient(
    m: ArrayLike,
    n: ArrayLike,
    b: ArrayLike,
    *,
    task: DelayedActivation = TASK,
    confidence: float = 10.0,
    threshold: float = 1.0,
) -> tuple[Vector, Vector, Vector]:
    """dL/dm, dL/dn and dL/db of the delayed-activation loss of a rank-one network.

    m, n and b are its vectors, (neurons,) each; confidence and threshold its readout's. This is what
    `theory.ghost.predict_crossing` asks for.

    Raises:
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> m, n, b = np.array([1.2, -0.3, 1.2, 1.5]), np.array([-1.7, 1.6, 2.3, 2.0]), np.array([0.2, 1.0, 0.3, -0.3])
    >>> [part.shape for part in rank_one_gradient(m, n, b)]
    [(4,), (4,), (4,)]
    """
    require_double_precision()
    m, n, b = (jnp.asarray(vector, dtype=jnp.float64) for vector in (m, n, b))
    cell = RankOne(m, n, b, confidence, threshold)
    _, gradient = cell.loss_and_gradient(task(jnp.asarray(0)))
    return np.asarray(gradient.m), np.asarray(gradient.n), np.asarray(gradient.b)
