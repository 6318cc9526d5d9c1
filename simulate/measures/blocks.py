"""The weights of a network as blocks: what rows and columns of each speak of."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

LARGEST = 1e150
"""Weights beyond have squares that are no finite numbers."""


class NotWeights(ValueError):
    """What was given are no weights of one network, or of two networks that can be compared."""


class Side(Enum):
    """What the rows (targets) or the columns (sources) of a block speak of.

    `STATE`: units, by their state: what a sign flip of a unit flips, and a rescaling scales. `GATE`: units, by what no
    flip and no rescaling of them changes: their gates. `OUTSIDE`: inputs, outputs, the constant of a bias.

    >>> Block([[0.5, 0.0]], targets=Side.OUTSIDE).sources  # a readout of two units
    <Side.STATE: 'state'>
    """

    STATE = "state"
    GATE = "gate"
    OUTSIDE = "outside"


@dataclass(frozen=True, eq=False)
class Block:
    """A matrix of weights; entry (i, j) is what target i is given of source j. A vector is one column: a bias.

    >>> import numpy as np
    >>> recurrent = Block(np.eye(2))
    >>> inputs = Block(np.ones((2, 3)), sources=Side.OUTSIDE)
    >>> bias_of_a_gate = Block(np.zeros(2), targets=Side.GATE, sources=Side.OUTSIDE)
    >>> bias_of_a_gate.weights.shape
    (2, 1)
    """

    weights: Float[np.ndarray, "targets sources"]
    targets: Side = Side.STATE
    sources: Side = Side.STATE

    def __init__(self, weights: ArrayLike, *, targets: Side = Side.STATE, sources: Side = Side.STATE) -> None:
        """A copy in float64 is kept.

        Raises:
            NotWeights: if the numbers are no matrix of finite real numbers up to `LARGEST`, or no cell has a block
                between such sides.
        """
        if np.iscomplexobj(weights):  # numpy would drop the imaginary part
            raise NotWeights("complex weights: give those of a network of real units")
        matrix = np.array(weights, dtype=np.float64)
        matrix = matrix[:, None] if matrix.ndim == 1 else matrix
        if matrix.ndim != 2 or not matrix.size:
            raise NotWeights(f"weights of shape {matrix.shape}: give a matrix, or a vector for a bias")
        if not np.isfinite(matrix).all():
            raise NotWeights("weights that are not finite: leave out networks whose training diverged")
        if np.abs(matrix).max() > LARGEST:
            raise NotWeights(f"weights up to {np.abs(matrix).max():.3g}: their squares are too large to reckon with")
        if sources is Side.GATE or (targets is Side.OUTSIDE and sources is not Side.STATE):
            raise NotWeights(
                f"a block from {sources.name} to {targets.name}: sources are STATE or OUTSIDE, of OUTSIDE STATE"
            )
        matrix.flags.writeable = False
        object.__setattr__(self, "weights", matrix)
        object.__setattr__(self, "targets", targets)
        object.__setattr__(self, "sources", sources)

    @property
    def recurrent(self) -> bool:
        """Whether both sides are units."""
        return Side.OUTSIDE not in (self.targets, self.sources)

    @property
    def units(self) -> int:
        """How many units it speaks of."""
        return self.weights.shape[1 if self.targets is Side.OUTSIDE else 0]

    @property
    def features(self) -> Float[np.ndarray, "units features"]:
        """Of a block that is not recurrent: a row for each unit."""
        return self.weights.T if self.targets is Side.OUTSIDE else self.weights


Weights = ArrayLike | Sequence[Block]
"""A square matrix of recurrent weights, or all blocks of a network."""


def blocks_of(weights: Weights) -> tuple[Block, ...]:
    """The blocks of one network, all of the same units.

    Raises:
        NotWeights: naming what is wrong.
    """
    if isinstance(weights, Sequence) and weights and all(isinstance(each, Block) for each in weights):
        blocks: tuple[Block, ...] = tuple(weights)  # type: ignore[arg-type]
    else:
        blocks = (Block(weights),)  # type: ignore[arg-type]
    n = blocks[0].units
    for block in blocks:
        if block.units != n or (block.recurrent and block.weights.shape != (n, n)):
            raise NotWeights(
                f"a block of shape {block.weights.shape} beside {n} units: all blocks are of the same units"
            )
    return blocks


def require_alike(first: tuple[Block, ...], second: tuple[Block, ...]) -> None:
    """Refuse networks whose blocks do not correspond.

    Raises:
        NotWeights: naming the blocks.
    """
    kinds = [[(b.weights.shape, b.targets.name, b.sources.name) for b in blocks] for blocks in (first, second)]
    if kinds[0] != kinds[1]:
        raise NotWeights(f"networks of blocks {kinds[0]} and {kinds[1]}: compare networks of one cell and one size")
