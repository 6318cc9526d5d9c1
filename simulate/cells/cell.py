"""A recurrent network: a state, one step, a readout, written out by hand from its equations."""

from abc import abstractmethod
from typing import Any, TypeVar

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, PyTree

from simulate.cells.symmetry import Monomial, Symmetry, UnknownSymmetry
from simulate.tasks.task import Batch, Outputs
from simulate.training.learner import Learner, Measured

CellT = TypeVar("CellT", bound="Cell")


class Cell(Learner):
    """A recurrent network with its readout. A new kind of network is one subclass in one file.

    Array fields are parameters and learn, but those named in `fixed`. A setting that all networks share, as a time
    constant, is a static field: `tau: float = eqx.field(static=True)`. Methods speak of one network and one trial.

    >>> import jax, jax.numpy as jnp
    >>> class Leaky(Cell):
    ...     W: jax.Array
    ...     U: jax.Array
    ...     V: jax.Array
    ...     def initial_state(self):
    ...         return jnp.zeros(len(self.W), self.W.dtype)
    ...     def step(self, state, inputs, dt):
    ...         return state + dt * (-state + jnp.tanh(self.W @ state + self.U @ inputs))
    ...     def read(self, state):
    ...         return self.V @ state
    >>> network = Leaky(jnp.eye(2), jnp.ones((2, 1)), jnp.ones((3, 2)))
    >>> sorted(network.parameters)
    ['U', 'V', 'W']
    >>> batch = Batch(jnp.ones((5, 10, 1)), jnp.zeros((5, 10, 3)), jnp.ones((5, 10)), dt=0.1)
    >>> network.outputs(batch).shape
    (5, 10, 3)
    """

    @abstractmethod
    def initial_state(self) -> PyTree:
        """The state when a trial begins: one array or several."""

    @abstractmethod
    def step(self, state: Any, inputs: Float[Array, " inputs"], dt: float) -> Any:
        """The state one step of `dt` later (in time constants; a discrete cell takes no notice of it)."""

    def drawn_to(self, state: Any, inputs: Float[Array, " inputs"], dt: float) -> Any:
        """Where the state is drawn to: a map with the fixed points of `step` and no others, for searches.

        What only slows the state on its way, a gate that keeps it or a leak, is left out: behind a gate that is almost
        shut `step` nearly stands still anywhere. Without anything of the kind it is `step` itself.
        """
        return self.step(state, inputs, dt)

    @property
    def largest_state(self) -> PyTree:
        """What bounds the size of each number of the state from the first step on; infinite where nothing is known.

        A gate that is almost shut would keep any state, those too that no trial leads to: searches leave these out.
        """
        return jax.tree.map(lambda part: np.full(part.shape, np.inf), jax.eval_shape(self.initial_state))

    @abstractmethod
    def read(self, state: Any) -> Float[Array, " outputs"]:
        """The outputs at a state."""

    def outputs(self, batch: Batch) -> Outputs:
        """The outputs of each trial after each step that the batch reads."""
        unread = batch.inputs.shape[1] - batch.targets.shape[1]

        def advance(state: Any, now: Array) -> tuple[Any, None]:
            return self.step(state, now, batch.dt), None

        def advance_and_read(state: Any, now: Array) -> tuple[Any, Array]:
            state = self.step(state, now, batch.dt)
            return state, self.read(state)

        def trial(inputs: Array) -> Array:
            state = self.initial_state()
            if unread:
                state, _ = jax.lax.scan(advance, state, inputs[:unread])
            return jax.lax.scan(advance_and_read, state, inputs[unread:])[1]

        return jax.vmap(trial)(batch.inputs)

    def loss_and_gradient(self, batch: Batch) -> tuple[Measured, PyTree]:
        """By reverse mode through `outputs`, with respect to what learns."""
        moving, fixed = eqx.partition(self, self.learns())

        def loss(moving: PyTree) -> tuple[Array, Measured]:
            answers = eqx.combine(moving, fixed).outputs(batch)
            value = batch.loss(answers)
            return value, Measured(value, batch.accuracy(answers))

        gradient, measured = jax.grad(loss, has_aux=True)(moving)
        return measured, gradient

    @property
    def symmetry(self) -> Symmetry:
        """The transformations of its units that leave what it answers alone.

        Raises:
            UnknownSymmetry: if the cell does not say.
        """
        raise UnknownSymmetry(f"{type(self).__name__} does not tell: give it `symmetry` and `transformed`")

    def transformed(self: CellT, element: Monomial) -> CellT:
        """The network of transformed units; its states are `element(states)` of this one, for an element of `symmetry`.

        Raises:
            UnknownSymmetry: if the cell does not say how.
        """
        raise UnknownSymmetry(f"{type(self).__name__} does not tell: give it `symmetry` and `transformed`")


def evaluate(cell: Cell, batch: Batch) -> Measured:
    """Loss and accuracy of one network on a batch, without a gradient."""
    answers = cell.outputs(batch)
    return Measured(batch.loss(answers), batch.accuracy(answers))
