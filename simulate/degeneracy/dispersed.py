"""How far apart networks of N neurons end: the derivative of the training map, along all changes of the start."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int

from simulate.degeneracy.training_map import TrainingMap, measured_by_product
from simulate.degeneracy.trials import NOTHING_ASKED, OtherTrials
from simulate.integrate import require_double_precision
from theory.degeneracy import Dispersion, LossCrossing, WholeEpochs

Directions = Float[np.ndarray, "directions d d"]
Tangent: TypeAlias = tuple[Array, Array]
"""Something, and its derivatives along the directions."""

T = TypeVar("T")
Dispersions = Mapping[str, Dispersion]


REACH = 6.0
"""Standard deviations of the stopping time beyond which there are no networks to speak of."""


class TooFew(ValueError):
    """Networks of fewer neurons than a prediction was made for."""


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
    path = _path(learning, start, directions, first=epochs, epochs=1, trials=trials)
    return {name: _at(each, 0) for name, each in path.items()}


@dataclass(frozen=True, eq=False)
class StoppedAtLoss:
    """The dispersion where each network stops at a loss, at the first whole epoch at which it is seen.

    `crossing` is where a network with the overlaps S reaches it, `path` the dispersion at the epochs around, from
    `first` on: wide enough for networks of `fewest` neurons or more.

    >>> import numpy as np
    >>> from theory.degeneracy import Dispersion, LossCrossing
    >>> path = {"loss": Dispersion(np.array([1.0, 0.9]), np.array([[0.5, 0.5]]))}
    >>> before, after = (Dispersion(np.array(loss), np.array([0.5])) for loss in (1.0, 0.9))
    >>> found = StoppedAtLoss(LossCrossing(before, after, 0.95, epoch=7), path, first=6, fewest=100)
    >>> round(found.crossing.time, 6), abs(float(found.between("loss").coefficient)) < 1e-12
    (6.5, True)
    """

    crossing: LossCrossing
    path: Dispersions
    first: int
    fewest: int

    def between(self, name: str) -> Dispersion:
        """As if training could stop between two epochs, where the loss is the same for all."""
        after = self.crossing.epoch - self.first
        return self.crossing.stopped(*(_at(self.path[name], each) for each in (after - 1, after)))

    def mean(self, name: str, neurons: int) -> Float[np.ndarray, "..."]:
        """The mean over networks that stop at a whole epoch."""
        return self._epochs(neurons).mean(self.path[name], neurons)

    def spread(self, name: str, neurons: int) -> Float[np.ndarray, "..."]:
        """The standard deviation over networks that stop at a whole epoch.

        Raises:
            TooFew: with fewer than `fewest` neurons.
        """
        return self._epochs(neurons).spread(self.path[name], neurons)

    def mean_epoch(self, neurons: int) -> float:
        """The mean of the epoch itself, a whole number in each network."""
        return self._epochs(neurons).mean_epoch(neurons)

    def spread_of_epoch(self, neurons: int) -> float:
        """The standard deviation of the epoch itself."""
        return self._epochs(neurons).spread_of_epoch(neurons)

    def _epochs(self, neurons: int) -> WholeEpochs:
        if neurons < self.fewest:
            raise TooFew(f"{neurons} neurons, and the path is for {self.fewest} or more: give dispersed_at_loss fewer")
        return WholeEpochs(self.path["loss"], self.crossing.threshold, self.first)


def dispersed_at_loss(
    learning: TrainingMap,
    start: ArrayLike,
    directions: Directions,
    *,
    loss: float,
    most: int,
    fewest: int = 1000,
    trials: OtherTrials = NOTHING_ASKED,
) -> StoppedAtLoss:
    """The dispersion where each network, of `fewest` neurons or more, stops at the first epoch with at most that loss.

    Raises:
        NeverThere: if it is not so within `most` epochs of a network with the overlaps `start`, or from the start.
        TooFew: if these networks would stop at epochs that differ by more than the training is long.
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
    epoch = int(epoch_at_loss(learning, jnp.asarray(start), jnp.asarray(loss), jnp.asarray(most)))
    if not 0 < epoch < most:
        raise NeverThere(
            f"the loss is at {loss:g} {'from the start' if epoch == 0 else f'in none of {most} epochs'}: give another"
        )
    there = _path(learning, start, directions, first=epoch - 1, epochs=2, trials=trials)["loss"]
    crossing = LossCrossing(_at(there, 0), _at(there, 1), loss, epoch)
    spread = crossing.spread_of_time(fewest)
    if not spread < epoch:
        raise TooFew(f"{fewest} neurons would stop {spread:.3g} epochs apart, at {epoch} on average: give more neurons")
    reach = 2 + int(REACH * spread)
    first = max(0, epoch - reach)
    path = _path(learning, start, directions, first=first, epochs=epoch + reach - first, trials=trials)
    return StoppedAtLoss(crossing, path, first, fewest)


def _path(
    learning: TrainingMap,
    start: ArrayLike,
    directions: Directions,
    *,
    first: int,
    epochs: int,
    trials: OtherTrials,
) -> dict[str, Dispersion]:
    """The dispersion at so many epochs from `first` on, as the leading axis of values."""
    given = learning, jnp.asarray(start), jnp.asarray(directions)
    state = learning.begun, jnp.zeros((len(directions), *learning.begun.shape))
    state = _advanced(*given, state, done=jnp.asarray(0), epochs=jnp.asarray(first))
    found = []
    for done in range(first, first + epochs):
        found.append(jax.tree.map(np.asarray, _measured(*given, state, done=jnp.asarray(done), trials=trials)))
        if done + 1 < first + epochs:
            state = _advanced(*given, state, done=jnp.asarray(done), epochs=jnp.asarray(1))
    return {
        name: Dispersion(np.stack([v[name] for v, _ in found]), np.stack([s[name] for _, s in found], axis=1))
        for name in found[0][0]
    }


def _at(path: Dispersion, which: int) -> Dispersion:
    return Dispersion(np.asarray(path.value[which]), path.slopes[:, which])


@eqx.filter_jit
def _advanced(
    learning: TrainingMap,
    start: Array,
    directions: Array,
    state: Tangent,
    *,
    done: Int[Array, ""],
    epochs: Int[Array, ""],
) -> Tangent:
    """[M V] some epochs later, and its derivative along each direction of the start."""

    def later(sigma: Array, now: Array) -> Array:
        return learning.advanced(sigma, now, done, epochs)

    return _along(later, start, directions, state)


@eqx.filter_jit
def _measured(
    learning: TrainingMap,
    start: Array,
    directions: Array,
    state: Tangent,
    *,
    done: Int[Array, ""],
    trials: OtherTrials,
) -> tuple[dict[str, Array], dict[str, Array]]:
    """What is measured after `done` epochs, and its derivatives."""

    def measured(sigma: Array, now: Array) -> dict[str, Array]:
        return measured_by_product(learning, sigma, learning.product_of(now), trials, learning.task(done))

    return _along(measured, start, directions, state)


def _along(function: Callable[[Array, Array], T], start: Array, directions: Array, state: Tangent) -> tuple[T, T]:
    def one(direction: Array, slope: Array) -> tuple[T, T]:
        return jax.jvp(function, (start, state[0]), (direction, slope))

    return jax.vmap(one, out_axes=(None, 0))(directions, state[1])


@eqx.filter_jit
def epoch_at_loss(learning: TrainingMap, start: Array, loss: Float[Array, ""], most: Int[Array, ""]) -> Int[Array, ""]:
    """The first epoch at which a network with these overlaps is at or below the loss, at most `most`."""
    return learning.product_until(start, loss, most)[1]
