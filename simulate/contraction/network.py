"""One network, and an assembly of networks joined by linear links."""

from abc import abstractmethod
from itertools import pairwise

import equinox as eqx
import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from simulate.cells.nonlinearity import Nonlinearity, known_function
from simulate.contraction.form import Form, Given, Slopes, State, Weights, known_form


class BadAssembly(ValueError):
    """Parts of a network or an assembly whose sizes do not fit together."""


class System(eqx.Module):
    """Something with a velocity and a Jacobian that is affine in the slopes of its nonlinearities."""

    @property
    @abstractmethod
    def units(self) -> int:
        """The number of units."""

    @property
    @abstractmethod
    def steepest(self) -> Float[Array, " units"]:
        """The largest slope g of each unit's nonlinearity."""

    @abstractmethod
    def velocity(self, x: State, u: Given) -> State:
        """x' at the state x and the input u of every unit."""

    @abstractmethod
    def jacobian(self, slopes: Slopes) -> Weights:
        """dx'/dx at these slopes, in units of 1/time."""

    @abstractmethod
    def tangent(self, slopes: Slopes, x: State) -> State:
        """The Jacobian times x, row by row, without forming it."""


class RecurrentNetwork(System):
    """tau x' = -x + W phi(x) + u, or tau x' = -x + phi(W x + u) in rate form: alone, or a module of an assembly.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import TANH
    >>> from simulate.contraction import VOLTAGE
    >>> turning = RecurrentNetwork(jnp.array([[0.0, -1.0], [1.0, 0.0]]), VOLTAGE, TANH, time_constant=2.0)
    >>> turning.jacobian(jnp.array([1.0, 0.5])).tolist()
    [[-0.5, -0.25], [0.5, -0.5]]
    """

    weights: Float[Array, "units columns"]
    form: Form = eqx.field(static=True, converter=known_form)
    activation: Nonlinearity = eqx.field(static=True, converter=known_function)
    time_constant: float | Float[Array, ""] = 1.0

    def __check_init__(self) -> None:
        """Refuse weights that are not square.

        Raises:
            BadAssembly: naming their shape.
        """
        if self.weights.ndim != 2 or self.weights.shape[0] != self.weights.shape[1]:
            raise BadAssembly(f"weights of shape {self.weights.shape}: give a square matrix")

    @property
    @override
    def units(self) -> int:
        return len(self.weights)

    @property
    @override
    def steepest(self) -> Float[Array, " units"]:
        return jnp.full(self.units, self.activation.largest_slope, self.weights.dtype)

    @override
    def velocity(self, x: State, u: Given) -> State:
        return self.form.velocity(self.weights, self.activation, x, u) / self.time_constant

    @override
    def jacobian(self, slopes: Slopes) -> Weights:
        return self.form.jacobian(self.weights, slopes) / self.time_constant

    @override
    def tangent(self, slopes: Slopes, x: State) -> State:
        return self.form.tangent(self.weights, slopes, x) / self.time_constant


class Assembly(System):
    """tau_i x_i' = -x_i + W_i phi(x_i) + sum_j L_ij x_j + u_i; a module may also be in rate form.

    `links` is L as one matrix over all units, modules in order. Modules may differ in size, form, nonlinearity
    and time constant.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import TANH
    >>> from simulate.contraction import VOLTAGE
    >>> part = RecurrentNetwork(jnp.array([[0.0, -1.0], [1.0, 0.0]]), VOLTAGE, TANH)
    >>> whole = Assembly((part, part), links=jnp.zeros((4, 4)))
    >>> whole.units, whole.velocity(jnp.zeros(4), jnp.ones(4)).tolist()
    (4, [1.0, 1.0, 1.0, 1.0])
    """

    modules: tuple[RecurrentNetwork, ...]
    links: Weights

    def __check_init__(self) -> None:
        """Refuse links of another size than the modules have together.

        Raises:
            BadAssembly: naming both.
        """
        total = sum(module.units for module in self.modules)
        if not self.modules or self.links.shape != (total, total):
            raise BadAssembly(
                f"links of shape {self.links.shape} for modules of {total} units together: "
                "give at least one module and square links over all units"
            )

    @property
    @override
    def units(self) -> int:
        return len(self.links)

    @property
    @override
    def steepest(self) -> Float[Array, " units"]:
        return jnp.concatenate([module.steepest for module in self.modules])

    @property
    def places(self) -> tuple[slice, ...]:
        """Where each module's units are."""
        ends = np.cumsum([0] + [module.units for module in self.modules]).tolist()
        return tuple(slice(start, end) for start, end in pairwise(ends))

    @property
    def time_constants(self) -> Float[Array, " units"]:
        """The time constant of every unit."""
        return jnp.concatenate(
            [jnp.full(module.units, module.time_constant, self.links.dtype) for module in self.modules]
        )

    @override
    def velocity(self, x: State, u: Given) -> State:
        own = [m.velocity(x[..., place], u[..., place]) for m, place in zip(self.modules, self.places, strict=True)]
        return jnp.concatenate(own, axis=-1) + (x @ self.links.T) / self.time_constants

    @override
    def jacobian(self, slopes: Slopes) -> Weights:
        own = [m.jacobian(slopes[place]) for m, place in zip(self.modules, self.places, strict=True)]
        return jsp.linalg.block_diag(*own) + self.links / self.time_constants[:, None]

    @override
    def tangent(self, slopes: Slopes, x: State) -> State:
        own = [m.tangent(slopes[place], x[..., place]) for m, place in zip(self.modules, self.places, strict=True)]
        return jnp.concatenate(own, axis=-1) + (x @ self.links.T) / self.time_constants
