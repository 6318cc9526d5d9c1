"""What each overlap is to the outputs and to learning, in networks of any size: one role for each pair of blocks.

The columns of a block enter the equations alike: activity and learning are sums over them. So the role of an overlap
depends on the blocks of its two columns and on nothing else, and the network with one column a block, which has every
pair of blocks, tells the roles for all. The cost does not grow with the shape, where solving the equations of the
shape itself (`theory.overlaps.equations.visible`) takes minutes from a few dozen columns on.

Derived here; tests/theory/overlaps/equations/test_roles.py compares it with the equations of larger shapes, overlap by
overlap, for every set of frozen blocks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from jaxtyping import Bool

from theory.overlaps.equations.shape import BLOCKS, Shape
from theory.overlaps.equations.visible import OverlapRoles, Scope, overlap_roles
from theory.overlaps.gaussian import Nonlinearity

_ONE = Shape()


class Role(Enum):
    """What an overlap is to the outputs, in words."""

    VISIBLE = "visible"
    """The outputs depend on it."""
    FELT = "hidden, felt by learning"
    """They do not, but they will: the learning of visible overlaps depends on it, directly or through others."""
    HIDDEN = "hidden"
    """They never do."""


@dataclass(frozen=True)
class BlockRoles:
    """The roles of the overlaps between blocks, whatever the number of columns of each.

    >>> from theory.overlaps import ERF, LINEAR
    >>> BlockRoles.of(LINEAR)("m", "m"), BlockRoles.of(ERF)("m", "m")
    (<Role.FELT: 'hidden, felt by learning'>, <Role.VISIBLE: 'visible'>)
    >>> int(BlockRoles.of(ERF).table(Shape(inputs=6, rank=12, outputs=512), Role.VISIBLE).sum())
    19188
    """

    one_column_each: OverlapRoles

    @classmethod
    def of(cls, phi: Nonlinearity, frozen: frozenset[str] = frozenset()) -> "BlockRoles":
        """The roles for a nonlinearity, the blocks in `frozen` not being trained.

        Raises:
            UnknownBlock: if one of them is none of m, u, v, z.
        """
        return cls(overlap_roles(_ONE, phi, frozen))

    @property
    def scope(self) -> Scope:
        """Of which networks the overlaps tell the outputs."""
        return self.one_column_each.scope

    def __call__(self, first: str, second: str) -> Role:
        """The role of every overlap between a column of one block and a column of the other."""
        overlap = _ONE.overlap(BLOCKS.index(first), BLOCKS.index(second))
        if overlap in self.one_column_each.visible:
            return Role.VISIBLE
        return Role.FELT if overlap in self.one_column_each.needed else Role.HIDDEN

    def table(self, shape: Shape, role: Role) -> Bool[np.ndarray, "d d"]:
        """Which overlaps of a shape have this role, as a symmetric table."""
        return _spread(shape, lambda first, second: self(first, second) is role)

    def moving(self, shape: Shape) -> Bool[np.ndarray, "d d"]:
        """Which overlaps of a shape learning changes."""
        moved = self.one_column_each.moving
        return _spread(shape, lambda a, b: _ONE.overlap(BLOCKS.index(a), BLOCKS.index(b)) in moved)


def _spread(shape: Shape, holds: Callable[[str, str], bool]) -> Bool[np.ndarray, "d d"]:
    """A statement about pairs of blocks as a table of pairs of columns."""
    blocks = np.array([[holds(first, second) for second in BLOCKS] for first in BLOCKS])
    return blocks.repeat(shape.counts, axis=0).repeat(shape.counts, axis=1)
