"""What a network's units do while it answers."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from simulate.cells.cell import Cell
from simulate.tasks.task import Batch


@eqx.filter_jit
def activity(network: Cell, batch: Batch) -> Float[Array, "trials steps units"]:
    """The state after each step of each trial; of a state of several arrays (an LSTM's), these side by side.

    >>> import jax.numpy as jnp
    >>> from simulate.cells import LSTM
    >>> from simulate.populations import activity
    >>> from simulate.tasks import Batch
    >>> batch = Batch(jnp.zeros((5, 7, 2)), jnp.zeros((5, 7, 1)), jnp.ones((5, 7)), dt=1.0)
    >>> activity(LSTM.blank(units=4, inputs=2, outputs=1), batch).shape
    (5, 7, 8)
    """
    batch = batch.astype(network.dtype)

    def advance(state: Any, now: Array) -> tuple[Any, Array]:
        state = network.step(state, now, batch.dt)
        return state, jnp.concatenate([jnp.ravel(part) for part in jax.tree.leaves(state)])

    def trial(inputs: Array) -> Array:
        states: Array = jax.lax.scan(advance, network.initial_state(), inputs)[1]
        return states

    return jax.vmap(trial)(batch.inputs)
