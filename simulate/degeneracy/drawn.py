"""Networks of N neurons drawn by their overlaps and carried by the exact map: how far apart they end, at that N."""

import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from simulate.degeneracy.carried import carried
from simulate.degeneracy.dispersed import NeverThere
from simulate.degeneracy.rows import Rows
from simulate.degeneracy.training_map import TrainingMap
from simulate.degeneracy.trials import NOTHING_ASKED, OtherTrials
from simulate.overlaps import square_root

NETWORKS, FEWEST = 1024, 128
"""Drawn for a prediction, and at least, where training takes long."""
WORK = 2**30
"""Networks times epochs, trials and steps: beyond, fewer networks are drawn."""
AT_ONCE = 2**20
"""Networks times trials and steps that are carried at a time: for a gradient the states of each are kept."""
SOME = 8
"""Networks that tell how many epochs the loss takes, where one of the overlaps S would not."""
LONG = 10
"""Times as many epochs as is usual are waited for networks to reach the loss."""


class NoSpread(ValueError):
    """Networks of which some end nowhere: their standard deviation is without bound."""


def drawn(
    learning: TrainingMap,
    covariance: ArrayLike,
    *,
    neurons: int,
    epochs: int,
    loss: float | None = None,
    usual: int | None = None,
    trials: OtherTrials = NOTHING_ASKED,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """What is measured of networks with normal rows of this covariance (d x d): names as in `carried`.

    1,024 networks, or fewer where that would take long, 128 at least. `usual` is the number of epochs in which the loss
    is reached; None: found from a few networks.

    Raises:
        NeverThere: if half of the networks, or more, do not reach the loss, or are there from the start.
        NoSpread: if some networks diverge, or take more than ten times as many epochs as is usual.
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> from simulate.degeneracy import TrainingMap
    >>> from simulate.overlaps import closure_of
    >>> from simulate.tasks import filter_task
    >>> from simulate.training import GradientDescent
    >>> from theory.overlaps import LINEAR, Shape
    >>> learning = TrainingMap(closure_of(Shape(), LINEAR), filter_task(steps=10), GradientDescent(0.05))
    >>> drawn(learning, np.eye(4), neurons=1000, epochs=2)["sigma"].shape
    (1024, 4, 4)
    """
    rows = Rows(square_root(np.asarray(covariance, dtype=np.float64)))
    if loss is not None and usual is None:
        some = rows.draw_wishart(neurons=neurons, networks=SOME, seed=seed)
        usual = _usual(carried(learning, some, epochs=epochs, loss=loss), loss, epochs)
    most = epochs if usual is None else min(epochs, LONG * usual)
    states = learning.task(jnp.asarray(0)).mask.size + (0 if trials.unseen is None else trials.unseen.mask.size)
    count = _power_of_two(WORK // (states * (usual or epochs)), FEWEST, NETWORKS)
    grams = rows.draw_wishart(neurons=neurons, networks=count, seed=seed)
    turns = count // _power_of_two(AT_ONCE // states, 1, count)
    parts = [carried(learning, each, epochs=most, loss=loss, trials=trials) for each in np.split(grams, turns)]
    found = {name: np.concatenate([each[name] for each in parts]) for name in parts[0]}
    gone = int((~np.all([np.isfinite(each.reshape(count, -1)).all(axis=1) for each in found.values()], axis=0)).sum())
    if gone:
        dt = learning.task(jnp.asarray(0)).dt
        step = "" if dt <= 1 else f"; steps are {dt:g} tau long, beyond 1 activity overshoots: give a smaller dt"
        raise NoSpread(f"{gone} of {count} networks drawn diverge: lower the learning rate, or give more neurons{step}")
    if loss is not None:
        _usual(found, loss, most)
        late = int((found["loss"] > loss).sum())
        if late and most < epochs:
            raise NoSpread(
                f"{late} of {count} networks drawn are above the loss after {most} epochs, {LONG} times as many as is "
                "usual: more neurons, or another loss"
            )
    return found


def _usual(found: dict[str, np.ndarray], loss: float, epochs: int) -> int:
    """After how many epochs most networks are at the loss."""
    count, begun = len(found["loss"]), int((found["epochs"] == 0).sum())
    above = int((~(found["loss"] <= loss)).sum())
    for number, where in ((begun, "from the start"), (above, f"in none of {epochs} epochs")):
        if 2 * number >= count:
            raise NeverThere(
                f"the loss is at or below {loss:g} {where}, in {number} of {count} networks drawn: give another"
            )
    return int(np.median(found["epochs"]))


def _power_of_two(number: int, least: int, most: int) -> int:
    """The largest that is not above the number, within bounds."""
    return int(min(most, max(least, 2 ** (max(number, 1).bit_length() - 1))))
