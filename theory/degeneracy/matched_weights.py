"""How far apart the weights of two low-rank networks of N normal rows are, units matched, at the overlaps they have.

The squared distance is that of the best coupling of their overlaps (`coupling`) and a random matching beyond it
(`matching_law`, with its next terms where `matching_terms` has them). As the overlaps are given, what matched samples
pay for covariances that differ by chance (`linear_modes`) is no part of it: among networks that are drawn overlaps
spread, and bring it back. The best of a network's copies is taken (`matching_copies`): of u and v as they are or
negated, and where W has turned copies of these. Of rank two W that nearly has them saves more than two signs do, and
less than a circle: that is left out.

Rows that training has moved linearly are normal still, of the covariance that is left.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from theory.degeneracy.coupling import Coupling, coupled, has_turned_copies
from theory.degeneracy.matching_copies import best_of_turned, best_of_two_signs
from theory.degeneracy.matching_law import NoLaw
from theory.degeneracy.matching_terms import gap_with_next_terms, leading_gap, linear_modes, of_a_product, terms_hold
from theory.overlaps import Shape

NO_VARIANCE = 1e-12
"""Relative to the largest, below which a variance is rounding."""


@dataclass(frozen=True)
class MatchedWeights:
    """The distance of the best coupling, what matching adds to its square, and whether that is a leading term alone.

    >>> MatchedWeights(3.0, 16.0, leading_alone=False).distance
    5.0
    """

    limit: float
    beyond: float
    leading_alone: bool

    @property
    def distance(self) -> float:
        """Of both: the root mean square over pairs of networks."""
        return float(np.sqrt(self.limit**2 + self.beyond))


def matched_weights(first: ArrayLike, second: ArrayLike, neurons: int, shape: Shape | None = None) -> MatchedWeights:
    """What `matched_distance` is made of.

    Raises:
        NoLaw: if the constant of that many dimensions is not known, or rows lie in fewer of them.
        NoOverlaps: see `coupled`.
    """
    shape = Shape() if shape is None else shape
    best = coupled(first, second, shape)
    variances = variances_of(best, shape)
    if not variances[0] > NO_VARIANCE * variances[-1]:
        raise NoLaw("u and v are parallel, or W is zero: rows on a line, of which no law of matching is known here")
    if not terms_hold(variances, neurons):
        return MatchedWeights(best.distance, leading_gap(variances, neurons), leading_alone=True)
    turned = all(has_turned_copies(each, shape) for each in (first, second))
    copies = (
        best_of_turned(variances, neurons, overlaps_given=True) if turned else best_of_two_signs(variances, neurons)
    )
    product = of_a_product(gap_with_next_terms(variances, neurons), overlap_of(best, shape))
    beyond = product - (linear_modes(variances) + copies) / float(neurons)
    return MatchedWeights(best.distance, max(0.0, beyond), leading_alone=False)


def matched_distance(first: ArrayLike, second: ArrayLike, neurons: int, shape: Shape | None = None) -> float:
    """The distance of the weights of two networks of N normal rows up to permutations, from their overlaps.

    With next terms of rank one and two, where they hold; else the leading term alone.

    Raises:
        NoLaw: if the constant of that many dimensions is not known, or rows lie in fewer of them.
        NoOverlaps: see `coupled`.

    >>> import numpy as np
    >>> from theory.degeneracy import matched_distance
    >>> S = np.eye(4)
    >>> round(matched_distance(S, S, 1000), 4)  # the leading term alone is log(1000) / sqrt(2000) = 0.1545
    0.1804
    """
    return matched_weights(first, second, neurons, shape).distance


def variances_of(best: Coupling, shape: Shape) -> Float[np.ndarray, " dimensions"]:
    """Of rows in the coordinates in which their squared distances are those of the weights: the values of B C^T."""
    R = shape.rank
    slopes = np.zeros_like(best.cross)
    slopes[:R, :R], slopes[R:, R:] = best.cross[R:, R:], best.cross[:R, :R]
    return np.sort(np.linalg.eigvals(slopes @ best.cross.T).real)


def overlap_of(best: Coupling, shape: Shape) -> float:
    """tr(C_uu C_vv^T): of W of the first network with that of the second, its units renamed to fit best."""
    R = shape.rank
    return float(np.vdot(best.cross[:R, :R], best.cross[R:, R:]))
