"""Where the nonlinearity sits: outside the weights (voltage form) or around them (rate form)."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeAlias, runtime_checkable

import jax.numpy as jnp
import jax.scipy as jsp
from jaxtyping import Array, Float
from typing_extensions import override

from simulate.cells.nonlinearity import Nonlinearity

State = Float[Array, "*batch units"]
Given = Float[Array, "*#batch units"]
Weights = Float[Array, "units units"]
Slopes = Float[Array, " units"]


@dataclass(frozen=True)
class Form:
    """One of the two usual ways to write the same kind of network. Which one is always stated, never guessed."""

    name: ClassVar[str]

    @abstractmethod
    def response(self, recurrent: Callable[[State], State], activation: Nonlinearity, x: State, u: Given) -> State:
        """What drives x against its leak: W phi(x) + u or phi(W x + u), where `recurrent` multiplies by W."""

    @abstractmethod
    def euler_scales(self, step: float) -> tuple[float, float]:
        """Factors of W and u, and of `response`, whose joint effect is that of `step`: (step, 1) or (1, step).

        With W and u multiplied beforehand by the first, x <- (1 - step) x + (the second) * response is an Euler step.
        """

    @abstractmethod
    def argument(self, weights: Weights, x: State, u: Given) -> State:
        """What the nonlinearity is applied to, at which its slopes are taken: x or W x + u."""

    @abstractmethod
    def jacobian(self, weights: Weights, slopes: Slopes) -> Weights:
        """tau dx'/dx at these slopes of the units' nonlinearities; affine in the slopes."""

    @abstractmethod
    def tangent(self, weights: Weights, slopes: Slopes, x: State) -> State:
        """The Jacobian times x, row by row, without forming it."""

    @abstractmethod
    def upper_block(self, metric: Weights, multiplier: Slopes, weights: Weights) -> Weights:
        """P W + Q or P + W^T Q: minus the upper right block of the multiplier LMI, for slopes up to one.

        `multiplier` is the diagonal of Q.
        """

    @abstractmethod
    def weights_of(self, block: Weights, metric: Weights, multiplier: Slopes) -> Weights:
        """The W whose `upper_block` is `block`."""

    @abstractmethod
    def product_metric(self, left: Slopes, middle: Weights, right: Slopes) -> Weights:
        """The metric in which W = -diag(left) Q diag(right) contracts at rate one (Theorem 3); Q is `middle`.

        (P1 Q P1)^-1 in voltage and P2 Q P2 in rate form, P1 and P2 being the two diagonal matrices.
        """

    def velocity(self, weights: Weights, activation: Nonlinearity, x: State, u: Given) -> State:
        """tau x' of a network without links."""
        return self.response(lambda y: y @ weights.T, activation, x, u) - x


class Voltage(Form):
    """tau x' = -x + W phi(x) + u; Jacobian -1 + W D.

    >>> import jax.numpy as jnp
    >>> weights, slopes = jnp.ones((2, 2)), jnp.array([0.0, 1.0])
    >>> VOLTAGE.jacobian(weights, slopes).tolist()  # -1 + W D
    [[-1.0, 1.0], [0.0, 0.0]]
    """

    name: ClassVar[str] = "voltage"

    @override
    def response(self, recurrent: Callable[[State], State], activation: Nonlinearity, x: State, u: Given) -> State:
        return recurrent(activation(x)) + u

    @override
    def euler_scales(self, step: float) -> tuple[float, float]:
        return step, 1.0

    @override
    def argument(self, weights: Weights, x: State, u: Given) -> State:
        return x

    @override
    def jacobian(self, weights: Weights, slopes: Slopes) -> Weights:
        return weights * slopes[None, :] - jnp.eye(len(weights), dtype=weights.dtype)

    @override
    def tangent(self, weights: Weights, slopes: Slopes, x: State) -> State:
        return -x + (slopes * x) @ weights.T

    @override
    def upper_block(self, metric: Weights, multiplier: Slopes, weights: Weights) -> Weights:
        return metric @ weights + jnp.diag(multiplier)

    @override
    def weights_of(self, block: Weights, metric: Weights, multiplier: Slopes) -> Weights:
        return jsp.linalg.cho_solve((jnp.linalg.cholesky(metric), True), block - jnp.diag(multiplier))

    @override
    def product_metric(self, left: Slopes, middle: Weights, right: Slopes) -> Weights:
        inverse = jnp.linalg.inv(middle)
        return (inverse + inverse.T) / 2 / left[:, None] / left


class Rate(Form):
    """tau x' = -x + phi(W x + u); Jacobian -1 + D W.

    >>> import jax.numpy as jnp
    >>> weights, slopes = jnp.ones((2, 2)), jnp.array([0.0, 1.0])
    >>> RATE.jacobian(weights, slopes).tolist()  # -1 + D W
    [[-1.0, 0.0], [1.0, 0.0]]
    """

    name: ClassVar[str] = "rate"

    @override
    def response(self, recurrent: Callable[[State], State], activation: Nonlinearity, x: State, u: Given) -> State:
        return activation(recurrent(x) + u)

    @override
    def euler_scales(self, step: float) -> tuple[float, float]:
        return 1.0, step

    @override
    def argument(self, weights: Weights, x: State, u: Given) -> State:
        return x @ weights.T + u

    @override
    def jacobian(self, weights: Weights, slopes: Slopes) -> Weights:
        return slopes[:, None] * weights - jnp.eye(len(weights), dtype=weights.dtype)

    @override
    def tangent(self, weights: Weights, slopes: Slopes, x: State) -> State:
        return -x + slopes * (x @ weights.T)

    @override
    def upper_block(self, metric: Weights, multiplier: Slopes, weights: Weights) -> Weights:
        return metric + weights.T * multiplier

    @override
    def weights_of(self, block: Weights, metric: Weights, multiplier: Slopes) -> Weights:
        return (block - metric).T / multiplier[:, None]

    @override
    def product_metric(self, left: Slopes, middle: Weights, right: Slopes) -> Weights:
        return right[:, None] * middle * right


VOLTAGE = Voltage()
"""x' = -x + W phi(x) + u."""
RATE = Rate()
"""x' = -x + phi(W x + u)."""
FORMS: tuple[Form, ...] = (VOLTAGE, RATE)


@runtime_checkable
class NamedForm(Protocol):
    """A form as the theory has it: known here by its name."""

    @property
    def name(self) -> str:
        """Its name, which means the same everywhere."""

    @property
    def power(self) -> int:
        """How what the voltage form has in closed form enters this one."""


class UnknownForm(TypeError):
    """What was given for the form of a network's equations is none."""


AnyForm: TypeAlias = Form | NamedForm


def known_form(form: object) -> Form:
    """The form; it may be given as that of the theory, which tells its name.

    Raises:
        UnknownForm: for anything else.
    """
    if isinstance(form, Form):
        return form
    known = [each for each in FORMS if isinstance(form, NamedForm) and each.name == form.name]
    if not known:
        raise UnknownForm(f"{form!r} is no form of a network's equations: give VOLTAGE or RATE")
    return known[0]
