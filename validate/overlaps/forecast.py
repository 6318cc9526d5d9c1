"""How far the Gaussian closure can be trusted on a user's task: what its start and its own path tell."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from simulate.overlaps.gram_matrix import square_root
from simulate.overlaps.infinite_width import SobolNodes, whitened
from theory.overlaps import gaussian
from theory.overlaps.closure.potential import Trials
from theory.overlaps.closure.short_time import short_time
from theory.overlaps.closure.trust import ClosurePath, NormalNodes, checkpoints, trust
from theory.overlaps.equations.shape import Shape
from validate.overlaps.user_run import UserRun
from validate.report import Report

WORK = 1e7  # nodes x trials x steps x looks at a path: what a forecast may take, a second or two
START = 8  # looks that the start is worth, with its derivatives
TOLERANCE = 0.1


@dataclass(frozen=True)
class _Problem:
    nonlinearity: gaussian.Nonlinearity
    trials: Trials

    def nodes(self, dimension: int, looks: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """As many nodes as the work allows, whitened, and their shares."""
        count = 2 ** int(np.clip(np.log2(WORK / looks / self.trials.mask.size), 6, 10))
        points, share = SobolNodes(max(count, 2 ** (1 + dimension.bit_length())), seed).standard(dimension)
        return whitened(points, share), share


def _problem(own: UserRun) -> _Problem | None:
    """None where there is nothing to tell.

    Linear networks need no closure, and ReLU has a kink that the expansion does not see.
    """
    task = own.task
    if task is None or own.config.nonlinearity in ("linear", "relu"):
        return None
    trials = Trials(task.inputs, task.targets, task.mask, task.dt)
    return _Problem(gaussian.NONLINEARITIES[own.config.nonlinearity], trials)


def report_start(report: Report, own: UserRun, shape: Shape) -> None:
    """Report the share of the initial gradient that is not linear in the rows of theta, where the closure errs."""
    problem = _problem(own)
    if problem is None:
        return
    root = square_root(own.sigma)
    rows, share = problem.nodes(len(root), START, own.config.seed)
    with np.errstate(all="ignore"):  # a loss that is no finite number has no gradient; the report then says null
        start = short_time(shape, problem.nonlinearity, problem.trials, rows @ root, share)
    report.finding(
        "nonlinear_fraction",
        start.nonlinear_fraction,
        "of the gradient",
        "the part before learning that the closure does not know; the smaller, the longer the closure holds",
    )


def report_trust(
    report: Report,
    own: UserRun,
    shape: Shape,
    closure: Float[np.ndarray, "epochs d d"],
    truth: Float[np.ndarray, "epochs d d"] | None,
) -> None:
    """Report the forecast of the closure's error after training, from its own path; beside the error, if it is known.

    `closure` and `truth` are the overlaps of the closure and of infinitely many neurons at every epoch, all finite.
    """
    problem = _problem(own)
    if problem is None:
        return
    looks = checkpoints(len(closure) - 1)
    rows, share = problem.nodes(shape.size, len(looks), own.config.seed)
    rate = own.config.learning_rate
    assert rate is not None
    with np.errstate(all="ignore"):
        path, nodes = ClosurePath(closure[looks], rate * looks), NormalNodes(rows, share)
        found = trust(shape, problem.nonlinearity, problem.trials, path, nodes, tolerance=TOLERANCE)
    report.finding(
        "closure_error_forecast",
        found.error,
        "of the path",
        f"{found.low:.2g} to {found.high:.2g}: how far the closure's overlaps err after training, from its own path",
    )
    report.finding("closure_trust", found.verdict.name.lower(), "", f"{found.verdict.value}; beside {TOLERANCE:g}")
    report.quantity("closure_error_forecast_band", [found.low, found.high])
    moved = 0.0 if truth is None else float(np.linalg.norm(truth[-1] - truth[0]))
    if truth is not None and moved > 0:
        error = float(np.linalg.norm(closure[-1] - truth[-1])) / moved
        report.finding("closure_error", error, "of the path", "what it came to, beside infinitely many neurons")
