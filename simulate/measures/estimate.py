"""A number about a population, with what each network contributes to it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from simulate.measures.pairwise import Pairs, matrix_of_pairs
from simulate.measures.samples import TooFewSamples, finite


class NotPositive(ValueError):
    """Numbers of which some are not above zero, where only ratios count."""


@dataclass(frozen=True, eq=False)
class PopulationEstimate:
    """A number about a sample of networks, its standard error, and for tests what `each` network contributes to it.

    With theta the number and theta_i what it is without network i, the pseudo-value of network i is
    N theta - (N - 1) theta_i (Tukey 1958). Of a mean these are the networks' own values. Of a mean over pairs they
    stand for the networks as if they were independent: their standard deviation over sqrt(N) is the jackknife's
    standard error. Of a spread they do not serve: nearly all of them say how large this sample's spread is, and a rank
    test takes that for a difference between populations. There it is how far each network is from the median (Brown &
    Forsythe, J. Am. Stat. Assoc. 69, 364, 1974).

    >>> from simulate.measures import PopulationEstimate
    >>> found = PopulationEstimate.of_mean([1.0, 2.0, 3.0])
    >>> found.value, round(found.standard_error, 4), found.each.tolist()
    (2.0, 0.5774, [1.0, 2.0, 3.0])
    """

    value: float
    standard_error: float
    each: Float[np.ndarray, " networks"]

    @staticmethod
    def leaving_out(value: float, without: ArrayLike) -> "PopulationEstimate":
        """From the number, and what it is without each of the networks.

        Raises:
            TooFewSamples: with fewer than three networks.
        """
        left = finite(without, ("networks",), "values without each network")
        count = len(left)
        if count < 3:
            raise TooFewSamples(f"{count} networks: leaving one out needs three or more")
        error = np.sqrt((count - 1) / count * ((left - left.mean()) ** 2).sum())
        return PopulationEstimate(float(value), float(error), count * value - (count - 1) * left)

    @staticmethod
    def of_mean(values: ArrayLike) -> "PopulationEstimate":
        """The mean over networks."""
        each = finite(values, ("networks",), "values")
        return PopulationEstimate.leaving_out(float(each.mean()), (each.sum() - each) / max(len(each) - 1, 1))

    @staticmethod
    def of_spread(values: ArrayLike) -> "PopulationEstimate":
        """The standard deviation over networks; of losses out of distribution, their "behavioural degeneracy".

        As Huang et al. define that (2025, section 2.3.1) the mean of squares is over N, not N - 1: of these networks,
        not an estimate for others.

        >>> found = PopulationEstimate.of_spread([0.1, 0.2, 0.4, 0.1])
        >>> round(found.value, 4), found.each.round(2).tolist()
        (0.1225, [0.05, 0.05, 0.25, 0.05])
        """
        each = finite(values, ("networks",), "values")
        found = PopulationEstimate.leaving_out(float(each.std()), [rest.std() for rest in _without(each)])
        return replace(found, each=np.abs(each - np.median(each)))

    @staticmethod
    def of_relative_spread(values: ArrayLike) -> "PopulationEstimate":
        """The standard deviation over networks, over the mean: the coefficient of variation of positive numbers.

        >>> round(PopulationEstimate.of_relative_spread([0.1, 0.2, 0.4, 0.1]).value, 4)
        0.6124

        Raises:
            NotPositive: if a value is not above zero.
        """
        each = finite(values, ("networks",), "values")
        if not (each > 0).all():
            raise NotPositive("values of zero or less have no spread relative to their mean: give positive ones")
        without = [rest.std() / rest.mean() for rest in _without(each)]
        found = PopulationEstimate.leaving_out(float(each.std() / each.mean()), without)
        return replace(found, each=np.abs(each - np.median(each)) / each.mean())

    @staticmethod
    def over_pairs(pairs: Pairs | ArrayLike) -> "PopulationEstimate":
        """The mean over pairs of networks, with an error that knows that pairs share their members.

        Let theta be the mean over all N (N - 1) / 2 pairs and m_i the mean over the N - 1 pairs of network i. Without
        network i the mean is theta_i = theta + 2 (theta - m_i) / (N - 2), since the sum loses (N - 1) m_i. The theta_i
        average to theta: there is no bias to correct. The jackknife's variance, (N - 1) / N times the sum of
        (theta_i - theta)^2, is

            4 (N - 1) / (N (N - 2)^2) * sum over i of (m_i - theta)^2.

        On average it is not too small (Efron & Stein, Annals of Statistics 9, 586, 1981). A pair's distance is
        g(x) + g(y) + the rest to first order, so this is four times the variance of g over N, where pairs taken for
        independent would have (2 var g + the rest) / (N (N - 1) / 2), which is too small by a factor of order N.

        Arguments:
            pairs: what `pairwise` returns, or any symmetric matrix of values; the diagonal is not read.

        Raises:
            TooFewSamples: with fewer than three networks.
            WrongShape, NotFinite: if the matrix is not square and symmetric; if it has NaN or infinity.

        >>> import numpy as np
        >>> from simulate.measures import PopulationEstimate, pairwise
        >>> points = np.random.default_rng(0).normal(size=50)
        >>> pairs = pairwise(lambda a, b: abs(a - b), points)
        >>> found = PopulationEstimate.over_pairs(pairs)
        >>> as_independent = pairs.each.std() / len(pairs.each) ** 0.5
        >>> round(found.value, 2), round(found.standard_error, 2), round(float(as_independent), 3)
        (1.05, 0.1, 0.022)
        """
        matrix = matrix_of_pairs(pairs)
        count = len(matrix)
        if count < 3:
            raise TooFewSamples(f"{count} networks: leaving one out needs three or more")
        off = matrix - np.diag(np.diagonal(matrix))
        mean = off.sum() / (count * (count - 1))
        return PopulationEstimate.leaving_out(mean, (off.sum() - 2 * off.sum(axis=1)) / ((count - 1) * (count - 2)))


def _without(each: Float[np.ndarray, " networks"]) -> Iterator[Float[np.ndarray, " others"]]:
    """The values of all but one, for each."""
    return (np.delete(each, i) for i in range(len(each)))
