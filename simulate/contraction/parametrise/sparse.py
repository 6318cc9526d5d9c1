"""Theorem 1: modules drawn sparse until |W| is stable enough, and then fixed."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from simulate.contraction.form import Weights
from simulate.contraction.metric import Diagonal, Metric
from simulate.contraction.parametrise.contracting import BadParameters, Contracting, Seed


class NoStableDraw(RuntimeError):
    """None of the matrices drawn fulfilled Theorem 1."""


class Fixed(Contracting):
    """Weights that are not trained, with a diagonal metric and a rate already known."""

    fixed_weights: Weights
    entries: Float[Array, " units"]
    fixed_rate: Float[Array, ""]

    @override
    def weights(self) -> Weights:
        return jax.lax.stop_gradient(self.fixed_weights)

    @override
    def metric(self) -> Metric:
        return Diagonal(jax.lax.stop_gradient(self.entries))

    @override
    def rate(self) -> Float[Array, ""]:
        return jax.lax.stop_gradient(self.fixed_rate)


@dataclass(frozen=True)
class SparseModules:
    """How a module is drawn: each entry present with probability `density`, then uniform in [-magnitude, magnitude];
    drawn again, at most `draws` times, until A = g |W|, with negative diagonal entries of W set to 0, has a spectral
    radius below 1 (RNNs of RNNs, Theorem 1).
    """

    units: int
    density: float = 0.033
    magnitude: float = 1.0
    slope: float = 1.0
    draws: int = 1000

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn.

        Raises:
            BadParameters: naming the ranges.
        """
        if not (0 <= self.density <= 1 and self.magnitude >= 0 and self.slope > 0 and self.units > 0):
            raise BadParameters(
                "give a density from 0 to 1, a magnitude of at least 0, a positive slope and at least one unit"
            )

    def draw(self, seed: Seed) -> Fixed:
        """One module, with its metric diag(l / r).

        Raises:
            NoStableDraw: if all draws fail.
        """
        random = np.random.default_rng(seed)
        shape = (self.units, self.units)
        for _ in range(self.draws):
            present = random.random(shape) < self.density
            weights = np.where(present, random.uniform(-self.magnitude, self.magnitude, shape), 0.0)
            if spectral_radius(weights, self.slope) < 1:
                return with_perron_metric(weights, self.slope)
        raise NoStableDraw(
            f"none of {self.draws} draws of {self.units} units at density {self.density} and magnitude "
            f"{self.magnitude} is stable: lower density or magnitude"
        )


def majorant(weights: Float[np.ndarray, "units units"], slope: float) -> Float[np.ndarray, "units units"]:
    """A = g |W|, negative diagonal entries of W set to 0."""
    return slope * (np.abs(weights) - np.diag(np.where(np.diag(weights) < 0, -np.diag(weights), 0.0)))


def spectral_radius(weights: Float[np.ndarray, "units units"], slope: float) -> float:
    """Of the majorant."""
    return float(np.abs(np.linalg.eigvals(majorant(weights, slope))).max())


def with_perron_metric(weights: Float[np.ndarray, "units units"], slope: float) -> Fixed:
    """Weights of Theorem 1 with the metric diag(l / r), r = (1 - A)^-1 1 and l = (1 - A^T)^-1 1, which reducible
    matrices have too, and the rate in it: minus the logarithmic norm of A - 1.

    Raises:
        NoStableDraw: if the spectral radius of A is not below 1.
    """
    if spectral_radius(weights, slope) >= 1:
        raise NoStableDraw("the spectral radius of g |W| is not below 1: scale the weights down")
    rest = np.eye(len(weights)) - majorant(weights, slope)
    one = np.ones(len(weights))
    entries = np.linalg.solve(rest.T, one) / np.linalg.solve(rest, one)
    root = np.sqrt(entries)
    moved = root[:, None] * rest / root
    rate = np.linalg.eigvalsh((moved + moved.T) / 2)[0]
    return Fixed(jnp.asarray(weights), jnp.asarray(entries), jnp.asarray(rate))
