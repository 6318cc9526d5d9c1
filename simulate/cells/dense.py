"""What cells of dense weights share: the names and shapes of their parameters, and a linear readout."""

from typing import Any, ClassVar, TypeVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from simulate.cells.adjoint import DenseWeights, UnitByUnit, answers_of
from simulate.cells.cell import Cell
from simulate.cells.nonlinearity import TANH, AnyNonlinearity, Nonlinearity, known_function
from simulate.cells.symmetry import Monomial, Symmetry
from simulate.tasks.task import Batch, Outputs

DenseT = TypeVar("DenseT", bound="DenseCell")


class DenseCell(Cell):
    """N units that send h to one another by W, are driven by U x + b, and are read as V h + c after each step.

    Rows of W, U and b stand in `blocks` of N, one for each gate and one for the candidate, in PyTorch's order; all
    units of all blocks take one matrix product a step. Such cells are discrete: they take no notice of dt.

    Gradients of `outputs` by reverse mode follow an adjoint written by hand where the cell has one (`unit_by_unit`) and
    phi' can be told from phi; it has no forward mode. Tests hold it against automatic differentiation of `step`.

    >>> import jax.numpy as jnp
    >>> from simulate.cells import LSTM
    >>> network = LSTM.blank(units=4, inputs=2, outputs=1)
    >>> network.W.shape, network.U.shape, network.V.shape, network.blocks
    ((16, 4), (16, 2), (1, 4), ('input', 'forget', 'candidate', 'output'))
    """

    alone: ClassVar[bool] = True
    blocks: ClassVar[tuple[str, ...]] = ("candidate",)

    W: Float[Array, "*networks rows units"]
    U: Float[Array, "*networks rows inputs"]
    b: Float[Array, "*networks rows"]
    V: Float[Array, "*networks outputs units"]
    c: Float[Array, "*networks outputs"]
    phi: Nonlinearity = eqx.field(static=True, default=TANH, converter=known_function)

    @classmethod
    def blank(cls: type[DenseT], units: int, inputs: int, outputs: int, phi: AnyNonlinearity = TANH) -> DenseT:
        """A network before its weights are drawn: zeros of the right shapes."""
        rows = len(cls.blocks) * units
        W, U, b = jnp.zeros((rows, units)), jnp.zeros((rows, inputs)), jnp.zeros(rows)
        return cls(W, U, b, jnp.zeros((outputs, units)), jnp.zeros(outputs), known_function(phi))

    @property
    def units(self) -> int:
        """N."""
        return self.W.shape[-1]

    def initial_state(self) -> PyTree:
        """Every unit at zero."""
        return jnp.zeros(self.units, self.W.dtype)

    def read(self, state: Any) -> Float[Array, " outputs"]:
        """V h + c."""
        return self.V @ state + self.c

    @property
    def unit_by_unit(self) -> UnitByUnit | None:
        """What the cell does between its products, for the adjoint; None: gradients are left to JAX."""
        return None

    def outputs(self, batch: Batch) -> Outputs:
        """The outputs of each trial after each step that the batch reads."""
        units = self.unit_by_unit
        if units is None or self.phi.slope_at(self.b) is None:
            return super().outputs(batch)
        return answers_of(units, self._weights(), batch)

    def _weights(self) -> DenseWeights:
        return DenseWeights(self.W, self.U, self.b, self.V, self.c)

    def matrices(self, name: str) -> list[Array]:
        """Of W, U and b one for each block."""
        (whole,) = super().matrices(name)
        return jnp.split(whole, len(self.blocks)) if name in ("W", "U", "b") else [whole]

    @property
    def symmetry(self) -> Symmetry:
        """Permutations; signs where phi is odd, rescalings where it is homogeneous."""
        return Symmetry(self.units, signs=self.phi.odd, scales=self.phi.homogeneous)

    def transformed(self: DenseT, element: Monomial) -> DenseT:
        """The network of transformed units: a gate stays as open as it was, whatever becomes of the unit's state."""

        def rows(weights: Array) -> Array:
            parts = zip(self.blocks, jnp.split(weights, len(self.blocks)), strict=True)
            return jnp.concatenate(
                [element.rows(part) if block == "candidate" else part[element.order] for block, part in parts]
            )

        weights = element.columns(rows(self.W)), rows(self.U), rows(self.b), element.columns(self.V)
        return eqx.tree_at(lambda cell: (cell.W, cell.U, cell.b, cell.V), self, weights)
