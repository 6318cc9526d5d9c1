"""What a search has not seen, from how often it saw what it saw."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Unseen:
    """`share`: the probability that one more start ends where none has; `at_most` bounds it at the level asked for.

    `points` estimates from below how many points are unseen, if all starts are drawn alike.

    >>> from simulate.fixed_points import Unseen, unseen
    >>> unseen([6, 2, 1, 1]) == Unseen(share=0.2, at_most=1.0, points=0.5)
    True
    """

    share: float
    at_most: float
    points: float


def unseen(hits: ArrayLike, *, level: float = 0.95) -> Unseen:
    """Good and Turing's estimate of the unseen, from how many independent starts ended at each point.

    The share is that of starts whose point no other reached (Good, Biometrika 40, 237, 1953); with probability `level`
    the true one is below it plus (2 sqrt 2 + sqrt 3) sqrt(ln(3 / (1 - level)) / starts) (McAllester and Schapire, COLT
    2000, Theorem 9). The number of points is Chao's, f1 (f1 - 1) / (2 (f2 + 1)) of f1 points hit once and f2 twice
    (Chao, Scandinavian Journal of Statistics 11, 265, 1984, in the form without bias).

    >>> from simulate.fixed_points import unseen
    >>> one_left = unseen([50, 30, 19, 1])
    >>> one_left.share, one_left.points, round(one_left.at_most, 2)
    (0.01, 0.0, 0.93)

    Raises:
        ValueError: if there are no hits, negative ones, or the level is no probability.
    """
    counts = np.asarray(hits)
    total = int(counts.sum()) if counts.size else 0
    if total < 1 or (counts < 0).any():
        raise ValueError(f"hits {counts.tolist()}: give how many starts ended at each point")
    if not 0 < level < 1:
        raise ValueError(f"a level of {level}: give a probability, above 0 and below 1")
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    margin = (2 * np.sqrt(2) + np.sqrt(3)) * np.sqrt(np.log(3 / (1 - level)) / total)
    share = once / total
    return Unseen(share, min(1.0, float(share + margin)), once * (once - 1) / (2 * (twice + 1)))
