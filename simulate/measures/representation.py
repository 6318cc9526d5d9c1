"""What two networks' activities must be to be compared: of the same conditions, centred, and not constant."""

import warnings
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from simulate.measures.measure import Distance, Measure, beyond_rounding, rounding_of_sums
from simulate.measures.samples import FewerSamplesThanFeatures, TooFewSamples, WrongShape, finite

Prepared = TypeVar("Prepared")
Samples = Float[np.ndarray, "_ _"]  # samples x features, of each network its own


class NoVariance(ValueError):
    """Activity that is the same under all conditions has no representation to compare."""


@dataclass(frozen=True)
class RepresentationDistance(Distance):
    """A distance of representations, with what it was computed from.

    Attributes:
        samples: conditions, of which both networks' activities were given.
        features: dimensions of the two that were compared.

    >>> RepresentationDistance(value=0.25, lower=0.25, samples=100, features=(8, 6)).similarity
    0.75
    """

    samples: int = 0
    features: tuple[int, int] = (0, 0)

    @property
    def similarity(self) -> float:
        """One less the value: what SVCCA and CKA call similarity."""
        return 1 - self.value


class RepresentationMeasure(Measure[ArrayLike, Prepared]):
    """Base of measures of two networks' activity under the same conditions, which compare one pair after another."""

    @abstractmethod
    def distance(self, one: Prepared, other: Prepared) -> RepresentationDistance:
        """Between two activities that were prepared."""

    def between(self, first: Sequence[Prepared], second: Sequence[Prepared]) -> list[RepresentationDistance]:
        """The distance of each of `first` from its partner in `second`."""
        return [self.distance(one, other) for one, other in zip(first, second, strict=True)]

    def __call__(self, one: ArrayLike, other: ArrayLike) -> RepresentationDistance:
        """The distance between two activities."""
        return self.distance(self.prepare(one), self.prepare(other))


def centred(activity: ArrayLike, least: int = 2) -> Samples:
    """Conditions x units less the mean over conditions; of trials x steps x units, every step of a trial is one.

    They come out over a power of two that brings the largest to about one: no measure of representations sees a scale,
    and squares of all that can be written down are finite then, and rounded as ever.

    Raises:
        NotFinite, WrongShape: if the activity is not finite, or has other axes.
        TooFewSamples: if there are fewer than `least` conditions.
        NoVariance: if nothing varies.
    """
    axes = ("trials", "steps", "units") if np.ndim(activity) == 3 else ("samples", "units")
    array = finite(activity, axes, "activity")
    samples = np.ldexp(array, -np.frexp(np.abs(array).max())[1]).reshape(-1, array.shape[-1])
    if len(samples) < least:
        raise TooFewSamples(f"{len(samples)} samples: give at least {least}")
    found: Samples = samples - samples.mean(axis=0)
    if np.abs(found).max() <= 1e-13 * np.abs(samples).max():
        raise NoVariance("activity that does not vary: leave out networks that are silent")
    return found


def require_matched(one: Samples, other: Samples) -> None:
    """Refuse activities of different conditions.

    Raises:
        WrongShape: naming both numbers.
    """
    if len(one) != len(other):
        raise WrongShape(f"{len(one)} and {len(other)} samples: show both networks the same trials")


def represented(value: float, one: Samples, other: Samples, *, size: float = 1.0) -> RepresentationDistance:
    """The distance that was computed of these, but for rounding: of sums over samples and features, of this `size`."""
    features = one.shape[1], other.shape[1]
    found = beyond_rounding(value, rounding_of_sums(len(one) + max(features), size))
    return RepresentationDistance(found, found, samples=len(one), features=features)


def warn_if_few(samples: int, features: int, what: str) -> None:
    """Say so where there are not more samples than features."""
    if samples <= features:
        warnings.warn(
            f"{what} of {features} features from {samples} samples: even unrelated networks look alike; give more",
            FewerSamplesThanFeatures,
            stacklevel=4,
        )
