"""Where a search begins: states that a task visits, and around them."""

import numpy as np
from jaxtyping import Float

from simulate.cells.cell import Cell
from simulate.populations.activity import activity
from simulate.tasks.task import Batch


def visited_states(
    network: Cell, batch: Batch, count: int, *, noise: float = 0.0, seed: int = 0
) -> Float[np.ndarray, "count size"]:
    """States drawn evenly from those that a batch of trials takes a network through, with Gaussian noise added.

    `noise` is in units of the standard deviation of all visited states' entries. Parts of a state stand side by side,
    as in `StaticMap`.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import LSTM
    >>> from simulate.measures import visited_states
    >>> from simulate.tasks import Batch
    >>> batch = Batch(jnp.ones((5, 7, 2)), jnp.zeros((5, 7, 1)), jnp.ones((5, 7)), dt=1.0)
    >>> visited_states(LSTM.blank(units=4, inputs=2, outputs=1), batch, 10).shape
    (10, 8)

    Raises:
        ValueError: if `count` is not positive, or `noise` negative or not finite.
    """
    if count < 1:
        raise ValueError(f"{count} starts: ask for one or more")
    if not 0 <= noise < np.inf:
        raise ValueError(f"noise of {noise}: give a number of standard deviations, zero or more")
    visited = np.asarray(activity(network, batch), dtype=np.float64)
    states = visited.reshape(-1, visited.shape[-1])
    random = np.random.default_rng(seed)
    drawn = states[random.integers(len(states), size=count)]
    return drawn + noise * states.std() * random.normal(size=drawn.shape)
