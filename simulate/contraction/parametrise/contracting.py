"""What all parametrisations have in common: weights, a metric, and a rate that they cannot fall below."""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from simulate.contraction.form import Weights
from simulate.contraction.metric import Metric

Seed = int | tuple[int, ...]
FLOOR = 1e-6
"""Added to what must be positive."""


class BadParameters(ValueError):
    """Parameters outside the range of a parametrisation."""


class Contracting(eqx.Module):
    """Weights that contract in a metric, in units of 1/tau, for every value of the unconstrained parameters.

    True of the formulas; rounding leaves a residual, so what was trained is to be certified at the numbers that run.
    """

    @abstractmethod
    def weights(self) -> Weights:
        """W."""

    @abstractmethod
    def metric(self) -> Metric:
        """The metric that W contracts in."""

    @abstractmethod
    def rate(self) -> Float[Array, ""]:
        """A lower bound of the contraction rate in that metric."""


def positive(root: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """root^2 and a little more."""
    return root**2 + FLOOR


def gram(factor: Float[Array, "rows units"]) -> Weights:
    """E^T E and a little more: positive definite."""
    return factor.T @ factor + FLOOR * jnp.eye(factor.shape[1], dtype=factor.dtype)
