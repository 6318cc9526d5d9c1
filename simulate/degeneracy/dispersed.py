"""How far apart networks of N neurons end: the derivative of the training map, along all changes of the start."""

from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int

from simulate.degeneracy.training_map import TrainingMap, measured_by_product
from simulate.degeneracy.trials import NOTHING_ASKED, OtherTrials
from simulate.integrate import require_double_precision
from theory.degeneracy import Dispersion, LossCrossing

Directions = Float[np.ndarray, "directions d d"]
Dispersions = Mapping[str, Dispersion]


class NeverThere(ValueError):
    """The loss does not fall to the threshold in the epochs that are allowed, or is below it at the start."""


def dispersed(
    learning: TrainingMap, start: ArrayLike, directions: Directions, *, epochs: int, trials: OtherTrials = NOTHING_ASKED
) -> dict[str, Dispersion]:
    """The dispersion of all that is measured, after a number of epochs.

    `start` is the covariance of the rows (d x d), `directions` how overlaps differ from it, from
    `theory.degeneracy.directions`. See `measured_by_product` for the names.

    Raises:
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.overlaps import closure_of
    >>> from simulate.tasks import filter_task
    >>> from simulate.training import GradientDescent
    >>> from theory.degeneracy import directions, normal_rows
    >>> from theory.overlaps import LINEAR, Shape
    >>> learning = TrainingMap(closure_of(Shape(), LINEAR), filter_task(steps=40), GradientDescent(0.05))
    >>> start = 0.8 * np.eye(4) + 0.2
    >>> sorted(dispersed(learning, start, directions(normal_rows(start)), epochs=20))
    ['change', 'loss', 'recurrent_change', 'sigma']
    """
    require_double_precision()
    values, answers = _along(learning, jnp.asarray(start), jnp.asarray(directions), jnp.asarray(epochs), trials)
    return {name: Dispersion(np.asarray(values[name]), np.asarray(answers[name])) for name in values}


@eqx.filter_jit
def _along(
    learning: TrainingMap, start: Array, directions: Array, epochs: Int[Array, ""], trials: OtherTrials
) -> tuple[dict[str, Array], dict[str, Array]]:
    def measured(sigma: Array) -> dict[str, Array]:
        product = learning.product(sigma, epochs)
        return measured_by_product(learning, sigma, product, trials, learning.task(epochs))

    values, linear = jax.linearize(measured, start)
    return values, jax.vmap(linear)(directions)


class StoppedAtLoss(eqx.Module):
    """The dispersion where each network stops at a loss, at the first whole epoch at which it is seen.

    >>> import numpy as np
    >>> from theory.degeneracy import Dispersion, LossCrossing
    >>> before, after = ({"loss": Dispersion(np.array(loss), np.array([0.5]))} for loss in (1.0, 0.9))
    >>> found = StoppedAtLoss(LossCrossing(before["loss"], after["loss"], 0.95, epoch=7), before, after)
    >>> round(found.crossing.time, 6), abs(float(found.between("loss").coefficient)) < 1e-12
    (6.5, True)
    """

    crossing: LossCrossing
    before: Dispersions
    after: Dispersions

    def between(self, name: str) -> Dispersion:
        """As if training could stop between two epochs, where the loss is the same for all."""
        return self.crossing.stopped(self.before[name], self.after[name])

    def spread(self, name: str, neurons: int) -> Float[np.ndarray, "*shape"]:
        """The standard deviation over networks that stop at a whole epoch."""
        return self.crossing.spread(self.before[name], self.after[name], neurons)


def dispersed_at_loss(
    learning: TrainingMap,
    start: ArrayLike,
    directions: Directions,
    *,
    loss: float,
    most: int,
    trials: OtherTrials = NOTHING_ASKED,
) -> StoppedAtLoss:
    """The dispersion where each network stops at the first epoch at which its loss is at or below `loss`.

    Raises:
        NeverThere: if it is not so within `most` epochs of a network with the overlaps `start`, or from the start.
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.overlaps import closure_of
    >>> from simulate.tasks import filter_task
    >>> from simulate.training import GradientDescent
    >>> from theory.degeneracy import directions, normal_rows
    >>> from theory.overlaps import LINEAR, Shape
    >>> learning = TrainingMap(closure_of(Shape(), LINEAR), filter_task(steps=40), GradientDescent(0.05))
    >>> start = 0.8 * np.eye(4) + 0.2
    >>> found = dispersed_at_loss(learning, start, directions(normal_rows(start)), loss=0.01, most=1000)
    >>> round(float(found.between("loss").value), 9)
    0.01
    """
    require_double_precision()
    epoch = int(_until(learning, jnp.asarray(start), jnp.asarray(loss), jnp.asarray(most)))
    if not 0 < epoch < most:
        raise NeverThere(
            f"the loss is at {loss:g} {'from the start' if epoch == 0 else f'in none of {most} epochs'}: give another"
        )
    before, after = (dispersed(learning, start, directions, epochs=each, trials=trials) for each in (epoch - 1, epoch))
    return StoppedAtLoss(LossCrossing(before["loss"], after["loss"], loss, epoch), before, after)


@eqx.filter_jit
def _until(learning: TrainingMap, start: Array, loss: Float[Array, ""], most: Int[Array, ""]) -> Int[Array, ""]:
    return learning.product_until(start, loss, most)[1]
