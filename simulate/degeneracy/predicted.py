"""How far apart networks of N neurons end, predicted at three levels from the covariance of their rows at the start."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from simulate.degeneracy.curved import spread_by_curvature
from simulate.degeneracy.dispersed import NeverThere, StoppedAtLoss, dispersed, dispersed_at_loss
from simulate.degeneracy.row_matching import RowMatching
from simulate.degeneracy.rows import Rows
from simulate.degeneracy.spread import LEVELS, NOT_ASKED, STARTS, PopulationSpread
from simulate.degeneracy.training_map import TrainingMap
from simulate.degeneracy.transported import Kinked, moved_rows, transported_rows
from simulate.degeneracy.trials import NOTHING_ASKED, OtherTrials
from simulate.overlaps import square_root
from theory.degeneracy import (
    Dispersion,
    coupled,
    directions,
    dispersed_points,
    normal_rows,
    operator_coordinates,
    weight_coordinates,
)
from theory.degeneracy.matched_weights import MatchedWeights, matched_weights
from theory.degeneracy.matching_law import NoLaw
from theory.degeneracy.stopping import NotFalling
from theory.overlaps import LINEAR, Shape

FROM_A_KINK = 3.0
"""Coordinates of points that are never negative have to be so many standard deviations above zero."""
NO_OPERATOR = "known of linear networks alone: what others do next is no matrix times what they do"
NO_CROSSING = "of networks that are not linear known after a number of epochs alone: give epochs, and no loss"
PAIRS, MATCHED = 4, 512
"""Of networks that are not linear: pairs whose transported rows are matched, and rows of each at most."""
LEADING_ALONE = "by the leading term of random matching alone: more neurons, or u and v less alike, for next ones"
BELOW_ZERO = "losses are never negative, and to leading order they would spread by more than their mean: more neurons"
CURVED = 0.5
"""Where the next terms alone spread networks by more than this fraction of the leading order, it is not told."""
TOO_CURVED = "what training makes of the start is curved within its spread, beyond the leading order: more neurons"
AT_MANY_EPOCHS = "networks stop at epochs that differ by more than a fifth of their mean, beyond the leading order"
LATE = 0.2
"""The spread of stopping times over their mean, beyond which nothing is told: their next term is of that order."""
Means = Callable[[str], np.ndarray]
Curvature = dict[str, np.ndarray]


@dataclass(frozen=True)
class _Ended:
    """Means and standard deviations of networks of N neurons, by name."""

    mean: Means
    sd: Means


def _nobody(phase: str) -> None:
    """Is told what a prediction is busy with."""


def predict_spread(
    learning: TrainingMap,
    covariance: ArrayLike,
    *,
    neurons: int,
    epochs: int,
    loss: float | None = None,
    trials: OtherTrials = NOTHING_ASKED,
    tell: Callable[[str], None] = _nobody,
) -> PopulationSpread:
    """Networks with normal rows of this covariance (d x d), after so many epochs, or stopped at `loss` if before.

    Standard deviations to leading order in N^-1/2; means to leading order, which 1 / N times a constant corrects. The
    distance of weights by the law of random matching with its next terms; `remarks` has it where these do not hold. Of
    rank two the spread of overlaps adds, and the best of turned copies saves, some 20 / N of its square: both are left
    out. Where the coordinates by which dynamics or weights are compared have a kink nearer than three standard
    deviations, nothing is told of these; nor of losses that would spread by more than their mean, nor of overlaps,
    losses and what follows from such overlaps where the next terms spread them by more than half of that
    (`spread_by_curvature`; after a number of epochs), nor where networks stop at epochs that differ by more than a
    fifth of their mean. Networks that are not linear are predicted from infinitely many neurons and the influence of
    each row (`transported_rows`), after a number of epochs alone. `tell` hears what it is busy with, in words.

    Raises:
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.degeneracy import TrainingMap, predict_spread
    >>> from simulate.overlaps import closure_of
    >>> from simulate.tasks import filter_task
    >>> from simulate.training import GradientDescent
    >>> from theory.overlaps import LINEAR, Shape
    >>> learning = TrainingMap(closure_of(Shape(), LINEAR), filter_task(steps=40), GradientDescent(0.05))
    >>> found = predict_spread(learning, 0.8 * np.eye(4) + 0.2, neurons=1000, epochs=20)
    >>> found.sigma_sd.shape, 0 < found.dsa_sd < 0.1, found.missing["unseen_loss_sd"]
    ((4, 4), True, 'no trials twice as long were given')
    """
    S = np.asarray(covariance, dtype=np.float64)
    shape, along, linear = learning.closure.shape, directions(normal_rows(S)), learning.closure.nonlinearity == LINEAR
    points = _coordinates(shape) if linear else {**_of_weights(shape)}
    if not linear and loss is not None:
        return PopulationSpread(missing=dict.fromkeys(LEVELS, NO_CROSSING))
    bent: Curvature = {}
    tell("training and its derivatives")
    try:
        if loss is None:
            if linear:
                fixed = dispersed(learning, S, along, epochs=epochs, trials=trials)
                tell("curvature")
                bent = spread_by_curvature(learning, S, along, fixed, neurons=neurons, epochs=epochs, trials=trials)
            else:
                by_rows = transported_rows(learning, S, epochs=epochs, trials=trials).found
                fixed = {name: each.dispersion for name, each in by_rows.items()}
            fixed |= {name: dispersed_points(each, _planar(fixed["sigma"], shape)) for name, each in points.items()}
            ended = _Ended(lambda name: fixed[name].value, lambda name: fixed[name].spread(neurons))
            epochs_mean, epochs_sd = None, None
        else:
            stopped = dispersed_at_loss(learning, S, along, loss=loss, most=epochs, fewest=neurons, trials=trials)
            more = {name: _by_epoch(each, stopped.path["sigma"], shape) for name, each in points.items()}
            stopped = replace(stopped, path={**stopped.path, **more})
            ended = _stopped(stopped, neurons)
            epochs_mean, epochs_sd = stopped.mean_epoch(neurons), stopped.spread_of_epoch(neurons)
            if epochs_sd > LATE * epochs_mean:
                return PopulationSpread(missing=dict.fromkeys(LEVELS, f"{AT_MANY_EPOCHS}: more neurons"))
    except (NeverThere, NotFalling, Kinked) as error:
        return PopulationSpread(missing=dict.fromkeys(LEVELS, str(error)))
    if not np.isfinite(ended.sd("sigma")).all():
        return PopulationSpread(missing=dict.fromkeys(LEVELS, "training from S diverges: lower the learning rate"))
    missing = {} if trials.unseen is not None else {"unseen_loss_sd": NOT_ASKED}
    sigma_sd = _straight(ended.sd("sigma"), bent.get("sigma"))

    remarks: dict[str, str] = {}

    def matched() -> float:
        if not linear:
            return matched_rows(learning, S, neurons=neurons, epochs=epochs)
        found = _matched(ended.mean("sigma"), neurons, shape)
        if found.leading_alone:
            remarks["weights_distance"] = LEADING_ALONE
        return found.distance

    dsa_sd, why = _dynamics(ended, points) if linear else (None, NO_OPERATOR)
    if dsa_sd is not None and np.isnan(_blocks(sigma_sd, shape, "muv")).any():
        dsa_sd, why = None, TOO_CURVED
    tell("weights matched")
    weights_distance, why_not = _weights(ended, points, matched)
    if weights_distance is not None and np.isnan(_blocks(sigma_sd, shape, "uv")).any():
        weights_distance, why_not = None, TOO_CURVED
    missing |= {name: each for name, each in (("dsa_sd", why), ("weights_distance", why_not)) if each}
    names = ("loss", *(("unseen_loss",) if trials.unseen is not None else ()))
    losses = {name: _loss(ended, bent, name) for name in names}
    missing |= {f"{name}_sd": why for name, (_, _, why) in losses.items() if why}
    if np.isnan(sigma_sd).any():
        missing["sigma_sd"] = f"{int(np.isnan(sigma_sd).sum())} of {sigma_sd.size} overlaps: {TOO_CURVED}"
    return PopulationSpread(
        sigma_mean=ended.mean("sigma"),
        sigma_sd=sigma_sd,
        loss_mean=losses["loss"][0],
        loss_sd=losses["loss"][1],
        unseen_loss_mean=losses["unseen_loss"][0] if "unseen_loss" in losses else None,
        unseen_loss_sd=losses["unseen_loss"][1] if "unseen_loss" in losses else None,
        dsa_sd=dsa_sd,
        weights_distance=weights_distance,
        missing=missing,
        remarks=remarks,
        epochs_mean=epochs_mean,
        epochs_sd=epochs_sd,
    )


def _loss(ended: _Ended, bent: Curvature, name: str) -> tuple[float, float | None, str]:
    """Its mean and standard deviation; None, and why, where the leading order cannot be all."""
    mean, sd = float(ended.mean(name)), float(ended.sd(name))
    if sd > mean:
        return mean, None, BELOW_ZERO
    if np.isnan(_straight(np.asarray(sd), bent.get(name))):
        return mean, None, f"{TOO_CURVED} ({sd:.3g}, by next terms {float(bent[name]):.3g})"
    return mean, sd, ""


def _straight(sd: np.ndarray, curvature: np.ndarray | None) -> np.ndarray:
    """The standard deviations, nan where the curvature adds too much to the leading order."""
    return sd if curvature is None else np.where(curvature <= CURVED * sd, sd, np.nan)


def _blocks(sigma: np.ndarray, shape: Shape, names: str) -> np.ndarray:
    """The overlaps of these vectors with one another."""
    columns = [column for name in names for column in shape.columns(name)]
    return sigma[np.ix_(columns, columns)]


def _coordinates(shape: Shape) -> dict[str, tuple[sp.Expr, ...]]:
    """Coordinates of the points by whose distances dynamics and weights are compared, where there are such."""
    dynamics = {"dynamics": operator_coordinates()} if (shape.inputs, shape.rank) == (1, 1) else {}
    return {**dynamics, **_of_weights(shape)}


def _of_weights(shape: Shape) -> dict[str, tuple[sp.Expr, ...]]:
    return {"weights": weight_coordinates()} if shape.rank == 1 else {}


def _planar(sigma: Dispersion, shape: Shape) -> Dispersion:
    """The overlaps of the first columns of each block: of rank one, points are functions of these."""
    first = [shape.columns(block)[0] for block in "muvz"]
    return Dispersion(sigma.value[np.ix_(first, first)], sigma.slopes[:, first][:, :, first])


def _by_epoch(coordinates: tuple[sp.Expr, ...], path: Dispersion, shape: Shape) -> Dispersion:
    """The points at each epoch of the path."""
    each = [Dispersion(path.value[k], path.slopes[:, k]) for k in range(len(path.value))]
    found = [dispersed_points(coordinates, _planar(sigma, shape)) for sigma in each]
    return Dispersion(np.stack([one.value for one in found]), np.stack([one.slopes for one in found], axis=1))


def _stopped(found: StoppedAtLoss, neurons: int) -> _Ended:
    return _Ended(lambda name: found.mean(name, neurons), lambda name: found.spread(name, neurons))


def _spread_of_points(ended: _Ended, name: str) -> float | None:
    """The root of the summed variances of the coordinates; None where a kink is near."""
    with np.errstate(invalid="ignore", divide="ignore"):
        at, sd = ended.mean(name), ended.sd(name)
        told = np.isfinite(sd).all() and (at[1:] > FROM_A_KINK * sd[1:]).all()
    return float(np.linalg.norm(sd)) if told else None


def _matched(sigma: np.ndarray, neurons: int, shape: Shape) -> MatchedWeights:
    """Of two networks of these overlaps."""
    return matched_weights(sigma, sigma, neurons, shape)


def _dynamics(ended: _Ended, points: Mapping[str, tuple[sp.Expr, ...]]) -> tuple[float | None, str]:
    if "dynamics" not in points:
        return None, "in closed form for one input and rank one alone"
    found = _spread_of_points(ended, "dynamics")
    why = "activity is normal, or its modes nearly alike, within the spread: DSA has no derivative there"
    return found, "" if found is not None else why


def _weights(
    ended: _Ended, points: Mapping[str, tuple[sp.Expr, ...]], matched: Callable[[], float]
) -> tuple[float | None, str]:
    try:
        beyond = matched()
    except NoLaw as error:
        return None, str(error)
    if "weights" not in points:
        return beyond, ""
    found = _spread_of_points(ended, "weights")
    if found is None:
        return None, "u and v are nearly parallel, or W nearly zero, within the spread: no derivative there"
    return float(np.hypot(np.sqrt(2) * found, beyond)), ""


def matched_rows(
    learning: TrainingMap, covariance: ArrayLike, *, neurons: int, epochs: int, pairs: int = PAIRS, seed: int = 0
) -> float:
    """How far W of two networks of rank one are apart beyond rotations, by matching rows that the limit transports.

    Two samples of rows, each moved by the field of infinitely many neurons; of more than 512, the law of random
    matching continues what 512 are, as that of normal rows with the same overlaps goes on.

    Raises:
        NoLaw: beyond rank one.
    """
    shape, few = learning.closure.shape, min(neurons, MATCHED)
    if shape.rank != 1:
        raise NoLaw("rows that are not normal, of rank two and beyond: how they match is not known; give rank 1")
    S = np.asarray(covariance, dtype=np.float64)
    drawn = Rows(square_root(S)).draw(neurons=few, networks=2 * pairs, seed=seed)
    moved = moved_rows(learning, S, drawn.reshape(-1, shape.size), epochs=epochs).reshape(drawn.shape)
    u, v = (moved[:, :, list(shape.columns(block))] for block in "uv")
    sigma, search = moved.swapaxes(1, 2) @ moved / few, RowMatching(starts=STARTS)
    squares = [
        search((u[k], v[k]), (u[k + 1], v[k + 1])).value ** 2 - coupled(sigma[k], sigma[k + 1], shape).distance ** 2
        for k in range(0, 2 * pairs, 2)
    ]
    square = max(0.0, float(np.mean(squares)))
    if neurons == few:
        return float(np.sqrt(square))
    law = [_matched(np.mean(sigma, axis=0), each, shape).beyond for each in (neurons, few)]
    return float(np.sqrt(square * law[0] / law[1]))
