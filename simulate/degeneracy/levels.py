"""Networks of rank one that stop at a loss: how far apart they end on the three levels, as a function of a factor."""

from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike, Float

from simulate.degeneracy.dispersed import NeverThere, dispersed, epoch_at_loss
from simulate.degeneracy.training_map import TrainingMap
from simulate.degeneracy.trials import OtherTrials
from simulate.tasks.task import FixedTask
from theory.degeneracy import (
    Dispersion,
    directions,
    dispersed_points,
    matched_distance,
    normal_rows,
    operator_coordinates,
    weight_coordinates,
)
from theory.degeneracy.stopping import SmoothCrossing


def asked_for_more(task: FixedTask, gamma: float) -> FixedTask:
    """The same task with targets gamma times as large: that of networks with outputs y / gamma (`theory...arrows`).

    >>> from simulate.tasks import filter_task
    >>> float(asked_for_more(filter_task(steps=4), 2.0).batch.targets[0, 0, 0])
    2.0
    """
    return eqx.tree_at(lambda each: each.batch.targets, task, gamma * task.batch.targets)


@dataclass(frozen=True, eq=False)
class LevelSpreads:
    """What differs between networks at a level of a factor, at three epochs around the crossing of the loss."""

    crossing: SmoothCrossing
    sigma: Dispersion
    unseen_loss: Dispersion
    dynamics: Dispersion
    weights: Dispersion
    epoch: int

    @property
    def time(self) -> float:
        """When a network with the overlaps S reaches the loss, in epochs."""
        return self.epoch + self.crossing.offset

    @property
    def overlaps(self) -> Float[np.ndarray, "d d"]:
        """Its overlaps there."""
        return self.crossing.stopped(self.sigma).value

    def behaviour(self, neurons: int) -> float:
        """The standard deviation of the loss on other trials."""
        return float(self.crossing.spread(self.unseen_loss, neurons))

    def of_dynamics(self, neurons: int) -> float:
        """The root mean squared DSA over sqrt(2)."""
        return float(np.linalg.norm(self.crossing.spread(self.dynamics, neurons)))

    def of_weights(self, neurons: int) -> float:
        """The root mean squared distance of W up to the order of units."""
        apart = 2**0.5 * float(np.linalg.norm(self.crossing.spread(self.weights, neurons)))
        return float(np.hypot(apart, matched_distance(self.overlaps, self.overlaps, neurons)))


def level_spreads(
    learning: TrainingMap, start: ArrayLike, *, loss: float, most: int, trials: OtherTrials
) -> LevelSpreads:
    """Of linear networks with one input, rank one and normal rows of covariance `start`, stopped at `loss`.

    Raises:
        NeverThere: if the loss is not reached within `most` epochs, or in the first.
        NotCrossed: if the loss does not fall where it is.
        DoublePrecisionRequired: if `jax_enable_x64` is off.
    """
    S = np.asarray(start, dtype=np.float64)
    along = directions(normal_rows(S))
    epoch = int(epoch_at_loss(learning, jnp.asarray(S), jnp.asarray(loss), jnp.asarray(most)))
    if not 1 < epoch < most:
        raise NeverThere(f"the loss is at {loss:g} {'too soon' if epoch < 2 else f'in none of {most} epochs'}")
    each = [dispersed(learning, S, along, epochs=epoch + k, trials=trials) for k in (-1, 0, 1)]
    path = {name: _stacked([found[name] for found in each]) for name in ("sigma", "loss", "unseen_loss")}
    points = {
        name: _stacked([dispersed_points(coordinates, found["sigma"]) for found in each])
        for name, coordinates in (("dynamics", operator_coordinates()), ("weights", weight_coordinates()))
    }
    crossing = SmoothCrossing(path["loss"], loss)
    return LevelSpreads(crossing, path["sigma"], path["unseen_loss"], **points, epoch=epoch)


def _stacked(each: list[Dispersion]) -> Dispersion:
    return Dispersion(np.stack([one.value for one in each]), np.stack([one.slopes for one in each], axis=1))
