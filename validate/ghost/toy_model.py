"""The toy model: closed forms against integration, loss and gradient across all regimes, and the Euler scheme."""

import math
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import sympy as sp
from jaxtyping import Array, Float

from simulate.ghost.toy_euler import passage_optimum
from simulate.ghost.toy_model import ToyTask, escape_time, escape_time_direct, sigmoid_loss_and_gradient
from theory.ghost.toy import confidence, euler, finite_threshold, step_output
from theory.ghost.toy.confidence import FiniteConfidenceLoss
from theory.ghost.toy.flip import flip, flip_by_quadrature
from theory.ghost.toy.no_learning import gradient_at_zero
from theory.ghost.toy.toy_model import ToyModel
from theory.lowering import lower_mpmath, lower_numpy
from validate.ghost.claims import CLOSED_FORMS, RESCUE
from validate.ghost.settings import Config
from validate.output import Plot
from validate.palette import ASKED, FAINT, MUTED, shades
from validate.plotting import GUIDE, MEASURED, NOTE, PREDICTED, WIDE, legend_right, new_figure, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, Relative, Reported

# rho = r / r_opt: fixed points, the saddle-node, the no-learning zone, both branches, the far tail.
REGIMES = (
    *(-100.0, -10.0, -3.0, -1.0, -0.3, -0.1, -0.01, 0.0, 0.01, 0.1, 0.2, 0.24, 0.25, 0.26, 0.3),
    *(0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99, 1.0, 1.01, 1.1, 1.3, 1.7, 2.5, 5.0, 10.0, 50.0),
)
CURVE = np.linspace(-1.5, 4.0, 551)
LOWERED = (1.0, 0.03, 0.01)
"""Fractions of the confidence for which Fig. 2A shows the loss: low ones have a gradient in the no-learning zone."""
LEARNABLE = 1e-3  # in units of delay / r_opt: smaller gradients are compared in absolute terms
UNDERFLOW = 1e-290
PAPER_DELAY, PAPER_DT, PAPER_THRESHOLD = 100.0, 0.1, 10.0
PAPERS = f"Euler scheme at the paper's T = {PAPER_DELAY:g} and threshold {PAPER_THRESHOLD:g}"
HALVINGS = 5
SCHEMATIC = (3.0, 1.0, 0.45, 0.1, -0.5)
"""r / r_opt of Fig. 1: too soon, just right, late, after the trial, never."""
SCHEMATIC_TIMES = np.linspace(0.0, 2.0, 401)
"""In units of the delay."""


@dataclass(frozen=True)
class EulerOptima:
    """The optimum of the paper's Euler scheme at several dt, the flow's own, and the predicted slope d r_opt / d dt."""

    dt: Float[np.ndarray, " steps"]
    optimal_r: Float[np.ndarray, " steps"]
    exact: float
    slope: float

    @property
    def shift(self) -> Float[np.ndarray, " steps"]:
        """Measured optimum minus the flow's."""
        return self.optimal_r - self.exact

    @property
    def order(self) -> float:
        """Exponent of dt in the measured shift, from the finest pair."""
        return float(np.log2(self.shift[-2] / self.shift[-1]))

    @property
    def residual_order(self) -> float:
        """Exponent of dt in what the predicted slope leaves over, from the finest pair."""
        left = self.shift - self.slope * self.dt
        return float(np.log2(left[-2] / left[-1]))


@dataclass(frozen=True)
class ToyResults:
    """Loss and gradient at `rho` by quadrature and by simulation; smooth curves by quadrature and confident ones."""

    delay: float
    rho: Float[np.ndarray, " points"]
    predicted: FiniteConfidenceLoss
    simulated_loss: Float[np.ndarray, " points"]
    simulated_gradient: Float[np.ndarray, " points"]
    curves: tuple[FiniteConfidenceLoss, ...]
    confident: Float[np.ndarray, " curve"]
    euler: EulerOptima
    paths: Float[np.ndarray, "rates times"]
    """x(t) times the delay at the rates and times of Fig. 1; infinite from the escape on."""


def checks(config: Config, report: Report, progress: Progress) -> ToyResults:
    """Compare, from the closed forms up."""
    model = ToyModel(config.delay)
    _compare_escape(config, report)
    with progress.task("integrating the toy model"):
        results = _measure(config, model)
    _compare_loss(report, results, model.optimal_r)
    _compare_no_learning_zone(config, report, model)
    _compare_euler(report, results.euler)
    return results


def _compare_escape(config: Config, report: Report) -> None:
    r = ToyModel(config.delay).optimal_r * np.array([0.3, 1.0, 3.0, 30.0])
    predicted = lower_numpy((step_output.r, step_output.threshold), step_output.passage_time())(r, config.threshold)
    routes = {"the angle": escape_time, "x itself": escape_time_direct}
    for name, route in routes.items():
        tolerance = Relative(1e-9, "solver tolerance 1e-12 a step, accumulated")
        time = jax.jit(jax.vmap(partial(route, threshold=config.threshold, longest=4 * config.delay)))
        report.check(
            f"escape time, integrating {name}", predicted=predicted, measured=time(r).time, tolerance=tolerance
        )


def _measure(config: Config, model: ToyModel) -> ToyResults:
    rho = np.array(REGIMES)
    finite = ToyModel(config.delay, threshold=config.threshold, confidence=config.confidence)
    task = ToyTask(*map(jnp.asarray, (config.delay, config.delay, config.threshold, config.confidence)))
    loss, gradient = _simulated(jnp.asarray(rho * model.optimal_r), task)
    confident = lower_numpy((step_output.r, step_output.delay), step_output.paper_window(step_output.confident_loss()))
    return ToyResults(
        delay=config.delay,
        rho=rho,
        predicted=confidence.loss_and_gradient(rho * model.optimal_r, finite),
        simulated_loss=np.asarray(loss),
        simulated_gradient=np.asarray(gradient),
        curves=tuple(_curve(config, config.confidence * fraction) for fraction in LOWERED),
        confident=confident(np.where(CURVE > 0, CURVE, 1e-6) * model.optimal_r, config.delay),
        euler=_euler_optima(),
        paths=_paths(model),
    )


def _paths(model: ToyModel) -> Float[np.ndarray, "rates times"]:
    """The closed form of x(t), without the threshold."""
    state = lower_numpy((step_output.time, step_output.r), step_output.trajectory())
    escape = lower_numpy((step_output.r,), step_output.blow_up_time())
    rows = []
    for rho in SCHEMATIC:
        r = rho * model.optimal_r
        last = float(escape(np.array([r]))[0]) / model.delay if r > 0 else math.inf
        gone = last <= SCHEMATIC_TIMES
        times = np.where(gone, 0.0, SCHEMATIC_TIMES) * model.delay
        rows.append(np.where(gone, np.inf, state(times, r) * model.delay))
    return np.stack(rows)


@jax.jit
def _simulated(r: Float[Array, " points"], task: ToyTask) -> tuple[Array, Array]:
    return jax.vmap(sigmoid_loss_and_gradient, in_axes=(0, None))(r, task)


def _curve(config: Config, confident: float) -> FiniteConfidenceLoss:
    model = ToyModel(config.delay, threshold=config.threshold, confidence=confident)
    return confidence.loss_and_gradient(CURVE * ToyModel(config.delay).optimal_r, model)


def _compare_loss(report: Report, results: ToyResults, unit: float) -> None:
    loss_tolerance = Absolute(1e-10 * results.delay, "solver: 2e-11 of the delay; quadrature: 12 digits")
    predicted, measured = results.predicted.gradient, results.simulated_gradient
    size = np.abs(predicted) * unit / results.delay
    inside = (results.rho > 0) & (results.rho < ToyModel(results.delay).point_of_no_return / unit)
    learnable, edge = (size > LEARNABLE) & ~inside, (size > LEARNABLE) & inside
    small = size <= LEARNABLE
    report.check(
        "loss in all regimes, r < 0 to 50 r_opt",
        predicted=results.predicted.loss,
        measured=results.simulated_loss,
        tolerance=loss_tolerance,
        claim=CLOSED_FORMS,
    )
    report.check(
        "gradient through the solver, in all regimes that can learn",
        predicted=predicted[learnable],
        measured=measured[learnable],
        tolerance=Relative(1e-8, "solver: 1e-9, ten times for the smallest"),
        claim=CLOSED_FORMS,
    )
    if edge.any():  # an escape just after the trial: what is left of a gradient of order one, and of its error
        report.check(
            "gradient through the solver, at the edge of the no-learning zone (unit T / r_opt)",
            predicted=(predicted * unit / results.delay)[edge],
            measured=(measured * unit / results.delay)[edge],
            tolerance=Absolute(1e-9 * float(size.max()), "solver: 1e-9 of the gradient beyond the edge"),
        )
    if small.any():
        report.check(
            "gradient through the solver, exponentially small ones (unit T / r_opt)",
            predicted=(predicted * unit / results.delay)[small],
            measured=(measured * unit / results.delay)[small],
            tolerance=Absolute(1e-10, "solver: absolute"),
        )


def _compare_no_learning_zone(config: Config, report: Report, model: ToyModel) -> None:
    """At finite confidence the zone has a gradient: what lowers r there and what raises it."""
    finite = ToyModel(config.delay, threshold=config.threshold, confidence=config.confidence)
    at_zero = confidence.loss_and_gradient(np.zeros(1), finite)
    closed = lower_mpmath(
        (step_output.delay, step_output.threshold, step_output.confidence), step_output.paper_window(gradient_at_zero())
    )
    # in mpmath: exp(c x_star) leaves the range of floats long before the gradient means nothing
    predicted = float(closed(*map(mp.mpf, (config.delay, config.threshold, config.confidence))))
    report.check(
        "gradient at r = 0, unit T / r_opt: closed form against quadrature",
        predicted=predicted * model.optimal_r / config.delay,
        measured=float(at_zero.gradient[0]) * model.optimal_r / config.delay,
        tolerance=Relative(1e-11, "quadrature: 12 digits of each part")
        if abs(predicted) > UNDERFLOW
        else Absolute(UNDERFLOW, "the smallest floats have few digits"),
    )
    report.check(
        "r below which descent pushes a stuck learner deeper: exponential integrals against quadrature",
        predicted=flip(finite),
        measured=flip_by_quadrature(finite),
        tolerance=Relative(
            10 * math.exp(-config.confidence * config.threshold) + 1e-9, "O(exp(-c x_star)), and the root finder"
        ),
        claim=RESCUE,
    )


def _euler_optima() -> EulerOptima:
    """At the paper's settings (T = 100, threshold 10) whatever the user's, for dt = 0.1 and its halves."""
    dt = PAPER_DT / 2.0 ** np.arange(HALVINGS)
    optimum = np.array([float(passage_optimum(PAPER_DELAY, float(each), PAPER_THRESHOLD)) for each in dt])
    exact = float(finite_threshold.r_escaping_at(PAPER_DELAY, PAPER_THRESHOLD))
    rate = sp.Symbol("r", positive=True)
    shift = euler.parameter_shift(euler.position**2 + rate, rate)
    slope = shift.subs({euler.start: 0, euler.end: PAPER_THRESHOLD, rate: exact})
    return EulerOptima(dt, optimum, exact, float(slope))


def _compare_euler(report: Report, optima: EulerOptima) -> None:
    report.check(
        f"{PAPERS}: order in dt of the optimum's shift",
        predicted=1.0,
        measured=optima.order,
        tolerance=Absolute(0.05, "O(dt) relative at dt = 0.006"),
    )
    report.check(
        f"{PAPERS}: order in dt of what the predicted shift leaves",
        predicted=2.0,
        measured=optima.residual_order,
        tolerance=Absolute(0.1, "O(dt) relative at dt = 0.006, times ln"),
    )
    report.check(
        f"{PAPERS}: shift of the optimum at dt = {PAPER_DT:g}, fraction of r_opt",
        predicted=optima.slope * PAPER_DT / optima.exact,
        measured=optima.shift[0] / optima.exact,
        tolerance=Reported("first order in dt"),
    )


def figures(config: Config, results: ToyResults) -> tuple[Plot, ...]:
    """What the toy model is, and its loss."""
    return _schematic(results), _loss(config, results)


def _schematic(results: ToyResults) -> Plot:
    """The flow on the line, and the state in time, at values of r on either side of what is asked for."""
    unit = (math.pi / 2) ** 2  # r_opt times the delay squared
    state = np.linspace(-4.0, 4.0, 201)
    velocity = np.stack([state**2 + rho * unit for rho in SCHEMATIC])
    colours = shades(len(SCHEMATIC))
    with style():
        figure, (flow, path) = new_panels(2, WIDE, 3.2)
        flow.axhline(0.0, color=ASKED, linewidth=0.8)
        for rho, colour, row in zip(SCHEMATIC, colours, velocity, strict=True):
            if rho in (SCHEMATIC[0], SCHEMATIC[3], SCHEMATIC[4]):
                flow.plot(state, row, color=colour)
                flow.plot(0.0, row[len(row) // 2], ">" if rho > 0 else "<", color=colour, markersize=6)
        stays = math.sqrt(-SCHEMATIC[-1] * unit)
        flow.plot(-stays, 0.0, "o", color=ASKED, label="stable")
        flow.plot(stays, 0.0, "o", color=ASKED, markerfacecolor="white", label="unstable")
        flow.annotate("ghost", (0.0, 0.5), (0.0, 4.2), ha="center", arrowprops=ARROW, **NOTE)
        flow.set(xlabel="$x\\,T$", ylabel=r"$\dot x\,T^2 = (x^2 + r)\,T^2$", ylim=(-2.5, 14), xlim=(-4, 4))
        flow.legend(loc="upper center", title="fixed points, $r < 0$")
        path.axvspan(0.0, 1.0, color=FAINT, zorder=0)
        for rho, colour, row in zip(SCHEMATIC, colours, results.paths, strict=True):
            width = 2.4 if rho == 1 else 1.4
            path.plot(SCHEMATIC_TIMES, np.where(row < 40, row, np.nan), color=colour, linewidth=width, label=f"{rho:g}")
        path.set(xlabel="time / $T$", ylabel="$x\\,T$", ylim=(-2.0, 12.0), xlim=(0.0, 2.0))
        path.annotate("target 0", (0.5, -1.8), ha="center", **NOTE)
        path.annotate("target 1", (1.5, -1.8), ha="center", **NOTE)
        legend_right(path, title=typeset("r / r_opt"))
    caption = (
        "Fig. 1: the toy model x' = x^2 + r, from x = 0. Left: its flow; arrows: which way the start moves. Right: "
        "closed forms of the state; the output is to switch at T, which it does at r_opt."
    )
    data = {"rho": np.array(SCHEMATIC), "times": SCHEMATIC_TIMES, "state": results.paths}
    return plot("fig_1", caption, figure, data | {"flow_state": state, "flow": velocity})


ARROW = {"arrowstyle": "->", "color": MUTED, "linewidth": 0.8}


def _loss(config: Config, results: ToyResults) -> Plot:
    """Loss against r / r_opt: the confident closed form, the quadrature and the solver at finite confidence."""
    shown = (results.rho >= CURVE[0]) & (results.rho <= CURVE[-1])
    delay = results.delay
    with style():
        figure, axes = new_figure(WIDE, 3.6)
        axes.axvspan(CURVE[0], 0.25, color=FAINT, zorder=0)
        axes.plot(
            CURVE,
            results.confident / delay,
            color=ASKED,
            linewidth=3.2,
            alpha=0.35,
            label="confident limit (closed form)",
        )
        for fraction, curve, dash in zip(LOWERED, results.curves, ("-", "--", ":"), strict=True):
            name = f"c = {config.confidence * fraction:g}: quadrature"
            axes.plot(CURVE, curve.loss / delay, label=name, **PREDICTED | {"linestyle": dash})
        axes.plot(
            results.rho[shown],
            results.simulated_loss[shown] / delay,
            label=f"c = {config.confidence:g}: solver",
            **MEASURED,
        )
        for place, name, side in ((0.25, "point of no return", "right"), (1.0, "optimum", "left")):
            axes.axvline(place, **GUIDE)
            axes.annotate(f" {name} ", (place, 1.07), ha=side, **NOTE)
        axes.text(-0.7, 0.5, "no-learning zone", ha="center", **NOTE)
        axes.set(xlabel=typeset("r / r_opt"), ylabel="loss / $T$", ylim=(-0.03, 1.13), xlim=(CURVE[0], CURVE[-1]))
        legend_right(axes)
    data = {
        "rho_curve": CURVE,
        "confident_loss": results.confident / delay,
        "finite_confidence_losses": np.stack([curve.loss / delay for curve in results.curves]),
        "rho_points": results.rho,
        "simulated_loss": results.simulated_loss / delay,
        "simulated_gradient": np.asarray(results.simulated_gradient),
    }
    caption = f"Fig. 2A: loss of the toy model at T = {delay:g} and threshold {config.threshold:g}."
    return plot("fig_2a", caption, figure, data)
