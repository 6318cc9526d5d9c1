"""How a distance depends on the number of neurons: a floor, and a part that falls as a power of N.

The mean square distance of random networks from a fixed point obeys floor^2 + C / N + O(N^-2): fluctuations of relative
size N^-1/2 about a mean that is off by O(1/N).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import curve_fit


@dataclass(frozen=True)
class Estimate:
    """A fitted number and its standard error."""

    value: float
    error: float


@dataclass(frozen=True)
class SizeLaw:
    """Distances of networks of several sizes, one row a size, one column a network, and what they fit.

    `floor_square` and `amplitude_square` fit floor^2 + C / N; `exponent` fits C N^(-2 p) without a floor, and
    `free_exponent` and `free_floor_square` fit floor^2 + C N^(-2 p).
    """

    sizes: Float[np.ndarray, " sizes"]
    distances: Float[np.ndarray, "sizes networks"]
    floor_square: Estimate
    amplitude_square: Estimate
    exponent: Estimate
    free_floor_square: Estimate
    free_exponent: Estimate

    @property
    def root_mean_square(self) -> Float[np.ndarray, " sizes"]:
        """Over the networks of each size."""
        return np.sqrt(np.mean(self.distances**2, axis=1))

    @property
    def floor(self) -> Estimate:
        """The floor itself; an estimate of its square below zero counts as zero."""
        value = float(np.sqrt(max(self.floor_square.value, 0.0)))
        return Estimate(value, self.floor_square.error / (2 * value) if value else np.sqrt(self.floor_square.error))


def fit_size_law(sizes: Float[np.ndarray, " sizes"], distances: Float[np.ndarray, "sizes networks"]) -> SizeLaw:
    """Fit the logarithm of the mean square, weighted by its standard error over networks; at least four sizes."""
    square = distances**2
    mean = square.mean(axis=1)
    relative = square.std(axis=1, ddof=1) / np.sqrt(square.shape[1]) / mean
    scaled = sizes / sizes[-1]
    last = mean[-1]

    def both(n: np.ndarray, floor: float, amplitude: float, exponent: float) -> np.ndarray:
        return np.log(np.maximum(floor + amplitude * n ** (-2 * exponent), 1e-12)) + np.log(last)

    def fit(model: object, start: tuple[float, ...]) -> list[Estimate]:
        found, covariance = curve_fit(
            model, scaled, np.log(mean), p0=start, sigma=relative, absolute_sigma=True, maxfev=20_000
        )
        return [Estimate(float(v), float(e)) for v, e in zip(found, np.sqrt(np.diag(covariance)), strict=True)]

    floor, amplitude = fit(lambda n, f, a: both(n, f, a, 0.5), (0.5, 0.5))
    _, exponent = fit(lambda n, a, p: both(n, 0.0, a, p), (1.0, 0.5))
    free_floor, _, free_exponent = fit(both, (floor.value, amplitude.value, 0.5))
    return SizeLaw(
        sizes=sizes,
        distances=distances,
        floor_square=Estimate(floor.value * last, floor.error * last),
        amplitude_square=Estimate(amplitude.value * last * sizes[-1], amplitude.error * last * sizes[-1]),
        exponent=exponent,
        free_floor_square=Estimate(free_floor.value * last, free_floor.error * last),
        free_exponent=free_exponent,
    )
