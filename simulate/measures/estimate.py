"""A number about a population, with what each network contributes to it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from simulate.measures.pairwise import Pairs
from simulate.measures.samples import TooFewSamples, WrongShape, finite


@dataclass(frozen=True, eq=False)
class PopulationEstimate:
    """A number about a sample of networks, its standard error, and its pseudo-values, one a network.

    With theta the number and theta_i what it is without network i, the pseudo-value of network i is
    N theta - (N - 1) theta_i (Tukey 1958). Of a mean these are the networks' own values. Of a mean over pairs, or of a
    spread, they stand for the networks as if they were independent: their standard deviation over sqrt(N) is the
    jackknife's standard error. So statistics of independent units may be made of them.

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

        >>> round(PopulationEstimate.of_spread([0.1, 0.2, 0.4, 0.1]).value, 4)
        0.1225
        """
        each = finite(values, ("networks",), "values")
        return PopulationEstimate.leaving_out(float(each.std()), [np.delete(each, i).std() for i in range(len(each))])

    @staticmethod
    def over_pairs(pairs: Pairs | ArrayLike) -> "PopulationEstimate":
        """The mean over pairs of networks; the diagonal is not read.

        >>> found = PopulationEstimate.over_pairs([[0, 1, 2], [1, 0, 3], [2, 3, 0]])
        >>> found.value, found.each.tolist()
        (2.0, [0.0, 2.0, 4.0])
        """
        matrix = finite(pairs.value if isinstance(pairs, Pairs) else pairs, ("networks", "networks"), "pairs")
        if matrix.shape[0] != matrix.shape[1]:
            raise WrongShape(f"a matrix of pairs of shape {matrix.shape}: give a square one, symmetric")
        count = len(matrix)
        if count < 3:
            raise TooFewSamples(f"{count} networks: leaving one out needs three or more")
        off = matrix - np.diag(np.diagonal(matrix))
        mean = off.sum() / (count * (count - 1))
        return PopulationEstimate.leaving_out(mean, (off.sum() - 2 * off.sum(axis=1)) / ((count - 1) * (count - 2)))
