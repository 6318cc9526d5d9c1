"""What perturbations, being so many and no more, add to the distance of two transition graphs."""

from dataclasses import dataclass

import numpy as np

from simulate.universality.graph import TransitionGraph


@dataclass(frozen=True)
class SamplingNoise:
    """The squared Euclidean distance of a graph from that of the same points perturbed anew: its mean and spread.

    >>> SamplingNoise(square=0.09, spread=0.02).distance
    0.3
    """

    square: float
    spread: float

    @property
    def distance(self) -> float:
        """The root of the mean square."""
        return float(self.square**0.5)


def sampling_noise(graph: TransitionGraph, trials: int) -> SamplingNoise:
    """Estimate it from one graph whose saddles with several unstable dimensions were perturbed so many times.

    The counts in the row of such a saddle are multinomial. With probabilities p two independent rows of shares differ
    by a square of 2 sum p (1 - p) / n on average, for which 2 sum q (1 - q) / (n - 1) is an unbiased estimate from the
    shares q. Its variance is, for shares that are nearly normal, 2 (2 / n)^2 times the trace of the squared covariance
    diag(p) - p p^T of one trial (p here with what ends elsewhere left out). Rows of saddles with one unstable dimension
    are told by their branches, those of stable points are certain: neither adds anything (see `transition_graph`).

    Raises:
        ValueError: with fewer than two trials.

    >>> import numpy as np
    >>> from simulate.universality import TransitionGraph
    >>> well = TransitionGraph([[1, 0, 0], [0, 1, 0], [0.5, 0.5, 0]], [0, 0, 2], [[-1], [1], [0]])
    >>> sampling_noise(well, 101).square  # 2 (1/4 + 1/4) / 100
    0.01
    """
    if trials < 2:
        raise ValueError(f"{trials} trials: sampling noise takes two or more")
    shares = graph.transitions[graph.unstable_dimensions > 1]
    square = 2 * float((shares * (1 - shares)).sum()) / (trials - 1)
    # of diag(p) - p p^T the squared entries' sum
    traces = (shares**2).sum(axis=1) - 2 * (shares**3).sum(axis=1) + (shares**2).sum(axis=1) ** 2
    return SamplingNoise(square, float(np.sqrt(2 * traces.sum())) * 2 / trials)
