"""Tangent dynamics x' = J(D(t)) x while the slopes D switch among constant values."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.linalg import expm

from simulate.contraction.metric import Metric
from simulate.contraction.network import System


class BadSwitching(ValueError):
    """Durations or slopes that no switching law has."""


@dataclass(frozen=True)
class SwitchingLaw:
    """Slopes (diagonals of D) and for how long each of them holds; one period, if repeated."""

    durations: Float[np.ndarray, " segments"]
    slopes: Float[np.ndarray, "rows units"]

    def __post_init__(self) -> None:
        """Refuse what is not a switching law.

        Raises:
            BadSwitching: saying what is wrong.
        """
        if self.slopes.ndim != 2 or self.durations.shape != self.slopes.shape[:1] or not len(self.durations):
            raise BadSwitching(
                f"durations {self.durations.shape}, slopes {self.slopes.shape}: give a row of slopes for each duration"
            )
        if not (np.isfinite(self.durations).all() and np.isfinite(self.slopes).all() and self.durations.min() >= 0):
            raise BadSwitching("durations must be finite and at least 0, slopes finite")

    @property
    def period(self) -> float:
        """All durations together."""
        return float(self.durations.sum())

    def merged(self) -> "SwitchingLaw":
        """This law with equal neighbours made one segment and empty ones left out."""
        durations: list[float] = []
        slopes: list[np.ndarray] = []
        for duration, row in zip(self.durations.tolist(), self.slopes, strict=True):
            if duration == 0:
                continue
            if slopes and np.array_equal(slopes[-1], row):
                durations[-1] += duration
            else:
                durations.append(duration)
                slopes.append(row)
        return SwitchingLaw(np.array(durations), np.array(slopes)) if durations else self


def segment_jacobians(system: System, law: SwitchingLaw) -> Float[np.ndarray, "segments units units"]:
    """J(slopes) of each segment."""
    return np.asarray(_jacobians(system, jnp.asarray(law.slopes)))


@eqx.filter_jit
def _jacobians(system: System, slopes: Float[Array, "segments units"]) -> Float[Array, "segments units units"]:
    return jax.vmap(system.jacobian)(slopes)


def segment_maps(
    jacobians: Float[np.ndarray, "segments units units"], durations: Float[np.ndarray, " segments"]
) -> Float[np.ndarray, "segments units units"]:
    """exp(duration J) of each segment."""
    return np.stack([expm(d * jacobian) for d, jacobian in zip(durations.tolist(), jacobians, strict=True)])


def composed(
    maps: Float[np.ndarray, "segments units units"],
) -> tuple[Float[np.ndarray, "units units"], float]:
    """One map after the other, as a matrix of norm 1 and the logarithm of its factor."""
    product, logarithm = np.eye(maps.shape[-1]), 0.0
    for step in maps:
        product = step @ product
        size = float(np.linalg.norm(product))
        if size == 0:  # underflow: everything has died out
            return product, -np.inf
        product, logarithm = product / size, logarithm + np.log(size)
    return product, logarithm


def period_map(system: System, law: SwitchingLaw) -> tuple[Float[np.ndarray, "units units"], float]:
    """The linear map from the start of a period to its end, as `composed` gives it."""
    return composed(segment_maps(segment_jacobians(system, law), law.durations))


def growth_rate(system: System, law: SwitchingLaw) -> float:
    """log(spectral radius of one period) / period: the rate at which the law, repeated for ever, makes x grow."""
    return growth_over(*period_map(system, law), law.period)


def growth_over(product: Float[np.ndarray, "units units"], logarithm: float, period: float) -> float:
    """log(spectral radius) / period of a period's map, the matrix and logarithm that `composed` gives."""
    if logarithm == -np.inf:
        return -np.inf
    with np.errstate(divide="ignore"):
        return float((np.log(np.abs(np.linalg.eigvals(product)).max()) + logarithm) / period)


def period_gain(system: System, law: SwitchingLaw, metric: Metric) -> float:
    """How many times longer, in the metric, the worst start is after one period."""
    factor = np.linalg.cholesky(np.asarray(metric.dense()))
    product, logarithm = period_map(system, law)
    return float(np.linalg.norm(factor.T @ product @ np.linalg.inv(factor.T), 2) * np.exp(logarithm))
