"""Centred kernel alignment with linear kernels: do two networks find the same conditions alike?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from simulate.measures.representation import (
    NoVariance,
    RepresentationDistance,
    RepresentationMeasure,
    Samples,
    centred,
    represented,
    require_matched,
    warn_if_few,
)


@dataclass(frozen=True, eq=False)
class Kernel:
    """Activity, centred, its dependence on itself, and by how much what this is the difference of is larger."""

    samples: Samples
    own: float
    cancelled: float


@dataclass(frozen=True)
class LinearCKA(RepresentationMeasure[Kernel]):
    """One less the linear CKA, HSIC(X, Y) / sqrt(HSIC(X, X) HSIC(Y, Y)) (Kornblith et al., ICML 2019).

    `debiased`: by the unbiased estimate of HSIC (Song et al., JMLR 13, 1393, 2012), whose diagonals are left out; it is
    zero on average for unrelated networks, and so may be below zero, but is an inner product of matrices (Szekely and
    Rizzo, 2014), and so never above one: no distance is negative. Biased, it is |Y^T X|^2 / (|X^T X| |Y^T Y|), which
    for n samples of d independent features is about d / (n + d): .2 of 32 samples and 8 features.

    No orthogonal map, shift or scale of either activity changes it. Activities are conditions x units, or trials x
    steps x units, of the same conditions for both networks.

    Raises:
        NotFinite, NotReal, WrongShape, TooFewSamples, NoVariance: on activities that cannot be compared; four samples
            are needed, two if biased. Debiased, conditions that are all as unlike one another (a unit for each) have
            no variance.

    Warns:
        FewerSamplesThanFeatures: if biased and there are no more samples than features.

    >>> import numpy as np
    >>> from simulate.measures import LinearCKA
    >>> X = np.random.default_rng(0).normal(size=(200, 5))
    >>> round(LinearCKA()(X, 3.0 * X[:, ::-1] + 1.0).similarity, 12)
    1.0
    """

    debiased: bool = True

    def prepare(self, item: ArrayLike) -> Kernel:
        """The activity, centred, and its dependence on itself."""
        X = centred(item, 4 if self.debiased else 2)
        own, n, k = self._dependence(X, X), len(X), (X**2).sum(axis=1)
        if own <= 1e-12 * (k @ k):
            raise NoVariance("activity in which any two conditions are as unlike: without bias nothing is left of it")
        apart = (1 + 2 / (n - 2)) * (k @ k) + k.sum() ** 2 / ((n - 1) * (n - 2)) if self.debiased else 0.0
        return Kernel(X, own, float(1 + 2 * apart / own))

    def distance(self, one: Kernel, other: Kernel) -> RepresentationDistance:
        """Between two activities that were prepared."""
        require_matched(one.samples, other.samples)
        X, Y = one.samples, other.samples
        if not self.debiased:
            warn_if_few(len(X), max(X.shape[1], Y.shape[1]), "biased alignment")
        value = float(1 - self._dependence(X, Y) / np.sqrt(one.own * other.own))
        return represented(value, X, Y, size=float(np.sqrt(one.cancelled * other.cancelled)))

    def _dependence(self, X: Samples, Y: Samples) -> float:
        """HSIC, up to a factor that all pairs share; by products of features, so that samples may be many.

        With K = X X^T, k its diagonal, and a bar over matrices without diagonals, the unbiased one is

            tr(K' L') + (1 K' 1)(1 L' 1) / ((n-1)(n-2)) - 2 (1 K' L' 1) / (n-2),

        and X is centred: K 1 = 0, so that K' 1 = -k.
        """
        together = float(((X.T @ Y) ** 2).sum())
        if not self.debiased:
            return together
        n, k, l = len(X), (X**2).sum(axis=1), (Y**2).sum(axis=1)  # noqa: E741
        return float(together - k @ l + k.sum() * l.sum() / ((n - 1) * (n - 2)) - 2 * (k @ l) / (n - 2))
