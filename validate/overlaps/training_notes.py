"""What the trainings of a user's task are to be read with: how they ended, and what they were made with."""

import numpy as np
from jaxtyping import Float

from simulate.training.outcome import TrainingOutcome
from validate.report import Report

UNSTABLE = 2.0
"""Time constants: Euler's step multiplies the activity of a leaky neuron by 1 - dt, which grows beyond two."""

Path = tuple[Float[np.ndarray, "epochs d d"], Float[np.ndarray, " epochs"]]
"""Overlaps and loss at every epoch."""


def how_it_ended(outcome: TrainingOutcome, epochs_finite: int, dt: float) -> str:
    """The outcome in a sentence, with advice that helps: a lower rate does not where the rate played no part."""
    if outcome is not TrainingOutcome.diverged:
        return outcome.sentence
    if dt > UNSTABLE:
        return (
            f"overlaps or loss are not finite numbers: the leak itself is unstable, a step of {dt:g} time constants "
            f"multiplies activity by {1 - dt:g}; no learning rate helps, give a task with steps below {UNSTABLE:g}"
        )
    if epochs_finite == 0:
        return (
            "the loss is not a finite number before anything is learned: give smaller inputs, targets or overlaps, or "
            "fewer steps; the learning rate plays no part yet"
        )
    return outcome.sentence


def report_leak(report: Report, dt: float) -> None:
    """Say that the time step is too long for the leak, where it is; no time step is, below one time constant."""
    if dt > UNSTABLE:
        meaning = f"1 - dt: beyond dt = {UNSTABLE:g} a leaky neuron's activity grows, whatever is learned"
        report.finding("leak_factor", 1 - dt, "a step", meaning)


def report_truncation(report: Report, rank: int, residual: float) -> None:
    """Say that not W is trained, but the weights of low rank nearest to it, and what these leave out."""
    report.finding("network_trained", f"the part of W of rank {rank}", "", "W itself is not trained")
    report.finding("network_trained_residual", residual, "", "what that part leaves out, |W - u v^T / N| / |W|")


def report_node_error(report: Report, nodes: int, path: Path, other: Path) -> None:
    """Report what the nodes of infinitely many neurons cost: the distance of two trainings, by two scramblings.

    They err independently and by about as much. The largest over the epochs in which both are finite.
    """
    why = f"two scramblings of {nodes} Sobol points; the error falls about as 1 / --nodes"
    for what, one, two in (("overlaps", path[0], other[0]), ("loss", path[1], other[1])):
        difference = np.abs(one - two).reshape(len(one), -1).max(axis=1)
        finite = difference[np.isfinite(difference)]
        error = float(finite.max()) if len(finite) else None
        report.finding(f"infinite_width_{what}_error_of_nodes", error, "", why)
