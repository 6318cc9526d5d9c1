"""The training map: gradient descent on the toy model, in r and at the user's delay, against the T-free theory."""

import math
from dataclasses import dataclass

import mpmath as mp
import numpy as np
from jaxtyping import Float

from theory.descent.capture import capture_certificate, failure_ratio
from theory.descent.captured_fraction import NormalStarts, captured_fraction
from theory.descent.catalogue import Catalogue, attracting_cycles
from theory.descent.cycles import Cycle
from theory.descent.error_floor import ErrorFloor, error_floor
from theory.descent.itinerary import turn_length
from theory.descent.plateau import plateau_length
from theory.descent.safety import safety_proof
from theory.toy.toy_model import ToyModel
from theory.training_map import PAPER, advance, jump_length, orbit
from validate.checks.ghost.fates import Fates, compare_fates
from validate.checks.ghost.learner import CHUNK, Learner, analytic, simulated
from validate.checks.ghost.settings import PAPER_RATE_RATIO, Config
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Absolute, AtMost, Bracket, Exact

START = 10.0  # rho_0 of the paper's Fig. 2
SHOWN = (PAPER_RATE_RATIO, 0.6, 0.98, 1.2)
"""Rates, in units of the critical one, of Figs. 2B and 2C."""
SHOWN_EPOCHS = 3000
FLOOR_RATES = (*np.geomspace(0.02, 1.0, 18), 1.01, 1.02)
TRAININGS = 10  # a rate, as in the paper's Fig. 2D
FLOOR_WINDOW = 20_000
DIAGRAM_STARTS, DIAGRAM_TRANSIENT, DIAGRAM_SAMPLES = 8, 3000, 20
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
    report.quantity("failure_ratio", failure)
    with progress.task("averaging the loss after training"):
        floors = _compare_floors(config, report, learner)
        fates = compare_fates(config, report, learner, failure)
    record_quantities(config, report, ratio)
    with progress.task("searching for cycles"):
        catalogue = _search_cycles(config, report)
        columns = np.unique(np.concatenate([np.linspace(0.3, 1.06, config.effort.columns), [ratio]]))
        columns = columns[(columns >= 0.3) & (columns <= 1.06)]
        diagram = np.stack([_attractor(float(a)) for a in columns])
    return MapResults(ratio, failure, descents, floors, fates, catalogue, columns, diagram)


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
    )
    report.check(
        "proof that almost every start is captured above a_fail",
        predicted=True,
        measured=certificate.holds,
        tolerance=Exact("ball arithmetic"),
    )


def _compare_orbits(report: Report, learner: Learner) -> Descents:
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
        )
    return Descents(rates, rho, loss, predicted, plateau)


def _compare_simulated_gradient(report: Report, learner: Learner) -> None:
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


def _bracket_critical(report: Report, learner: Learner, name: str, resolution: float) -> None:
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
    )


def _compare_floors(config: Config, report: Report, learner: Learner) -> Floors:
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
    )
    return Floors(rates, measured, predicted)


def record_quantities(config: Config, report: Report, ratio: float) -> None:
    """What the theory predicts for the user's learning rate, `ratio` times the critical one."""
    floor, captured = error_floor(ratio), captured_fraction(ratio)
    report.quantity("rate_ratio", ratio)
    report.quantity("plateau_epochs", plateau_length(START, ratio).epochs)
    report.quantity("error_floor", None if floor.value is None else floor.value * config.delay)
    report.quantity("error_floor_bound", None if floor.error_bound is None else floor.error_bound * config.delay)
    report.quantity("error_floor_from", floor.outcome.value)
    report.quantity("cycle_word", floor.word)
    report.quantity("captured_fraction", captured.value)
    report.quantity("captured_fraction_bound", captured.error_bound)


def _search_cycles(config: Config, report: Report) -> Catalogue:
    catalogue = attracting_cycles(0.3, 1.2, config.effort.word_length)
    report.check(
        f"attracting cycles with words up to {catalogue.max_length} letters, intervals of u0 left undecided",
        predicted=0,
        measured=len(catalogue.unresolved),
        tolerance=Exact("certified search in ball arithmetic"),
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
