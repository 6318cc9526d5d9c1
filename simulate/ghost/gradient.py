"""The gradient of the task's loss at a network of the user's own."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike, Float

from simulate.cells.rank_r import LatentReadout, Network, RankOne, simulate
from simulate.integrate import require_double_precision
from simulate.tasks.delayed_activation import DelayedActivation

TASK = DelayedActivation()


def rank_one_gradient(
    m: ArrayLike,
    n: ArrayLike,
    b: ArrayLike,
    task: DelayedActivation = TASK,
    confidence: float = 10.0,
    threshold: float = 1.0,
) -> tuple[Float[np.ndarray, " neurons"], Float[np.ndarray, " neurons"], Float[np.ndarray, " neurons"]]:
    """dL/dm, dL/dn and dL/db of the delayed-activation loss, by reverse mode through the state of all neurons.

    m, n and b are the rank-one network's vectors, (neurons,) each; confidence and threshold its readout's. This is what
    `theory.ghost.circuit.crossing.predict_crossing` asks for. Raises `DoublePrecisionRequired` if `jax_enable_x64` is
    off.
    """
    require_double_precision()
    cell = RankOne(*(jnp.asarray(vector, dtype=jnp.float64) for vector in (m, n, b)))
    readout = LatentReadout(jnp.asarray(confidence), jnp.asarray(threshold))
    trials = task.trials(jnp.dtype("float64"))

    def loss(cell: RankOne) -> Float[jax.Array, ""]:
        return task.loss(simulate(Network(cell, readout), trials), trials)

    gradient = jax.grad(loss)(cell)
    return np.asarray(gradient.m), np.asarray(gradient.n), np.asarray(gradient.b)
