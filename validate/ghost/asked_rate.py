"""The learning rate that the user asks for, descended on in the confident limit and held against its own prediction.

Up to the critical rate: how long the plateau lasts, then the attracting cycle and its floor. Between the critical rate
and the failure ratio: the fraction of starts captured, and the cycle of the survivors. Above it: capture of all.
Once with the gradient lowered from the theory, once with the gradient through the solver.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory.ghost.descent.capture import failure_ratio, last_cycle
from theory.ghost.descent.captured_fraction import NormalStarts, captured_fraction
from theory.ghost.descent.error_floor import ErrorFloor, error_floor
from theory.ghost.descent.itinerary import is_rotation, turn_length
from theory.ghost.descent.plateau import plateau_length
from theory.ghost.descent.training_map import PAPER, jump_length
from theory.ghost.toy.toy_model import ToyModel
from validate.ghost.scaled_descent import CHUNK, ScaledDescent, analytic, simulated
from validate.ghost.settings import START, Config
from validate.output import Plot
from validate.plotting import GUIDE, MEASURED, PREDICTED, legend_below, new_figure, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, Binomial, Exact, Reported

LONGEST_PLATEAU, LONGEST_SOLVED_PLATEAU = 50_000, 300  # epochs; slower rates start nearer to the optimum
STARTS, EPOCHS = 2000, 10_000  # as in `validate.ghost.fates`, with its patience for slow capture
STRAGGLERS, PATIENCE = 50, 2_000_000  # far above the critical rate a step up starts a plateau of 47 a^1.5 epochs
TRAININGS = 10
SOLVED_TRAININGS, SOLVED_EPOCHS = 20, 1000
TURNS = 200  # turns or cycles averaged over, within these bounds:
SHORTEST_WINDOW, LONGEST_WINDOW, FEWEST_TURNS = 20_000, 400_000, 10
LEAST = 10.0  # epochs: of a plateau that short, so many are no more than all
UNRESOLVED = 0.1  # fraction of a plateau that rounding may add before it says nothing


@dataclass(frozen=True)
class AskedRate:
    """Descent at the rate asked for: rho from the start of the plateau, with the gradient lowered from the theory."""

    ratio: float
    plateau: float
    rho: Float[np.ndarray, " epochs"]


@dataclass(frozen=True)
class Way:
    """A way to get the gradient: its name, its descent, and how much it may be asked to compute."""

    name: str
    descent: ScaledDescent
    longest_plateau: int
    trainings: int


def checks(config: Config, report: Report, progress: Progress) -> AskedRate:
    """Measure with both gradients; which checks there are depends on where the rate lies."""
    model = ToyModel(config.delay)
    ratio = config.learning_rate / model.critical_learning_rate
    lowered = Way("lowered gradient", analytic(model), LONGEST_PLATEAU, TRAININGS)
    solved = Way("gradient through the solver", simulated(model), LONGEST_SOLVED_PLATEAU, SOLVED_TRAININGS)
    with progress.task("descending at the rate asked for"):
        found = _compare_plateau(report, lowered, ratio)
        _compare_plateau(report, solved, ratio)
        generator = np.random.default_rng(config.seed + 2)
        if ratio <= 1:
            _compare_attractor(report, lowered, ratio, _attracted(generator, ratio))
        elif ratio <= failure_ratio():
            survivors = _compare_captured(report, lowered, ratio, generator)
            _compare_attractor(report, lowered, ratio, survivors)
        else:
            _compare_captured(report, lowered, ratio, generator)
        _compare_by_solver(report, solved, ratio, generator)
    return found


def _compare_plateau(report: Report, way: Way, a: float) -> AskedRate:
    """From rho_0 = 10, or nearer to the optimum where the plateau would outlast the patience."""
    reach = (1 + 15 / 8 * PAPER.scaled(a) * way.longest_plateau) ** 0.4
    start = min(START, reach)
    length = plateau_length(start, a)
    first = float(jump_length(start, PAPER.scaled(a)))  # the shortest step of them all
    steps = math.ceil(min(length.epochs + length.error_bound, (start - 1) / first + 1)) + 2
    rounding = 2**-52 * start / first  # of a step, at most
    name = f"rate asked for: plateau from rho_0 = {start:.9g}, {way.name}, epochs"
    if rounding > UNRESOLVED:
        because = "the steps are smaller than the rounding of r: nothing can be measured"
        report.check(name, predicted=length.epochs, measured=None, tolerance=Reported(because))
        return AskedRate(a, length.epochs, np.array([start]))
    rho = way.descent.descend(np.array([start]), np.array([a]), steps)[0][:, 0]
    bound = length.error_bound + rounding * length.epochs
    report.check(
        name,
        predicted=length.epochs,
        measured=float(np.argmax(rho <= 1)) if (rho <= 1).any() else float("inf"),
        tolerance=Absolute(bound, "whole epochs, twice the first term left out, rounding")
        if bound < max(length.epochs, LEAST)
        else Reported(f"so far above the critical rate the expansion says no more than within {bound:.3g} epochs"),
    )
    return AskedRate(a, length.epochs, rho)


def _attracted(generator: np.random.Generator, a: float) -> Float[np.ndarray, " starts"]:
    """Starts in the interval that every orbit enters after its plateau, so that slow rates need not wait for it."""
    return 1 + 0.75 * PAPER.scaled(a) * generator.uniform(-1, 1, TRAININGS)


def _compare_captured(
    report: Report, way: Way, a: float, generator: np.random.Generator
) -> Float[np.ndarray, " starts"]:
    """The fraction of starts that end stuck; returns where some of the others are, and one that is sure to live."""
    starts = NormalStarts().quantiles(generator.uniform(size=STARTS))
    rho, _ = way.descent.settle(starts, np.full(STARTS, a), EPOCHS // CHUNK)
    if a > failure_ratio():
        rho = _wait_for_stragglers(way, rho, a)
    _report_captured(report, way, f"fraction of {STARTS} starts captured", rho, a)
    free = rho[rho >= PAPER.cut][: TRAININGS - 1]
    # between u* and the kink an orbit is drawn to the cycle LRR (the claim `absorbed` of theory.ghost.descent.capture)
    inside = (float(last_cycle().points[0]) * PAPER.scaled(a) ** 0.4 + 1) / 2
    return np.append(free, inside)


def _wait_for_stragglers(way: Way, rho: Float[np.ndarray, " starts"], a: float) -> Float[np.ndarray, " starts"]:
    """Descend on from the few starts that a step up has sent back onto a plateau, until they are captured."""
    waited = EPOCHS
    while waited < PATIENCE and (free := np.flatnonzero(rho >= PAPER.cut)[:STRAGGLERS]).size:
        lanes = np.resize(free, STRAGGLERS)
        rho[lanes], _ = way.descent.settle(rho[lanes], np.full(STRAGGLERS, a), EPOCHS // CHUNK)
        waited += EPOCHS
    return rho


def _report_captured(report: Report, way: Way, name: str, rho: Float[np.ndarray, " starts"], a: float) -> None:
    """Of those whose fate is decided: beyond the failure ratio, a start that is still on a plateau is not."""
    waiting = (rho >= PAPER.cut) & (rho > 1 + 0.75 * PAPER.scaled(a)) & (a > failure_ratio())
    decided = rho[~waiting]
    report.check(
        f"rate asked for: {name}, {way.name}",
        predicted=captured_fraction(a).value,
        measured=float(np.mean(decided < PAPER.cut)) if len(decided) else None,
        tolerance=Binomial(len(decided)) if len(decided) else Reported("all starts are on a plateau still"),
    )


def _compare_attractor(report: Report, way: Way, a: float, starts: Float[np.ndarray, " starts"]) -> None:
    """Word and mean loss of where those end up that are not captured."""
    floor = error_floor(a)
    span = max(turn_length(PAPER.scaled(a)), len(floor.word or ""))
    window = int(min(max(SHORTEST_WINDOW, TURNS * span), LONGEST_WINDOW))
    name = "rate asked for: mean loss after training, fraction of T"
    if window < FEWEST_TURNS * span:
        because = f"one turn of the attractor takes {span:.3g} epochs: too long to average over"
        report.check(name, predicted=floor.value, measured=None, tolerance=Reported(because))
        return
    rates = np.full(len(starts), a)
    settled, _ = way.descent.settle(starts, rates, math.ceil(min(max(40 / a**2, EPOCHS), LONGEST_WINDOW) / CHUNK))
    rho, loss = way.descent.descend(settled, rates, window)
    means = loss[1:].mean(axis=0)
    expected = _nearest(_floors(floor), means)
    spread = 5 * float(means.std(ddof=1)) / len(means) ** 0.5 if floor.word is None and len(means) > 1 else 0.0
    bound = (floor.error_bound or 0.0) + spread
    report.check(
        name,
        predicted=expected,
        measured=means,
        tolerance=Absolute(
            float(expected.max()) * 2 * span / window + bound,
            "one turn or cycle may be cut at either end of the average; the prediction's own bound",
        ),
    )
    if floor.word is not None:
        words = [floor.word, *(cycle.word for cycle, _ in floor.others)]
        measured = _word(rho[:, 0], len(floor.word))
        report.check(
            "rate asked for: word of the cycle that descent ends on",
            predicted=measured if measured in words else floor.word,
            measured=measured,
            tolerance=Exact("letters L and R"),
        )


def _floors(floor: ErrorFloor) -> Float[np.ndarray, " cycles"]:
    """The floors of all the attractors that coexist."""
    assert floor.value is not None
    return np.array([floor.value, *(value for _, value in floor.others)])


def _nearest(floors: Float[np.ndarray, " cycles"], means: Float[np.ndarray, " starts"]) -> Float[np.ndarray, " starts"]:
    return floors[np.argmin(np.abs(floors - means[:, None]), axis=1)]


def _word(rho: Float[np.ndarray, " epochs"], longest: int) -> str:
    """The letters of one period from the largest L point on; of `longest` epochs if no return is closer than rounding.

    Rounding moves a point of an attracting cycle by far less than the 1e-9 that tell two of its points apart.
    """
    returns = np.flatnonzero(np.abs(rho[1:] - rho[0]) < 1e-9)
    period = rho[: (int(returns[0]) + 1) if len(returns) else longest]
    first = int(np.argmax(np.where(period < 1, period, -np.inf)))
    return "".join("L" if each < 1 else "R" for each in np.roll(period, -first))


def _compare_by_solver(report: Report, way: Way, a: float, generator: np.random.Generator) -> None:
    """Fraction captured and mean loss with the gradient through the solver.

    Above the critical rate from the paper's starts, below it from starts that have their plateau behind them.
    """
    levels = generator.uniform(size=way.trainings)
    starts = NormalStarts().quantiles(levels) if a > 1 else 1 + 0.75 * PAPER.scaled(a) * (2 * levels - 1)
    rates = np.full(len(starts), a)
    settled, _ = way.descent.settle(starts, rates, SOLVED_EPOCHS // CHUNK)
    rho, means = way.descent.settle(settled, rates, SOLVED_EPOCHS // CHUNK)
    free = rho >= PAPER.cut
    if a > 1:
        _report_captured(report, way, f"fraction of {len(starts)} starts captured", rho, a)
    floor = error_floor(a)
    if floor.value is None or floor.error_bound is None or not free.any():
        return
    span = max(turn_length(PAPER.scaled(a)), len(floor.word or ""))
    expected = _nearest(_floors(floor), means[free])
    settles = floor.word is not None or is_rotation(PAPER.scaled(a))
    report.check(
        f"rate asked for: mean loss of those not captured, fraction of T, {way.name}",
        predicted=expected,
        measured=means[free],
        tolerance=Absolute(
            float(expected.max()) * 2 * span / SOLVED_EPOCHS + floor.error_bound,
            "one turn or cycle may be cut at either end of the average",
        )
        if settles and FEWEST_TURNS * span < SOLVED_EPOCHS
        else Reported("few epochs for so long a turn, or for an attractor without a cycle"),
    )


def figures(config: Config, results: AskedRate) -> tuple[Plot, ...]:
    """The parameter along descent at the rate asked for, to a little beyond its plateau."""
    with style():
        figure, axes = new_figure(5.6, 3.4)
        epochs = np.arange(len(results.rho))
        axes.plot(epochs, results.rho, label="gradient descent", **MEASURED)
        axes.axvline(results.plateau, label="predicted end of the plateau", **PREDICTED | {"linestyle": "--"})
        axes.axhline(1.0, **GUIDE)
        axes.set(xlabel="epoch", ylabel=typeset("r / r_opt"), title=f"{results.ratio:.6g} of the critical rate")
        legend_below(figure, 2)
    caption = (
        f"One training of the toy model at the rate asked for, {results.ratio:.6g} of the critical one, at "
        f"T = {config.delay:g}. Dotted: the optimum."
    )
    data = {"rho": results.rho, "plateau": np.array(results.plateau)}
    return (plot("asked_rate", caption, figure, data),)
