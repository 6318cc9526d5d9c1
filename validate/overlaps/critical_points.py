"""Critical points of the two impulse tasks: known in advance, with a simulated gradient of zero and the right index."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize
import sympy as sp
from jaxtyping import Array, Float

from simulate.cells.nonlinearity import LINEAR
from simulate.overlaps.closure import Closure, closure_of
from simulate.tasks.task import Batch
from theory.overlaps.impulse import filter as closed
from theory.overlaps.impulse.critical import minimum_vu, saddle_zm
from theory.overlaps.impulse.embedding import Visible, rank_zero, realisation
from theory.overlaps.impulse.gramian import ImpulseLoss, oscillator_target
from theory.overlaps.impulse.oscillator import rank_one_points
from validate.overlaps.impulse_tasks import (
    CLOCK,
    DECAY,
    ONE,
    OSCILLATION,
    TWO,
    block_of,
    impulse_tasks,
    simulated_losses,
)
from validate.report import Report
from validate.tolerance import Absolute, Exact

IDLE = np.array([[0.2, 0.5], [-0.3, -0.1]])  # vu where nothing depends on it
NORM = 4.0  # of every connectivity vector, squared, over N
FLAT = 1e-9  # part of the largest curvature below which one counts as zero


def filter_points() -> dict[str, Visible]:
    """Critical points of the filter's loss in Euler's scheme, in closed form."""
    best, rest = (float(each.subs(closed.decay, DECAY)) for each in (minimum_vu(CLOCK), saddle_zm(CLOCK)))
    return {
        "the target": Visible(block_of(1.0), block_of(0.9), block_of(best / 0.9), block_of(best)),
        "no loop": rank_zero(ONE, block_of(rest), block_of(0.1)),
    }


def oscillator_points() -> dict[str, Visible]:
    """Critical points of the oscillator's loss in Euler's scheme, by effective rank.

    The one of rank one is the closed form of continuous time, followed to the scheme's by a root search.
    """
    target = oscillator_target(*OSCILLATION)
    alone = ImpulseLoss(ONE, target, CLOCK)

    def slopes(x: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
        network = Visible(block_of(x[0]), block_of(x[1]), block_of(1.0), block_of(x[2]))
        gradient = alone.gradient(network.gram_matrix(50.0))
        return np.array([gradient[3, 0], gradient[3, 1], gradient[2, 1]])

    (start,) = rank_one_points(sp.Rational(3, 10), sp.Integer(2))
    best = scipy.optimize.root(slopes, [float(start.zm), float(start.p), float(start.vu)], tol=1e-14).x
    share = np.sqrt(abs(best[1]))
    at_zero, at_one = (slopes(np.array([zm, 0.0, 0.0]))[0] for zm in (0.0, 1.0))  # linear in zm
    single = Visible(block_of(best[0]), block_of(share), block_of(np.sign(best[1]) * share), block_of(best[2]))
    return {
        "the target": realisation(target, CLOCK),
        "rank one": single.beside(block_of(0.2)),
        "no loop": rank_zero(TWO, block_of(at_zero / (at_zero - at_one)), IDLE),
    }


def compare_critical_points(report: Report) -> None:
    """Gradient and index of each, through the simulation."""
    index = {"the target": 0, "rank one": 1}
    for task, points in (("filter", filter_points()), ("oscillator", oscillator_points())):
        case = impulse_tasks()[task]
        for name, point in points.items():
            sigma, closure = jnp.asarray(point.gram_matrix(NORM)), closure_of(case.shape, LINEAR)
            _, gradient = simulated_losses(sigma[None], closure, case.task.batch)
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


@eqx.filter_jit
def _visible_hessian(sigma: Float[Array, "d d"], closure: Closure, batch: Batch) -> Array:
    """Second derivatives of the simulated loss in the visible overlaps zm, zu, vm, vu."""
    split = closure.shape.inputs + closure.shape.rank

    def loss(rows: Array) -> Array:
        return closure.loss(sigma.at[split:, :split].set(rows).at[:split, split:].set(rows.T), batch)

    size = sigma[split:, :split].size
    return jax.hessian(loss)(sigma[split:, :split]).reshape(size, size)
