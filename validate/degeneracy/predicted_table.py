"""Predicted from overlaps: Table 1 of Huang et al., arrow by arrow, for low-rank networks, then for full-rank ones.

Linear networks of rank one learn a filter until their loss is a tenth of a unit. A row is an arrow: which way a factor
moves the degeneracy of a level. It is predicted, measured on populations, and held beside what this run found of
full-rank networks, and what the paper says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy.stats import wishart

from simulate.cells.nonlinearity import LINEAR
from simulate.degeneracy.carried import carried
from simulate.degeneracy.escaping import paths
from simulate.degeneracy.levels import LevelSpreads, asked_for_more, level_spreads
from simulate.degeneracy.population import train_rows
from simulate.degeneracy.row_matching import RowMatching
from simulate.degeneracy.rows import Rows
from simulate.degeneracy.training_map import TrainingMap
from simulate.degeneracy.trials import OtherTrials
from simulate.overlaps import closure_of
from simulate.tasks.impulse import filter_task
from simulate.tasks.task import FixedTask, fixed_task
from simulate.training.rule import GradientDescent
from simulate.training.stopping import Threshold
from theory.degeneracy import matched_distance, operator_coordinates
from theory.degeneracy.arrows import (
    channels_factor,
    delayed_channels,
    squared_distance,
    squared_spread,
    turning_point,
    width_exponent,
)
from theory.degeneracy.points import points_of
from theory.overlaps import Shape
from validate.degeneracy.curves import MEASURES
from validate.degeneracy.factor import ARROWS, COMPLEXITY, FEATURE_LEARNING, REGULARISATION, WIDTH
from validate.degeneracy.settings import Config
from validate.output import Plot
from validate.plotting import MEASURED, NOTE, PREDICTED, legend_below, mark_values, new_grid, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, Exact, Reported

LEVELS = ("dynamics", "weights", "behaviour")
LOSS, RATE, MOST = 0.1, 0.002, 5_000
STANDARD_ERRORS = 3.0
"""From which on a difference counts as seen."""
FOUR = 4.0
"""Standard errors that a number may be off."""
DT, STEPS = 0.2, 20
MANY = 65_536
"""Neurons at which delays are a few epochs, and what is left out of their law is small."""
PAST = 8.0
"""Standard deviations of the time to the loss by which the path of a channel goes on."""
NEXT = 0.01
"""By how much levels are moved to see which way an arrow points there, relative to them."""
START = np.array([[1.0, 0.2, 0.2, 0.0], [0.2, 1.0, 0.2, 0.0], [0.2, 0.2, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
"""Of the rows: m, u and v lean on one another, and the readout on none of them."""
SEARCH = RowMatching(starts=4)
Squares = Float[np.ndarray, " networks"]
Thetas = Float[np.ndarray, "networks neurons d"]


@dataclass(frozen=True)
class TableEffort:
    """Networks followed by their overlaps, pairs whose weights are matched, levels, halvings of a bracket."""

    networks: int
    pairs: int
    richness: tuple[float, ...]
    decays: tuple[float, ...]
    widths: tuple[int, ...]
    matched: tuple[int, ...]
    halvings: int
    channels: bool = True


EFFORTS = {
    "quick": TableEffort(200, 6, (1.0, 2.0), (0.0, 0.1), (4096, 16_384), (128, 512), 0, channels=False),
    "usual": TableEffort(
        600, 16, (0.5, 0.7, 1.0, 1.4, 2.0), (0.0, 0.05, 0.1, 0.2), (1024, 4096, 16_384), (64, 128, 256), 7
    ),
    "full": TableEffort(
        2000,
        32,
        (0.5, 0.7, 1.0, 1.4, 2.0),
        (0.0, 0.05, 0.1, 0.2),
        (1024, 4096, 16_384, 65_536),
        (64, 128, 256, 1024),
        10,
    ),
}
BEYOND = 0.5
"""A weight decay beyond the turn of DSA."""
FULL_RANK = {
    "richness": ("richness",),
    "width": ("width",),
    "weight decay": ("nuclear norm", "L1 norm"),
    "channels": ("channels",),
}
PAPER: Mapping[str, Mapping[str, int | None]] = {
    "richness": FEATURE_LEARNING,
    "width": WIDTH,
    "weight decay": REGULARISATION,
    "channels": COMPLEXITY,
}
"""The paper's penalties are for rank and L1; weight decay, which the overlaps follow exactly, is in their place."""


@dataclass(frozen=True)
class TableLevel:
    """One level of a factor: gamma, weight decay in units of the rate, neurons of either population."""

    gamma: float = 1.0
    decay: float = 0.0
    neurons: int = 4096
    matched: int = 128

    @property
    def learning(self) -> TrainingMap:
        """How networks learn there."""
        rule = GradientDescent(RATE, weight_decay=jnp.asarray(RATE * self.decay))
        return TrainingMap(closure_of(Shape(), LINEAR), asked_for_more(_filter(STEPS), self.gamma), rule)

    @property
    def trials(self) -> OtherTrials:
        """Twice as long."""
        return OtherTrials(asked_for_more(_filter(2 * STEPS), self.gamma).batch)

    @property
    def loss(self) -> float:
        """Of outputs y and targets gamma t: gamma^2 times that of y / gamma."""
        return LOSS * self.gamma**2


@dataclass(frozen=True, eq=False)
class LevelMeasured:
    """At a level: the predicted spreads, and squares of populations whose means are the squared spreads.

    Squares are of networks (dynamics, behaviour) or of pairs (weights), from the same draws at all levels of a width.
    """

    level: TableLevel
    predicted: Mapping[str, float]
    squares: Mapping[str, Squares]

    def measured(self, name: str) -> float:
        """The spread of the population."""
        return float(np.sqrt(self.squares[name].mean()))

    def error(self, name: str) -> float:
        """Its standard error."""
        squares = self.squares[name]
        return float(squares.std(ddof=1) / np.sqrt(len(squares)) / (2 * self.measured(name)))


@dataclass(frozen=True, eq=False)
class Arrow:
    """A factor between two levels: predicted and measured ln of the ratio of a spread, and its standard error."""

    factor: str
    name: str
    predicted: float
    measured: float
    error: float

    @property
    def words(self) -> tuple[str, str]:
        """Which way it goes, as predicted and as measured."""
        seen = abs(self.measured) > STANDARD_ERRORS * self.error
        return way(self.predicted), way(self.measured) if seen else "not seen"


@dataclass(frozen=True)
class TableResults:
    """What the figure draws, by factor, and all arrows."""

    levels: Mapping[str, tuple[LevelMeasured, ...]]
    arrows: tuple[Arrow, ...]


def way(number: float) -> str:
    """Up or down."""
    return ARROWS[1 if number > 0 else -1]


def ratio_of(low: Squares, high: Squares, *, paired: bool) -> tuple[float, float]:
    """ln of the ratio of two spreads, and its standard error: that of the logarithms of mean squares, halved.

    >>> ratio_of(np.array([1.0, 3.0]), np.array([4.0, 12.0]), paired=True)[1]
    0.0
    """
    value = 0.5 * float(np.log(high.mean() / low.mean()))
    shares = low / low.mean(), high / high.mean()
    if paired:
        return value, 0.5 * float((shares[1] - shares[0]).std(ddof=1) / np.sqrt(len(low)))
    return value, 0.5 * float(np.sqrt(sum(each.var(ddof=1) / len(each) for each in shares)))


def checks(config: Config, report: Report, progress: Progress) -> TableResults:
    """Every arrow predicted, measured, and beside what full-rank networks of this run and the paper say."""
    effort = EFFORTS[config.effort.name]
    listed: dict[str, list[TableLevel]] = {
        "richness": [TableLevel(gamma=each) for each in effort.richness],
        "weight decay": [TableLevel(decay=each) for each in effort.decays],
        "width": [TableLevel(neurons=n, matched=k) for n, k in zip(effort.widths, effort.matched, strict=True)],
    }
    beyond = TableLevel(decay=BEYOND)
    every = list(dict.fromkeys([*(level for levels in listed.values() for level in levels), beyond]))
    found: dict[TableLevel, LevelMeasured] = {}
    with progress.task("arrows of Table 1", total=len(every)) as done:
        for count, level in enumerate(every):
            found[level] = _measured(level, effort, config.seed, report, trained=level != beyond)
            done(count + 1)
    levels = {factor: tuple(found[each] for each in of_it) for factor, of_it in listed.items()}
    arrows = [arrow_of(factor, name, of_it[0], of_it[-1]) for factor, of_it in levels.items() for name in LEVELS]
    last = levels["weight decay"][-1]
    turned = arrow_of("weight decay beyond the turn", "dynamics", last, found[beyond])
    if effort.channels:
        arrows += _channels(found[TableLevel()], effort, config.seed, report)
    for arrow in (*arrows, turned):
        _judged(arrow, report)
    _in_closed_form(report)
    _turns(effort, report)
    report.quantity("spreads of low-rank networks along the factors", _numbers(levels))
    return TableResults(levels, (*arrows, turned))


def arrow_of(factor: str, name: str, low: LevelMeasured, high: LevelMeasured) -> Arrow:
    """From one level to another; networks of one size are the same draws."""
    value, error = ratio_of(low.squares[name], high.squares[name], paired=low.level.neurons == high.level.neurons)
    return Arrow(factor, name, float(np.log(high.predicted[name] / low.predicted[name])), value, error)


def spreads_at(level: TableLevel) -> LevelSpreads:
    """The prediction at a level."""
    return level_spreads(level.learning, START, loss=level.loss, most=MOST, trials=level.trials)


def _spreads(level: TableLevel) -> dict[str, float]:
    """Predicted, of behaviour in units of the loss of y / gamma."""
    found = spreads_at(level)
    return {
        "dynamics": found.of_dynamics(level.neurons),
        "weights": found.of_weights(level.matched),
        "behaviour": found.behaviour(level.neurons) / level.gamma**2,
    }


def _measured(level: TableLevel, effort: TableEffort, seed: int, report: Report, *, trained: bool) -> LevelMeasured:
    """Networks followed by their overlaps, and smaller ones whose rows the same map moves, in one compiled program.

    Of the smallest size networks are also `trained`, and held to the map.
    """
    drawn = np.asarray(wishart(df=level.neurons, scale=START / level.neurons, seed=seed).rvs(effort.networks))
    theta = Rows(np.linalg.cholesky(START).T).draw(neurons=level.matched, networks=2 * effort.pairs, seed=seed)
    grams = np.concatenate([drawn, theta.transpose(0, 2, 1) @ theta / level.matched])
    carried_ends = carried(level.learning, grams, epochs=MOST, loss=level.loss, trials=level.trials)
    ends = {name: each[: effort.networks] for name, each in carried_ends.items()}
    after = theta @ carried_ends["product"][effort.networks :]
    if trained and level.matched == effort.matched[0]:
        _trained_alike(level, theta, after, report)
    points = points_of(operator_coordinates(), ends["sigma"])
    squares = {
        "dynamics": ((points - points.mean(axis=0)) ** 2).sum(axis=1),
        "behaviour": (ends["unseen_loss"] - ends["unseen_loss"].mean()) ** 2 / level.gamma**4,
        "weights": np.array([SEARCH(*map(_factors, after[k : k + 2])).value ** 2 for k in range(0, len(after), 2)]),
    }
    predicted, share = _spreads(level), squares["weights"]
    report.check(
        f"{_words(level)}: squared distance of weights over the prediction",
        predicted=1.0,
        measured=share.mean() / predicted["weights"] ** 2,
        tolerance=Absolute(
            2 / np.log(level.matched) ** 2 + FOUR * share.std(ddof=1) / share.mean() / len(share) ** 0.5,
            "where fewer than one row is expected, 2 / (log N)^2; and four standard errors",
        ),
    )
    return LevelMeasured(level, predicted, squares)


def _words(level: TableLevel) -> str:
    return f"gamma {level.gamma:g}, weight decay {level.decay:g}, {level.matched} neurons"


def _trained_alike(level: TableLevel, theta: Thetas, after: Thetas, report: Report) -> None:
    """Networks trained by their own gradients beside what the map makes of their rows."""
    learning = level.learning
    trained = train_rows(
        theta, (1, 1, 1, 1), LINEAR, learning.task, rule=learning.rule, epochs=MOST, stop=Threshold(level.loss)
    )
    report.check(
        f"{_words(level)}: rows of trained networks, from overlaps",
        predicted=after,
        measured=np.stack([np.asarray(trained.one(k).connectivity.theta) for k in range(len(theta))]),
        tolerance=Absolute(1e-9, "rounding, grown over the training"),
    )


def _factors(theta: Float[np.ndarray, "neurons d"]) -> tuple[np.ndarray, np.ndarray]:
    """u and v."""
    return theta[:, 1:2], theta[:, 2:3]


def _channels(one: LevelMeasured, effort: TableEffort, seed: int, report: Report) -> list[Arrow]:
    """Two equal channels beside one: behaviour by the law of delays, weights by the matching law of rank two."""
    shape, n = Shape(2, 2, 2), one.level.neurons
    rule = GradientDescent(2 * RATE, weight_decay=jnp.asarray(0.0))
    learning = TrainingMap(closure_of(shape, LINEAR), _filters(STEPS), rule)
    start, trials = np.kron(START, np.eye(2)), OtherTrials(_filters(2 * STEPS).batch)
    at_one = spreads_at(one.level)
    of_two, squares = {}, {}
    for neurons in (MANY, n):
        grams = np.asarray(wishart(df=neurons, scale=start / neurons, seed=seed).rvs(effort.networks // 2))
        ends = carried(learning, grams, epochs=MOST, loss=LOSS, trials=trials)
        squares[neurons] = (ends["unseen_loss"] - ends["unseen_loss"].mean()) ** 2
        of_two[neurons] = behaviour_of_channels(replace(one.level, neurons=neurons), at_one, 2)
        share = squares[neurons] / of_two[neurons] ** 2
        error = share.std(ddof=1) / np.sqrt(len(share))
        report.check(
            f"two channels, {neurons} neurons: squared spread of the loss on longer trials, over the law of delays",
            predicted=1.0,
            measured=share.mean(),
            tolerance=Absolute(FOUR * error, "four standard errors")
            if neurons == MANY
            else Reported(f"standard error {error:.2g}; what is quadratic across the path is left out"),
        )
    behaviour = ratio_of(one.squares["behaviour"], squares[n], paired=False)
    k = one.level.matched
    theta = Rows(np.linalg.cholesky(start).T).draw(neurons=k, networks=2 * effort.pairs, seed=seed)
    trained = train_rows(theta, (2, 2, 2, 2), LINEAR, learning.task, rule=rule, epochs=MOST, stop=Threshold(LOSS))
    ends_of = [trained.one(each).connectivity for each in range(len(theta))]
    factors = [(np.asarray(each.u), np.asarray(each.v)) for each in ends_of]
    apart = np.array([SEARCH(*factors[2 * each : 2 * each + 2]).value ** 2 for each in range(effort.pairs)])
    weights = ratio_of(one.squares["weights"], apart, paired=False)
    sigma = np.kron(at_one.overlaps, np.eye(2))
    law = float(np.log(matched_distance(sigma, sigma, k, shape) / one.predicted["weights"]))
    return [
        Arrow("channels", "behaviour", float(np.log(of_two[n] / one.predicted["behaviour"])), *behaviour),
        Arrow("channels", "weights", law, *weights),
    ]


def behaviour_of_channels(level: TableLevel, one: LevelSpreads, channels: int) -> float:
    """The spread of the loss on other trials of so many equal channels that stop at a common loss."""
    delay = one.crossing.spread_of_time(level.neurons)
    epochs = jnp.arange(int(one.time + PAST * delay))
    overlaps, losses = paths(level.learning, jnp.asarray(START)[None], epochs)
    assert level.trials.unseen is not None
    others = jax.vmap(level.learning.closure.loss, in_axes=(0, None))(overlaps[0], level.trials.unseen)
    along = delayed_channels(losses[0], others, threshold=level.loss, delay=delay, channels=channels)
    across = one.crossing.stopped(one.unseen_loss).spread(level.neurons) * float(channels_factor(channels))
    whole = one.behaviour(level.neurons) ** 2 - one.crossing.stopped(one.unseen_loss).spread(level.neurons) ** 2
    return float(np.sqrt(along**2 + across**2 + whole))


def _judged(arrow: Arrow, report: Report) -> None:
    predicted, measured = arrow.words
    name = f"{arrow.factor}: {MEASURES[arrow.name]}"
    told = (
        f"ln of the ratio {arrow.predicted:+.3f}, measured {arrow.measured:+.3f} with standard error "
        f"{arrow.error:.3f}; seen beyond {STANDARD_ERRORS:g} of these"
    )
    report.check(
        f"{name}, low-rank",
        predicted=predicted,
        measured=measured,
        tolerance=Exact(told),
    )
    report.quantity(
        f"{name}, low-rank: ln of the ratio",
        {"predicted": arrow.predicted, "measured": arrow.measured, "standard_error": arrow.error},
    )
    if arrow.factor not in PAPER:
        return
    paper = ARROWS[PAPER[arrow.factor][arrow.name]]
    report.check(
        f"{name}, low-rank theory beside the paper",
        predicted=predicted,
        measured=paper,
        tolerance=Reported("agrees" if predicted == paper else "does not agree"),
    )
    verdict, told = full_rank(arrow, report.quantities)
    report.check(
        f"{name}, low-rank theory beside full-rank networks",
        predicted=predicted,
        measured=told,
        tolerance=Reported(verdict),
    )


def full_rank(arrow: Arrow, quantities: Mapping[str, Any]) -> tuple[str, str]:
    """What the trends of the factor's sections of this run say of the arrow, task by task, and whether it agrees."""
    names = [f"{factor}, " for factor in FULL_RANK[arrow.factor]]
    ending = f": {MEASURES[arrow.name]}: trend"
    trends = [
        each["raw"]
        for name, each in quantities.items()
        if name.endswith(ending) and any(name.startswith(start) for start in names)
    ]
    if not trends:
        return "no full-rank populations in this run", "not measured"
    ups, downs = (sum(sign * each["low"] > 0 < sign * each["high"] for each in trends) for sign in (1, -1))
    told = f"up in {ups}, down in {downs}, not seen in {len(trends) - ups - downs}"
    with_it, against = (ups, downs) if arrow.predicted > 0 else (downs, ups)
    if not with_it and not against:
        return "neither agrees nor contradicts", told
    return "agrees" if not against else ("agrees in part" if with_it else "does not agree"), told


def _in_closed_form(report: Report) -> None:
    """Width, whatever the task: both exponents, and where the second would turn."""
    for name, square, words in (
        ("behaviour and dynamics", squared_spread(), "c^2 / N, and h^2 / 12 of whole epochs: never up"),
        (
            "weights of rank one",
            squared_distance(),
            "a of the overlaps, g of the matching: up below e^2 neurons at most",
        ),
    ):
        report.check(
            f"width: exponent of {name}",
            predicted=str(width_exponent(square)),
            measured=None,
            tolerance=Reported(words),
        )


def _turns(effort: TableEffort, report: Report) -> None:
    """Where the arrows of the dynamics turn, from both sides."""
    for factor, low, high, at in (
        ("richness", 0.4, 1.4, lambda each: TableLevel(gamma=each)),
        ("weight decay", 0.05, BEYOND, lambda each: TableLevel(decay=each)),
    ):
        below, above = turning_point(_slope(at), low, high, halvings=effort.halvings)
        report.check(
            f"{factor}: DSA goes down below, up above",
            predicted=f"{below:.4g} to {above:.4g}",
            measured=None,
            tolerance=Reported("the sign of the derivative at both ends of the bracket, by the exact map"),
        )
        report.quantity(f"{factor}: the turn of DSA", {"below": below, "above": above})


def _slope(at: Callable[[float], TableLevel]) -> Callable[[float], float]:
    def slope(value: float) -> float:
        ends = [np.log(_dynamics(at(value * (1 + sign * NEXT)))) for sign in (-1, 1)]
        return float(ends[1] - ends[0])

    return slope


def _dynamics(level: TableLevel) -> float:
    return spreads_at(level).of_dynamics(level.neurons)


def _filter(steps: int) -> FixedTask:
    return filter_task(dt=DT, steps=steps)


def _filters(steps: int) -> FixedTask:
    """Two channels: an impulse to each input in a trial of its own, and silence of the other output."""
    batch, both = _filter(steps).batch, jnp.eye(2)[:, None, :]
    return fixed_task(both * batch.inputs, both * batch.targets, DT)


def _numbers(levels: Mapping[str, tuple[LevelMeasured, ...]]) -> dict[str, Any]:
    return {
        factor: {
            "levels": [value_of(factor, each.level) for each in of_it],
            "neurons_of_weights": [each.level.matched for each in of_it],
        }
        | {f"{name}_predicted": [each.predicted[name] for each in of_it] for name in LEVELS}
        | {f"{name}_measured": [each.measured(name) for each in of_it] for name in LEVELS}
        for factor, of_it in levels.items()
    }


def value_of(factor: str, level: TableLevel) -> float:
    """What the factor is there."""
    return {"richness": level.gamma, "weight decay": level.decay, "width": float(level.neurons)}[factor]


AXES = {
    "richness": rf"richness {typeset('gamma')}",
    "weight decay": "weight decay / rate",
    "width": f"neurons {typeset('N')}",
}
OF_LEVELS = {
    "dynamics": r"DSA $/\,\sqrt{2}$  ($1/\tau$)",
    "weights": "distance of weights",
    "behaviour": "s.d. of the loss",
}


def figures(config: Config, results: TableResults) -> tuple[Plot, ...]:
    """Each level of degeneracy along each factor, predicted and measured."""
    data: dict[str, np.ndarray] = {}
    effort = EFFORTS[config.effort.name]
    with style():
        figure, rows = new_grid(len(LEVELS), len(results.levels), 8.4, 7.4)
        for column, (factor, of_it) in enumerate(results.levels.items()):
            for row, name in enumerate(LEVELS):
                axes = rows[row][column]
                matching = factor == "width" and name == "weights"
                at = [float(each.level.matched) if matching else value_of(factor, each.level) for each in of_it]
                predicted = np.array([each.predicted[name] for each in of_it])
                measured = np.array([each.measured(name) for each in of_it])
                error = np.array([each.error(name) for each in of_it])
                axes.plot(at, predicted, **PREDICTED, label="predicted")
                axes.errorbar(at, measured, yerr=error, capsize=2, **MEASURED, label="measured")
                if factor == "weight decay":
                    axes.set_xticks(at)
                else:
                    axes.set_xscale("log")
                    mark_values(axes, at)
                axes.set_ylim(0.0, 1.15 * max(predicted.max(), (measured + error).max()))
                axes.set_xlabel(AXES[factor])
                axes.set_title(f"the paper: {ARROWS[PAPER[factor][name]]}", **NOTE)
                key = f"{factor.replace(' ', '_')}_{name}"
                data |= {key: np.array(at), f"{key}_predicted": predicted, f"{key}_measured": measured}
                data[f"{key}_standard_error"] = error
        for name, left in zip(LEVELS, rows, strict=True):
            left[0].set_ylabel(OF_LEVELS[name])
        legend_below(figure, 2)
    caption = (
        "Table 1 of the paper for linear networks of rank one that stop at a loss: how far apart they end in "
        "dynamics, weights and behaviour (on trials twice as long) along three factors. Lines: predicted from the "
        "covariance of the rows, nothing fitted; of weights the law of random matching with its next terms. "
        f"Points: {effort.networks} networks a level, {effort.pairs} pairs of smaller networks for weights; "
        "bars: standard error of the root mean square. Above each panel: which way the paper says it goes. Seed "
        f"{config.seed}."
    )
    return (plot("predicted_table", caption, figure, data),)
