"""The four blocks of connectivity vectors of a low-rank network, and the symbols of their overlaps."""

from dataclasses import dataclass
from itertools import combinations_with_replacement

import sympy as sp

BLOCKS = ("m", "u", "v", "z")
"""Input, connectivity, selection, readout: the order of the columns of theta = [m u v z]."""

_FIRST = "zvmu"  # which letter an overlap's name begins with


class BadShape(ValueError):
    """A low-rank network needs at least one input, one rank and one output."""


@dataclass(frozen=True)
class Shape:
    """How many columns each block has: m one an input, u and v one a rank, z one an output.

    Raises:
        BadShape: if a count is below one.

    >>> Shape().labels
    ('m', 'u', 'v', 'z')
    >>> Shape(rank=2).labels
    ('m', 'u1', 'u2', 'v1', 'v2', 'z')
    >>> Shape().sigma
    Matrix([
    [mm, mu, vm, zm],
    [mu, uu, vu, zu],
    [vm, vu, vv, zv],
    [zm, zu, zv, zz]])
    """

    inputs: int = 1
    rank: int = 1
    outputs: int = 1

    def __post_init__(self) -> None:
        """Refuse what is no network."""
        if min(self.inputs, self.rank, self.outputs) < 1:
            raise BadShape(f"{self}: inputs, rank and outputs are whole numbers from 1")

    @property
    def size(self) -> int:
        """d = inputs + 2 rank + outputs, the number of columns."""
        return self.inputs + 2 * self.rank + self.outputs

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """The number of columns of m, u, v and z."""
        return (self.inputs, self.rank, self.rank, self.outputs)

    @property
    def labels(self) -> tuple[str, ...]:
        """The name of each column: its block, numbered from 1 where the block has several."""
        return tuple(
            block if count == 1 else f"{block}{k + 1}"
            for block, count in zip(BLOCKS, self.counts, strict=True)
            for k in range(count)
        )

    def columns(self, block: str) -> range:
        """The columns of theta that belong to block "m", "u", "v" or "z"."""
        place = BLOCKS.index(block)
        start = sum(self.counts[:place])
        return range(start, start + self.counts[place])

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The d (d + 1) / 2 index pairs a <= b, one for each overlap."""
        return tuple(combinations_with_replacement(range(self.size), 2))

    def overlap(self, a: int, b: int) -> sp.Symbol:
        """The symbol of theta_a . theta_b / N, the same for (a, b) and (b, a); named as zm, vu, mu, u1u2."""
        first, second = sorted((a, b), key=lambda k: (_FIRST.index(self.labels[k][0]), k))
        return sp.Symbol(self.labels[first] + self.labels[second], real=True)

    @property
    def sigma(self) -> sp.ImmutableMatrix:
        """The Gram matrix theta^T theta / N of symbols (d x d, symmetric)."""
        return sp.ImmutableMatrix([[self.overlap(a, b) for b in range(self.size)] for a in range(self.size)])
