"""Between what bounds the probability lies of what happened in so many of so many trials."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy import stats

Bounds = tuple[Float[np.ndarray, "*shape"], Float[np.ndarray, "*shape"]]


def clopper_pearson(counts: ArrayLike, trials: int, *, confidence: float = 0.95) -> Bounds:
    """The exact interval of a probability, at each of some counts of successes (Clopper & Pearson, Biometrika 1934).

    The lower bound is where so many successes or more have a probability of (1 - confidence) / 2, the upper one where
    so many or fewer have. It covers the truth in at least `confidence` of all samples, whatever the probability and the
    number of trials, and so often in more.

    Raises:
        ValueError: if a count is not within 0 and `trials`, or the confidence not within 0 and 1.

    >>> from simulate.universality import clopper_pearson
    >>> low, high = clopper_pearson([0, 50, 100], 100)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0, 0.398, 0.964], [0.036, 0.602, 1.0])
    """
    seen = np.asarray(counts, dtype=np.float64)
    if trials < 1 or not ((seen >= 0) & (seen <= trials)).all():
        raise ValueError(f"counts beyond 0 and {trials} trials: give how many of them succeeded")
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence}: give a probability above 0 and below 1")
    tail = (1 - confidence) / 2
    low = stats.beta.ppf(tail, np.maximum(seen, 1), trials - seen + 1)
    high = stats.beta.isf(tail, seen + 1, np.maximum(trials - seen, 1))
    return np.where(seen == 0, 0.0, low), np.where(seen == trials, 1.0, high)
