"""How far apart networks of N neurons end, predicted at three levels from the covariance of their rows at the start."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from simulate.degeneracy.dispersed import NeverThere, TooFew
from simulate.degeneracy.drawn import NoSpread, drawn
from simulate.degeneracy.held import Seen, Told
from simulate.degeneracy.leading import coordinates_of, leading_order, planar
from simulate.degeneracy.row_matching import RowMatching
from simulate.degeneracy.rows import Rows
from simulate.degeneracy.spread import NOT_ASKED, STARTS, PopulationSpread, nothing_told
from simulate.degeneracy.training_map import TrainingMap
from simulate.degeneracy.transported import Kinked, moved_rows, transported_rows
from simulate.degeneracy.trials import NOTHING_ASKED, OtherTrials
from simulate.measures.orthogonal import OperatorDistance
from simulate.overlaps import square_root
from theory.degeneracy import activity_operator, coupled, dispersed_points, operator_coordinates
from theory.degeneracy.matched_weights import matched_weights
from theory.degeneracy.matching_law import NoLaw
from theory.degeneracy.points import points_of
from theory.degeneracy.stopping import NotFalling
from theory.overlaps import LINEAR, Shape

FROM_A_KINK = 3.0
"""Coordinates of points that are never negative have to be so many standard deviations above zero."""
NO_OPERATOR = "known of linear networks alone: what others do next is no matrix times what they do"
NO_DIRECTION = 1e-10
"""Directions of m and u that are as small, relative to the largest, squared, are rounding."""
NO_CROSSING = "of networks that are not linear known after a number of epochs alone: give epochs, and no loss"
NO_SPAN = "activity of some networks has fewer directions than inputs and ranks: more neurons, or S of full rank"
PAIRS, MATCHED = 4, 512
"""Of networks that are not linear: pairs whose transported rows are matched, and rows of each at most."""
LAW_AT, SEARCHED = 12, 64
"""Of linear ones: pairs of networks drawn to which the law of matching is applied, and whose dynamics are compared."""
LEADING_ALONE = "by the leading term of random matching alone: more neurons, or u and v less alike, for next ones"
LEADING_ORDER = "to leading order in N^-1/2: what the next order adds is known of linear networks alone"
NEAR_A_KINK = "u and v are nearly parallel, or W nearly zero, within the spread: no derivative there"
OF_THE_LIMIT = "of infinitely many neurons: that of N is off by some 1 / N"
BELOW_ZERO = "losses are never negative, and to leading order they would spread by more than their mean: more neurons"


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
    seed: int = 0,
    tell: Callable[[str], None] = _nobody,
) -> PopulationSpread:
    """Networks with normal rows of this covariance (d x d), after so many epochs, or stopped at `loss` if before.

    Of linear networks each number is that to leading order in N^-1/2 where networks of N neurons that are drawn (by
    `seed`) and carried by the exact map say the same, else what these say, with a remark; None, or nan, where a few of
    them decide it (`held`). The distance of weights is by the law of random matching with its next terms; `remarks` has
    it where these do not hold. Of rank two what the spread of overlaps adds is left out (of independent standard rows
    10 / N of its square). Networks that are not linear are predicted from infinitely many neurons and the influence of
    each row (`transported_rows`), after a number of epochs, to leading order alone; where the coordinates by which
    weights are compared have a kink nearer than three standard deviations, or losses would spread by more than their
    mean, nothing is told of these. `tell` hears what it is busy with, in words.

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
    if learning.closure.nonlinearity != LINEAR:
        if loss is not None:
            return nothing_told(NO_CROSSING, stops=True)
        return _from_rows(learning, S, neurons=neurons, epochs=epochs, trials=trials, tell=tell)
    tell("training and its derivatives")
    leading, why = None, ""
    try:
        leading = leading_order(learning, S, neurons=neurons, epochs=epochs, loss=loss, trials=trials)
    except (NeverThere, TooFew, NotFalling) as error:
        why = str(error)
    tell("networks drawn and carried")
    try:
        found = drawn(
            learning,
            S,
            neurons=neurons,
            epochs=epochs,
            loss=loss,
            usual=None if leading is None else leading.usual,
            trials=trials,
            seed=seed,
        )
    except (NeverThere, NoSpread) as error:
        return nothing_told(str(error), stops=loss is not None)
    told = Told(leading, why, neurons, found)
    sigma_mean, sigma_sd = told.overlaps()
    loss_mean, loss_sd = told.number("loss")
    unseen = told.number("unseen_loss") if trials.unseen is not None else (None, None)
    if trials.unseen is None:
        told.missing.update(NOT_ASKED)
    stops = told.number("epochs", step=1.0) if loss is not None else (None, None)
    tell("dynamics compared")
    dsa_sd = _dynamics(told, learning.closure.shape)
    tell("weights matched")
    weights_distance = _weights(told, sigma_mean, learning.closure.shape)
    return PopulationSpread(
        sigma_mean=sigma_mean,
        sigma_sd=sigma_sd,
        loss_mean=loss_mean,
        loss_sd=loss_sd,
        unseen_loss_mean=unseen[0],
        unseen_loss_sd=unseen[1],
        dsa_sd=dsa_sd,
        weights_distance=weights_distance,
        missing=told.missing,
        remarks=told.remarks,
        epochs_mean=stops[0],
        epochs_sd=stops[1],
    )


def _dynamics(told: Told, shape: Shape) -> float | None:
    """The root of half the mean squared DSA of two networks: of points in closed form, or by search for some pairs."""
    sigma, latent = told.drawn["sigma"], [*shape.columns("m"), *shape.columns("u")]
    sizes = np.linalg.eigvalsh(sigma[:, latent][:, :, latent])
    if not (sizes[:, 0] > NO_DIRECTION * sizes[:, -1]).all():
        told.missing["dsa_sd"] = NO_SPAN
        return None
    if (shape.inputs, shape.rank) == (1, 1):
        points = np.nan_to_num(points_of(operator_coordinates(), sigma[:, _planar(shape)[0], _planar(shape)[1]]))
        off = np.linalg.norm(points - points.mean(axis=0), axis=1)
        leading = np.nan if told.leading is None else float(np.linalg.norm(told.leading.sd["dynamics"]))
        return told.spread("dsa_sd", Seen.of(off**2 * len(off) / (len(off) - 1)), leading, off)
    operators = [activity_operator(each, shape) for each in sigma[: 2 * SEARCHED]]
    found = OperatorDistance().between(operators[::2], operators[1::2])
    off = np.array([each.value for each in found]) / 2**0.5
    seen = Seen.of(off**2)
    dsa_sd = told.spread("dsa_sd", seen, np.nan, off)
    if dsa_sd is not None:
        told.remarks["dsa_sd"] = (
            f"of {len(off)} pairs of networks drawn and carried, by search, ± {float(seen.error):.2g}"
        )
    return dsa_sd


def _weights(told: Told, mean: np.ndarray, shape: Shape) -> float | None:
    """Of rank one the best coupling of pairs of networks and the law of matching; beyond, the law at the mean alone."""
    pairs = list(zip(told.drawn["sigma"][::2], told.drawn["sigma"][1::2], strict=True))
    try:
        law = matched_weights(mean, mean, told.neurons, shape)
        of_pairs = (
            [matched_weights(*pair, told.neurons, shape).beyond for pair in pairs[:LAW_AT]] if shape.rank == 1 else []
        )
    except NoLaw as error:
        told.missing["weights_distance"] = str(error)
        return None
    if shape.rank == 1:
        squares = np.array([coupled(*pair, shape).distance for pair in pairs]) ** 2 + np.mean(of_pairs)
        seen, leading = Seen.of(squares), np.nan
        both = np.hypot(seen.error, np.std(of_pairs, ddof=1) / np.sqrt(LAW_AT) / (2 * seen.value))
        if told.leading is not None:
            leading = float(np.sqrt(2 * np.sum(told.leading.sd["weights"] ** 2) + law.beyond))
        found = told.spread("weights_distance", replace(seen, error=np.asarray(both)), leading, np.sqrt(squares))
    else:
        found = law.distance
    if found is not None and law.leading_alone:
        remark = told.remarks.get("weights_distance")
        told.remarks["weights_distance"] = LEADING_ALONE if remark is None else f"{LEADING_ALONE}; {remark}"
    return found


def _planar(shape: Shape) -> tuple[np.ndarray, ...]:
    """Where the overlaps of the first columns of each block are."""
    first = [shape.columns(block)[0] for block in "muvz"]
    return np.ix_(first, first)


def _from_rows(
    learning: TrainingMap,
    S: np.ndarray,
    *,
    neurons: int,
    epochs: int,
    trials: OtherTrials,
    tell: Callable[[str], None],
) -> PopulationSpread:
    """Of networks that are not linear: to leading order, from the influence of each row."""
    tell("training and its derivatives")
    shape, missing = learning.closure.shape, {"dsa_sd": NO_OPERATOR}
    try:
        by_rows = transported_rows(learning, S, epochs=epochs, trials=trials).found
    except Kinked as error:
        return nothing_told(str(error), stops=False)
    found = {name: each.dispersion for name, each in by_rows.items()}
    sigma = found["sigma"]
    if not np.isfinite(sigma.coefficient).all():
        return nothing_told("training from S diverges: lower the learning rate", stops=False)
    remarks = {"sigma_mean": OF_THE_LIMIT, "sigma_sd": LEADING_ORDER}
    numbers: dict[str, float | None] = {}
    for name in ("loss", "unseen_loss"):
        if name not in found:
            missing |= NOT_ASKED
            continue
        mean, sd = float(found[name].value), float(found[name].spread(neurons))
        numbers[f"{name}_mean"], numbers[f"{name}_sd"] = mean, sd if sd <= mean else None
        remarks[f"{name}_mean"] = OF_THE_LIMIT
        (remarks if sd <= mean else missing)[f"{name}_sd"] = LEADING_ORDER if sd <= mean else BELOW_ZERO
    tell("weights matched")
    try:
        beyond = matched_rows(learning, S, neurons=neurons, epochs=epochs)
        points = dispersed_points(coordinates_of(shape, linear=False)["weights"], planar(sigma, shape))
        with np.errstate(invalid="ignore"):
            spread = points.spread(neurons)
            told = np.isfinite(spread).all() and (points.value[1:] > FROM_A_KINK * spread[1:]).all()
        if told:
            numbers["weights_distance"] = float(np.hypot(2**0.5 * np.linalg.norm(spread), beyond))
            law = neurons > MATCHED and matched_weights(sigma.value, sigma.value, neurons, shape).leading_alone
            remarks["weights_distance"] = LEADING_ORDER + (f"; {LEADING_ALONE}" if law else "")
        else:
            missing["weights_distance"] = NEAR_A_KINK
    except NoLaw as error:
        missing["weights_distance"] = str(error)
    return PopulationSpread(
        sigma_mean=sigma.value, sigma_sd=sigma.spread(neurons), missing=missing, remarks=remarks, **numbers
    )


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
    mean = np.mean(sigma, axis=0)
    law = [matched_weights(mean, mean, each, shape).beyond for each in (neurons, few)]
    return float(np.sqrt(square * law[0] / law[1]))
