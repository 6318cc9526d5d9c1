"""Shape distance: how far two activities stay apart once one is turned, shifted and scaled onto the other."""

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


@dataclass(frozen=True)
class Procrustes(RepresentationMeasure[Samples]):
    """The distance of two shapes: activities less their mean, of norm one, up to all of O(n).

    Angular: arccos of the nuclear norm of X^T Y, between 0 and pi / 2. Otherwise Euclidean, min |X - Y Q|, which is
    2 sin(angle / 2). Both obey the triangle inequality (Williams et al., NeurIPS 2021). Where widths differ, the
    narrower activity is taken for one with silent units.

    Activities are conditions x units, or trials x steps x units, of the same conditions for both networks.

    Raises:
        NotFinite, NotReal, WrongShape, TooFewSamples, NoVariance: on activities that cannot be compared.

    Warns:
        FewerSamplesThanFeatures: if there are no more samples than features.

    >>> import numpy as np
    >>> from simulate.measures import Procrustes
    >>> X = np.random.default_rng(0).normal(size=(200, 5))
    >>> Procrustes()(X, 3.0 * X[:, ::-1] + 1.0).value < 1e-12
    True
    """

    angular: bool = True

    def prepare(self, item: ArrayLike) -> Samples:
        """The shape."""
        X = centred(item)
        shape: Samples = X / np.linalg.norm(X)
        return shape

    def distance(self, one: Samples, other: Samples) -> RepresentationDistance:
        """Between two activities that were prepared."""
        require_matched(one, other)
        warn_if_few(len(one), max(one.shape[1], other.shape[1]), "shapes")
        U, s, V = np.linalg.svd(one.T @ other, full_matrices=False)
        X, Y = one @ U, other @ V.T
        # Not by the nuclear norm: near zero its rounding, 1e-16, would be a distance of 1e-8.
        apart = float(np.hypot(np.linalg.norm(X - Y), np.hypot(_left_over(one, X, U), _left_over(other, Y, V.T))))
        value = 2 * float(np.arcsin(min(apart / 2, 1.0))) if self.angular else apart
        # A direction with the singular value s_k is known to eps s_0 / s_k, and weighs sqrt(s_k) in shapes that agree.
        known = s[s > max(len(one), s.size) * np.finfo(np.float64).eps * s[0]]
        return represented(value, one, other, size=float(1 + s[0] / np.sqrt(known[-1])) if s[0] > 0 else 1.0)


def _left_over(whole: Samples, part: Samples, basis: np.ndarray) -> float:
    """The norm of what is outside a part of the features; nothing where the part is all of them."""
    return float(np.linalg.norm(whole - part @ basis.T)) if basis.shape[0] > basis.shape[1] else 0.0
