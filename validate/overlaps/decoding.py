"""Whether a class can be read off from features by a straight line: a linear decoder, tested on other runs."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import binomtest, norm

Features = Float[np.ndarray, "runs features"]
Labels = Bool[np.ndarray, " runs"]

RIDGE = 1e-6
"""In units of each feature's variance: enough to keep the solution finite where features depend on each other."""


@dataclass(frozen=True)
class Decoding:
    """The held-out runs of a decoder: how many there were, and the share it put into the right class."""

    accuracy: float
    trials: int

    def at_least(self, level: float = 0.999) -> float:
        """The lower end of the exact (Clopper-Pearson) interval of the accuracy."""
        right = round(self.accuracy * self.trials)
        return float(binomtest(right, self.trials).proportion_ci(2 * level - 1, method="exact").low)


def decode(features: Features, labels: Labels, rng: np.random.Generator) -> Decoding:
    """Train on a random half of the runs of each class, test on the other: ridge regression of the label.

    The classes have as many runs each, so chance is one half.
    """
    train = np.zeros(len(labels), dtype=bool)
    for which in (False, True):
        members = rng.permutation(np.flatnonzero(labels == which))
        train[members[: len(members) // 2]] = True
    mean, spread = features[train].mean(axis=0), features[train].std(axis=0) + 1e-300
    scaled = (features - mean) / spread
    known, wanted = scaled[train], 2.0 * labels[train] - 1
    weights = np.linalg.solve(known.T @ known + RIDGE * len(known) * np.eye(known.shape[1]), known.T @ wanted)
    right = (scaled[~train] @ weights > 0) == labels[~train]
    return Decoding(float(right.mean()), int((~train).sum()))


def expected_accuracy(distance: Float[np.ndarray, "*cases"], features: int, known: int) -> Float[np.ndarray, "*cases"]:
    """The accuracy of `decode` on average over samples, for two normal classes of one covariance.

    `distance` is that of their means in the metric of the covariance. With the classes known, it is Phi(distance / 2);
    from `known` runs, an error in means and covariance comes on top: to leading order in features / known.
    """
    means = 1 + 4 * features / (known * np.maximum(distance, 1e-12) ** 2)
    covariance = known / (known - features)
    return np.asarray(norm.cdf(distance / 2 / np.sqrt(means * covariance)))
