"""One step of a network at an input that does not change, as a map of vectors."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Bool, Float
from numpy.typing import ArrayLike

from simulate.cells.cell import Cell
from simulate.measures.samples import finite

_ROUNDED = 1 + 1e-9
"""States a little beyond the largest are so by rounding."""


class WrongInput(ValueError):
    """A constant input of another width than the network takes."""


class StaticMap(eqx.Module):
    """h -> F(h), one step of one network at the constant input x; a state of several arrays is one vector.

    Parts of the state stand side by side as `jax.tree.leaves` gives them: of an LSTM h, then its memory.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import Vanilla
    >>> network = Vanilla(2.0 * jnp.eye(2), jnp.eye(2), jnp.zeros(2), jnp.ones((1, 2)), jnp.ones(1))
    >>> step = StaticMap.of(network, [0.0, 1.0])
    >>> step(jnp.array([0.0, -0.5])).tolist(), step.jacobian(jnp.array([0.0, -0.5])).tolist()
    ([0.0, 0.0], [[2.0, 0.0], [0.0, 2.0]])
    """

    network: Cell
    inputs: Float[Array, " inputs"]
    dt: float = eqx.field(static=True, default=1.0)

    @staticmethod
    def of(network: Cell, inputs: ArrayLike | None = None, *, dt: float = 1.0) -> "StaticMap":
        """The map of a network in double precision; without `inputs`, at input zero if the network says its width.

        Raises:
            WrongInput: if the input has another width than the network's, or is left out where that is not known.
            NotFinite: if an entry of the input or of a parameter is NaN or infinite.
        """
        network = jax.tree.map(_double, network)
        for name, parameter in network.parameters.items():
            for leaf in jax.tree.leaves(parameter):
                if np.size(leaf):  # of a network without inputs U is empty
                    finite(np.ravel(leaf), ("numbers",), name)
        width = _width(network)
        if inputs is None:
            if width is None:
                raise WrongInput("the network does not say how wide its input is: give a constant input")
            inputs = np.zeros(width)
        given = finite(inputs, ("inputs",), "a constant input") if np.size(inputs) else np.zeros(0)
        if width is not None and given.shape != (width,):
            raise WrongInput(f"a constant input of {given.size} numbers: the network takes {width}")
        return StaticMap(network, jax.device_put(given), dt)

    @property
    def size(self) -> int:
        """How many numbers a state has."""
        return int(sum(part.size for part in jax.tree.leaves(jax.eval_shape(self.network.initial_state))))

    def _state(self, vector: Array) -> Any:
        return ravel_pytree(self.network.initial_state())[1](vector)

    def __call__(self, state: Float[Array, " size"]) -> Float[Array, " size"]:
        """F(h)."""
        return _side_by_side(self.network.step(self._state(state), self.inputs, self.dt))

    @property
    def target(self) -> "StaticTarget":
        """A map with the same fixed points, in which no gate or leak slows the state."""
        return StaticTarget(self)

    @property
    def waits(self) -> bool:
        """Whether `target` is another map."""
        return type(self.network).drawn_to is not Cell.drawn_to

    def holds(self, states: Float[np.ndarray, "*states size"]) -> Bool[np.ndarray, "*states"]:
        """Whether trials may lead to a state: not where a number is larger than any that the network makes."""
        largest = np.concatenate([np.ravel(part) for part in jax.tree.leaves(self.network.largest_state)])
        return np.asarray((np.abs(states) <= _ROUNDED * largest).all(axis=-1))

    def jacobian(self, state: Float[Array, " size"]) -> Float[Array, "size size"]:
        """dF_i / dh_j, by forward differentiation of the step."""
        return jax.jacfwd(self)(state)

    def read(self, state: Float[Array, " size"]) -> Float[Array, " outputs"]:
        """The outputs at a state."""
        return self.network.read(self._state(state))


class StaticTarget(eqx.Module):
    """h -> what the state h is drawn to at a constant input: see `Cell.drawn_to`."""

    step: StaticMap

    def __call__(self, state: Float[Array, " size"]) -> Float[Array, " size"]:
        """It."""
        step = self.step
        return _side_by_side(step.network.drawn_to(step._state(state), step.inputs, step.dt))

    def jacobian(self, state: Float[Array, " size"]) -> Float[Array, "size size"]:
        """Its derivative."""
        return jax.jacfwd(self)(state)


def _double(leaf: Any) -> Any:
    """By NumPy: JAX would compile a program for each shape."""
    return jax.device_put(np.asarray(leaf, dtype=np.float64)) if eqx.is_inexact_array(leaf) else leaf


def _side_by_side(state: Any) -> Array:
    return jnp.concatenate([jnp.ravel(part) for part in jax.tree.leaves(state)])


def _width(network: Cell) -> int | None:
    weights = getattr(network, "U", None)
    return None if weights is None else int(np.shape(weights)[-1])
