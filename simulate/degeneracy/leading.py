"""How far apart linear networks of N neurons end, to leading order in N^-1/2: all that is told of them, by name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp

from simulate.degeneracy.dispersed import dispersed, dispersed_at_loss
from simulate.degeneracy.training_map import TrainingMap
from simulate.degeneracy.trials import OtherTrials
from theory.degeneracy import (
    Dispersion,
    directions,
    dispersed_points,
    normal_rows,
    operator_coordinates,
    weight_coordinates,
)
from theory.overlaps import Shape

Coordinates = Mapping[str, tuple[sp.Expr, ...]]


@dataclass(frozen=True, eq=False)
class LeadingOrder:
    """Means and standard deviations by name: those of `dispersed`, of points, and of epochs where networks stop.

    `usual` is the epoch at which a network with the overlaps S stops at the loss, or the number of epochs.
    """

    mean: Mapping[str, np.ndarray]
    sd: Mapping[str, np.ndarray]
    usual: int


def coordinates_of(shape: Shape, *, linear: bool) -> Coordinates:
    """Coordinates of the points by whose distances dynamics and weights are compared, where there are such."""
    dynamics = {"dynamics": operator_coordinates()} if linear and (shape.inputs, shape.rank) == (1, 1) else {}
    return {**dynamics, **({"weights": weight_coordinates()} if shape.rank == 1 else {})}


def leading_order(
    learning: TrainingMap,
    S: np.ndarray,
    *,
    neurons: int,
    epochs: int,
    loss: float | None,
    trials: OtherTrials,
) -> LeadingOrder:
    """Of networks with normal rows of this covariance, after so many epochs, or stopped at the loss if before.

    Raises:
        NeverThere: if a network with these overlaps is at the loss from the start, or never.
        TooFew: if networks would stop at epochs that differ by more than the training is long.
        NotFalling: if networks that have reached the loss rise above it again.
    """
    shape, along = learning.closure.shape, directions(normal_rows(S))
    points = coordinates_of(shape, linear=True)
    if loss is None:
        fixed = dispersed(learning, S, along, epochs=epochs, trials=trials)
        fixed |= {name: dispersed_points(each, planar(fixed["sigma"], shape)) for name, each in points.items()}
        means, sds = {k: v.value for k, v in fixed.items()}, {k: v.spread(neurons) for k, v in fixed.items()}
        return LeadingOrder(means, sds, epochs)
    found = dispersed_at_loss(learning, S, along, loss=loss, most=epochs, fewest=neurons, trials=trials)
    more = {name: _by_epoch(each, found.path["sigma"], shape) for name, each in points.items()}
    found = replace(found, path={**found.path, **more})
    means = {name: found.mean(name, neurons) for name in found.path}
    sds = {name: found.spread(name, neurons) for name in found.path}
    means["epochs"], sds["epochs"] = (np.asarray(each(neurons)) for each in (found.mean_epoch, found.spread_of_epoch))
    return LeadingOrder(means, sds, found.crossing.epoch)


def planar(sigma: Dispersion, shape: Shape) -> Dispersion:
    """The overlaps of the first columns of each block: of rank one, points are functions of these."""
    first = [shape.columns(block)[0] for block in "muvz"]
    return Dispersion(sigma.value[np.ix_(first, first)], sigma.slopes[:, first][:, :, first])


def _by_epoch(coordinates: tuple[sp.Expr, ...], path: Dispersion, shape: Shape) -> Dispersion:
    """The points at each epoch of the path."""
    each = [Dispersion(path.value[k], path.slopes[:, k]) for k in range(len(path.value))]
    found = [dispersed_points(coordinates, planar(sigma, shape)) for sigma in each]
    return Dispersion(np.stack([one.value for one in found]), np.stack([one.slopes for one in found], axis=1))
