"""One training of the closure and of infinitely many neurons, and what was forecast of their difference."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from simulate.overlaps.gram_matrix import square_root
from simulate.overlaps.infinite_width import Nodes, SobolNodes, TensorNodes, whitened
from simulate.overlaps.levels import InfiniteWidth, ReducedTheory
from simulate.tasks.task import FixedTask
from simulate.training.rule import GradientDescent
from theory.overlaps.closure.potential import Trials
from theory.overlaps.closure.short_time import short_time
from theory.overlaps.closure.trust import ClosurePath, NormalNodes, Trust, checkpoints, trust
from theory.overlaps.gaussian import NONLINEARITIES
from validate.overlaps.reference_run import distance, run
from validate.overlaps.unseen_tasks import Problem

TOLERANCE = 0.1
EARLY = 0.01
"""Relative error at which the levels count as parted; small, for the forecast of the epoch is one of short times."""
STABLE = 0.02
"""Rate times the largest slope of the loss in the overlaps, in the trainings that judge the forecast."""


@dataclass(frozen=True)
class ForecastTrial:
    """What the forecast says of a task, and what came true."""

    name: str
    nonlinearity: str
    smooth: bool
    trust: Trust
    error: float
    forecast_epoch: float
    epoch: int | None


def run_trial(problem: Problem, epochs: int) -> ForecastTrial:
    """Train both levels, and compare their distance with its forecast from the closure alone."""
    shape, phi, sigma = problem.shape, problem.nonlinearity, problem.sigma
    nodes: Nodes = TensorNodes(6) if phi.smooth and shape.size == 4 else SobolNodes(1024)
    network, closure = InfiniteWidth(nodes).start(sigma, shape, phi), ReducedTheory().start(sigma, shape, phi)
    theory, trials = NONLINEARITIES[phi.name], trials_of(problem.task)
    points, share = SobolNodes(512).standard(shape.size)
    rows = whitened(points, share)
    start = short_time(shape, theory, trials, rows @ square_root(sigma), share)
    rate = STABLE / float(np.linalg.norm(start.gradient, 2))
    rule = GradientDescent(jnp.asarray(rate))
    true, closed = (np.asarray(run(each, problem.task, rule, epochs).sigma) for each in (network, closure))
    relative = distance(true[1:], closed[1:]) / distance(true[1:], sigma)
    parted = np.flatnonzero(relative > EARLY)
    looks = checkpoints(epochs)
    return ForecastTrial(
        name=problem.name,
        nonlinearity=phi.name,
        smooth=phi.smooth,
        trust=trust(
            shape,
            theory,
            trials,
            ClosurePath(closed[looks], rate * looks),
            NormalNodes(rows, share),
            tolerance=TOLERANCE,
        ),
        error=float(relative[-1]),
        forecast_epoch=start.epoch_of_error(rate, EARLY),
        epoch=int(parted[0]) + 1 if len(parted) else None,
    )


def trials_of(task: FixedTask) -> Trials:
    """The trials of a task, for the theory."""
    batch = task.batch
    return Trials(np.asarray(batch.inputs), np.asarray(batch.targets), np.asarray(batch.mask), batch.dt)
