"""Closed forms of linear networks: loss and gradient against simulation, and critical points with their index."""

import jax
import jax.numpy as jnp
import numpy as np

from simulate.cells.cell import evaluate
from simulate.cells.nonlinearity import LINEAR
from simulate.overlaps.closure import closure_of
from simulate.overlaps.draw import draw_exact
from theory.overlaps.impulse.gramian import ImpulseLoss
from validate.output import Plot
from validate.overlaps.critical_points import compare_critical_points
from validate.overlaps.filter_loss import (
    LeastLoss,
    compare_closed_form,
    compare_continuous_time,
    draw_profile,
    least_loss,
)
from validate.overlaps.impulse_tasks import CLOCK, ROUNDING, ImpulseTask, impulse_tasks, random_grams, simulated_losses
from validate.overlaps.settings import Config
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Absolute


def checks(config: Config, report: Report, progress: Progress) -> LeastLoss:
    """From single losses to critical points; every simulation is the scheme itself, step by step."""
    with progress.task("comparing closed forms with simulated losses"):
        for name, case in impulse_tasks().items():
            _compare_losses(name, case, config, report)
        compare_closed_form(report, config.seed)
        compare_continuous_time(report)
    with progress.task("differentiating the simulated loss twice at its critical points"):
        compare_critical_points(report)
        return least_loss()


def _compare_losses(name: str, case: ImpulseTask, config: Config, report: Report) -> None:
    sigmas = random_grams(case.shape, config.seed)
    exact = ImpulseLoss(case.shape, case.target, CLOCK)
    loss, gradient = simulated_losses(jnp.asarray(sigmas), closure_of(case.shape, LINEAR), case.task.batch)
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


def figures(config: Config, results: LeastLoss) -> tuple[Plot, ...]:
    """The least loss of the filter for given vu, over zm and zu vm."""
    return (draw_profile(results),)
