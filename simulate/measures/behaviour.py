"""How differently networks that solve a task behave on trials unlike those they learned from."""

from dataclasses import dataclass

from numpy.typing import ArrayLike

from simulate.measures.estimate import PopulationEstimate
from simulate.measures.samples import TooFewSamples, finite


@dataclass(frozen=True)
class LossSpread:
    """The standard deviation of losses over networks, with the jackknife's standard error over networks.

    >>> from simulate.measures import loss_spread
    >>> loss_spread([1.0, 1.0, 3.0, 3.0]).value
    1.0
    """

    value: float
    standard_error: float
    mean: float
    networks: int


def loss_spread(losses: ArrayLike) -> LossSpread:
    """The standard deviation of out-of-distribution losses, one a converged network: "behavioural degeneracy".

    As Huang et al. define it (2025, section 2.3.1), the mean of squares is over N, not N - 1: for these networks, not
    an estimate for others. The standard error is the delete-one jackknife's: with s_i the value without network i,
    sqrt((N - 1) / N * sum over i of (s_i - mean of s)^2).

    Raises:
        NotFinite, WrongShape: if a loss is not finite; if it is not a list of losses.
        TooFewSamples: with fewer than three networks.

    >>> from simulate.measures import loss_spread
    >>> found = loss_spread([0.1, 0.2, 0.4, 0.1])
    >>> round(found.value, 4), round(found.standard_error, 4)
    (0.1225, 0.0635)
    """
    array = finite(losses, ("networks",), "losses")
    count = len(array)
    if count < 3:
        raise TooFewSamples(f"{count} networks: the jackknife leaves one out and needs a spread still, so give three")
    found = PopulationEstimate.of_spread(array)
    return LossSpread(found.value, found.standard_error, float(array.mean()), count)
