"""What the theory says before anything is trained: the points of an ideal flip-flop, and when a memory appears."""

import numpy as np

from theory.universality import GaussianLoadings, GaussianPopulation
from validate.progress import Progress
from validate.report import Report
from validate.universality.settings import Config

OVERLAP = 1.6
"""Of the loadings of a network of rank one and infinitely many units."""


def checks(config: Config, report: Report, progress: Progress) -> None:
    """Record: a bit at rest is on, off, or on the saddle between, and those of several bits are combined."""
    bits = config.effort.population.of("flip-flop").size
    report.quantity("bits", bits, "of the flip-flop that networks learn")
    report.quantity("stable_points", 2**bits, "of an ideal flip-flop, a corner a state")
    report.quantity("points", 3**bits, "with saddles and the origin")
    report.quantity("index_sum", (2 - 1) ** bits, "of all points, as of any network of bounded units")
    loadings = _loadings(OVERLAP)
    report.quantity(
        "growth_at_zero", float(loadings.eigenvalues(np.zeros(1))[0].real), f"1 / tau; overlap {OVERLAP:g}, less 1"
    )
    report.quantity("memory_at", _memory(loadings), "the state that this overlap keeps; up to 1, none")


def _loadings(overlap: float) -> GaussianLoadings:
    covariance = np.array([[1.0, overlap, 0.0], [overlap, overlap**2 + 1, 0.0], [0.0, 0.0, 0.0]])
    return GaussianLoadings((GaussianPopulation(1.0, np.zeros(3), covariance),))


def _memory(loadings: GaussianLoadings) -> float:
    """The latent variable at rest, by bisection: the velocity is positive below it and negative above."""
    low, high = 1e-3, OVERLAP
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if loadings.velocity(np.array([middle]))[0] > 0 else (low, middle)
    return low
