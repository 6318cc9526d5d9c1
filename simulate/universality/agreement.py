"""Whether unstable manifolds and perturbations tell the same edges, and which they do not."""

from dataclasses import dataclass

import numpy as np

from simulate.fixed_points.branches import Branches
from simulate.universality.binomial import clopper_pearson
from simulate.universality.perturbations import Perturbations

ELSEWHERE = -1
"""The node of what ends at none of the points."""


@dataclass(frozen=True)
class DisputedEdge:
    """An edge whose probability by its saddle's branches (0, 1/2 or 1) is not within the interval of perturbations.

    `node` is -1 for what ends at none of the points.
    """

    saddle: int
    node: int
    by_branches: float
    count: int
    trials: int
    low: float
    high: float

    def __str__(self) -> str:
        """One line."""
        return self.numbered(0)

    def numbered(self, first: int) -> str:
        """One line, the first point being of that number."""
        to = "elsewhere" if self.node == ELSEWHERE else f"to {self.node + first}"
        seen = f"{self.count} of {self.trials} perturbations, {self.low:.3f} to {self.high:.3f}"
        return f"{self.saddle + first} {to}: {self.by_branches:g} by its branches, {seen}"


@dataclass(frozen=True)
class Agreement:
    """Whether two ways to edges agree: `compared` of them, all intervals together at `confidence`.

    >>> from simulate.universality import Agreement
    >>> Agreement((), compared=24, confidence=0.99).holds
    True
    """

    disputed: tuple[DisputedEdge, ...]
    compared: int
    confidence: float

    @property
    def holds(self) -> bool:
        """Whether no edge is disputed."""
        return not self.disputed


def agreement(branches: Branches, perturbations: Perturbations, *, confidence: float = 0.99) -> Agreement:
    r"""Compare the edges of saddles with one unstable dimension, told by their branches and by perturbations.

    A small perturbation of such a saddle is on either side of its stable manifold with probability 1/2, and then
    follows that side's branch. So each branch's end has probability 1/2 (1 if both end there), and all else 0. An edge
    is disputed if that is not within its interval (Clopper and Pearson, with the error shared among all edges compared:
    if the probabilities are these, the chance that any is disputed is at most 1 - confidence). What ends at none of the
    points is compared as well. A dispute says that a branch or a perturbation was followed to another end, or that
    perturbations were too large for the stable manifold to be a plane.

    >>> import numpy as np
    >>> from simulate.fixed_points import Branches
    >>> from simulate.universality import Perturbations, agreement
    >>> branches = Branches(np.array([2]), np.array([[0, 1]]), np.zeros((1, 2), int), np.zeros((1, 2, 1)))
    >>> of = lambda row: Perturbations(np.array([[9, 0, 0], [0, 9, 0], row]), np.zeros((3, 5), int), 9)
    >>> agreement(branches, of([5, 4, 0])).holds
    True
    >>> print(*agreement(branches, of([9, 0, 0])).disputed, sep="\n")
    2 to 0: 0.5 by its branches, 9 of 9 perturbations, 0.514 to 1.000
    2 to 1: 0.5 by its branches, 0 of 9 perturbations, 0.000 to 0.486
    """
    points, trials = len(perturbations.counts), perturbations.trials
    expected = branches.shares(points)
    expected = np.hstack([expected, 1 - expected.sum(axis=1, keepdims=True)])
    seen = np.hstack([perturbations.counts, perturbations.elsewhere[:, None]])[branches.saddles]
    those = np.argwhere((expected > 0) | (seen > 0))
    compared = len(those)
    if not compared:
        return Agreement((), 0, confidence)
    low, high = clopper_pearson(seen, trials, confidence=1 - (1 - confidence) / compared)
    disputed = [
        DisputedEdge(
            int(branches.saddles[i]),
            int(j) if j < points else ELSEWHERE,
            float(expected[i, j]),
            int(seen[i, j]),
            trials,
            float(low[i, j]),
            float(high[i, j]),
        )
        for i, j in those
        if not low[i, j] <= expected[i, j] <= high[i, j]
    ]
    return Agreement(tuple(disputed), compared, confidence)
