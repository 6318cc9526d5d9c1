"""When the Gaussian closure can be trusted: a forecast of its error that takes no training of any network.

With rows of covariance Sigma the true loss falls faster than the closure's by <|r|^2>, the mean square of the part of a
neuron's gradient that is not linear in its row (`theory.overlaps.closure.short_time`). Along the closure's own path
Sigma(t),

    hidden = integral of <|r|^2> dt / initial loss

is the share of the loss that learning removes in ways the closure does not know. It stops growing when the closure has
learned. The closure's relative error is forecast as FACTOR hidden, within a factor of SPREAD: the median of
error / hidden, and two standard deviations of its logarithm, over 26 trainings of 150 epochs (erf and tanh; random,
filter and flip-flop tasks; rank one and two; gains from 0.5 to 1.5). `python -m validate.overlaps.fitted_tasks` trains
them and fits: 2.05 +- 0.3 and 2.9 +- 0.5. `python -m validate.overlaps` judges the forecast on tasks it was not fitted
on. For ReLU the error is far below the forecast.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from jaxtyping import Float, Int

from theory.overlaps.closure.potential import Trials
from theory.overlaps.closure.short_time import gradient_parts
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import Nonlinearity

FACTOR = 2.1
SPREAD = 3.0


class BadTolerance(ValueError):
    """A tolerance is a positive relative error."""


class Trustworthiness(Enum):
    """What the forecast says about a tolerance."""

    TRUSTED = "the closure's error stays below the tolerance"
    DOUBTFUL = "the closure's error is about the tolerance: train at infinite width as well"
    NOT_TRUSTED = "the closure's error exceeds the tolerance: train at infinite width instead"


@dataclass(frozen=True)
class Trust:
    """A forecast of |Sigma_closure - Sigma_true| / |Sigma_true - Sigma_start| at the end of training.

    `hidden` is the share of the initial loss removed in ways the closure does not know; the verdict compares the band
    from `low` to `high` about the forecast `error` with the tolerance.
    """

    verdict: Trustworthiness
    hidden: float

    @property
    def error(self) -> float:
        """The forecast."""
        return FACTOR * self.hidden

    @property
    def low(self) -> float:
        """The forecast over SPREAD."""
        return self.error / SPREAD

    @property
    def high(self) -> float:
        """The forecast times SPREAD."""
        return self.error * SPREAD


@dataclass(frozen=True)
class ClosurePath:
    """The overlaps that the closure takes, at times counted in the rate times epochs; `checkpoints` are enough."""

    sigma: Float[np.ndarray, "points d d"]
    times: Float[np.ndarray, " points"]


@dataclass(frozen=True)
class NormalNodes:
    """A quadrature rule for the standard normal distribution in d dimensions; the shares sum to 1."""

    points: Float[np.ndarray, "nodes d"]
    share: Float[np.ndarray, " nodes"]


def checkpoints(epochs: int) -> Int[np.ndarray, " points"]:
    """The epochs at which to look at the closure: 0, 1, 2, 4, ... and the last, as most is learned early."""
    doubled = 2 ** np.arange(max(epochs, 1).bit_length())
    return np.unique(np.concatenate([[0], doubled[doubled < epochs], [epochs]]))


def trust(
    shape: Shape,
    nonlinearity: Nonlinearity,
    trials: Trials,
    path: ClosurePath,
    nodes: NormalNodes,
    *,
    tolerance: float = 0.1,
) -> Trust:
    """Whether the closure can be trusted along its own path, on a task that shows the same trials in every epoch.

    Raises:
        BadTolerance: if the tolerance is not positive.
    """
    if not tolerance > 0:
        raise BadTolerance(f"a tolerance of {tolerance}: give a positive relative error, as 0.1")
    excess, loss = [], []
    for sigma in path.sigma:
        theta = nodes.points @ _square_root(sigma)
        parts = gradient_parts(shape, nonlinearity, trials, theta, nodes.share)
        excess.append(float(nodes.share @ np.sum(parts.rest**2, axis=1)))
        loss.append(parts.loss)
    hidden = float(np.trapezoid(excess, path.times)) / loss[0] if loss[0] > 0 else 0.0
    error = FACTOR * hidden
    if error * SPREAD <= tolerance:
        return Trust(Trustworthiness.TRUSTED, hidden)
    return Trust(Trustworthiness.DOUBTFUL if error / SPREAD <= tolerance else Trustworthiness.NOT_TRUSTED, hidden)


def _square_root(sigma: Float[np.ndarray, "d d"]) -> np.ndarray:
    values, vectors = np.linalg.eigh(sigma)
    return vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
