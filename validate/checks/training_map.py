"""The training map: gradient descent on the toy model, in r and at the user's delay, against the T-free theory."""

import math
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
from jaxtyping import Array, Float

from simulate.descent import LossAndGradient, descend
from simulate.integrate import FORWARD
from simulate.lowering import lower
from simulate.toy_model import confident_loss
from theory import ghost
from theory.capture import capture_certificate, failure_ratio
from theory.captured_fraction import CapturedFraction, NormalStarts, captured_fraction
from theory.catalogue import Catalogue, attracting_cycles
from theory.cycles import Cycle
from theory.error_floor import ErrorFloor, error_floor
from theory.plateau import plateau_length
from theory.safety import safety_proof
from theory.toy_model import ToyModel
from theory.training_map import advance, orbit
from validate.checks.settings import Config
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Absolute, AtMost, Binomial, Bracket, Exact, Reported

START = 10.0  # rho_0 of the paper's Fig. 2
SHOWN = (0.1095, 0.6, 0.98, 1.2)
"""Rates, in units of the critical one, of Figs. 2B and 2C; the first is the paper's 1e-10."""
SHOWN_EPOCHS = 3000
FLOOR_RATES = (*np.geomspace(0.02, 1.0, 18), 1.01, 1.02)
TRAININGS = 10  # a rate, as in the paper's Fig. 2D
FLOOR_WINDOW = 20_000
CHUNK = 250
BETWEEN = (1.005, 1.02, 1.0289)
"""Rates between the critical one and the failure ratio, where the outcome depends on the start."""
STARTS = 2000
FATE_EPOCHS = 5000
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
class Fates:
    """Fraction of starts captured at rates between the critical one and the failure ratio, measured and predicted."""

    rates: Float[np.ndarray, " rates"]
    measured: Float[np.ndarray, " rates"]
    predicted: tuple[CapturedFraction, ...]


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


@dataclass(frozen=True)
class _Learner:
    """Gradient descent in r on a loss of this delay; rates and results are in the units of the theory."""

    model: ToyModel
    loss_and_gradient: LossAndGradient

    def descend(
        self, rho: Float[np.ndarray, " starts"], rates: Float[np.ndarray, " starts"], epochs: int
    ) -> tuple[Float[np.ndarray, "epochs starts"], Float[np.ndarray, "epochs starts"]]:
        """rho and loss / delay, at the outset and after each epoch."""
        model = self.model
        run = _descend(
            self.loss_and_gradient,
            epochs,
            jnp.asarray(rho * model.optimal_r),
            jnp.asarray(rates * model.critical_learning_rate),
        )
        return np.asarray(run[0]) / model.optimal_r, np.asarray(run[1]) / model.delay

    def settle(
        self, rho: Float[np.ndarray, " starts"], rates: Float[np.ndarray, " starts"], chunks: int
    ) -> tuple[Float[np.ndarray, " starts"], Float[np.ndarray, " starts"]]:
        """rho after so many chunks of epochs, and the mean of loss / delay over them; no path is kept."""
        model = self.model
        r, step = jnp.asarray(rho * model.optimal_r), jnp.asarray(rates * model.critical_learning_rate)
        total = np.zeros(len(rho))
        for _ in range(chunks):
            r, loss = _last(self.loss_and_gradient, CHUNK, r, step)
            total += np.asarray(loss)
        return np.asarray(r) / model.optimal_r, total / (chunks * model.delay)


@partial(jax.jit, static_argnums=(0, 1))
def _last(
    loss_and_gradient: LossAndGradient, epochs: int, starts: Float[Array, " starts"], rates: Float[Array, " starts"]
) -> tuple[Array, Array]:
    run = descend(loss_and_gradient, starts, rates, epochs)
    return run.r[-1], jnp.mean(run.loss[1:], axis=0)


@partial(jax.jit, static_argnums=(0, 1))
def _descend(
    loss_and_gradient: LossAndGradient, epochs: int, starts: Float[Array, " starts"], rates: Float[Array, " starts"]
) -> tuple[Array, Array]:
    run = descend(loss_and_gradient, starts, rates, epochs)
    return run.r, run.loss


def analytic(model: ToyModel) -> _Learner:
    """Descent on the confident loss with its analytic gradient, lowered from the theory."""
    both = (ghost.confident_loss(), ghost.confident_gradient())
    lowered = lower([ghost.paper_window(each) for each in both], [ghost.r, ghost.delay])
    return _Learner(model, lambda r: lowered(r, model.delay))


def simulated(model: ToyModel) -> _Learner:
    """Descent on the confident loss as the solver finds it, with the gradient of the solver's escape time."""

    def loss_and_gradient(r: Float[Array, ""]) -> tuple[Array, Array]:
        def loss(r: Float[Array, ""]) -> Array:
            return confident_loss(r, model.delay, model.delay, method=FORWARD).value

        return jax.jvp(loss, (r,), (jnp.ones_like(r),))

    return _Learner(model, loss_and_gradient)


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
        fates = _compare_fates(config, report, learner, failure)
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
    return np.where(values < 0.25, np.nan, values)


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


def _compare_orbits(report: Report, learner: _Learner) -> Descents:
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


def _compare_simulated_gradient(report: Report, learner: _Learner) -> None:
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


def _bracket_critical(report: Report, learner: _Learner, name: str, resolution: float) -> None:
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
        predicted=(0.75 + margin) / 0.75 * (1 + margin) ** 1.5,
        measured=(low, high),
        tolerance=Bracket(2 * resolution, f"both sides, started {margin:.1e} above the optimum"),
    )


def _compare_floors(config: Config, report: Report, learner: _Learner) -> Floors:
    rates = np.array(FLOOR_RATES)
    starts = NormalStarts().quantiles(np.random.default_rng(config.seed).uniform(size=(len(rates), TRAININGS)))
    each = np.repeat(rates, TRAININGS)
    transient = max(plateau_length(START * 1.1, float(a)).epochs for a in rates)
    rho, _ = learner.settle(starts.ravel(), each, math.ceil(transient / CHUNK))
    _, mean = learner.settle(rho, each, FLOOR_WINDOW // CHUNK)
    measured = mean.reshape(len(rates), TRAININGS)
    predicted = tuple(error_floor(float(a)) for a in rates)
    expected = np.array([np.nan if floor.value is None else floor.value for floor in predicted])
    free = measured < 0.999  # captured trainings have loss 1
    kept = np.array([row[ok].mean() if ok.any() else np.nan for row, ok in zip(measured, free, strict=True)])
    report.check(
        "error floor against the learning rate (Fig. 2D), relative",
        predicted=np.ones(len(rates)),
        measured=kept / expected,
        tolerance=Absolute(2e-3, "a turn of the longest rotation over the 20,000 epochs averaged"),
    )
    return Floors(rates, measured, predicted)


def _compare_fates(config: Config, report: Report, learner: _Learner, failure: float) -> Fates:
    rates = np.array([0.9, 1.0 - 1e-9, *BETWEEN, failure * (1 + 1e-4), 1.2])
    levels = np.random.default_rng(config.seed + 1).uniform(size=STARTS)
    starts = NormalStarts().quantiles(levels)
    rho, _ = learner.settle(np.tile(starts, len(rates)), np.repeat(rates, STARTS), FATE_EPOCHS // CHUNK)
    measured = np.mean(rho.reshape(len(rates), STARTS) < 0.25, axis=1)
    predicted = tuple(captured_fraction(float(a)) for a in rates)
    family = len(rates)
    for a, fraction, found in zip(rates, predicted, measured, strict=True):
        report.check(
            f"fraction captured at {a:.9g} of the critical rate",
            predicted=fraction.value,
            measured=float(found),
            tolerance=Binomial(STARTS, family=family),
        )
    _bracket_failure(report, learner, failure)
    return Fates(rates, measured, predicted)


def _bracket_failure(report: Report, learner: _Learner, failure: float) -> None:
    """The largest rate at which some of many starts is still learning after thousands of epochs."""
    starts = 1 - np.geomspace(1e-11, 0.7, 400)  # the last basin to vanish lies just left of the optimum
    low, high = 1.0, 1.2
    while high - low > 1e-9:
        middle = (low + high) / 2
        rho, _ = learner.settle(starts, np.full(len(starts), middle), 2000 // CHUNK)
        low, high = (middle, high) if (rho >= 0.25).any() else (low, middle)
    report.check(
        "rate above which no start survives, in units of the critical one",
        predicted=failure,
        measured=(low, high),
        tolerance=Bracket(1e-9, "400 starts, 2,000 epochs"),
    )
    report.check(
        "the paper's statement: at or above the critical rate every start ends stuck",
        predicted=1.0,
        measured=captured_fraction(1.02).value,
        tolerance=Reported("does not hold up to a_fail: fraction captured at 1.02"),
    )


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
