"""The threshold and confidence that the user asks for, descended on at the rate asked for.

A finite threshold moves the optimum and the critical rate; a finite confidence rounds the kink at the optimum off and
gives the no-learning zone a gradient. Measured by descent with the gradient through the solver; predicted by the
theory's landmarks, and step by step by the quadrature of the closed form.
"""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from simulate.ghost.toy_model import ToyTask, sigmoid_loss_and_gradient
from theory.ghost.descent.captured_fraction import NormalStarts, captured_fraction
from theory.ghost.descent.epochs import DescentPath
from theory.ghost.descent.error_floor import error_floor
from theory.ghost.descent.errors import StartError
from theory.ghost.toy import finite_threshold, step_output
from theory.ghost.toy.confidence import NoOptimumError, loss_and_gradient, optimal_r
from theory.ghost.toy.toy_model import ToyModel
from theory.lowering import lower_numpy
from validate.ghost.scaled_descent import CHUNK, ScaledDescent, analytic_at_threshold, simulated
from validate.ghost.settings import Config
from validate.output import Plot
from validate.plotting import GUIDE, MEASURED, PREDICTED, legend_below, new_figure, plot, style, ticks_within
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, Bracket, Exact, Reported

LANES = 31  # learners that descend together: the size of the program that the toy model's section has compiled
EPOCHS, PLATEAU = 40, 30  # of each learner; of them on the plateau of the first one
STARTS, SETTLING = 2000, 5000  # of descent on the step's loss at the threshold asked for
REACH = (-100.0, 50.0)  # rho between which solver and quadrature are compared elsewhere; learners beyond are let go
SOLVER = 1e-8  # the solver's error in the gradient, relative to the two pulls that it is the difference of, ...
TIMING = 1e-12  # ... and its tolerance on times, relative to the delay, which decides how high the output is at T
SOLVER_BOUND = "solver: 1e-8 of the two pulls, and 1e-12 in time"
STEP = 1e-6  # resolution of the brackets


@dataclass(frozen=True)
class AskedOutput:
    """Descent of `LANES` learners at the settings asked for: rho, and where the quadrature says each step leads.

    `optimum` is the place of least loss in units of the confident r_opt, None if there is none nearby.
    """

    rho: Float[np.ndarray, "epochs lanes"]
    predicted: Float[np.ndarray, "epochs lanes"]
    optimum: float | None


@jax.jit
def solve(r: Float[Array, " lanes"], task: ToyTask) -> tuple[Array, Array]:
    """Loss and gradient through the solver, for many r at once."""
    return jax.vmap(sigmoid_loss_and_gradient, in_axes=(0, None))(r, task)


@dataclass(frozen=True)
class Learners:
    """Learners that descend on the loss at the delay, threshold, confidence and rate asked for; r in its own unit."""

    model: ToyModel
    rate: float

    @property
    def solver_error(self) -> float:
        """Bound of the solver's error in a gradient, relative to its two pulls.

        The output rises within a time 1 / (c x_star^2); how often that fits into the delay multiplies errors of time.
        """
        model = self.model
        return SOLVER + TIMING * model.confidence * (model.threshold**2 + model.optimal_r) * model.delay

    def log_gradient(
        self, r: Float[np.ndarray, " points"]
    ) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]:
        """Sign and logarithm of the gradient, by quadrature."""
        found = loss_and_gradient(r, self.model)
        return found.gradient_sign, found.log_gradient

    def gradient(self, r: Float[np.ndarray, " points"]) -> Float[np.ndarray, " points"]:
        """Through the solver, for up to `LANES` values of r."""
        model = self.model
        task = ToyTask(*map(jnp.asarray, (*model.window, model.threshold, model.confidence)))
        return np.asarray(solve(jnp.asarray(np.resize(r, LANES)), task)[1])[: len(r)]

    def descend(self, r: Float[np.ndarray, " lanes"], epochs: int) -> Float[np.ndarray, "epochs lanes"]:
        """r at the outset and after each epoch; who leaves the range of the comparison stands still there."""
        unit = ToyModel(self.model.delay).optimal_r
        path = [r]
        for _ in range(epochs):
            inside = (path[-1] > REACH[0] * unit) & (path[-1] < REACH[1] * unit)
            held = np.where(inside, path[-1], unit)
            path.append(np.where(inside, held - self.rate * self.gradient(held), path[-1]))
        return np.stack(path)


def checks(config: Config, report: Report, progress: Progress) -> AskedOutput:
    """First the threshold alone, with a step for an output; then the confidence as well."""
    model = ToyModel(config.delay, threshold=config.threshold, confidence=config.confidence)
    with progress.task("descending at the threshold and confidence asked for"):
        _compare_threshold(config, report, model)
        return _compare_confidence(config, report, model)


def _compare_threshold(config: Config, report: Report, model: ToyModel) -> None:
    _bracket_critical(report, simulated(model), model)
    ratio = config.learning_rate / model.critical_learning_rate
    descent = analytic_at_threshold(model)
    starts = NormalStarts().quantiles(np.random.default_rng(config.seed + 3).uniform(size=STARTS))
    rho, _ = descent.settle(starts, np.full(STARTS, ratio), SETTLING // CHUNK)
    report.check(
        "threshold asked for: fraction captured at the rate asked for, infinite confidence",
        predicted=0.0 if ratio <= 1 else captured_fraction(ratio).value,
        measured=float(np.mean(rho * model.optimal_r < model.point_of_no_return)),
        tolerance=Exact("none up to the critical rate: both branches keep clear of the point of no return")
        if ratio <= 1
        else Reported("prediction for an infinite threshold"),
    )
    report.quantity("rate_ratio_at_threshold", ratio)


def _bracket_critical(report: Report, descent: ScaledDescent, model: ToyModel) -> None:
    """Just right of the optimum: the smallest rate, in units of the critical one, whose next step is the last."""
    start = 1 + STEP / 8
    low, high = 0.5, 2.0
    while high - low > STEP:
        middle = (low + high) / 2
        rho, _ = descent.descend(np.array([start]), np.array([middle]), 1)
        captured = rho[-1, 0] * model.optimal_r < model.point_of_no_return
        low, high = (low, middle) if captured else (middle, high)
    slope = lower_numpy(
        (step_output.r, step_output.delay, step_output.threshold),
        step_output.paper_window(finite_threshold.step_gradient()),
    )
    r = start * model.optimal_r
    step = model.critical_learning_rate * float(slope(np.array([r]), model.delay, model.threshold)[0])
    report.check(
        "threshold asked for: critical rate by gradient through the solver, in units of the predicted one",
        predicted=(r - model.point_of_no_return) / step,
        measured=(low, high),
        tolerance=Bracket(2 * STEP, f"both sides, started {STEP / 8:.1e} above the optimum"),
    )


def _compare_confidence(config: Config, report: Report, model: ToyModel) -> AskedOutput:
    unit = ToyModel(config.delay).optimal_r
    learners = Learners(model, config.learning_rate)
    try:
        optimum = optimal_r(model)
    except NoOptimumError:
        optimum = None
    report.quantity("optimal_r_at_confidence", optimum)
    if optimum is not None:
        _bracket_optimum(report, learners, optimum)
        _compare_at_optimum(report, learners, optimum)
    r = learners.descend(_starts(config, learners, optimum), EPOCHS)
    predicted = _compare_steps(report, learners, r)
    if optimum is not None:
        _compare_plateau(report, learners, r[:, 0], optimum)
    _compare_stuck(report, learners, r[:, 1])
    _report_floor(config, report, learners, r[:, 3:])
    return AskedOutput(r / unit, predicted / unit, None if optimum is None else optimum / unit)


def _starts(config: Config, learners: Learners, optimum: float | None) -> Float[np.ndarray, " lanes"]:
    """One on the plateau, one at r = 0, one halfway to the point of no return, the others about the optimum."""
    model = learners.model
    centre = model.optimal_r if optimum is None else optimum
    ratio = min(config.learning_rate / model.critical_learning_rate, 1.0)
    levels = np.random.default_rng(config.seed + 4).uniform(-1, 1, LANES - 3)
    first = 10 * centre if optimum is None else _plateau_start(learners, centre)
    return np.concatenate([[first, 0.0, model.point_of_no_return / 2], centre * (1 + 0.75 * ratio * levels)])


def _path(learners: Learners, optimum: float) -> DescentPath | None:
    """Down to twice the optimum, where the kink is not felt yet; None if the loss has another minimum there."""
    try:
        return DescentPath(learners.log_gradient, 10 * optimum, 2 * optimum)
    except StartError:
        return None


def _plateau_start(learners: Learners, optimum: float) -> float:
    path = _path(learners, optimum)
    return 10 * optimum if path is None else path.start_for(learners.rate, float(PLATEAU))


def _compare_plateau(report: Report, learners: Learners, r: Float[np.ndarray, " epochs"], optimum: float) -> None:
    path = _path(learners, optimum)
    if path is None:
        return
    predicted = path.count(learners.rate, float(r[0]))
    below = r <= path.end
    rounding = predicted.epochs * 2**-52 * r[0] / abs(float(r[1] - r[0])) if r[1] != r[0] else math.inf
    name = f"confidence asked for: epochs from {r[0] / optimum:.9g} to 2 times the optimum"
    report.check(
        name,
        predicted=predicted.epochs,
        measured=float(np.argmax(below)) if below.any() else None,
        tolerance=Absolute(predicted.error_bound + rounding, "whole epochs, twice the first term left out, rounding")
        if below.any() and rounding < 1
        else Reported("the steps are smaller than the rounding of r: nothing can be measured"),
    )


def _bracket_optimum(report: Report, learners: Learners, optimum: float) -> None:
    """Where a step turns from up to down, in units of the predicted optimum; many places at a time."""
    low, high = 1 / 1.5, 1.5
    while high - low > STEP:
        grid = np.linspace(low, high, LANES)
        down = learners.gradient(grid * optimum) > 0
        first = int(np.argmax(down)) if down.any() else LANES - 1
        low, high = float(grid[max(first - 1, 0)]), float(grid[max(first, 1)])
    report.check(
        "confidence asked for: place where descent turns, in units of the predicted optimum",
        predicted=1.0,
        measured=(low, high),
        tolerance=Bracket(STEP, "both sides"),
    )


def _compare_at_optimum(report: Report, learners: Learners, optimum: float) -> None:
    """What a step at the rate asked for does to a small distance from the optimum, and so whether descent settles."""
    model = learners.model
    width = 0.1 * min(1.0, 1 / (model.confidence * model.delay * (model.threshold**2 + optimum)))  # of the kink
    ends = optimum * (1 + width * np.array([-1.0, 1.0]))
    found = loss_and_gradient(ends, model)
    span = float(ends[1] - ends[0])
    pulls = np.exp(found.log_delay_pull) + np.exp(found.log_response_pull)
    predicted = 1 - learners.rate * float(np.diff(found.gradient)[0]) / span
    measured = 1 - learners.rate * float(np.diff(learners.gradient(ends))[0]) / span
    bound = learners.rate * learners.solver_error * float(pulls.sum()) / span
    report.check(
        "confidence asked for: factor of a small distance from the optimum, one step at the rate asked for",
        predicted=predicted,
        measured=measured,
        tolerance=Absolute(bound + 1e-12 * abs(predicted), SOLVER_BOUND),
    )
    report.quantity("rate_ratio_of_settling", 2 / (1 - predicted) if predicted < 1 else None)
    if abs(abs(predicted) - 1) < 0.02 or predicted > 1 - 1e-6:
        return  # too slow to tell in so few epochs
    r = learners.descend(ends, EPOCHS)
    settles = abs(predicted) < 1
    report.check(
        "confidence asked for: descent near the optimum settles there",
        predicted=settles,
        measured=bool(np.all(np.abs(r[-1] - optimum) < np.abs(r[0] - optimum))),
        tolerance=Exact("the factor is below 1 in size, or above"),
    )


def _compare_steps(
    report: Report, learners: Learners, r: Float[np.ndarray, "epochs lanes"]
) -> Float[np.ndarray, "epochs lanes"]:
    """Every step that the learners took, in units of where it began and of how far either pull alone would lead."""
    before, after = r[:-1].ravel(), r[1:].ravel()
    moved = _inside(learners, before)
    found = loss_and_gradient(before[moved], learners.model)
    reach = learners.rate * (np.exp(found.log_delay_pull) + np.exp(found.log_response_pull))
    scale = np.abs(before[moved]) + reach + np.finfo(float).tiny
    step = learners.rate * found.gradient
    report.check(
        "confidence asked for: every step of descent at the rate asked for, solver against quadrature",
        predicted=(before[moved] - step) / scale,
        measured=after[moved] / scale,
        tolerance=Absolute(learners.solver_error, SOLVER_BOUND),
    )
    predicted = before.copy()
    predicted[moved] -= step
    return np.concatenate([r[:1], predicted.reshape(r[1:].shape)])


def _inside(learners: Learners, r: Float[np.ndarray, " points"]) -> Bool[np.ndarray, " points"]:
    unit = ToyModel(learners.model.delay).optimal_r
    return (r > REACH[0] * unit) & (r < REACH[1] * unit)


def _compare_stuck(report: Report, learners: Learners, r: Float[np.ndarray, " epochs"]) -> None:
    """A learner started at r = 0: how soon, if at all, it is halfway out of the no-learning zone."""
    half = learners.model.point_of_no_return / 2
    path = DescentPath(learners.log_gradient, 0.0, half)
    predicted = path.count(learners.rate)
    report.quantity("epochs_from_zero_to_half_the_point_of_no_return", predicted.epochs)
    out = r >= half
    if predicted.epochs + predicted.error_bound < EPOCHS:
        report.check(
            "confidence asked for: epochs that a stuck learner takes from r = 0 to half the point of no return",
            predicted=predicted.epochs,
            measured=float(np.argmax(out)) if out.any() else None,
            tolerance=Absolute(predicted.error_bound, "whole epochs, twice the first term left out"),
        )
    elif predicted.epochs - predicted.error_bound > EPOCHS:
        report.check(
            f"confidence asked for: a learner started at r = 0 is stuck still after {EPOCHS} epochs",
            predicted=True,
            measured=not out.any(),
            tolerance=Exact(f"predicted to need {predicted.epochs:.3g} epochs"),
        )


def _report_floor(config: Config, report: Report, learners: Learners, r: Float[np.ndarray, "epochs lanes"]) -> None:
    """Mean loss of the last half of the epochs, beside what the confident limit would have."""
    model = learners.model
    late = r[EPOCHS // 2 :].ravel()
    late = late[_inside(learners, late)]
    if not len(late):
        return
    floor = error_floor(config.learning_rate / ToyModel(config.delay).critical_learning_rate)
    report.check(
        "confidence asked for: mean loss after training, fraction of T",
        predicted=1.0 if floor.value is None else floor.value,
        measured=float(loss_and_gradient(late, model).loss.mean()) / config.delay,
        tolerance=Reported(f"prediction for infinite confidence and threshold; {EPOCHS // 2} epochs"),
    )


def figures(config: Config, results: AskedOutput) -> tuple[Plot, ...]:
    """Every step of the learners: where it led, against where the quadrature says it leads."""
    before, after = results.rho[:-1].ravel(), results.rho[1:].ravel()
    with style():
        figure, axes = new_figure(4.6, 4.2)
        order = np.argsort(before)
        axes.plot(before[order], results.predicted[1:].ravel()[order], label="predicted, quadrature", **PREDICTED)
        axes.plot(before, after, label="descent, solver", **MEASURED)
        if results.optimum is not None:
            axes.axvline(results.optimum, **GUIDE)
        ratio = typeset("r / r_opt")
        axes.set(xlabel=f"{ratio} before a step", ylabel=f"{ratio} after it", xscale="symlog", yscale="symlog")
        for axis in (axes.xaxis, axes.yaxis):
            ticks_within(axis, (-100, -10, -1, 0, 0.5, 1, 2, 5, 10, 20, 50, 100))
        legend_below(figure, 2)
    caption = (
        f"{before.size} steps of descent at threshold {config.threshold:g}, confidence {config.confidence:g} and the "
        f"rate asked for, of {results.rho.shape[1]} trainings: where each leads, by quadrature and by a solver."
    )
    return (plot("asked_output", caption, figure, {"rho": results.rho, "predicted": results.predicted}),)
