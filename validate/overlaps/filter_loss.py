"""The filter's loss in closed form: in Euler's scheme, in continuous time, and at its least along vu."""

from collections.abc import Callable
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import sympy as sp
from jaxtyping import Float
from numpy.typing import ArrayLike

from simulate.cells.nonlinearity import LINEAR
from simulate.overlaps.closure import closure_of
from simulate.tasks.impulse import filter_task
from theory.lowering import lower_numpy
from theory.overlaps.impulse import filter as closed
from theory.overlaps.impulse.clock import Flow
from theory.overlaps.impulse.embedding import Visible
from validate.output import Plot
from validate.overlaps.critical_points import NORM, filter_points
from validate.overlaps.impulse_tasks import CLOCK, DECAY, ONE, ROUNDING, block_of, random_grams, simulated_losses
from validate.plotting import GUIDE, MEASURED, NOTE, ONE_PANEL, PREDICTED, legend_below, new_figure, plot, style
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, Relative

SMOOTH = np.linspace(-1.0, 0.99, 200)  # vu along which the figure shows the loss


@dataclass(frozen=True)
class LeastLoss:
    """The filter's loss along vu at the best zm and p: `profile` in closed form, `simulated` at `points`."""

    profile: Float[np.ndarray, " curve"]
    points: Float[np.ndarray, " points"]
    simulated: Float[np.ndarray, " points"]
    saddle_loss: float


def compare_closed_form(report: Report, seed: int) -> None:
    """Loss and slope of random overlaps."""
    sigmas = random_grams(ONE, seed)
    zm, zu, vm, vu = (sigmas[:, a, b] for a, b in ((3, 0), (3, 1), (2, 0), (2, 1)))
    loss, gradient = simulated_losses(jnp.asarray(sigmas), closure_of(ONE, LINEAR), filter_task(DECAY).batch)
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


def compare_continuous_time(report: Report) -> None:
    """The scheme's loss tends to the closed form in continuous time, linearly in dt."""
    sigma = Visible(block_of(0.7), block_of(0.8), block_of(0.5), block_of(0.3)).gram_matrix(NORM)
    exact = float(_lowered(closed.loss(Flow(sp.Integer(20))))(0.7, 0.4, 0.3))
    errors = []
    for dt, steps in ((0.025, 800), (0.0125, 1600)):
        loss, _ = simulated_losses(
            jnp.asarray(sigma)[None], closure_of(ONE, LINEAR), filter_task(DECAY, dt, steps).batch
        )
        errors.append(float(loss[0]) - exact)
    report.check(
        "filter: order in dt of the distance to continuous time",
        predicted=1.0,
        measured=float(np.log2(errors[0] / errors[1])),
        tolerance=Absolute(0.05, "O(dt) relative at dt = 0.0125, times ln"),
    )


def least_loss() -> LeastLoss:
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
    networks = [
        Visible(block_of(zm), block_of(p), block_of(1.0), block_of(vu)) for vu in points for zm, p in (best(vu),)
    ]
    sigmas = jnp.asarray([each.gram_matrix(NORM) for each in networks])
    simulated, _ = simulated_losses(sigmas, closure_of(ONE, LINEAR), filter_task(DECAY).batch)
    rest = filter_points()["no loop"].zm[0, 0]
    profile = np.array([float(loss(*best(vu), vu)) for vu in SMOOTH])
    return LeastLoss(profile, points, np.asarray(simulated), float(loss(rest, 0.0, 0.0)))


def draw_profile(results: LeastLoss) -> Plot:
    """The least loss for given vu, over zm and zu vm."""
    with style():
        figure, axes = new_figure(ONE_PANEL, 3.8)
        axes.plot(SMOOTH, results.profile, label="closed form", **PREDICTED)
        axes.plot(results.points, results.simulated, label="simulated", **MEASURED | {"zorder": 4})
        axes.axhline(results.saddle_loss, **GUIDE)
        axes.annotate("no loop: the plateau", (SMOOTH[0], results.saddle_loss), va="bottom", **NOTE)
        axes.set(xlabel=typeset("vu"), ylabel=f"least loss for this {typeset('vu')}")
        legend_below(figure, 2)
    data: dict[str, ArrayLike] = {
        "vu": SMOOTH,
        "least_loss": results.profile,
        "vu_simulated": results.points,
        "least_loss_simulated": results.simulated,
        "saddle_loss": results.saddle_loss,
    }
    caption = (
        f"Filter task, decay {DECAY:g}: the loss at the best zm and zu vm for each vu; its one minimum is the target. "
        f"Points: the loss of the overlaps, stepped through the task, at {len(results.points)} values."
    )
    return plot("filter_loss", caption, figure, data)
