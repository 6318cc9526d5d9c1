"""Predicted from overlaps: how far apart linear low-rank networks end, beside populations of them; nothing is fitted.

Networks of N neurons are trained by their own gradients, and each is compared with what its overlaps at the start say:
that is exact. Populations of thousands, up to a million neurons, are therefore followed by their overlaps alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from scipy.stats import norm, wishart

from simulate.cells.nonlinearity import LINEAR
from simulate.degeneracy.carried import carried
from simulate.degeneracy.dispersed import StoppedAtLoss, dispersed, dispersed_at_loss
from simulate.degeneracy.population import train_rows
from simulate.degeneracy.rows import NORMAL, UNIFORM, Rows
from simulate.degeneracy.training_map import TrainingMap
from simulate.degeneracy.trials import OtherTrials
from simulate.overlaps import closure_of
from simulate.tasks.impulse import filter_task, random_task
from simulate.training.rule import GradientDescent
from simulate.training.stopping import Threshold
from theory.degeneracy import Dispersion, directions, mixed_rows
from theory.overlaps import Shape
from validate.degeneracy.settings import Config
from validate.output import Plot
from validate.palette import FAINT, MEASUREMENT, SERIES
from validate.plotting import MEASURED, PREDICTED, decades, legend_below, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, Exact

MEASURES = {
    "sigma": "overlaps",
    "loss": "loss",
    "unseen_loss": "loss on trials twice as long",
    "change": "weight change",
    "recurrent_change": "change of W",
    "alignment": "kernel alignment",
}
NETWORKS = {"quick": 300, "usual": 2_000, "full": 4_000}
LEVEL = 0.999
"""At which all standard deviations of a check lie in their intervals together."""
CLOSE = 0.1
"""The expansion holds from where all standard deviations are within this of the leading term, relative to it."""
MOST = 400
TRAINED, NEURONS = 6, 64


@dataclass(frozen=True)
class LinearProblem:
    """A task for linear networks, their rows at the start, and when training ends: after `epochs`, or at `loss`.

    The last two of `sizes` are those from which the coefficients are taken. At `stopping_size` the spread of the time
    is a third of an epoch, so that networks stop at several, and N is so large that the next term is a few hundredths.
    """

    name: str
    learning: TrainingMap
    rows: Rows
    trials: OtherTrials
    epochs: int
    loss: float
    sizes: tuple[int, ...]
    stopping_size: int

    @property
    def directions(self) -> Float[np.ndarray, "directions d d"]:
        """How overlaps of these rows differ."""
        return directions(mixed_rows(self.rows.root, self.rows.entries.excess))

    def overlaps(self, neurons: int, networks: int, seed: int) -> Float[np.ndarray, "networks d d"]:
        """Of networks at the start; those of normal rows are drawn as such, Wishart matrices over N."""
        if self.rows.entries == NORMAL:
            drawn = wishart(df=neurons, scale=self.rows.covariance / neurons, seed=seed).rvs(networks)
            return np.asarray(drawn)
        return self.rows.draw_overlaps(neurons=neurons, networks=networks, seed=seed)


@dataclass(frozen=True)
class PredictedResults:
    """Of each problem the spreads of all that is measured: predicted, and of populations, by size and name."""

    problem: LinearProblem
    fixed: Mapping[str, Dispersion]
    stopped: StoppedAtLoss
    at_epoch: Mapping[str, np.ndarray]
    at_loss: Mapping[str, np.ndarray]


def problems() -> tuple[LinearProblem, ...]:
    """A filter of rank one with normal rows, and a task of two inputs for rank two, with uniform ones."""
    filtering = filter_task(dt=0.1, steps=40)
    sigma = 0.8 * np.eye(4) + 0.2
    mixing, two = random_task(jax.random.key(1), 2, 1, trials=2, steps=20, dt=0.2), Shape(inputs=2, rank=2)
    longer = random_task(jax.random.key(1), 2, 1, trials=2, steps=40, dt=0.2).batch
    root = np.eye(7) + 0.3 * np.random.default_rng(5).normal(size=(7, 7))
    return (
        LinearProblem(
            "filter, rank one, normal rows",
            TrainingMap(closure_of(Shape(), LINEAR), filtering, GradientDescent(0.02)),
            Rows(np.linalg.cholesky(sigma).T, NORMAL),
            OtherTrials(filter_task(dt=0.1, steps=80).batch, filtering.batch),
            epochs=25,
            loss=0.1,
            sizes=(64, 256, 1024, 4096, 16_384, 65_536, 262_144),
            stopping_size=65_536,
        ),
        LinearProblem(
            "random task, rank two, uniform rows",
            TrainingMap(closure_of(two, LINEAR), mixing, GradientDescent(0.01)),
            Rows(root, UNIFORM),
            OtherTrials(longer, mixing.batch),
            epochs=50,
            loss=0.1,
            sizes=(64, 256, 1024, 4096, 16_384),
            stopping_size=16_384,
        ),
    )


def checks(config: Config, report: Report, progress: Progress) -> tuple[PredictedResults, ...]:
    """Networks against their overlaps; populations against the expansion, at an epoch and at a loss."""
    listed, networks = problems(), NETWORKS[config.effort.name]
    results = []
    with progress.task("predicted from overlaps", total=len(listed)) as done:
        for count, problem in enumerate(listed):
            _exact(problem, config.seed, report)
            results.append(measured_of(problem, networks, config.seed))
            _judged(results[-1], networks, report)
            done(count + 1)
    return tuple(results)


def _exact(problem: LinearProblem, seed: int, report: Report) -> None:
    """Networks stopped at the loss, each beside what its overlaps at the start say of it."""
    learning = problem.learning
    theta = problem.rows.draw(neurons=NEURONS, networks=TRAINED, seed=seed)
    counts, task = learning.closure.shape.counts, learning.task
    stop = Threshold(problem.loss)
    population = train_rows(theta, counts, LINEAR, task, rule=learning.rule, epochs=MOST, stop=stop)
    grams = theta.transpose(0, 2, 1) @ theta / NEURONS
    predicted = carried(learning, grams, epochs=MOST, loss=problem.loss, trials=problem.trials)
    last = task(jax.numpy.asarray(0))  # the same in every epoch
    measured = population.measured(last, problem.trials)
    report.check(
        f"{problem.name}: epochs of {TRAINED} networks of {NEURONS} neurons",
        predicted=predicted["epochs"],
        measured=population.updates,
        tolerance=Exact(),
    )
    for name, words in MEASURES.items():
        report.check(
            f"{problem.name}: {words} of {TRAINED} networks of {NEURONS} neurons, from their overlaps at the start",
            predicted=predicted[name],
            measured=measured[name],
            tolerance=Absolute(1e-9, "rounding, grown over the training"),
        )


def measured_of(problem: LinearProblem, networks: int, seed: int) -> PredictedResults:
    """Predict, and follow populations of every size."""
    learning, start, trials = problem.learning, problem.rows.covariance, problem.trials
    along = problem.directions
    fixed = dispersed(learning, start, along, epochs=problem.epochs, trials=trials)
    stopped = dispersed_at_loss(
        learning, start, along, loss=problem.loss, most=MOST, fewest=problem.sizes[0], trials=trials
    )
    ends: dict[str, list[dict[str, np.ndarray]]] = {"epoch": [], "loss": []}
    for k, neurons in enumerate(problem.sizes):
        grams = problem.overlaps(neurons, networks, seed + 1 + k)
        for stop, loss, epochs in (("epoch", None, problem.epochs), ("loss", problem.loss, MOST)):
            found = carried(learning, grams, epochs=epochs, loss=loss, trials=trials)
            ends[stop].append({name: values.std(axis=0, ddof=1) for name, values in found.items()})
    spreads = [{name: np.stack([each[name] for each in every]) for name in every[0]} for every in ends.values()]
    return PredictedResults(problem, fixed, stopped, *spreads)


def _judged(found: PredictedResults, networks: int, report: Report) -> None:
    problem = found.problem
    for name, words in MEASURES.items():
        ratio = coefficient_ratio(problem.sizes, found.at_epoch[name], found.fixed[name].coefficient)
        report.check(
            f"{problem.name}: N^1/2 times the spread of {words} after {problem.epochs} epochs, over the prediction",
            predicted=np.ones_like(ratio),
            measured=ratio,
            tolerance=Absolute(reach_of_coefficient(networks, ratio.size), _interval(networks, "normal")),
        )
        told = slopes_of(problem.sizes, _entries(found.at_epoch[name]), networks)
        report.check(
            f"{problem.name}: slope of the ln spread of {words} after {problem.epochs} epochs, in ln N, N large",
            predicted=np.full(ratio.size, -0.5),
            measured=told.limits,
            tolerance=Absolute(told.reach, _interval(networks, "three sizes, the term of 1 / N taken out")),
        )
        predicted = np.array([found.stopped.spread(name, each) for each in problem.sizes])
        there = _entries(found.at_loss[name] / predicted)[problem.sizes.index(problem.stopping_size)]
        report.check(
            f"{problem.name}: spread of {words} at loss {problem.loss:g}, N = {problem.stopping_size}, predicted = 1",
            predicted=np.ones_like(there),
            measured=there,
            tolerance=Absolute(reach_at_loss(networks, there.size), _interval(networks, "two epochs")),
        )
        by_epoch = _entries(found.at_epoch[name] / found.fixed[name].coefficient) * np.sqrt(problem.sizes)[:, None]
        report.quantity(
            f"{problem.name}: {words}",
            {
                "coefficient": found.fixed[name].coefficient,
                "coefficient_at_loss": found.stopped.between(name).coefficient,
                "neurons": problem.sizes,
                "measured_over_predicted_after_epochs": by_epoch,
                "measured_over_predicted_at_loss": _entries(found.at_loss[name] / predicted),
                "holds_from": holds_from(problem.sizes, by_epoch),
                "slope_at_large_n": told.limits,
                "slope_at_large_n_standard_error": told.error_of_limit,
                "slope_over_all_sizes": told.over_all,
                "slope_over_all_sizes_standard_error": told.error_over_all,
            },
        )
    report.quantity(
        f"{problem.name}: epochs at loss {problem.loss:g}",
        {
            "time": found.stopped.crossing.time,
            "coefficient": float(np.linalg.norm(found.stopped.crossing.delays)),
            "spread_predicted": [found.stopped.spread_of_epoch(each) for each in problem.sizes],
            "spread_measured": found.at_loss["epochs"],
        },
    )


def coefficient_ratio(
    sizes: Sequence[int], spreads: Float[np.ndarray, "sizes ..."], coefficient: ArrayLike
) -> Float[np.ndarray, " entries"]:
    """N^1/2 times the spread as N grows, over its prediction, of each entry.

    N times the variance is c^2 + O(1/N): of the last two sizes that term is taken out.
    """
    small, large = sizes[-2:]
    scaled = [
        _entries(size * spread**2 / np.asarray(coefficient) ** 2)
        for size, spread in zip(sizes[-2:], spreads[-2:], strict=True)
    ]
    limit = (large * scaled[1] - small * scaled[0]) / (large - small)
    return np.sqrt(np.maximum(limit, 0.0)).ravel()


@dataclass(frozen=True, eq=False)
class FittedSlopes:
    """Of each entry the slope of its ln spread in ln N, with the standard error that draws leave.

    Attributes:
        limits: as N grows, from the last three sizes; `reach` is how far any of them may be off -1/2.
        over_all: the straight line through all sizes, of which small ones are off the leading order.
    """

    limits: Float[np.ndarray, " entries"]
    error_of_limit: float
    over_all: Float[np.ndarray, " entries"]
    error_over_all: float
    reach: float


def slopes_of(sizes: Sequence[int], spreads: Float[np.ndarray, "sizes entries"], networks: int) -> FittedSlopes:
    """By least squares: on ln N alone, and on ln N and 1 / N, which three sizes obey.

    N times the variance is c^2 (1 + a / N + ...): ln spread is a constant, -1/2 ln N and a / 2 N, and then terms of
    1 / N^2. Of normal numbers its draws have the standard error (2 networks)^-1/2.
    """
    n, logs, of_draws = np.asarray(sizes, dtype=np.float64), np.log(spreads), 1 / np.sqrt(2 * networks)
    last = slice(-3, None)
    whole = np.linalg.pinv(np.stack([np.ones_like(n), np.log(n)], axis=1))[1]
    large = np.linalg.inv(np.stack([np.ones(3), np.log(n[last]), n[-1] / n[last]], axis=1))[1]
    errors = [float(np.linalg.norm(row) * of_draws) for row in (large, whole)]
    reach = float(norm.isf((1 - LEVEL) / 2 / logs.shape[1])) * errors[0]
    return FittedSlopes(large @ logs[last], errors[0], whole @ logs, errors[1], reach)


def reach_of_coefficient(networks: int, entries: int) -> float:
    """How far such a ratio may be off: variances of normal numbers have the relative error (2 / networks)^1/2.

    Sizes are four times one another, so that the limit is (4 V' - V) / 3.
    """
    error = np.sqrt(2 / networks) * np.sqrt(16 + 1) / 3 / 2
    return float(norm.isf((1 - LEVEL) / 2 / entries) * error)


def reach_at_loss(networks: int, entries: int) -> float:
    """The same of one size where networks stop at two epochs, a tenth of them at the rarer one, nothing else varying.

    Of shares p and 1 - p the fourth moment is 1 / (p (1 - p)) - 3 times the squared variance.
    """
    fourth = 1 / (0.1 * 0.9) - 3
    return float(norm.isf((1 - LEVEL) / 2 / entries) * np.sqrt((fourth - 1) / (4 * networks))) + 0.01


def _interval(networks: int, of: str) -> str:
    return f"{of}, {100 * LEVEL:g} % for all entries, {networks} networks"


def holds_from(sizes: Sequence[int], ratios: Float[np.ndarray, "sizes entries"]) -> int | None:
    """The smallest size from which on the leading term is within `CLOSE` of what is measured; None if it never is."""
    good = (np.abs(ratios - 1) < CLOSE).all(axis=1)
    from_here = np.cumprod(good[::-1])[::-1].astype(bool)
    return int(np.asarray(sizes)[from_here][0]) if from_here.any() else None


def _entries(spreads: ArrayLike) -> Float[np.ndarray, "sizes entries"]:
    """A matrix of overlaps as its upper triangle; numbers as they are."""
    values = np.asarray(spreads)
    if values.ndim < 2:
        return values.reshape(-1, 1)
    rows, columns = np.triu_indices(values.shape[-1])
    return values.reshape(-1, *values.shape[-2:])[:, rows, columns]


def figures(config: Config, results: tuple[PredictedResults, ...]) -> tuple[Plot, ...]:
    """Predicted and measured spreads against the number of neurons, and their ratios."""
    plots, networks = [], NETWORKS[config.effort.name]
    for count, found in enumerate(results):
        sizes = np.array(found.problem.sizes, float)
        data: dict[str, np.ndarray] = {"neurons": sizes}
        with style():
            figure = Figure(figsize=(9.4, 5.4))
            spreads, ratios = figure.subplots(2, 3, sharex=True, sharey="row", height_ratios=(3, 2))
            for k, (at_loss, names) in enumerate(PANELS):
                for name in names:
                    data |= _drawn(spreads[k], ratios[k], found, name, at_loss=at_loss)
                ratios[k].axhspan(1 - CLOSE, 1 + CLOSE, color=FAINT, zorder=0, label=f"within {100 * CLOSE:g} %")
                ratios[k].axhline(1.0, **PREDICTED, label="predicted")
                ratios[k].set(xscale="log", xlabel=f"neurons {typeset('N')}")
                spreads[k].set(yscale="log")
            after = f"after {found.problem.epochs} epochs"
            for axes, title in zip(spreads, (after, after, f"stopped at loss {found.problem.loss:g}"), strict=True):
                axes.set_title(title)
            decades(spreads[0])
            spreads[0].set_ylabel("standard deviation over networks")
            ratios[0].set(ylabel="measured / predicted", ylim=RATIOS)
            legend_below(figure, 4)
        caption = (
            f"{found.problem.name}: how far apart networks of N neurons end. Lines: predicted from the covariance of "
            f"the rows, nothing fitted; c: with stopping at whole epochs. Points: {networks:,} networks a size, "
            f"standard deviations with a standard error of about {100 / np.sqrt(2 * networks):.0f} %. Below: their "
            "ratio to the prediction, which is the leading term in N^-1/2; a mark at the edge stands for one beyond "
            f"it. Seed {config.seed}."
        )
        plots.append(plot(f"predicted_{count + 1}", caption, figure, data))
    return tuple(plots)


PANELS = (
    (False, ("sigma",)),
    (False, ("unseen_loss", "recurrent_change", "alignment")),
    (True, ("loss", "unseen_loss", "recurrent_change", "alignment")),
)
"""What each column draws: whether of networks that stop at the loss, and which measures."""
LOOKS: Mapping[str, tuple[str, str]] = {
    "sigma": (MEASUREMENT, "o"),
    **dict(
        zip(("loss", "unseen_loss", "recurrent_change", "alignment"), zip(SERIES, "sD^v", strict=False), strict=True)
    ),
}
"""Colours and marks of what is measured."""
RATIOS = 0.5, 1.6
"""Measured over predicted, as far as it is drawn."""


def _drawn(
    above: Axes, below: Axes, found: PredictedResults, name: str, *, at_loss: bool
) -> dict[str, Float[np.ndarray, "sizes entries"]]:
    sizes = found.problem.sizes
    if at_loss:
        lines = np.array([found.stopped.spread(name, each) for each in sizes])
    else:
        lines = np.array([found.fixed[name].spread(each) for each in sizes])
    predicted, measured = _entries(lines), _entries((found.at_loss if at_loss else found.at_epoch)[name])
    colour, marker = LOOKS[name]
    look = {**MEASURED, "color": colour, "marker": marker}
    words = f"all {measured.shape[1]} overlaps" if name == "sigma" else MEASURES[name]
    above.plot(
        sizes,
        predicted,
        **{**PREDICTED, "linewidth": 1.0, "zorder": 1.5} | ({} if name == "sigma" else {"color": colour}),
    )
    above.plot(sizes, measured, **look, label=[words, *[None] * (measured.shape[1] - 1)])
    low, high = RATIOS
    ratio = measured / predicted
    below.plot(sizes, np.where((ratio > low) & (ratio < high), ratio, np.nan), **look)
    for outside, edge, pointing in ((ratio >= high, high, 6), (ratio <= low, low, 7)):
        for at in np.array(sizes)[outside.any(axis=1)]:
            below.plot(at, edge, **look | {"marker": pointing, "clip_on": False})
    kind = "at_loss" if at_loss else "after_epochs"
    return {f"{name}_{kind}_predicted": predicted, f"{name}_{kind}_measured": measured}
