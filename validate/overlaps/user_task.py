"""A user's task: learning at each level of description, side by side. Findings; nothing is asserted."""

from dataclasses import dataclass
from itertools import combinations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from simulate.cells.low_rank import LowRank
from simulate.cells.nonlinearity import NONLINEARITIES
from simulate.overlaps.draw import network_of
from simulate.overlaps.infinite_width import SobolNodes
from simulate.overlaps.levels import FiniteNetwork, InfiniteWidth, Level, ReducedTheory
from simulate.tasks.task import fixed_task
from simulate.training.learner import Learner
from simulate.training.outcome import TrainingOutcome
from simulate.training.rule import GradientDescent
from simulate.training.train import train
from theory.overlaps.equations.shape import Shape
from validate.arrays import Real
from validate.output import Plot
from validate.overlaps.forecast import report_start, report_trust
from validate.overlaps.settings import OwnConfig
from validate.overlaps.user_run import Own
from validate.plotting import new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Reported

REDUCED = ("map", "gaussian_closure")
PIECE = 1e7  # neurons x trials x steps that a piece of a training may take: a second or so, during which Ctrl-C waits


@dataclass(frozen=True)
class LevelResult:
    """A training at one level: overlaps and loss before each epoch and after the last, NaN where they diverged."""

    name: str
    sigma: Float[np.ndarray, "epochs d d"]
    loss: Float[np.ndarray, " epochs"]
    outcome: TrainingOutcome
    epochs_finite: int


@dataclass(frozen=True)
class TaskResults:
    """The levels that were trained, in the order asked for."""

    shape: Shape
    levels: tuple[LevelResult, ...]


def checks(own: Own, config: OwnConfig, report: Report, progress: Progress) -> TaskResults:
    """Train at every level and compare. An interrupted run keeps the levels that are finished."""
    shape = Shape(own.counts[0], own.counts[1], own.counts[3])
    report.quantity("initial_overlaps", own.origin)
    report.quantity("initial_sigma", own.sigma)
    report.quantity("columns", list(shape.labels))
    report_start(report, own, shape)
    done: list[LevelResult] = []
    try:
        for name in config.levels:
            done.append(_train(name, _learner(name, own, shape), own, progress))
    except KeyboardInterrupt:
        if not done:
            raise
        report.interrupted = True
    for result in done:
        _report_level(report, config, result)
    finished = {result.name: result.sigma for result in done if result.outcome is TrainingOutcome.completed}
    reduced = next((finished[name] for name in REDUCED if name in finished), None)
    if reduced is not None:
        report_trust(report, own, shape, reduced, finished.get("infinite_width"))
    for first, second in combinations(done, 2):
        _report_pair(report, config, first, second)
    return TaskResults(shape, tuple(done))


def _learner(name: str, own: Own, shape: Shape) -> Learner:
    nonlinearity = NONLINEARITIES[own.config.nonlinearity]
    if name == "network" and own.network is not None:
        return network_of(jnp.asarray(own.network.theta), own.counts, nonlinearity)
    nodes = own.config.effort.nodes
    levels: dict[str, Level] = {
        "map": ReducedTheory(),
        "gaussian_closure": ReducedTheory(),
        "infinite_width": InfiniteWidth(SobolNodes(nodes, own.config.seed)),
        "network": FiniteNetwork(own.neurons, own.config.seed),
    }
    return levels[name].start(own.sigma, shape, nonlinearity)


def _train(name: str, learner: Learner, own: Own, progress: Progress) -> LevelResult:
    task, epochs, rate = own.task, own.config.epochs, own.config.learning_rate
    assert task is not None
    assert epochs is not None
    assert rate is not None
    size = learner.share.size if isinstance(learner, LowRank) else sum(own.counts)
    with progress.task(f"{name}: epochs", total=float(epochs)) as advance:
        learning = train(
            [learner],
            fixed_task(jnp.asarray(task.inputs), jnp.asarray(task.targets), task.dt, jnp.asarray(task.mask)),
            rule=GradientDescent(rate),
            epochs=epochs,
            progress=advance,
            chunk=int(np.clip(PIECE / (size * task.mask.size), 1, 500)),
        )
    return LevelResult(
        name,
        learning.observed[:, 0],
        learning.loss[:, 0],
        learning.outcomes[0],
        int(learning.epochs_finite[0]),
    )


def _report_level(report: Report, config: OwnConfig, result: LevelResult) -> None:
    name, diverged = result.name, result.outcome is TrainingOutcome.diverged
    if name in REDUCED and (name == "map") != (config.nonlinearity == "linear"):
        usual = "map" if config.nonlinearity == "linear" else "gaussian_closure"
        why = "exact for linear networks" if usual == "map" else "not exact: rows of theta do not stay Gaussian"
        report.check(f"{name}: the reduced theory", predicted=usual, measured=name, tolerance=Reported(why))
    at = f"; epoch {result.epochs_finite} of {config.epochs} is the first that is not finite" if diverged else ""
    report.check(
        f"{name}: how training ended",
        predicted=TrainingOutcome.completed.name,
        measured=result.outcome.name,
        tolerance=Reported(result.outcome.sentence + at),
    )
    report.check(
        f"{name}: final loss, beside the loss before learning",
        predicted=float(result.loss[0]),
        measured=float(result.loss[-1]),
        tolerance=Reported("a finding"),
    )
    report.quantity(f"{name}_outcome", result.outcome.name)
    report.quantity(f"{name}_epochs_finite", result.epochs_finite)
    report.quantity(f"{name}_initial_loss", float(result.loss[0]))
    report.quantity(f"{name}_final_loss", float(result.loss[-1]))
    if diverged:
        report.quantity(f"{name}_diverged_at_epoch", result.epochs_finite)


def _report_pair(report: Report, config: OwnConfig, first: LevelResult, second: LevelResult) -> None:
    """The largest difference over the epochs in which both are finite."""
    shared = min(first.epochs_finite, second.epochs_finite)
    pair, key = f"{second.name} beside {first.name}", f"{second.name}_from_{first.name}"
    if shared == 0:
        return
    why = Reported(_why(config, first.name, second.name))
    if (first.name in REDUCED) and second.name == "infinite_width" and config.nonlinearity != "linear":
        report.check(
            f"{second.name}: loss before learning, by its nodes and by {first.name}",
            predicted=float(first.loss[0]),
            measured=float(second.loss[0]),
            tolerance=Reported("the nodes' error: rows are Gaussian before they learn, where the closure is exact"),
        )
    for what, one, other in (
        ("loss", first.loss[:shared], second.loss[:shared]),
        ("overlaps", first.sigma[:shared], second.sigma[:shared]),
    ):
        # squeezed: where one epoch alone is finite, its loss is a number and no list
        predicted, measured = np.squeeze(one), np.squeeze(other)
        report.check(f"{what}, {pair}, epochs 0 to {shared - 1}", predicted=predicted, measured=measured, tolerance=why)
        report.quantity(f"largest_{what}_difference_{key}", float(np.abs(other - one).max()))


def _why(config: OwnConfig, first: str, second: str) -> str:
    if config.nonlinearity == "linear":
        return "the same to rounding: linear networks need no closure"
    if {first, second} <= set(REDUCED):
        return "two names of one theory"
    if first in REDUCED or second in REDUCED:
        return "bias of the closure: rows of theta do not stay Gaussian"
    return "neurons are finite in number: of the order of N^-1/2"


SHOWN = 10
POINTS = 25
DRAWN = 1e100
"""Values beyond are of a training that diverges; axes cannot be labelled up to the largest number there is."""
_LOOK = {"infinite_width": ("--", ""), "network": ("none", "o")}


def figures(config: OwnConfig, results: TaskResults) -> tuple[Plot, ...]:
    """Loss, and the overlaps that move most: theory as lines, infinitely many neurons dashed, a network as dots."""
    shape = results.shape
    sigmas = [level.sigma for level in results.levels]
    moved = [max(_span(sigma[:, a, b]) for sigma in sigmas) for a, b in shape.pairs]
    order = sorted(range(len(moved)), key=lambda k: -moved[k])[:SHOWN]
    with style():
        figure, (loss_axes, overlap_axes) = new_panels(2, 9.6, 3.9)
        for level in results.levels:
            _draw(loss_axes, level, level.loss, "#1f4e79", level.name)
        for place, k in enumerate(order):
            (a, b), colour = shape.pairs[k], f"C{place}"
            for number, level in enumerate(results.levels):
                label = shape.overlap(a, b).name if number == 0 else None
                _draw(overlap_axes, level, level.sigma[:, a, b], colour, label)
        if all((level.loss[: level.epochs_finite] > 0).all() for level in results.levels):
            loss_axes.set_yscale("log")
        loss_axes.set(xlabel="epoch", ylabel="loss")
        loss_axes.legend()
        which = "overlaps" if len(order) == len(moved) else f"the {SHOWN} overlaps that move most"
        overlap_axes.set(xlabel="epoch", ylabel=which)
        overlap_axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    data: dict[str, Real] = {}
    for level in results.levels:
        data |= {f"{level.name}_sigma": level.sigma, f"{level.name}_loss": level.loss}
    names = ", ".join(level.name for level in results.levels)
    caption = f"Learning of the user's task, {config.nonlinearity} neurons, rank {config.rank}: {names}."
    return (plot("trajectory", caption, figure, data),)


def _draw(axes: Axes, level: LevelResult, values: Float[np.ndarray, " epochs"], colour: str, label: str | None) -> None:
    line, marker = _LOOK.get(level.name, ("-", ""))
    every = max(1, len(values) // POINTS)
    axes.plot(_drawn(values), color=colour, linestyle=line, marker=marker, markersize=3, markevery=every, label=label)


def _span(values: Float[np.ndarray, " epochs"]) -> float:
    drawn = _drawn(values)
    finite = drawn[np.isfinite(drawn)]
    return float(np.ptp(finite)) if len(finite) else 0.0


def _drawn(values: Float[np.ndarray, " epochs"]) -> Float[np.ndarray, " epochs"]:
    return np.where(np.abs(values) <= DRAWN, values, np.nan)
