"""A population by its overlaps alone, exact for linear networks: each network's overlaps at the start, and its M."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from simulate.degeneracy.training_map import TrainingMap, measured_by_product
from simulate.degeneracy.trials import NOTHING_ASKED, OtherTrials
from simulate.integrate import require_double_precision


def carried(
    learning: TrainingMap,
    grams: Float[np.ndarray, "networks d d"],
    *,
    epochs: int,
    loss: float | None = None,
    trials: OtherTrials = NOTHING_ASKED,
) -> dict[str, np.ndarray]:
    """What is measured of networks with these overlaps at the start, trained for so many epochs or down to `loss`.

    Names as in `dispersed`, every array with a leading axis of networks; `epochs` is how many each needed, `product` is
    M: rows theta become theta M.

    Raises:
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.degeneracy import Rows, TrainingMap
    >>> from simulate.overlaps import closure_of
    >>> from simulate.tasks import filter_task
    >>> from simulate.training import GradientDescent
    >>> from theory.overlaps import LINEAR, Shape
    >>> learning = TrainingMap(closure_of(Shape(), LINEAR), filter_task(steps=40), GradientDescent(0.05))
    >>> grams = Rows(np.eye(4)).draw_overlaps(neurons=1000, networks=5, seed=0)
    >>> carried(learning, grams, epochs=500, loss=0.01)["epochs"].shape
    (5,)
    """
    require_double_precision()
    down_to = None if loss is None else jnp.asarray(loss, float)
    found = _carried(learning, jnp.asarray(grams), jnp.asarray(epochs), down_to, trials)
    return {name: np.asarray(values) for name, values in found.items()}


@eqx.filter_jit
def _carried(
    learning: TrainingMap, grams: Array, epochs: Int[Array, ""], loss: Float[Array, ""] | None, trials: OtherTrials
) -> dict[str, Float[Array, "networks ..."] | Int[Array, " networks"]]:
    def one(start: Array) -> dict[str, Array]:
        if loss is None:
            product, done = (
                learning.product_of(learning.advanced(start, learning.begun, jnp.asarray(0), epochs)),
                epochs,
            )
        else:
            product, done = learning.product_until(start, loss, epochs)
        found = measured_by_product(learning, start, product, trials, learning.task(done))
        return {**found, "product": product, "epochs": done}

    return jax.vmap(one)(grams)
