"""How much of a user's learning problem the Gaussian closure does not know, told from the start of learning."""

import numpy as np

from simulate.lowrank.gram_matrix import square_root
from simulate.lowrank.infinite_width import SobolNodes, whitened
from theory import gaussian
from theory.lowrank.potential import Trials
from theory.lowrank.shape import Shape
from theory.lowrank.short_time import short_time
from validate.checks.lowrank.own import Own
from validate.report import Report
from validate.tolerance import Reported

WORK = 1e7  # nodes x trials x steps: what the forecast may take, in numbers held at once


def report_start(report: Report, own: Own, shape: Shape) -> None:
    """Report the share of the initial gradient that is not linear in the rows of theta.

    Says nothing where there is nothing to tell: linear networks need no closure, and ReLU has a kink that the expansion
    does not see.
    """
    task = own.task
    if task is None or own.config.nonlinearity in ("linear", "relu"):
        return
    root = square_root(own.sigma)
    count = 2 ** int(np.clip(np.log2(WORK / task.mask.size), 6, 10))
    points, share = SobolNodes(max(count, 2 ** (1 + len(root).bit_length())), own.config.seed).standard(len(root))
    trials = Trials(task.inputs, task.targets, task.mask, task.dt)
    phi = gaussian.NONLINEARITIES[own.config.nonlinearity]
    with np.errstate(all="ignore"):  # a loss that is no finite number has no gradient; the report then says null
        start = short_time(shape, phi, trials, whitened(points, share) @ root, share)
    report.check(
        "the part of the initial gradient that the closure does not know",
        predicted=0.0,
        measured=start.nonlinear_fraction,
        tolerance=Reported("0 for linear networks; the smaller, the longer the closure holds"),
    )
    report.quantity("nonlinear_fraction", start.nonlinear_fraction)
