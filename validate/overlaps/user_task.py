"""A user's task: learning at each level of description, side by side. Findings; nothing is asserted."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import combinations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from simulate.cells.nonlinearity import NONLINEARITIES
from simulate.tasks.task import fixed_task
from simulate.training.checkpoint import Checkpoint
from simulate.training.outcome import TrainingOutcome
from simulate.training.rule import GradientDescent
from simulate.training.train import train
from theory.overlaps.equations.shape import Shape
from validate.output import Plot
from validate.overlaps.forecast import report_start, report_trust
from validate.overlaps.levels import Reduced, UserLevel, Wide
from validate.overlaps.settings import UserConfig
from validate.overlaps.training_notes import how_it_ended, report_leak, report_node_error, report_truncation
from validate.overlaps.user_run import UserRun
from validate.palette import LEVELS, SERIES
from validate.plotting import legend_under, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report, source
from validate.resume import Resumption, resuming
from validate.symbols import typeset
from validate.task_file import IGNORED, LOSS

PIECE = 1e7  # neurons x trials x steps that a piece of a training may take: a second or so, during which Ctrl-C waits


@dataclass(frozen=True)
class LevelResult:
    """A training at one level: overlaps and loss before each epoch and after the last, NaN where they diverged."""

    level: UserLevel
    sigma: Float[np.ndarray, "epochs d d"]
    loss: Float[np.ndarray, " epochs"]
    outcome: TrainingOutcome
    epochs_finite: int


@dataclass(frozen=True)
class TaskResults:
    """The levels that were trained, in the order asked for."""

    shape: Shape
    levels: tuple[LevelResult, ...]


def checks(own: UserRun, config: UserConfig, report: Report, progress: Progress) -> TaskResults:
    """Train at every level and compare. An interrupted run keeps the levels that are finished."""
    shape = Shape(own.counts[0], own.counts[1], own.counts[3])
    assert own.task is not None
    first = own.network is not None and own.network.m.shape[1] > own.network.inputs
    steps = f"of {own.task.inputs.shape[1]} steps of {own.task.dt:g} tau"
    start = ", the first of which takes the network to its bias and initial state" if first else ""
    report.finding("trials", len(own.task.inputs), "", steps + start)
    columns = ", ".join(shape.labels[:SHOWN]) + (", ..." if shape.size > SHOWN else "")
    report.finding("overlaps_to_start_from", len(shape.pairs), "", f"of columns {columns}; those of {own.origin}")
    if own.task.ignored:
        report.finding("task_ignored", own.task.ignored, "", IGNORED)
    report.quantity("initial_sigma", own.sigma)
    report.quantity("initial_overlaps", own.origin)
    report.quantity("columns", list(shape.labels))
    report_leak(report, own.task.dt)
    if own.network is not None and own.network.factors is not None and "network" in config.levels:
        report_truncation(report, own.network.rank, own.network.factors.residual)
    report_start(report, own, shape)
    trained: list[LevelResult] = []
    asked = _trainings(own)
    with _resuming(own) as resumption:
        try:
            for level in asked:
                trained.append(_train(level, own, shape, progress, resumption.checkpoint(level.name)))
            resumption.finish()
        except KeyboardInterrupt:
            report.interrupted = True
            if not trained:
                report.conclude(_cut(asked, trained))
                raise
    done = [result for result in trained if not _compares(result.level)]
    other = next((result for result in trained if _compares(result.level)), None)
    for result in done:
        _report_level(report, own, result)
        if isinstance(result.level, Wide) and other is not None:
            report_node_error(report, own.nodes, (result.sigma, result.loss), (other.sigma, other.loss))
    finished = [result for result in done if result.outcome is TrainingOutcome.completed]
    reduced = next((result.sigma for result in finished if isinstance(result.level, Reduced)), None)
    if reduced is not None:
        wide = next((result.sigma for result in finished if isinstance(result.level, Wide)), None)
        report_trust(report, own, shape, reduced, wide)
    for first, second in combinations(done, 2):
        _report_pair(report, config, first, second)
    endings = [_ending(config, result) for result in done]
    report.conclude("; ".join(endings if len(trained) == len(asked) else [*endings, _cut(asked, trained)]))
    return TaskResults(shape, tuple(done))


def _trainings(own: UserRun) -> tuple[UserLevel, ...]:
    """The levels in the order in which they are trained: infinitely many neurons also by other nodes, to compare."""
    return tuple(
        training
        for level in own.levels
        for training in (
            (level, replace(level, name=f"{level.name}_by_other_nodes", compared=True))
            if isinstance(level, Wide)
            else (level,)
        )
    )


def _compares(level: UserLevel) -> bool:
    return isinstance(level, Wide) and level.compared


def _cut(asked: tuple[UserLevel, ...], trained: list[LevelResult]) -> str:
    """At which level an interrupted run was stopped, and which it did not come to, in words."""
    stopped, *later = (level.name.replace("_", " ") for level in asked[len(trained) :])
    return f"{stopped} interrupted" + (f", {' and '.join(later)} not begun" if later else "")


def _resuming(own: UserRun) -> AbstractContextManager[Resumption]:
    """The checkpoints of this very run, wherever its files are: with the same numbers, settings and code."""
    settings = replace(own.config, task=None, sigma=None, network=None)
    weights = None if own.network is None else own.network.theta
    return resuming("overlaps", settings, own.task, own.sigma, weights, source())


def _train(
    level: UserLevel, own: UserRun, shape: Shape, progress: Progress, checkpoint: Checkpoint | None
) -> LevelResult:
    task, epochs, rate = own.task, own.config.epochs, own.config.learning_rate
    assert task is not None
    assert epochs is not None
    assert rate is not None
    begin = own.beginning
    with progress.task(f"{level.name}: epochs", total=float(epochs)) as advance:
        learning = train(
            [level.start(begin, shape, NONLINEARITIES[own.config.nonlinearity])],
            fixed_task(jnp.asarray(task.inputs), jnp.asarray(task.targets), task.dt, jnp.asarray(task.mask)),
            rule=GradientDescent(rate),
            epochs=epochs,
            checkpoint=checkpoint,
            progress=advance,
            chunk=int(np.clip(PIECE / (level.size(begin) * task.mask.size), 1, 500)),
        )
    return LevelResult(
        level,
        learning.observed[:, 0],
        learning.loss[:, 0],
        learning.outcomes[0],
        int(learning.epochs_finite[0]),
    )


def _report_level(report: Report, own: UserRun, result: LevelResult) -> None:
    config = own.config
    assert own.task is not None
    name, linear = result.level.name, config.nonlinearity == "linear"
    report.finding(
        f"{name}_outcome", result.outcome.name, "", how_it_ended(result.outcome, result.epochs_finite, own.task.dt)
    )
    if result.outcome is TrainingOutcome.diverged:
        meaning = f"of {config.epochs}, the first at which overlaps or loss are not finite"
        report.finding(f"{name}_diverged_at_epoch", result.epochs_finite, "epochs", meaning)
    if isinstance(result.level, Reduced) and result.level.linear != linear:
        usual = "map, exact for linear networks" if linear else "gaussian closure, not exact: rows do not stay Gaussian"
        report.finding(f"{name}_is", usual, "", "the reduced theory has two names")
    report.finding(f"{name}_initial_loss", float(result.loss[0]), LOSS, "before learning")
    report.finding(f"{name}_final_loss", float(result.loss[-1]), LOSS, "after the last epoch")
    report.quantity(f"{name}_epochs_finite", result.epochs_finite)


def _ending(config: UserConfig, result: LevelResult) -> str:
    """How a training ended, in words."""
    name = result.level.name.replace("_", " ")
    if result.outcome is TrainingOutcome.diverged:
        return f"{name} diverged at epoch {result.epochs_finite} of {config.epochs}"
    return f"{name} {result.outcome.name}, loss {result.loss[0]:.3g} to {result.loss[-1]:.3g}"


def _report_pair(report: Report, config: UserConfig, first: LevelResult, second: LevelResult) -> None:
    """The largest difference over the epochs in which both are finite."""
    shared = min(first.epochs_finite, second.epochs_finite)
    key = f"{second.level.name}_from_{first.level.name}"
    if shared == 0:
        return
    why = _why(config, first.level, second.level)
    if isinstance(first.level, Reduced) and isinstance(second.level, Wide) and config.nonlinearity != "linear":
        report.finding(
            f"initial_loss_difference_{key}",
            float(second.loss[0] - first.loss[0]),
            LOSS,
            "the nodes' error: rows are Gaussian before they learn, where the closure is exact",
        )
    if TrainingOutcome.diverged in (first.outcome, second.outcome):
        why = "numbers that grow without bound part from one another"
    meaning = f"over epochs 0 to {shared - 1}; {why}"
    for what, unit, one, other in (
        ("loss", LOSS, first.loss[:shared], second.loss[:shared]),
        ("overlaps", "", first.sigma[:shared], second.sigma[:shared]),
    ):
        report.finding(f"largest_{what}_difference_{key}", float(np.abs(other - one).max()), unit, meaning)


def _why(config: UserConfig, first: UserLevel, second: UserLevel) -> str:
    if isinstance(first, Reduced) and isinstance(second, Reduced):
        return "two names of one theory"
    if config.nonlinearity == "linear":
        return "the same to rounding: linear networks need no closure"
    return next((each.error for each in (first, second) if isinstance(each, Reduced)), None) or next(
        each.error for each in (second, first) if not isinstance(each, Wide)
    )


SHOWN = len(SERIES)
POINTS = 25
DRAWN = 1e100
"""Values beyond are of a training that diverges; axes cannot be labelled up to the largest number there is."""


def figures(config: UserConfig, results: TaskResults) -> tuple[Plot, ...]:
    """Loss, and the overlaps that move most: theory as lines, infinitely many neurons dashed, a network as dots."""
    shape = results.shape
    sigmas = [level.sigma for level in results.levels]
    moved = [max(_span(sigma[:, a, b]) for sigma in sigmas) for a, b in shape.pairs]
    order = sorted(range(len(moved)), key=lambda k: -moved[k])[:SHOWN]
    with style():
        figure, (loss_axes, overlap_axes) = new_panels(2, 9.6, 3.9)
        for level in results.levels:
            _draw(loss_axes, level, level.loss, LEVELS[level.level.name], typeset(level.level.name))
        for k, colour in zip(order, SERIES, strict=False):
            a, b = shape.pairs[k]
            for number, level in enumerate(results.levels):
                label = typeset(shape.overlap(a, b).name) if number == 0 else None
                _draw(overlap_axes, level, level.sigma[:, a, b], colour, label)
        if all((level.loss[: level.epochs_finite] > 0).all() for level in results.levels):
            loss_axes.set_yscale("log")
        loss_axes.set(xlabel="epoch", ylabel="loss")
        legend_under(loss_axes)
        which = "overlaps" if len(order) == len(moved) else f"the {SHOWN} overlaps that move most"
        overlap_axes.set(xlabel="epoch", ylabel=which)
        legend_under(overlap_axes, columns=3)
    data: dict[str, np.ndarray] = {"columns": np.array(shape.labels)}
    for level in results.levels:
        data |= {f"{level.level.name}_sigma": level.sigma, f"{level.level.name}_loss": level.loss}
    names = ", ".join(level.level.name.replace("_", " ") for level in results.levels)
    caption = (
        f"Learning of the user's task, {config.nonlinearity} neurons, rank {config.rank}: {names}, one run each, with "
        "lines and marks of their own in both panels."
    )
    return (plot("trajectory", caption, figure, data),)


def _draw(axes: Axes, level: LevelResult, values: Float[np.ndarray, " epochs"], colour: str, label: str | None) -> None:
    look = level.level
    axes.plot(
        _drawn(values),
        color=colour,
        linestyle=look.line,
        marker=look.marker,
        markersize=3,
        markevery=max(1, len(values) // POINTS),
        label=label,
    )


def _span(values: Float[np.ndarray, " epochs"]) -> float:
    drawn = _drawn(values)
    finite = drawn[np.isfinite(drawn)]
    return float(np.ptp(finite)) if len(finite) else 0.0


def _drawn(values: Float[np.ndarray, " epochs"]) -> Float[np.ndarray, " epochs"]:
    return np.where(np.abs(values) <= DRAWN, values, np.nan)
