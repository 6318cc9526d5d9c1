"""Where the nonlinearity sits: outside the weights (voltage form) or around them (rate form)."""

from abc import abstractmethod
from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from simulate.cells.activation import Activation

State = Float[Array, "*batch units"]
Given = Float[Array, "*#batch units"]
Weights = Float[Array, "units units"]
Slopes = Float[Array, " units"]


@dataclass(frozen=True)
class Form:
    """One of the two usual ways to write the same kind of network. Which one is always stated, never guessed."""

    @abstractmethod
    def velocity(self, weights: Weights, activation: Activation, x: State, u: Given) -> State:
        """tau x' of a network without links."""

    @abstractmethod
    def jacobian(self, weights: Weights, slopes: Slopes) -> Weights:
        """tau dx'/dx at these slopes of the units' nonlinearities; affine in the slopes."""

    @abstractmethod
    def tangent(self, weights: Weights, slopes: Slopes, x: State) -> State:
        """The Jacobian times x, row by row, without forming it."""


class Voltage(Form):
    """tau x' = -x + W phi(x) + u; Jacobian -1 + W D."""

    @override
    def velocity(self, weights: Weights, activation: Activation, x: State, u: Given) -> State:
        return -x + activation(x) @ weights.T + u

    @override
    def jacobian(self, weights: Weights, slopes: Slopes) -> Weights:
        return weights * slopes[None, :] - jnp.eye(len(weights), dtype=weights.dtype)

    @override
    def tangent(self, weights: Weights, slopes: Slopes, x: State) -> State:
        return -x + (slopes * x) @ weights.T


class Rate(Form):
    """tau x' = -x + phi(W x + u); Jacobian -1 + D W."""

    @override
    def velocity(self, weights: Weights, activation: Activation, x: State, u: Given) -> State:
        return -x + activation(x @ weights.T + u)

    @override
    def jacobian(self, weights: Weights, slopes: Slopes) -> Weights:
        return slopes[:, None] * weights - jnp.eye(len(weights), dtype=weights.dtype)

    @override
    def tangent(self, weights: Weights, slopes: Slopes, x: State) -> State:
        return -x + slopes * (x @ weights.T)


VOLTAGE = Voltage()
RATE = Rate()
