"""Where the Gaussian closure and the infinitely wide network part: orders in time, coefficients, a forecast tried.

The forecast (`theory.overlaps.closure.trust`) is tried on the tasks of `validate.overlaps.unseen_tasks`. These do not
depend on the seed: the verdict on the forecast is the same in every run.
"""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy.stats import binom, spearmanr
from scipy.stats import t as student

from simulate.cells.nonlinearity import ERF, RELU, TANH, Nonlinearity
from simulate.overlaps.infinite_width import Nodes, SobolNodes, TensorNodes
from simulate.overlaps.levels import InfiniteWidth, ReducedTheory
from simulate.training.rule import GradientDescent
from theory.overlaps.closure.short_time import ShortTime, short_time
from theory.overlaps.closure.trust import SPREAD, Trustworthiness
from theory.overlaps.gaussian import NONLINEARITIES
from validate.output import Plot
from validate.overlaps.forecast_trial import EARLY, TOLERANCE, ForecastTrial, run_trial, trials_of
from validate.overlaps.reference_run import SHAPE, START, reference_task, run
from validate.overlaps.settings import Config
from validate.overlaps.unseen_tasks import unseen_tasks
from validate.palette import FAINT
from validate.palette import NONLINEARITIES as COLOURS
from validate.plotting import GUIDE, NOTE, PREDICTED, WIDE, legend_below, new_figure, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, AtLeast, AtMost, Reported

TIMES = 0.016 * 2.0 ** np.arange(4)
"""Learning times after which the levels are compared, in units of loss / <|g|^2>."""
STEPS = 8
LEVEL = 0.999


@dataclass(frozen=True)
class ShortTimeError:
    """Truth minus closure at `times` (in units of the rate), and the start they are predicted from."""

    nonlinearity: str
    start: ShortTime
    times: Float[np.ndarray, " times"]
    overlaps: Float[np.ndarray, "times d d"]
    loss: Float[np.ndarray, " times"]
    predicted: Float[np.ndarray, "times d d"]
    predicted_loss: Float[np.ndarray, " times"]

    @property
    def size(self) -> Float[np.ndarray, " times"]:
        """The norm of the overlaps' difference."""
        return np.linalg.norm(self.overlaps, axis=(1, 2))

    @property
    def coefficient(self) -> float:
        """The part of the measured difference along the prediction, over the prediction, extrapolated to time 0."""
        ratio = np.sum(self.overlaps * self.predicted, axis=(1, 2)) / np.sum(self.predicted**2, axis=(1, 2))
        return float(2 * ratio[0] - ratio[1])

    @property
    def loss_coefficient(self) -> float:
        """The measured difference of the losses over the prediction, extrapolated to time 0."""
        ratio = self.loss / self.predicted_loss
        return float(2 * ratio[0] - ratio[1])


@dataclass(frozen=True)
class ClosureErrorResults:
    """The short times of each nonlinearity, and the trials of the forecast."""

    short: tuple[ShortTimeError, ...]
    trials: tuple[ForecastTrial, ...]


def checks(config: Config, report: Report, progress: Progress) -> ClosureErrorResults:
    """Measure the short times, then try the forecast on trainings at both levels."""
    short = []
    for phi in (ERF, TANH, RELU):
        with progress.task(f"short times of {phi.name}"):
            short.append(_short(phi, config.effort.small))
        _compare_short(report, short[-1], phi.smooth)
    first, epochs = (3, 40) if config.effort.small else (0, 250)  # a quick run leaves out the lowest gain
    with progress.task("forecasts on new tasks"):
        trials = tuple(run_trial(problem, epochs) for problem in unseen_tasks()[first:])
    _compare_forecasts(report, trials)
    return ClosureErrorResults(tuple(short), trials)


def _short(phi: Nonlinearity, small: bool) -> ShortTimeError:
    nodes: Nodes = TensorNodes(10) if phi.smooth else SobolNodes(8192 if small else 32768)
    network = InfiniteWidth(nodes).start(START, SHAPE, phi)
    closure = ReducedTheory().start(START, SHAPE, phi)
    task = reference_task()
    theta, share = np.asarray(network.connectivity.theta), np.asarray(network.share)
    start = short_time(SHAPE, NONLINEARITIES[phi.name], trials_of(task), theta, share)
    rates = TIMES * start.loss / start.power / STEPS
    rules = [GradientDescent(jnp.asarray(rate)) for rate in rates]
    runs = [[run(each, task, rule, STEPS) for each in (network, closure)] for rule in rules]
    steps = np.array([float(STEPS)])
    return ShortTimeError(
        nonlinearity=phi.name,
        start=start,
        times=rates * STEPS,
        overlaps=np.stack([np.asarray(true.sigma[-1] - closed.sigma[-1]) for true, closed in runs]),
        loss=np.array([float(true.loss[-1] - closed.loss[-1]) for true, closed in runs]),
        predicted=np.stack([start.overlap_error(rate, steps)[0] for rate in rates]),
        predicted_loss=np.array([start.loss_error(rate, steps)[0] for rate in rates]),
    )


def _compare_short(report: Report, found: ShortTimeError, smooth: bool) -> None:
    name = found.nonlinearity
    report.check(
        f"{name}: order in time at which the overlaps part",
        predicted=2.0,
        measured=float(np.log2(found.size[1] / found.size[0])),
        tolerance=Absolute(0.05, "O(time), 0.03 of the time to learn"),
    )
    report.check(
        f"{name}: order in time at which the losses part",
        predicted=1.0,
        measured=float(np.log2(found.loss[1] / found.loss[0])),
        tolerance=Absolute(0.05, "O(time), 0.03 of the time to learn"),
    )
    report.check(
        f"{name}: difference of the losses over minus the mean square of the gradient's nonlinear part",
        predicted=1.0,
        measured=found.loss_coefficient,
        tolerance=Absolute(5e-3, "O(time^2), and nodes"),
    )
    missing = "the derivative does not see rows cross the kink"
    report.check(
        f"{name}: difference of the overlaps over its predicted coefficient",
        predicted=1.0,
        measured=found.coefficient,
        tolerance=Absolute(5e-3, "O(time^2), and nodes") if smooth else Reported(missing),
    )
    report.quantity(f"{name}_nonlinear_fraction", found.start.nonlinear_fraction)


def _compare_forecasts(report: Report, trials: tuple[ForecastTrial, ...]) -> None:
    """The forecast was fitted on smooth nonlinearities, and is asserted of these; ReLU is reported."""
    smooth = [each for each in trials if each.smooth]
    count = len(smooth)
    error, forecast = (np.array(values) for values in zip(*((j.error, j.trust.error) for j in smooth), strict=True))
    significant = float(student.isf(1 - LEVEL, count - 2))
    report.check(
        f"rank correlation of forecast and true error of the closure, {count} new tasks",
        predicted=significant / float(np.sqrt(count - 2 + significant**2)),
        measured=float(spearmanr(forecast, error).statistic),
        tolerance=AtLeast("what unrelated ranks reach once in 1,000"),
    )
    report.check(
        f"new tasks whose error is outside the forecast's band, of {count}",
        predicted=float(binom.ppf(LEVEL, count, 0.0455)),
        measured=float(np.sum((error > SPREAD * forecast) | (error < forecast / SPREAD))),
        tolerance=AtMost("binomial 99.9 %: a band of two standard deviations"),
    )
    for each in trials:
        if not each.smooth:
            report.check(
                f"{each.nonlinearity}, {each.name}: error of the closure, and its forecast",
                predicted=each.trust.error,
                measured=each.error,
                tolerance=Reported("not among the nonlinearities of the fit"),
            )
    wrong = np.array([each.error > TOLERANCE for each in trials])
    trusted = np.array([each.trust.verdict is Trustworthiness.TRUSTED for each in trials])
    refused = np.array([each.trust.verdict is Trustworthiness.NOT_TRUSTED for each in trials])
    report.check(
        f"false trusts: new tasks trusted to {TOLERANCE:g}, with a larger error",
        predicted=float(binom.ppf(LEVEL, len(trials), 0.0228)),
        measured=float(np.sum(trusted & wrong)),
        tolerance=AtMost("binomial 99.9 %: one side of that band"),
    )
    report.quantity("trust_tasks", len(trials))
    report.quantity("trusted", int(trusted.sum()))
    report.quantity("false_trusts", int(np.sum(trusted & wrong)))
    report.quantity("not_trusted", int(refused.sum()))
    report.quantity("false_refusals", int(np.sum(refused & ~wrong)))
    early = [each for each in trials if each.epoch is not None and 3 <= each.forecast_epoch <= 50]
    if early:
        ratio = np.array([each.epoch / each.forecast_epoch for each in early if each.epoch is not None])
        report.check(
            f"epoch of parting by {EARLY:g} over its forecast, median of {len(early)} tasks",
            predicted=1.0,
            measured=float(np.median(ratio)),
            tolerance=Reported("leading order in time"),
        )


_MARKERS = {"erf": "o", "tanh": "s", "relu": "^"}


def _look(name: str) -> dict[str, Any]:
    """Points of one nonlinearity."""
    look = {"color": COLOURS[name], "marker": _MARKERS[name], "linestyle": "none", "markersize": 4}
    return look | {"zorder": 4, "label": typeset(name)}


def figures(config: Config, results: ClosureErrorResults) -> tuple[Plot, ...]:
    """Both parts of the section."""
    return (_orders(results), _forecasts(results))


def _orders(results: ClosureErrorResults) -> Plot:
    data: dict[str, np.ndarray] = {}
    with style():
        figure, (overlaps, losses) = new_panels(2, WIDE, 3.8)
        for each in results.short:
            unit = each.start.loss / each.start.power
            t = each.times / unit
            predicted = np.linalg.norm(each.predicted, axis=(1, 2))
            first = each is results.short[0]
            overlaps.loglog(t, predicted, label="predicted" if first else None, **PREDICTED)
            overlaps.loglog(t, each.size, **_look(each.nonlinearity))
            losses.loglog(t, -each.predicted_loss, **PREDICTED)
            losses.loglog(t, -each.loss, **_look(each.nonlinearity))
            data |= {
                f"{each.nonlinearity}_time": t,
                f"{each.nonlinearity}_overlaps": each.size,
                f"{each.nonlinearity}_overlaps_predicted": predicted,
                f"{each.nonlinearity}_loss": -each.loss,
                f"{each.nonlinearity}_loss_predicted": -each.predicted_loss,
            }
        for axes in (overlaps, losses):
            axes.set(xlabel=r"learning time, unit $L\,/\,\langle |g|^2\rangle$")
            axes.minorticks_off()
            axes.set_xticks(TIMES, [f"{time:g}" for time in TIMES])
        overlaps.set(ylabel=r"$|\Sigma_\mathrm{wide} - \Sigma_\mathrm{closure}|$", title="overlaps: second order")
        losses.set(ylabel=r"$L_\mathrm{closure} - L_\mathrm{wide}$", title="loss: first order")
        legend_below(figure, 4)
    caption = (
        "How the Gaussian closure and the infinitely wide network part at short times. Lines: predicted from the "
        f"start; points: {len(TIMES)} runs a nonlinearity."
    )
    return plot("parting_orders", caption, figure, data)


def _forecasts(results: ClosureErrorResults) -> Plot:
    error = np.array([each.error for each in results.trials])
    forecast = np.array([each.trust.error for each in results.trials])
    kind = np.array([each.nonlinearity for each in results.trials])
    ends = np.array([min(forecast.min(), error.min()) / 2, max(forecast.max(), error.max()) * 2])
    with style():
        figure, axes = new_figure(4.8, 4.9)
        axes.fill_between(ends, ends / SPREAD, ends * SPREAD, color=FAINT, zorder=0, label="band of the forecast")
        axes.loglog(ends, ends, label="as forecast", **PREDICTED)
        for name in _MARKERS:
            chosen = kind == name
            if chosen.any():
                axes.loglog(forecast[chosen], error[chosen], **_look(name))
        axes.axhline(TOLERANCE, **GUIDE)
        axes.axvline(TOLERANCE / SPREAD, **GUIDE)
        axes.annotate("trusted ", (TOLERANCE / SPREAD, ends[0] * 1.3), ha="right", **NOTE)
        axes.annotate(f" asked: {TOLERANCE:g}", (ends[0], TOLERANCE * 1.1), **NOTE)
        axes.set(xlabel="forecast of the closure's relative error", ylabel="relative error after training")
        axes.set(xlim=ends, ylim=ends, aspect="equal")
        legend_below(figure, 3)
    data = {"forecast": forecast, "error": error, "nonlinearity": kind}
    caption = (
        f"The closure's error on {len(results.trials)} tasks that the forecast was not fitted on, one run each. Grey: "
        "its band, two standard deviations of the fit to others."
    )
    return plot("closure_trust", caption, figure, data)
