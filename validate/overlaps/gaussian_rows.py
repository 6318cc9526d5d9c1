"""How Gaussian the rows of a network's theta are, on which the roles of its overlaps rest.

Of each column the mean and the excess kurtosis, both zero for Gaussian rows of zero mean, beside what they would be by
chance; of all columns together, whether a mixture of several classes of neurons describes the rows better than one
Gaussian (the Bayesian information criterion).

The kurtosis of a few hundred Gaussian numbers is skewed: beyond 3.9 of its standard errors lies one in 400 and not one
in 10,000. It is judged by a score that is nearly normal (Anscombe and Glynn 1983), and the bound grows with the number
of columns.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

MOST_COLUMNS = 12
"""Columns to which a mixture is fitted, u and v first."""
MOST_CLASSES = 4
ROWS_A_COLUMN = 10
"""Rows that a class needs for each column, at least."""
FEWEST_SCORED = 20
"""Neurons from which on the score of the kurtosis is nearly normal."""
FALSE_ALARMS = 1e-4
"""In so many Gaussian networks, about, some column is called otherwise for its kurtosis; for its mean likewise."""


@dataclass(frozen=True)
class RowStatistics:
    """What the rows are like; numbers by column are NaN for a column that is constant."""

    kurtosis: Float[np.ndarray, " d"]
    """The excess kurtosis of each column, without bias."""
    kurtosis_error: float
    """Its standard error if the rows were Gaussian."""
    kurtosis_score: Float[np.ndarray, " d"]
    """The same as a nearly standard normal number, if the rows were Gaussian; NaN below `FEWEST_SCORED` neurons."""
    mean: Float[np.ndarray, " d"]
    """The mean of each column over the standard error of a mean, s / sqrt(N)."""
    classes: int | None
    """The number of Gaussian classes, up to `MOST_CLASSES`, that describes the rows best; None: too few rows to say."""
    evidence: float | None
    """By how much the criterion prefers them to a single one; 0 where that is the best."""

    @property
    def strayed(self) -> tuple[int, ...]:
        """The columns whose kurtosis is none of Gaussian numbers."""
        return tuple(int(k) for k in np.flatnonzero(np.abs(self.kurtosis_score) > self.bound))

    @property
    def bound(self) -> float:
        """Of a standard normal number for each column, all of them, but for `FALSE_ALARMS`."""
        return float(-ndtri(FALSE_ALARMS / (2 * len(self.kurtosis))))

    @property
    def gaussian(self) -> bool:
        """Whether nothing found speaks against one Gaussian of zero mean."""
        centred = not np.any(np.abs(self.mean) > self.bound)
        return centred and not self.strayed and self.classes in (None, 1)


def row_statistics(theta: Float[np.ndarray, "neurons d"], order: tuple[int, ...], seed: int) -> RowStatistics:
    """Measure the rows. `order` says which columns come first where there are too many for a mixture."""
    neurons, size = theta.shape
    theta = theta / np.maximum(np.abs(theta).max(axis=0), 1e-300)  # neither number depends on the scale
    spread = theta.std(axis=0, ddof=1) if neurons > 1 else np.zeros(size)
    varied = spread > 1e-12
    kurtosis, score, mean = (np.full(size, np.nan) for _ in range(3))
    mean[varied] = theta[:, varied].mean(axis=0) / spread[varied] * np.sqrt(neurons)
    if neurons > 3:
        from scipy.stats import kurtosis as excess

        kurtosis[varied] = excess(theta[:, varied], axis=0, bias=False)
    if neurons >= FEWEST_SCORED and varied.any():
        from scipy.stats import kurtosistest

        score[varied] = kurtosistest(theta[:, varied], axis=0).statistic
    classes, evidence = _mixture(theta[:, [k for k in order if varied[k]][:MOST_COLUMNS]], seed)
    return RowStatistics(kurtosis, _kurtosis_error(neurons), score, mean, classes, evidence)


def _kurtosis_error(neurons: int) -> float:
    """The standard deviation of the excess kurtosis of `neurons` Gaussian numbers (Cramer 1946)."""
    if neurons < 4:
        return np.nan
    skewness = 6 * neurons * (neurons - 1) / ((neurons - 2) * (neurons + 1) * (neurons + 3))
    return float(2 * np.sqrt(skewness * (neurons**2 - 1) / ((neurons - 3) * (neurons + 5))))


def _mixture(columns: Float[np.ndarray, "neurons d"], seed: int) -> tuple[int | None, float | None]:
    """How many classes, and by how much better than one. The columns are whitened: a mixture knows no basis."""
    neurons = len(columns)
    centred = columns - columns.mean(axis=0)
    left, values, _ = np.linalg.svd(centred / np.maximum(centred.std(axis=0), 1e-300), full_matrices=False)
    white = left[:, values > 1e-6 * values.max(initial=0.0)] * np.sqrt(neurons)
    most = min(MOST_CLASSES, neurons // (ROWS_A_COLUMN * max(1, white.shape[1])))
    if white.shape[1] == 0 or most < 2:
        return None, None
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # products this small wait for their threads
        criteria = [
            GaussianMixture(count, n_init=3, random_state=seed, max_iter=300).fit(white).bic(white)
            for count in range(1, most + 1)
        ]
    best = int(np.argmin(criteria))
    return best + 1, float(criteria[0] - criteria[best])
