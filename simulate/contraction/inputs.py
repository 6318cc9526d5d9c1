"""Inputs as functions of time."""

from abc import abstractmethod
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key
from typing_extensions import override


class Drive(eqx.Module):
    """u(t) for every unit."""

    @abstractmethod
    def __call__(self, time: Float[Array, ""]) -> Float[Array, " units"]:
        """The input at a time."""


class Constant(Drive):
    """u(t) = level at all times.

    >>> Constant(jnp.array([1.0, 2.0]))(jnp.asarray(3.0)).tolist()
    [1.0, 2.0]
    """

    level: Float[Array, " units"]

    @override
    def __call__(self, time: Float[Array, ""]) -> Float[Array, " units"]:
        return self.level


class Sinusoids(Drive):
    """level + sum_k amplitude_k sin(frequency_k t + phase_k), each unit with waves of its own; angular frequencies."""

    level: Float[Array, " units"]
    amplitudes: Float[Array, "units waves"]
    frequencies: Float[Array, "units waves"]
    phases: Float[Array, "units waves"]

    @override
    def __call__(self, time: Float[Array, ""]) -> Float[Array, " units"]:
        return self.level + jnp.sum(self.amplitudes * jnp.sin(self.frequencies * time + self.phases), axis=-1)


@dataclass(frozen=True)
class RandomSinusoids:
    """How sinusoids are drawn: levels and amplitudes Gaussian of size `amplitude`, phases uniform, angular
    frequencies log-uniform from `slowest` to `fastest`.

    >>> RandomSinusoids(waves=2).draw(jax.random.key(0), units=5)(jnp.asarray(0.5)).shape
    (5,)
    """

    waves: int = 3
    amplitude: float = 1.0
    slowest: float = 0.1
    fastest: float = 10.0

    def draw(self, key: Key[Array, ""], units: int) -> Sinusoids:
        """One input. Under `vmap` over keys: many."""
        keys = jax.random.split(key, 4)
        shape = (units, self.waves)
        return Sinusoids(
            level=self.amplitude * jax.random.normal(keys[0], (units,)),
            amplitudes=self.amplitude * jax.random.normal(keys[1], shape) / self.waves**0.5,
            frequencies=self.slowest * (self.fastest / self.slowest) ** jax.random.uniform(keys[2], shape),
            phases=2 * jnp.pi * jax.random.uniform(keys[3], shape),
        )
