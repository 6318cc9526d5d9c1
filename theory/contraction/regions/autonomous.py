"""A network with its nonlinearity and a constant input: what it does to a state, in floats and in rational numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import flint
import numpy as np
from jaxtyping import Float, Shaped

from theory.contraction.claims.step_majorant import absolute
from theory.contraction.exact_matrix import ExactMatrix, as_fraction, exact_vector
from theory.contraction.form import Form, NamedVectorField
from theory.contraction.network import ExactNetwork, LeakyMap, Network, NotANetwork, network
from theory.contraction.regions.activation import Activation
from theory.doubles import NotDoubles, as_doubles

Vector = Float[np.ndarray, " n"]
States = Float[np.ndarray, "states n"]


@dataclass(frozen=True, eq=False)
class AutonomousNetwork:
    """A flow or a map with one nonlinearity and a constant input: tau x' = -x + phi(W x + b), and as the forms have it.

    `inputs` b holds all that is constant: biases, and input weights times an input. `autonomous` makes one.
    """

    network: Network
    activation: Activation
    inputs: Vector

    @property
    def discrete(self) -> bool:
        """Whether it is a map."""
        return self.network.form.discrete

    @property
    def leaks(self) -> Vector:
        """Those of a map, or 1 / tau."""
        return self.network.leaks if isinstance(self.network, LeakyMap) else 1 / self.network.time_constants

    @cached_property
    def drive(self) -> Float[np.ndarray, "n n"]:
        """B: what carries phi's values into x' or, of a map, into the next state."""
        return np.asarray(self.network.form.driven(np.diag(self.leaks), self.network.weights))

    @cached_property
    def read(self) -> Float[np.ndarray, "n n"]:
        """C: what carries the state into phi."""
        return np.asarray(self.network.form.sensed(self.network.weights, np.eye(self.network.size)).T)

    @cached_property
    def still(self) -> Vector:
        """The Jacobian's diagonal where all slopes are zero: -1 / tau, or 1 - a of a map."""
        return 1 - self.leaks if self.discrete else -self.leaks

    def arguments(self, states: States) -> States:
        """What phi sees."""
        offset = self.inputs if self.network.form.slopes_multiply_rows else 0.0
        return states @ self.read.T + offset

    def moved(self, states: States) -> States:
        """x', or the next state of a map."""
        offset = 0.0 if self.network.form.slopes_multiply_rows else self.leaks * self.inputs
        return states * self.still + self.activation.values(self.arguments(states)) @ self.drive.T + offset

    def residuals(self, states: States) -> States:
        """Zero at fixed points: x', or by how much a step moves the state."""
        return self.moved(states) - states if self.discrete else self.moved(states)

    def jacobian(self, state: Vector) -> Float[np.ndarray, "n n"]:
        """Of `moved`."""
        slopes = self.activation.derivatives(self.arguments(state[None]))[0]
        return np.diag(self.still) + self.drive @ (slopes[:, None] * self.read)

    @cached_property
    def exact(self) -> "ExactAutonomous":
        """In rational numbers; every float is taken exactly."""
        return ExactAutonomous(self.network.exact, self.activation, exact_vector(self.inputs.tolist()))


@dataclass(frozen=True)
class ExactAutonomous:
    """A network in rational numbers, with nonlinearity and constant input; the network's own slopes play no part."""

    network: ExactNetwork
    activation: Activation
    inputs: tuple[flint.fmpq, ...]

    @property
    def size(self) -> int:
        """The number of neurons."""
        return len(self.inputs)

    @property
    def form(self) -> Form:
        """The network's."""
        return self.network.form

    @cached_property
    def drive(self) -> ExactMatrix:
        """B."""
        return self.form.driven(self.network.leaks, self.network.weights)

    @cached_property
    def read(self) -> ExactMatrix:
        """C."""
        transposed: ExactMatrix = self.form.sensed(self.network.weights, ExactMatrix.identity(self.size))
        return transposed.T

    @cached_property
    def still(self) -> ExactMatrix:
        """The Jacobian where all slopes are zero."""
        return self.network.keep if self.form.discrete else -self.network.leaks

    def arguments(self, state: Sequence[flint.fmpq]) -> list[flint.fmpq]:
        """What phi sees."""
        read = self.read.times(state)
        return [z + b for z, b in zip(read, self.inputs, strict=True)] if self.form.slopes_multiply_rows else read

    def residual(self, state: Sequence[flint.fmpq]) -> tuple[list[flint.fmpq], flint.fmpq]:
        """The middle of a box that holds x', or by how much a step moves the state; and its largest radius."""
        values = [self.activation.value(as_fraction(z)) for z in self.arguments(state)]
        middles, radii = exact_vector(v.middle for v in values), exact_vector(v.radius for v in values)
        moved = self.drive.times(middles)
        if not self.form.slopes_multiply_rows:
            constant = self.network.leaks.times(self.inputs)
            moved = [x + y for x, y in zip(moved, constant, strict=True)]
        leaking = self.network.leaks.times(state)
        spread = absolute(self.drive).times(radii)
        return [x - y for x, y in zip(moved, leaking, strict=True)], max(spread)


def autonomous(
    weights: Shaped[np.ndarray, "..."],
    form: Form | NamedVectorField,
    activation: Activation,
    inputs: float | Shaped[np.ndarray, "..."] = 0.0,
    *,
    time_constants: float | Shaped[np.ndarray, "..."] = 1.0,
    leak: float | Shaped[np.ndarray, "..."] | None = None,
) -> AutonomousNetwork:
    """A network from any array, with its nonlinearity and a constant input, one number or one a neuron.

    Raises:
        NotANetwork: as `network` does, and for inputs that are not finite real numbers or do not fit.

    >>> from theory.contraction import DISCRETE, regions
    >>> pair = autonomous(np.array([[2.0]]), DISCRETE, regions.activation.TANH, inputs=0.5)
    >>> pair.moved(np.array([[0.0]])).round(3).tolist()
    [[0.462]]
    """
    plain = network(weights, form, activation.steepest, time_constants, leak=leak)
    try:
        array = as_doubles(np.asarray(inputs))
    except NotDoubles as error:
        raise NotANetwork(f"the array of inputs {error}") from error
    if array.shape not in ((), (plain.size,)) or not np.isfinite(array).all():
        raise NotANetwork(f"inputs have shape {array.shape}; one finite number or {plain.size} of them are needed")
    return AutonomousNetwork(plain, activation, np.broadcast_to(array, (plain.size,)).copy())
