"""A network whose weights are constants times what learns: another parametrisation of the same map."""

from dataclasses import replace
from typing import Any, ClassVar

import equinox as eqx
from jaxtyping import Array, Float, PyTree

from simulate.cells.cell import Cell
from simulate.cells.dense import DenseCell
from simulate.cells.symmetry import Monomial, Symmetry
from simulate.tasks.task import Batch, Outputs


class Scaled(Cell):
    """The network of `effective` weights: those named in `multipliers` are that number times the raw ones, which learn.

    It answers as the effective network does. Gradients and rules see the raw weights, so that a rule takes other steps.

    >>> import jax.numpy as jnp
    >>> from simulate.cells import Vanilla
    >>> network = Scaled(Vanilla(*map(jnp.ones, ((2, 2), (2, 1), 2, (1, 2), 1))), (("W", 0.5),))
    >>> network.effective.W.tolist(), network.effective.U.tolist(), sorted(network.parameters)[:3]
    ([[0.5, 0.5], [0.5, 0.5]], [[1.0], [1.0]], ['raw.U', 'raw.V', 'raw.W'])
    """

    alone: ClassVar[bool] = True

    raw: DenseCell
    multipliers: tuple[tuple[str, float], ...] = eqx.field(static=True)

    @property
    def effective(self) -> DenseCell:
        """The network that computes; of a population, the population."""
        scaled: dict[str, Any] = {name: factor * getattr(self.raw, name) for name, factor in self.multipliers}
        return replace(self.raw, **scaled)

    def initial_state(self) -> PyTree:
        """That of the raw network: it depends on no weight."""
        return self.raw.initial_state()

    def step(self, state: Any, inputs: Float[Array, " inputs"], dt: float) -> Any:
        """A step of the effective network."""
        return self.effective.step(state, inputs, dt)

    def read(self, state: Any) -> Float[Array, " outputs"]:
        """The effective network's readout."""
        return self.effective.read(state)

    def outputs(self, batch: Batch) -> Outputs:
        """The effective network's outputs."""
        return self.effective.outputs(batch)

    def matrices(self, name: str) -> list[Array]:
        """The raw network's."""
        return self.raw.matrices(name.removeprefix("raw."))

    @property
    def symmetry(self) -> Symmetry:
        """The raw network's: one multiplier for all units changes nothing of it."""
        return self.raw.symmetry

    def transformed(self, element: Monomial) -> "Scaled":
        """The network of transformed units."""
        return Scaled(self.raw.transformed(element), self.multipliers)
