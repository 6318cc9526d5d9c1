"""The training map: gradient descent on the toy model, in r and at the user's delay, against the T-free theory."""

import math
from dataclasses import dataclass, replace

import mpmath as mp
import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from theory.ghost.descent.capture import capture_certificate, failure_ratio
from theory.ghost.descent.captured_fraction import NormalStarts, captured_fraction
from theory.ghost.descent.catalogue import Catalogue, attracting_cycles
from theory.ghost.descent.cycles import Cycle
from theory.ghost.descent.error_floor import ErrorFloor, error_floor
from theory.ghost.descent.itinerary import turn_length
from theory.ghost.descent.plateau import plateau_length
from theory.ghost.descent.safety import safety_proof
from theory.ghost.descent.training_map import PAPER, advance, jump_length, orbit
from theory.ghost.toy.toy_model import ToyModel
from validate.ghost.claims import CLOSED_FORMS, ERROR_FLOOR, NO_LEARNING, PLATEAU
from validate.ghost.fates import STARTS, Fates, compare_fates
from validate.ghost.scaled_descent import CHUNK, ScaledDescent, analytic, simulated
from validate.ghost.settings import PAPER_RATE_RATIO, START, Config
from validate.output import Plot
from validate.palette import FAINT, MUTED, SERIES
from validate.plotting import (
    BINOMIAL_95,
    GUIDE,
    MEASURED,
    NOTE,
    ONE_PANEL,
    PREDICTED,
    WIDE,
    legend_below,
    new_figure,
    plot,
    style,
)
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, AtMost, Binomial, Bracket, Exact

SHOWN = (PAPER_RATE_RATIO, 0.6, 0.98, 1.2)
"""Rates, in units of the critical one, of Figs. 2B and 2C."""
SHOWN_EPOCHS = 3000
FLOOR_RATES = (*np.geomspace(0.02, 1.0, 18), 1.01, 1.02)
TRAININGS = 10  # a rate, as in the paper's Fig. 2D
FLOOR_WINDOW = 20_000
DIAGRAM_STARTS, DIAGRAM_TRANSIENT, DIAGRAM_SAMPLES = 8, 3000, 20
BETWEEN_DRAWN = (0.995, 1.0, 1.002, 1.0035, 1.0075, 1.01, 1.015, 1.025, 1.0291, 1.035)
"""Rates at which the captured fraction is also predicted, for its figure."""
GROWTH = START**1.5
"""How much the plateau stretches a rounding error on its way from rho_0 to 1: (rho_0 / 1)^(3/2)."""


@dataclass(frozen=True)
class Descents:
    """Descent from rho_0 = 10 at the rates shown: `rho` and loss / delay (epochs + 1, rates), and the map's rho."""

    rates: Float[np.ndarray, " rates"]
    rho: Float[np.ndarray, "epochs rates"]
    loss: Float[np.ndarray, "epochs rates"]
    predicted: Float[np.ndarray, "epochs rates"]
    plateau: Float[np.ndarray, " rates"]


@dataclass(frozen=True)
class Floors:
    """Mean loss / delay after training, (rates, trainings), beside the prediction for each rate."""

    rates: Float[np.ndarray, " rates"]
    measured: Float[np.ndarray, "rates trainings"]
    predicted: tuple[ErrorFloor, ...]


@dataclass(frozen=True)
class MapResults:
    """All that the figures of this section show."""

    ratio: float
    failure: float
    descents: Descents
    floors: Floors
    fates: Fates
    catalogue: Catalogue
    diagram_rates: Float[np.ndarray, " columns"]
    diagram: Float[np.ndarray, "columns samples"]


def checks(config: Config, report: Report, progress: Progress) -> MapResults:
    """Descend, compare with the map, bracket the thresholds, average the loss; proofs are checked again here."""
    model = ToyModel(config.delay)
    learner, solver = analytic(model), simulated(model)
    ratio = config.learning_rate / model.critical_learning_rate
    _prove(report)
    with progress.task("descending on the toy model's loss"):
        descents = _compare_orbits(report, learner)
        _compare_simulated_gradient(report, solver)
        _bracket_critical(report, learner, "analytic gradient", 1e-9)
        _bracket_critical(report, solver, "gradient through the solver", 1e-6)
    failure = float(failure_ratio())
    with progress.task("averaging the loss after training"):
        floors = _compare_floors(config, report, learner)
        fates = compare_fates(config, report, learner, failure)
    with progress.task("searching for cycles"):
        catalogue = _search_cycles(config, report)
        columns = np.unique(np.concatenate([np.linspace(0.3, 1.06, config.effort.columns), [ratio]]))
        columns = columns[(columns >= 0.3) & (columns <= 1.06)]
        diagram = np.stack([_attractor(float(a)) for a in columns])
    return MapResults(ratio, failure, descents, floors, fates, catalogue, columns, diagram)


def for_figures(config: Config, results: MapResults, progress: Progress) -> MapResults:
    """The captured fraction at rates between those measured."""
    with progress.task("predicting captured fractions"):
        between = tuple(captured_fraction(a) for a in BETWEEN_DRAWN)
    return replace(results, fates=replace(results.fates, between=between))


def _attractor(a: float) -> Float[np.ndarray, " samples"]:
    """Where orbits from all over settle, after any chaotic transient; NaN where they are captured."""
    settled = advance(np.linspace(0.3, 1.7, DIAGRAM_STARTS), a, DIAGRAM_TRANSIENT)
    values = np.concatenate([orbit(float(rho), a, DIAGRAM_SAMPLES) for rho in settled])
    return np.where(values < PAPER.cut, np.nan, values)


def _prove(report: Report) -> None:
    proof, certificate = safety_proof(), capture_certificate()
    steps = sum(step.holds() for step in proof.steps)
    report.check(
        "proof that no start is captured up to the critical rate, steps",
        predicted=len(proof.steps),
        measured=steps,
        tolerance=Exact("symbolic"),
        claim=NO_LEARNING,
    )
    report.check(
        "proof that almost every start is captured above a_fail",
        predicted=True,
        measured=certificate.holds,
        tolerance=Exact("ball arithmetic"),
        claim=NO_LEARNING,
    )


def _compare_orbits(report: Report, learner: ScaledDescent) -> Descents:
    rates = np.array(SHOWN)
    rho, loss = learner.descend(np.full(len(rates), START), rates, SHOWN_EPOCHS)
    predicted = np.stack([orbit(START, float(a), SHOWN_EPOCHS + 1) for a in rates], axis=1)
    plateau = np.array([plateau_length(START, float(a)).epochs for a in rates])
    report.check(
        "descent with the analytic gradient against the map, up to the first jump over the optimum",
        predicted=np.concatenate([predicted[: int(n), k] for k, n in enumerate(plateau)]),
        measured=np.concatenate([rho[: int(n), k] for k, n in enumerate(plateau)]),
        tolerance=Absolute(max(plateau) * GROWTH * 2**-50, "rounding, stretched by the plateau"),
    )
    for k, a in enumerate(SHOWN):
        length = plateau_length(START, a)
        report.check(
            f"plateau from rho_0 = 10 at {a:g} of the critical rate, epochs",
            predicted=length.epochs,
            measured=float(np.argmax(rho[:, k] <= 1)),
            tolerance=Absolute(length.error_bound, "whole epochs, and twice the first term left out"),
            claim=PLATEAU,
        )
    return Descents(rates, rho, loss, predicted, plateau)


def _compare_simulated_gradient(report: Report, learner: ScaledDescent) -> None:
    a, epochs = 0.6, 100
    path = [np.array([3.0])]
    for _ in range(epochs):
        path.append(learner.descend(path[-1], np.array([a]), 1)[0][-1])
    report.check(
        "descent with the gradient through the solver against the map, 100 epochs",
        predicted=orbit(3.0, a, epochs + 1),
        measured=np.concatenate(path),
        tolerance=Absolute(epochs * 3.0**1.5 * 1e-10, "solver tolerance, stretched by the plateau"),
    )


def _bracket_critical(report: Report, learner: ScaledDescent, name: str, resolution: float) -> None:
    """Just right of the optimum: the smallest rate, in units of the critical one, whose next step is the last."""
    margin = resolution / 8
    low, high = 0.5, 2.0
    while high - low > resolution:
        middle = (low + high) / 2
        _, loss = learner.descend(np.array([1 + margin]), np.array([middle]), 1)
        captured = loss[-1, 0] == 1.0
        low, high = (low, middle) if captured else (middle, high)
    report.check(
        f"critical rate by {name}, in units of the predicted one",
        predicted=(1 + margin - PAPER.cut) / jump_length(1 + margin, 1.0),
        measured=(low, high),
        tolerance=Bracket(2 * resolution, f"both sides, started {margin:.1e} above the optimum"),
        claim=CLOSED_FORMS,
    )


def _compare_floors(config: Config, report: Report, learner: ScaledDescent) -> Floors:
    rates = np.array(FLOOR_RATES)
    starts = NormalStarts().quantiles(np.random.default_rng(config.seed).uniform(size=len(rates) * TRAININGS))
    each = np.repeat(rates, TRAININGS)
    transient = max(plateau_length(START * 1.1, float(a)).epochs for a in rates)
    rho, _ = learner.settle(starts, each, math.ceil(transient / CHUNK))
    _, mean = learner.settle(rho, each, FLOOR_WINDOW // CHUNK)
    measured = mean.reshape(len(rates), TRAININGS)
    predicted = tuple(error_floor(float(a)) for a in rates)
    expected = np.array([np.nan if floor.value is None else floor.value for floor in predicted])
    free = measured < 0.999  # captured trainings have loss 1
    some = free.any(axis=1)  # above the critical rate all trainings may be captured, by chance: nothing to compare
    kept = np.array([row[ok].mean() for row, ok in zip(measured[some], free[some], strict=True)])
    turn = turn_length(PAPER.scaled(min(FLOOR_RATES)))
    report.check(
        "error floor against the learning rate (Fig. 2D), relative",
        predicted=np.ones(some.sum()),
        measured=kept / expected[some],
        tolerance=Absolute(turn / FLOOR_WINDOW, "the longest turn, 16/(9a) epochs, may be cut in an average of 20,000"),
        claim=ERROR_FLOOR,
    )
    return Floors(rates, measured, predicted)


def _search_cycles(config: Config, report: Report) -> Catalogue:
    catalogue = attracting_cycles(0.3, 1.2, config.effort.word_length)
    report.check(
        f"attracting cycles with words up to {catalogue.max_length} letters, intervals of u0 left undecided",
        predicted=0,
        measured=len(catalogue.unresolved),
        tolerance=Exact("certified search in ball arithmetic"),
        claim=ERROR_FLOOR,
    )
    report.check(
        "largest rate at which a cycle attracts",
        predicted=float(failure_ratio()),
        measured=max(float(cycle.limits().upper) for cycle in catalogue.cycles),
        tolerance=AtMost("no longer word reaches further"),
    )
    report.quantity("attracting_cycles", [_row(cycle) for cycle in catalogue.cycles])
    report.quantity("attracting_cycles_cover", catalogue.covered())
    return catalogue


def _row(cycle: Cycle) -> dict[str, object]:
    limits = cycle.limits()
    return {
        "word": cycle.word,
        "from": mp.nstr(limits.lower, 30),
        "to": mp.nstr(limits.upper, 30),
        "multiplier": float(cycle.multiplier),
    }


WORDS_NAMED = 5  # letters up to which a word is written into the diagram


def figures(config: Config, results: MapResults) -> tuple[Plot, ...]:
    """All figures of the section."""
    return (
        _losses(config, results.descents),
        _parameters(config, results.descents),
        _floor(results),
        _fates(results),
        _diagram(results),
    )


def _losses(config: Config, descents: Descents) -> Plot:
    with style():
        figure = _panels(descents, descents.loss, "loss / $T$")
        for axes in figure.axes:
            axes.set(ylim=(-0.03, 1.05))
    caption = (
        f"Fig. 2B: loss along gradient descent from rho_0 = 10 at T = {config.delay:g}, one training a panel. Dashed: "
        "predicted drop."
    )
    return plot(
        "fig_2b", caption, figure, {"rates": descents.rates, "loss": descents.loss, "plateau": descents.plateau}
    )


def _parameters(config: Config, descents: Descents) -> Plot:
    with style():
        figure = _panels(descents, descents.rho, typeset("r / r_opt"))
        for axes in figure.axes:
            axes.axhspan(0.1, 0.25, color=FAINT, zorder=0)
            axes.axhline(1.0, **GUIDE)
            axes.set(yscale="log", ylim=(0.1, 12))
    caption = (
        f"Fig. 2C: the parameter along the same runs at T = {config.delay:g}. Dotted: optimum; grey: no-learning zone."
    )
    return plot("fig_2c", caption, figure, {"rates": descents.rates, "rho": descents.rho, "map": descents.predicted})


def _panels(descents: Descents, values: Float[np.ndarray, "epochs rates"], label: str) -> Figure:
    """A panel a rate, each to a little beyond the predicted end of its plateau."""
    figure = Figure(figsize=(WIDE, 4.4))
    panels = figure.subplots(2, 2, sharey=True)
    for k, axes in enumerate(panels.flat):
        shown = math.ceil(1.25 * descents.plateau[k])
        axes.plot(values[:shown, k], color=MEASURED["color"], linewidth=0.9, label="gradient descent")
        axes.axvline(descents.plateau[k], label="predicted end of the plateau", **PREDICTED | {"linestyle": "--"})
        axes.set_title(f"{descents.rates[k]:g} of the critical rate")
    for axes in panels[1]:
        axes.set_xlabel("epoch")
    for axes in panels[:, 0]:
        axes.set_ylabel(label)
    legend_below(figure, 2)
    return figure


def _floor(results: MapResults) -> Plot:
    floors = results.floors
    expected = np.array([np.nan if floor.value is None else floor.value for floor in floors.predicted])
    learning = np.where(floors.measured < 0.999, floors.measured, np.nan)
    stuck = floors.measured >= 0.999
    with style():
        figure = Figure(figsize=(ONE_PANEL, 5.0))
        axes, rest = figure.subplots(2, sharex=True, height_ratios=(3, 1))
        axes.plot(floors.rates, expected, label="predicted, no fitted parameter", **PREDICTED)
        for each in range(floors.measured.shape[1]):
            label = (
                rf"trained from $\rho_0 \sim N(10, 0.1^2)$, {floors.measured.shape[1]} a rate" if each == 0 else None
            )
            axes.plot(floors.rates, learning[:, each], label=label, **MEASURED)
        rows, columns = np.nonzero(stuck)
        if len(rows):
            axes.plot(
                floors.rates[rows], floors.measured[rows, columns], "x", color=MUTED, markersize=5, label="captured"
            )
        bound = turn_length(PAPER.scaled(min(FLOOR_RATES))) / FLOOR_WINDOW
        residual = learning / expected[:, None] - 1
        rest.axhspan(-100 * bound, 100 * bound, color=FAINT, zorder=0, label="allowed: a turn cut at the window's end")
        for column in residual.T:
            rest.plot(floors.rates, 100 * column, **MEASURED)
        for each in (axes, rest):
            each.axvline(1.0, **GUIDE)
            each.axvline(results.failure, **GUIDE | {"linestyle": "--"})
        axes.annotate("critical ", (1.0, 0.006), rotation=90, ha="right", **NOTE)
        axes.annotate(typeset("a_fail"), (results.failure, 0.006), rotation=90, ha="left", **NOTE)
        axes.set(ylabel="mean loss after training / $T$", xscale="log", yscale="log")
        rest.set(xlabel="learning rate / critical rate", ylabel="measured /\npredicted − 1 (%)")
        legend_below(figure, 2)
    caption = (
        f"Fig. 2D: the error floor against the learning rate, {floors.measured.shape[1]} trainings a rate. "
        "Below: how far each is from the prediction; the grey band is allowed. Beyond a_fail almost every start is "
        "captured (loss T)."
    )
    data = {"rates": floors.rates, "measured": floors.measured, "predicted": expected, "residual": residual}
    return plot("fig_2d", caption, figure, data)


def _fates(results: MapResults) -> Plot:
    fates = results.fates
    theory = sorted((*zip(fates.rates, fates.predicted, strict=True), *zip(BETWEEN_DRAWN, fates.between, strict=True)))
    rates = np.array([rate for rate, _ in theory])
    value = np.array([each.value for _, each in theory])
    bound = np.array([each.error_bound for _, each in theory])
    share, low, high = _binomial(fates)
    with style():
        figure, axes = new_figure(ONE_PANEL, 3.8)
        axes.plot(rates, value, label="predicted by the map", **PREDICTED)
        axes.fill_between(rates, value - bound, value + bound, color=PREDICTED["color"], alpha=0.2, linewidth=0)
        axes.errorbar(
            fates.rates,
            share,
            (share - low, high - share),
            label=f"gradient descent, {STARTS} starts a rate\n({BINOMIAL_95})",
            capsize=3,
            **MEASURED | {"zorder": 4},
        )
        axes.axvline(1.0, **GUIDE)
        axes.axvline(results.failure, **GUIDE | {"linestyle": "--"})
        axes.annotate(f"{typeset('a_fail')} ", (results.failure, 0.3), rotation=90, ha="left", **NOTE)
        axes.set(xlabel="learning rate / critical rate", ylabel="fraction of starts captured", xlim=(0.995, 1.035))
        legend_below(figure, 2)
    caption = (
        f"Fraction of {STARTS} starts rho_0 ~ N(10, 0.1^2) a rate that end stuck, from the critical rate (dotted) to "
        f"a_fail (dashed); {BINOMIAL_95}."
    )
    data = {"rates": fates.rates, "measured": share, "low": low, "high": high}
    data |= {"predicted_rates": rates, "predicted": value, "bound": bound}
    return plot("captured_fraction", caption, figure, data)


def _binomial(fates: Fates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The measured fraction of each rate, and its 95 % interval."""
    counts = [Binomial(STARTS, 0.95).interval(each) for each in fates.measured]
    return fates.measured, *np.array(counts).T


def _diagram(results: MapResults) -> Plot:
    rates = np.repeat(results.diagram_rates, results.diagram.shape[1])
    with style():
        figure, axes = new_figure(WIDE, 4.6)
        dots = MEASURED | {"markersize": 2.2, "rasterized": True}  # thousands: as a picture, in the SVG too
        axes.plot(rates, results.diagram.ravel(), label="attractor, iterated from eight starts", **dots)
        for index, cycle in enumerate(results.catalogue.cycles):
            limits = cycle.limits()
            low, high = float(limits.lower), float(limits.upper)
            grid = np.linspace(max(low, 0.3), high, 60)
            for number, point in enumerate(cycle.points):
                label = "cycles, predicted" if index == number == 0 else None
                axes.plot(
                    grid, grid**0.4 * float(point), color=PREDICTED["color"], linewidth=1.0, zorder=4, label=label
                )
            height = 1.93 + 0.06 * (index % 3)
            label = "their intervals of existence" if index == 0 else None
            axes.plot([max(low, 0.3), high], [height, height], color=SERIES[1], linewidth=2.5, label=label)
            if len(cycle.word) <= WORDS_NAMED:
                axes.annotate(cycle.word, ((max(low, 0.3) + high) / 2, height + 0.015), ha="center", fontsize=7)
        axes.axhline(0.25, **GUIDE)
        axes.axvline(results.failure, **GUIDE | {"linestyle": "--"})
        axes.annotate("point of no return", (0.31, 0.27), **NOTE)
        axes.annotate(f" {typeset('a_fail')}", (results.failure, 1.15), rotation=90, ha="left", **NOTE)
        axes.set(
            xlabel="learning rate / critical rate",
            ylabel=f"{typeset('r / r_opt')} on the attractor",
            xlim=(0.3, 1.06),
            ylim=(0.2, 2.2),
        )
        legend_below(figure, 3)
    words = np.array([cycle.word for cycle in results.catalogue.cycles])
    intervals = np.array([[float(c.limits().lower), float(c.limits().upper)] for c in results.catalogue.cycles])
    data = {"rates": results.diagram_rates, "attractor": results.diagram, "words": words, "intervals": intervals}
    caption = (
        f"The training map: where {results.diagram.shape[1]} iterates from eight starts lie at each of "
        f"{len(results.diagram_rates)} rates, with every attracting cycle found by the certified search. Bars on top: "
        "where each cycle exists."
    )
    return plot("training_map", caption, figure, data)
