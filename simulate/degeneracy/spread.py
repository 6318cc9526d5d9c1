"""How far apart networks of N neurons end, at three levels: what they put out, their dynamics and their weights.

Measured of a population that was trained; `predict_spread` says the same of it before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from simulate.cells.low_rank import LowRank
from simulate.degeneracy.population import LowRankPopulation
from simulate.degeneracy.row_matching import RowMatching
from simulate.degeneracy.settling import settling
from simulate.degeneracy.trials import NOTHING_ASKED, OtherTrials
from simulate.measures.dsa import DSA
from simulate.measures.orthogonal import OperatorDistance
from simulate.tasks.task import Batch

TOLD = (
    *("sigma_mean", "sigma_sd", "loss_mean", "loss_sd", "unseen_loss_mean", "unseen_loss_sd"),
    *("dsa_sd", "weights_distance", "epochs_mean", "epochs_sd"),
)
NOT_ASKED = dict.fromkeys(("unseen_loss_mean", "unseen_loss_sd"), "no trials twice as long were given")
LARGEST = 4096
"""Neurons of weights that are matched: beyond, a pair takes minutes."""
PAIRS, ROWS_OF_PAIRS = 16, 4096
"""Pairs of networks that are compared, fewer of large ones where units are matched."""
STARTS = 8
TRIALS, STEPS = 20, 15
"""Of the activity to which operators are fitted."""


@dataclass(frozen=True, eq=False)
class PopulationSpread:
    """What networks of N neurons are after training, on average and by how much they differ; None: see `missing`.

    Attributes:
        sigma_mean, sigma_sd: of every overlap (d x d); nan where no theory tells one.
        loss_mean, loss_sd: of the loss on the trials of the task.
        unseen_loss_mean, unseen_loss_sd: of that on other trials.
        dsa_sd: of the dynamics x' = A x in the coordinates of the activity, up to rotation (DSA): the root mean squared
            distance of two networks over sqrt(2), in units of 1 / tau.
        weights_distance: the root mean squared distance of W = u v^T / N of two networks, up to the order of units.
        epochs_mean, epochs_sd: of the number of epochs, where networks stop at a loss.
        missing: why others are None, or some of their entries nan, in words, by name.
        remarks: what a number that is there leaves out, in words, by name.

    >>> PopulationSpread(loss_sd=0.1, missing={"dsa_sd": "two inputs"}).missing["dsa_sd"]
    'two inputs'
    """

    sigma_mean: Float[np.ndarray, "d d"] | None = None
    sigma_sd: Float[np.ndarray, "d d"] | None = None
    loss_mean: float | None = None
    loss_sd: float | None = None
    unseen_loss_mean: float | None = None
    unseen_loss_sd: float | None = None
    dsa_sd: float | None = None
    weights_distance: float | None = None
    epochs_mean: float | None = None
    epochs_sd: float | None = None
    missing: Mapping[str, str] | None = None
    remarks: Mapping[str, str] | None = None


def nothing_told(why: str, *, stops: bool) -> PopulationSpread:
    """No number at all, each with this reason; of epochs where networks stop at a loss.

    >>> nothing_told("they diverge", stops=False).missing["loss_mean"]
    'they diverge'
    """
    return PopulationSpread(missing={name: why for name in TOLD if stops or not name.startswith("epochs")})


def measure_spread(
    population: LowRankPopulation,
    last: Batch,
    *,
    stop_at: float | None = None,
    trials: OtherTrials = NOTHING_ASKED,
    seed: int = 0,
) -> PopulationSpread:
    """The same of a population that was trained; `last` are the trials of its loss, `stop_at` where it was to stop.

    Networks of which squares are not finite are left out, and those that never stopped count, as `remarks` says of each
    number. Dynamics and weights are compared in pairs of successive networks, 16 at most: DSA of activity that settles
    from random states, weights by `RowMatching`, of up to 4,096 neurons.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.cells import LINEAR
    >>> from simulate.degeneracy import Rows, measure_spread, train_rows
    >>> from simulate.tasks import filter_task
    >>> from simulate.training import GradientDescent
    >>> theta = Rows(np.eye(4)).draw(neurons=50, networks=3, seed=0)
    >>> task, rule = filter_task(steps=20), GradientDescent(0.05)
    >>> population = train_rows(theta, (1, 1, 1, 1), LINEAR, task, rule=rule, epochs=9)
    >>> measure_spread(population, task.batch).sigma_sd.shape
    (4, 4)
    """
    sigma, loss = population.sigma, population.loss(last)
    with np.errstate(over="ignore", invalid="ignore"):
        finite = np.flatnonzero(np.isfinite(sigma**2).all(axis=(1, 2)) & np.isfinite(loss**2))
    gone = f"{len(loss) - len(finite)} of {len(loss)} networks diverged"
    if len(finite) < 2:
        return nothing_told(f"{gone}: lower the learning rate", stops=True)
    missing = dict(NOT_ASKED) if trials.unseen is None else {}
    networks = [population.one(k) for k in finite.tolist()]
    neurons = len(networks[0].share)
    pairs = [(k, (k + 1) % len(networks)) for k in range(len(networks) if len(networks) > 2 else 1)]
    operators = _operators(networks[: PAIRS + 1], last.dt, seed)
    compared = [pair for pair in pairs[:PAIRS] if max(pair) < len(operators)]
    apart = [OperatorDistance()(operators[i], operators[k]).value / last.dt for i, k in compared]
    weights_distance = None
    if neurons > LARGEST:
        missing["weights_distance"] = f"matching more than {LARGEST} units takes minutes a pair"
    else:
        matching, most = RowMatching(starts=STARTS, seed=seed), max(2, min(PAIRS, ROWS_OF_PAIRS // neurons))
        factors = [(np.asarray(each.connectivity.u), np.asarray(each.connectivity.v)) for each in networks]
        weights_distance = _root_mean_square([matching(factors[i], factors[k]).value for i, k in pairs[:most]])
    unseen_loss_mean, unseen_loss_sd = None, None
    if trials.unseen is not None:
        other = population.loss(trials.unseen)[finite]
        unseen_loss_mean, unseen_loss_sd = float(other.mean()), float(other.std(ddof=1))
    updates = population.updates[finite]
    late = 0 if stop_at is None else int((loss[finite] > stop_at).sum())
    words = [f"{gone} and are left out"] if len(finite) < len(loss) else []
    words += [f"{late} of {len(finite)} networks did not reach the loss in {updates.max()} epochs"] if late else []
    return PopulationSpread(
        sigma_mean=sigma[finite].mean(axis=0),
        sigma_sd=sigma[finite].std(axis=0, ddof=1),
        loss_mean=float(loss[finite].mean()),
        loss_sd=float(loss[finite].std(ddof=1)),
        unseen_loss_mean=unseen_loss_mean,
        unseen_loss_sd=unseen_loss_sd,
        dsa_sd=_root_mean_square(apart) / 2**0.5,
        weights_distance=weights_distance,
        epochs_mean=float(updates.mean()),
        epochs_sd=float(updates.std(ddof=1)),
        missing=missing,
        remarks={name: "; ".join(words) for name in TOLD if words and name not in missing},
    )


def _operators(networks: Sequence[LowRank], dt: float, seed: int) -> list[np.ndarray]:
    """Of each in coordinates of its activity, as it settles by itself: states are in the span of m and u."""
    count = networks[0].connectivity.m.shape[1] + networks[0].connectivity.u.shape[1]
    latents = np.random.default_rng(seed).normal(size=(TRIALS, count))
    fit = DSA(delays=1, rank=count).fit_operator
    spans = [np.linalg.qr(np.hstack([each.connectivity.m, each.connectivity.u]))[0] for each in networks]
    return [
        fit(settling(each, latents, steps=STEPS, dt=dt) @ span).in_activity.matrix
        for each, span in zip(networks, spans, strict=True)
    ]


def _root_mean_square(values: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
