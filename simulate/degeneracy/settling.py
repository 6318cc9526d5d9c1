"""Activity of low-rank networks that settle by themselves: what their dynamics are measured on."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from simulate.cells.low_rank import LowRank


def settling(
    network: LowRank, latents: Float[np.ndarray, "trials latents"], *, steps: int, dt: float
) -> Float[np.ndarray, "trials steps neurons"]:
    """The states x of all neurons from x = m k_m + u k_u on, without inputs.

    Arguments:
        network: one network.
        latents: k_m, then k_u, of each trial at the start.
        steps: states of each trial, the start counted.
        dt: of a step, in time constants.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> from simulate.cells import LINEAR
    >>> from simulate.degeneracy import settling
    >>> from simulate.overlaps import draw_exact
    >>> network = draw_exact(jax.random.key(0), np.eye(4), (1, 1, 1, 1), 20, LINEAR)
    >>> settling(network, np.ones((3, 2)), steps=5, dt=0.1).shape
    (3, 5, 20)
    """
    c = network.connectivity
    starts = jnp.asarray(latents) @ jnp.concatenate([c.m, c.u], axis=1).T
    silence = jnp.zeros(c.m.shape[1])

    def step(states: jax.Array, _: None) -> tuple[jax.Array, jax.Array]:
        return jax.vmap(lambda x: network.step(x, silence, dt))(states), states

    _, states = jax.lax.scan(step, starts, length=steps)
    return np.asarray(states).swapaxes(0, 1)
