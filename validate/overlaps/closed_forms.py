"""Closed forms of linear networks: loss and gradient against simulation, and critical points with their index."""

from collections.abc import Callable
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize
import sympy as sp
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from simulate.cells.cell import evaluate
from simulate.cells.nonlinearity import LINEAR
from simulate.overlaps.closure import Closure, closure_of
from simulate.overlaps.draw import draw_exact
from simulate.tasks.impulse import filter_task, oscillator_task
from simulate.tasks.task import Batch, FixedTask
from theory.lowering import lower_numpy
from theory.overlaps.equations.shape import Shape
from theory.overlaps.impulse import filter as closed
from theory.overlaps.impulse.clock import Euler, Flow
from theory.overlaps.impulse.critical import minimum_vu, saddle_zm
from theory.overlaps.impulse.embedding import Visible, rank_zero, realisation
from theory.overlaps.impulse.gramian import ImpulseLoss, Target, exponential_target, oscillator_target
from theory.overlaps.impulse.oscillator import rank_one_points
from validate.output import Plot
from validate.overlaps.settings import Config
from validate.plotting import GUIDE, MEASURED, PREDICTED, new_figure, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Absolute, Exact, Relative

DECAY = 0.2
OSCILLATION = (0.3, 2.0)
"""Decay and frequency."""

CLOCK = Euler(sp.Rational(1, 20), sp.Integer(400))  # dt = 0.05 over 20 time constants, as the tasks have it
ONE, TWO = Shape(), Shape(rank=2)
SMOOTH = np.linspace(-1.0, 0.99, 200)  # vu along which the figure shows the loss
IDLE = np.array([[0.2, 0.5], [-0.3, -0.1]])  # vu where nothing depends on it
NORM = 4.0  # of every connectivity vector, squared, over N
FLAT = 1e-9  # part of the largest curvature below which one counts as zero
ROUNDING = Relative(1e-12, "rounding of 400 steps")


@dataclass(frozen=True)
class ClosedFormResults:
    """The filter's loss along vu at the best zm and p: `profile` in closed form, `simulated` at `points`."""

    profile: Float[np.ndarray, " curve"]
    points: Float[np.ndarray, " points"]
    simulated: Float[np.ndarray, " points"]
    saddle_loss: float


def checks(config: Config, report: Report, progress: Progress) -> ClosedFormResults:
    """From single losses to critical points; every simulation is the scheme itself, step by step."""
    with progress.task("comparing closed forms with simulated losses"):
        for name, case in impulse_tasks().items():
            _compare_losses(name, case, config, report)
        _compare_closed_form(config, report)
        _compare_continuous_time(report)
    with progress.task("differentiating the simulated loss twice at its critical points"):
        _compare_critical_points(report)
        return _profile()


@eqx.filter_jit
def _simulated(sigmas: Float[Array, "runs d d"], closure: Closure, batch: Batch) -> tuple[Array, Array]:
    return jax.vmap(lambda sigma: closure.loss_and_gradient(sigma, batch))(sigmas)


@eqx.filter_jit
def _visible_hessian(sigma: Float[Array, "d d"], closure: Closure, batch: Batch) -> Array:
    """Second derivatives of the simulated loss in the visible overlaps zm, zu, vm, vu."""
    split = closure.shape.inputs + closure.shape.rank

    def loss(rows: Array) -> Array:
        return closure.loss(sigma.at[split:, :split].set(rows).at[:split, split:].set(rows.T), batch)

    size = sigma[split:, :split].size
    return jax.hessian(loss)(sigma[split:, :split]).reshape(size, size)


@dataclass(frozen=True)
class ImpulseTask:
    """A task, and the same as the theory has it."""

    shape: Shape
    task: FixedTask
    target: Target


def impulse_tasks() -> dict[str, ImpulseTask]:
    """The two tasks with an impulse for an input."""
    return {
        "filter": ImpulseTask(ONE, filter_task(DECAY), exponential_target(DECAY)),
        "oscillator": ImpulseTask(TWO, oscillator_task(*OSCILLATION), oscillator_target(*OSCILLATION)),
    }


def random_grams(shape: Shape, seed: int) -> Float[np.ndarray, "runs d d"]:
    """Gram matrices of eight small random networks."""
    theta = 0.7 * np.random.default_rng(seed).normal(size=(8, 40, shape.size))
    return np.einsum("kna,knb->kab", theta, theta) / 40


def _block(value: float) -> Float[np.ndarray, "1 1"]:
    """A block of one overlap."""
    return np.array([[float(value)]])


def _compare_losses(name: str, case: ImpulseTask, config: Config, report: Report) -> None:
    sigmas = random_grams(case.shape, config.seed)
    exact = ImpulseLoss(case.shape, case.target, CLOCK)
    loss, gradient = _simulated(jnp.asarray(sigmas), closure_of(case.shape, LINEAR), case.task.batch)
    predicted = np.array([exact.value(each) for each in sigmas])
    slopes = np.array([exact.gradient(each) for each in sigmas])
    report.check(f"{name}: loss by Lyapunov equations", predicted=predicted, measured=loss, tolerance=ROUNDING)
    report.check(
        f"{name}: gradient by Lyapunov equations (unit: its largest entry)",
        predicted=slopes / np.abs(slopes).max(),
        measured=np.asarray(gradient) / np.abs(slopes).max(),
        tolerance=Absolute(1e-12, "rounding of 400 steps"),
    )
    network = draw_exact(jax.random.key(config.seed), sigmas[0], case.shape.counts, 50, LINEAR)
    report.check(
        f"{name}: loss of 50 neurons with these overlaps",
        predicted=predicted[0],
        measured=float(evaluate(network, case.task.batch).loss),
        tolerance=ROUNDING,
    )


def _compare_closed_form(config: Config, report: Report) -> None:
    sigmas = random_grams(ONE, config.seed)
    zm, zu, vm, vu = (sigmas[:, a, b] for a, b in ((3, 0), (3, 1), (2, 0), (2, 1)))
    loss, gradient = _simulated(jnp.asarray(sigmas), closure_of(ONE, LINEAR), filter_task(DECAY).batch)
    report.check(
        "filter: loss in closed form",
        predicted=_lowered(closed.loss(CLOCK))(zm, zu * vm, vu),
        measured=loss,
        tolerance=ROUNDING,
    )
    report.check(
        "filter: slope in vu in closed form",
        predicted=_lowered(closed.loss(CLOCK).diff(closed.vu))(zm, zu * vm, vu),
        measured=2 * gradient[:, 2, 1],
        tolerance=Relative(1e-10, "rounding of 400 steps, less where the slope is small"),
    )


def _lowered(expression: sp.Expr) -> Callable[..., Float[np.ndarray, "..."]]:
    return lower_numpy(closed.COORDINATES, expression.subs(closed.decay, sp.Rational(1, 5)))


def _compare_continuous_time(report: Report) -> None:
    """The scheme's loss tends to the closed form in continuous time, linearly in dt."""
    sigma = Visible(_block(0.7), _block(0.8), _block(0.5), _block(0.3)).gram_matrix(NORM)
    exact = float(_lowered(closed.loss(Flow(sp.Integer(20))))(0.7, 0.4, 0.3))
    errors = []
    for dt, steps in ((0.025, 800), (0.0125, 1600)):
        loss, _ = _simulated(jnp.asarray(sigma)[None], closure_of(ONE, LINEAR), filter_task(DECAY, dt, steps).batch)
        errors.append(float(loss[0]) - exact)
    report.check(
        "filter: order in dt of the distance to continuous time",
        predicted=1.0,
        measured=float(np.log2(errors[0] / errors[1])),
        tolerance=Absolute(0.05, "O(dt) relative at dt = 0.0125, times ln"),
    )


def filter_points() -> dict[str, Visible]:
    """Critical points of the filter's loss in Euler's scheme, in closed form."""
    best, rest = (float(each.subs(closed.decay, DECAY)) for each in (minimum_vu(CLOCK), saddle_zm(CLOCK)))
    return {
        "the target": Visible(_block(1.0), _block(0.9), _block(best / 0.9), _block(best)),
        "no loop": rank_zero(ONE, _block(rest), _block(0.1)),
    }


def oscillator_points() -> dict[str, Visible]:
    """Critical points of the oscillator's loss in Euler's scheme, by effective rank.

    The one of rank one is the closed form of continuous time, followed to the scheme's by a root search.
    """
    target = oscillator_target(*OSCILLATION)
    alone = ImpulseLoss(ONE, target, CLOCK)

    def slopes(x: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
        network = Visible(_block(x[0]), _block(x[1]), _block(1.0), _block(x[2]))
        gradient = alone.gradient(network.gram_matrix(50.0))
        return np.array([gradient[3, 0], gradient[3, 1], gradient[2, 1]])

    (start,) = rank_one_points(sp.Rational(3, 10), sp.Integer(2))
    best = scipy.optimize.root(slopes, [float(start.zm), float(start.p), float(start.vu)], tol=1e-14).x
    share = np.sqrt(abs(best[1]))
    at_zero, at_one = (slopes(np.array([zm, 0.0, 0.0]))[0] for zm in (0.0, 1.0))  # linear in zm
    single = Visible(_block(best[0]), _block(share), _block(np.sign(best[1]) * share), _block(best[2]))
    return {
        "the target": realisation(target, CLOCK),
        "rank one": single.beside(_block(0.2)),
        "no loop": rank_zero(TWO, _block(at_zero / (at_zero - at_one)), IDLE),
    }


def _compare_critical_points(report: Report) -> None:
    index = {"the target": 0, "rank one": 1}
    for task, points in (("filter", filter_points()), ("oscillator", oscillator_points())):
        case = impulse_tasks()[task]
        for name, point in points.items():
            sigma, closure = jnp.asarray(point.gram_matrix(NORM)), closure_of(case.shape, LINEAR)
            _, gradient = _simulated(sigma[None], closure, case.task.batch)
            report.check(
                f"{task}, {name}: simulated gradient",
                predicted=np.zeros(sigma.shape),
                measured=np.asarray(gradient[0]),
                tolerance=Absolute(1e-11, "rounding of 400 steps, and of the root search"),
            )
            values = np.linalg.eigvalsh(np.asarray(_visible_hessian(sigma, closure, case.task.batch)))
            report.check(
                f"{task}, {name}: index",
                predicted=index.get(name, case.shape.rank),
                measured=int(np.sum(values < -FLAT * np.abs(values).max())),
                tolerance=Exact("negative directions of the simulated Hessian"),
            )


def _profile() -> ClosedFormResults:
    """For given vu the loss is quadratic in zm and p: its least value, in closed form and through the simulation."""
    second = sp.hessian(closed.loss(CLOCK), (closed.zm, closed.p))
    first = sp.Matrix([closed.loss(CLOCK).diff(each) for each in (closed.zm, closed.p)]).subs(
        {closed.zm: 0, closed.p: 0}
    )
    bend, pull = (_lowered(sp.ImmutableMatrix(each)) for each in (second, first))
    loss = _lowered(closed.loss(CLOCK))

    def best(vu: float) -> Float[np.ndarray, "2"]:
        return np.linalg.solve(bend(0.0, 0.0, vu), -pull(0.0, 0.0, vu))[:, 0]

    points = np.linspace(SMOOTH[0], SMOOTH[-1], 15)
    networks = [Visible(_block(zm), _block(p), _block(1.0), _block(vu)) for vu in points for zm, p in (best(vu),)]
    sigmas = jnp.asarray([each.gram_matrix(NORM) for each in networks])
    simulated, _ = _simulated(sigmas, closure_of(ONE, LINEAR), filter_task(DECAY).batch)
    rest = filter_points()["no loop"].zm[0, 0]
    profile = np.array([float(loss(*best(vu), vu)) for vu in SMOOTH])
    return ClosedFormResults(profile, points, np.asarray(simulated), float(loss(rest, 0.0, 0.0)))


def figures(config: Config, results: ClosedFormResults) -> tuple[Plot, ...]:
    """The least loss for given vu, over zm and zu vm."""
    with style():
        figure, axes = new_figure(5.6, 3.6)
        axes.plot(SMOOTH, results.profile, label="closed form", **PREDICTED)
        axes.plot(results.points, results.simulated, label="simulated", **MEASURED)
        axes.axhline(results.saddle_loss, **GUIDE)
        axes.annotate("no loop: the plateau", (SMOOTH[0], results.saddle_loss), va="bottom", fontsize=8)
        axes.set(xlabel="vu", ylabel="least loss for this vu")
        axes.legend(loc="center left")
    data: dict[str, ArrayLike] = {
        "vu": SMOOTH,
        "least_loss": results.profile,
        "vu_simulated": results.points,
        "least_loss_simulated": results.simulated,
        "saddle_loss": results.saddle_loss,
    }
    caption = f"Filter task, decay {DECAY:g}: the loss at the best zm and zu vm; its one minimum is the target."
    return (plot("filter_loss", caption, figure, data),)
