"""A trained network as it is recorded: what its units did, and its weights, as arrays."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped
from numpy.typing import ArrayLike

from simulate.cells.dense import DenseCell
from simulate.cells.lstm import LSTM
from simulate.cells.nonlinearity import TANH, Nonlinearity
from simulate.cells.symmetry import Symmetry
from simulate.cells.vanilla import Vanilla
from simulate.measures.blocks import Block, NotWeights
from simulate.measures.cell_blocks import arrays_of, blocks_by_array

Array = Shaped[np.ndarray, "..."]


@dataclass(frozen=True, eq=False, kw_only=True)
class RecordedNetwork:
    """The activity and the weights of one network, as many of them as there are; from any framework, as arrays.

    Attributes:
        activity: trials x steps x units.
        W: units x units, as in h' = phi(W h + U x + b). Of a gated cell W, U and b have a block of rows for each of
            `cell.blocks`, in that order.
        U: units x inputs.
        b: one number a unit.
        V: outputs x units.
        d: the bias inside the reset of a GRU.
        cell, phi: the kind of network and its nonlinearity, which say what may be done to its units.
        name: what it is called where something is missing.

    >>> import numpy as np
    >>> from simulate.cells import GRU
    >>> from simulate.populations import RecordedNetwork
    >>> RecordedNetwork(W=np.eye(3), V=np.ones((1, 3))).units
    3
    >>> RecordedNetwork.of(GRU.blank(units=4, inputs=2, outputs=1)).blocks(["W", "V"])[0].weights.shape
    (4, 4)

    Raises:
        NotWeights: if W or V is no matrix, or activity is of other units than they are.
    """

    activity: Array | None = None
    W: Array | None = None
    U: Array | None = None
    b: Array | None = None
    V: Array | None = None
    d: Array | None = None
    cell: type[DenseCell] = Vanilla
    phi: Nonlinearity = TANH
    name: str = ""

    def __post_init__(self) -> None:
        for name, array in (("W", self.W), ("V", self.V)):
            if array is not None and np.ndim(array) != 2:
                raise NotWeights(f"{name} has shape {np.shape(array)}: give a matrix, whose columns are units")
        if self.activity is not None and (self.W is not None or self.V is not None):
            seen = np.shape(self.activity)[-1]
            if seen not in (self.units, 2 * self.units if self.cell is LSTM else self.units):  # LSTMs have a memory too
                raise NotWeights(f"activity of {seen} units, and weights of {self.units}: give those of one network")

    @staticmethod
    def of(network: DenseCell, activity: ArrayLike | None = None) -> "RecordedNetwork":
        """A network of `simulate.cells`, one from `from_state_dict` for instance, and its activity if it is known."""
        arrays = arrays_of(network)
        return RecordedNetwork(
            activity=None if activity is None else np.asarray(activity),
            W=arrays["W"],
            U=arrays["U"],
            b=arrays["b"],
            V=arrays["V"],
            d=arrays.get("d"),
            cell=type(network),
            phi=network.phi,
        )

    @property
    def weights(self) -> dict[str, Array]:
        """The arrays of weights that are there, by name."""
        arrays = {"W": self.W, "U": self.U, "b": self.b, "V": self.V, "d": self.d}
        return {name: array for name, array in arrays.items() if array is not None}

    @property
    def units(self) -> int:
        """How many units W or V speak of.

        Raises:
            NotWeights: if there is neither.
        """
        for each in (self.W, self.V):
            if each is not None:
                return int(np.shape(each)[1])
        raise NotWeights("neither W nor V: give one of them")

    @property
    def symmetry(self) -> Symmetry:
        """What may be done to the units without changing what the network answers."""
        return self.cell.blank(self.units, 1, 1, self.phi).symmetry

    def blocks(self, names: list[str]) -> tuple[Block, ...]:
        """The blocks of some of the arrays, for distances of these weights."""
        found = blocks_by_array(self.cell.blocks, {name: self.weights[name] for name in names})
        return tuple(block for name in names for block in found[name])
