"""Where the networks start: named distributions of initial parameters.

The counts of a trained population depend on the distribution a good deal, so each is a named object.
Numbers are drawn in JAX's default precision and then rounded: float32 and float64 runs start from the same
networks.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray
from typing_extensions import override

from simulate.cells.rank_one import RankOne
from simulate.cells.rank_r import RankR

Vector = Float[Array, " neurons"]


def _gaussian(key: PRNGKeyArray, shape: tuple[int, ...], neurons: int, dtype: jnp.dtype) -> Float[Array, "..."]:
    return (jax.random.normal(key, shape) / neurons**0.5).astype(dtype)


def _numbers(dtype: jnp.dtype, *values: float) -> tuple[Float[Array, ""], ...]:
    return tuple(jnp.asarray(value, dtype) for value in values)


@dataclass(frozen=True)
class RankOneInitial(ABC):
    """Rank one: how the vectors m, n and b are drawn is the subclass's; all neurons start at the activity `start`."""

    neurons: int = 100
    confidence: float = 10.0
    threshold: float = 1.0
    start: float = -0.3

    @abstractmethod
    def vectors(self, key: PRNGKeyArray, dtype: jnp.dtype) -> tuple[Vector, Vector, Vector]:
        """m, n and b of one network."""

    def draw(self, key: PRNGKeyArray, dtype: jnp.dtype) -> RankOne:
        """One network."""
        numbers = _numbers(dtype, self.confidence, self.threshold, self.start)
        return RankOne(*self.vectors(key, dtype), *numbers)


@dataclass(frozen=True)
class ZeroBias(RankOneInitial):
    """Rank one; m and n independent with entries N(0, 1/N), b = 0, all neurons starting at -0.3: the paper's code.

    >>> ZeroBias(neurons=10).draw(jax.random.key(0), jnp.dtype("float32")).m.shape
    (10,)
    """

    @override
    def vectors(self, key: PRNGKeyArray, dtype: jnp.dtype) -> tuple[Vector, Vector, Vector]:
        m, n = _gaussian(key, (2, self.neurons), self.neurons, dtype)
        return m, n, jnp.zeros_like(m)


@dataclass(frozen=True)
class GaussianBias(RankOneInitial):
    """Rank one; m, n and b all independent with entries N(0, 1/N).

    >>> GaussianBias(neurons=10).draw(jax.random.key(0), jnp.dtype("float32")).m.shape
    (10,)
    """

    @override
    def vectors(self, key: PRNGKeyArray, dtype: jnp.dtype) -> tuple[Vector, Vector, Vector]:
        m, n, b = _gaussian(key, (3, self.neurons), self.neurons, dtype)
        return m, n, b


@dataclass(frozen=True)
class RankRZeroBias:
    """Rank R with a trained affine readout: `left`, `right` and readout weights N(0, 1/N), both biases zero.

    The paper does not state its choice for Fig. S2; this extends `ZeroBias` entry by entry.

    >>> RankRZeroBias(rank=2, neurons=10).draw(jax.random.key(0), jnp.dtype("float32")).left.shape
    (10, 2)
    """

    rank: int = 1
    neurons: int = 100
    start: float = -0.3

    def draw(self, key: PRNGKeyArray, dtype: jnp.dtype) -> RankR:
        """One network."""
        drawn = _gaussian(key, (2 * self.rank + 1, self.neurons), self.neurons, dtype)
        left, right, weights = drawn[: self.rank].T, drawn[self.rank : 2 * self.rank], drawn[-1]
        return RankR(left, right, jnp.zeros_like(weights), weights, *_numbers(dtype, 0.0, self.start))


Initial = RankOneInitial | RankRZeroBias


def draw_networks(initial: Initial, networks: int, seed: int, dtype: jnp.dtype) -> RankOne | RankR:
    """A population: every array with a leading axis of length `networks`.

    Network i depends on the seed and on i alone, so a small population is the beginning of a large one.

    >>> draw_networks(ZeroBias(neurons=10), networks=3, seed=0, dtype=jnp.dtype("float32")).m.shape
    (3, 10)
    """
    keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(jax.random.key(seed), jnp.arange(networks))
    return jax.vmap(lambda key: initial.draw(key, dtype))(keys)
