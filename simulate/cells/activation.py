"""Nonlinearities with bounds on their slopes: 0 <= phi' <= g."""

from abc import abstractmethod
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from simulate.cells import nonlinearity as plain


@dataclass(frozen=True)
class Activation:
    """What a neuron makes of its activity; monotonic, and nowhere steeper than `largest_slope` (g)."""

    @property
    @abstractmethod
    def largest_slope(self) -> float:
        """The least upper bound g of phi'."""

    @abstractmethod
    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """phi(x), element by element."""


@dataclass(frozen=True)
class Relu(Activation):
    """max(x, 0)."""

    @property
    def largest_slope(self) -> float:
        """See `Activation`."""
        return 1.0

    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """See `Activation`."""
        return plain.RELU(x)


@dataclass(frozen=True)
class Tanh(Activation):
    """tanh x."""

    @property
    def largest_slope(self) -> float:
        """See `Activation`."""
        return 1.0

    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """See `Activation`."""
        return plain.TANH(x)


@dataclass(frozen=True)
class Softplus(Activation):
    """log(1 + exp(s x)) / s, a smooth rectifier: relu in the limit of large sharpness s."""

    sharpness: float = 1.0

    @property
    def largest_slope(self) -> float:
        """See `Activation`."""
        return 1.0

    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """See `Activation`."""
        return jax.nn.softplus(self.sharpness * x) / self.sharpness


@dataclass(frozen=True)
class Identity(Activation):
    """x itself: a linear network."""

    @property
    def largest_slope(self) -> float:
        """See `Activation`."""
        return 1.0

    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """See `Activation`."""
        return jnp.asarray(x)


@dataclass(frozen=True)
class Steepened(Activation):
    """phi(gain x): the same, `gain` times as steep."""

    base: Activation
    gain: float

    @property
    def largest_slope(self) -> float:
        """See `Activation`."""
        return self.gain * self.base.largest_slope

    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """See `Activation`."""
        return self.base(self.gain * x)


RELU = Relu()
TANH = Tanh()
SOFTPLUS = Softplus()
IDENTITY = Identity()
