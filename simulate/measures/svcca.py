"""Singular vector canonical correlation analysis: how well the main directions of two activities predict each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from simulate.measures.representation import (
    RepresentationDistance,
    RepresentationMeasure,
    Samples,
    centred,
    represented,
    require_matched,
    warn_if_few,
)


class NoShare(ValueError):
    """A share of the variance that is not in (0, 1]."""


@dataclass(frozen=True)
class SVCCA(RepresentationMeasure[Samples]):
    """One less the mean canonical correlation of two networks' main directions (Raghu et al., NeurIPS 2017).

    Of each activity, centred, the fewest singular directions that hold `variance` of the variance are kept; the mean is
    over as many canonical correlations as the smaller of the two has directions. With `variance=1` this is CCA and no
    invertible map of either activity changes it; otherwise only orthogonal maps, shifts and scales do not.

    Activities are conditions x units, or trials x steps x units, of the same conditions for both networks.

    Raises:
        NoShare: if `variance` is not in (0, 1].
        NotFinite, NotReal, WrongShape, TooFewSamples, NoVariance: on activities that cannot be compared.

    Warns:
        FewerSamplesThanFeatures: if there are no more samples than directions of both: some correlations are one then.

    >>> import numpy as np
    >>> from simulate.measures import SVCCA
    >>> X = np.random.default_rng(0).normal(size=(200, 5))
    >>> round(SVCCA()(X, 3.0 * X[:, ::-1] + 1.0).similarity, 12)
    1.0
    """

    variance: float = 0.95

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        if not 0 < self.variance <= 1:
            raise NoShare(f"variance={self.variance}: give a share of the variance above 0, 1 for all of it")

    def prepare(self, item: ArrayLike) -> Samples:
        """An orthonormal basis of the kept directions, samples x directions."""
        X = centred(item)
        U, s, _ = np.linalg.svd(X, full_matrices=False)
        there = s > s[0] * max(X.shape) * np.finfo(np.float64).eps
        held = np.cumsum(s[there] ** 2) / (s[there] ** 2).sum()
        kept = min(int(np.searchsorted(held, self.variance * (1 - 1e-12))) + 1, len(held))
        return np.ascontiguousarray(U[:, :kept])

    def distance(self, one: Samples, other: Samples) -> RepresentationDistance:
        """Between two activities that were prepared."""
        require_matched(one, other)
        warn_if_few(len(one) - 1, one.shape[1] + other.shape[1], "canonical correlations")
        correlations = np.linalg.svd(one.T @ other, compute_uv=False)
        return represented(float(np.maximum(1 - correlations, 0.0).mean()), one, other)
