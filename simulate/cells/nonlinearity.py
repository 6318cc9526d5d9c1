"""The nonlinearities of the networks, written by hand."""

from abc import abstractmethod
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.cells.error_function import erf


@dataclass(frozen=True)
class Nonlinearity:
    """What a neuron makes of its activity; one function for all neurons.

    >>> TANH.name, TANH.odd, float(RELU(jnp.asarray(-1.0)))
    ('tanh', True, 0.0)
    """

    name: str
    odd: bool
    """Whether phi(-x) = -phi(x)."""
    smooth: bool
    """Whether phi has all derivatives."""

    @abstractmethod
    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """phi(x), element by element."""


class _Linear(Nonlinearity):
    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        return x


class _Erf(Nonlinearity):
    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        return erf(np.sqrt(np.pi).item() / 2 * x)


class _Tanh(Nonlinearity):
    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        return jnp.tanh(x)


class _Relu(Nonlinearity):
    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        return jax.nn.relu(x)


LINEAR = _Linear("linear", odd=True, smooth=True)
ERF = _Erf("erf", odd=True, smooth=True)
TANH = _Tanh("tanh", odd=True, smooth=True)
RELU = _Relu("relu", odd=False, smooth=False)
NONLINEARITIES = {each.name: each for each in (LINEAR, ERF, TANH, RELU)}
