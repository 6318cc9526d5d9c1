"""The mean over pairs, with a standard error that knows that pairs share their members."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from simulate.measures.estimate import PopulationEstimate
from simulate.measures.pairwise import Pairs, all_pairs


@dataclass(frozen=True)
class MeanOverPairs:
    """A mean over all pairs of a sample of `items`, and how far another sample of as many would be off.

    `standard_error` is the jackknife's over items; `naive_error` takes pairs for independent, for comparison only.

    >>> import numpy as np
    >>> from simulate.measures import jackknife, pairwise
    >>> points = np.random.default_rng(0).normal(size=50)
    >>> found = jackknife(pairwise(lambda a, b: abs(a - b), points))
    >>> round(found.value, 2), round(found.standard_error, 2), round(found.naive_error, 3)
    (1.05, 0.1, 0.022)
    """

    value: float
    standard_error: float
    naive_error: float
    items: int


def jackknife(pairs: Pairs | ArrayLike) -> MeanOverPairs:
    """The mean over pairs and its standard error by the delete-one jackknife over items.

    Let theta be the mean over all N (N - 1) / 2 pairs and m_i the mean over the N - 1 pairs of item i. Without item i
    the mean is theta_i = theta + 2 (theta - m_i) / (N - 2), since the sum loses (N - 1) m_i. The theta_i average to
    theta: there is no bias to correct. The jackknife's variance, (N - 1) / N times the sum of (theta_i - theta)^2, is

        4 (N - 1) / (N (N - 2)^2) * sum over i of (m_i - theta)^2.

    On average it is not too small (Efron & Stein, Annals of Statistics 9, 586, 1981). A pair's distance is
    g(x) + g(y) + the rest to first order, so this is four times the variance of g over N, where pairs taken for
    independent would have (2 var g + the rest) / (N (N - 1) / 2), which is too small by a factor of order N.

    Arguments:
        pairs: what `pairwise` returns, or any symmetric matrix of values between items; the diagonal is not read.

    Raises:
        TooFewSamples: with fewer than three items.
        WrongShape, NotFinite: if the matrix is not square; if it has NaN or infinity.

    >>> from simulate.measures import jackknife
    >>> jackknife([[0, 1, 2], [1, 0, 3], [2, 3, 0]]).value
    2.0
    """
    found = PopulationEstimate.over_pairs(pairs)
    values = np.asarray(pairs.value if isinstance(pairs, Pairs) else pairs, float)
    each = values[all_pairs(len(values))]
    naive = float(each.std(ddof=1) / np.sqrt(len(each)))
    return MeanOverPairs(found.value, found.standard_error, naive, len(values))
