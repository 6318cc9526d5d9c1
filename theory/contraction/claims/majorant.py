"""Absolute weights, which bound what a matrix can do to |x| whatever the slopes do.

One slope may multiply a whole sum of them, as it does a row of the rate form. The sum is convex in it, so largest at
the least slope or at the largest: `joint` bounds are one matrix for each of the two. Elsewhere every entry is taken at
its own worst slope, an end too, and one matrix bounds them all. From zero, the least slopes leave nothing.
"""

from collections.abc import Callable, Sequence

import flint

from theory.contraction.exact_matrix import ExactMatrix, Number
from theory.contraction.network import ExactNetwork

Diagonal = Callable[[Number], Number]


def negative_diagonal_dropped(entry: Number) -> Number:
    """Zero in place of a negative entry: what a slope anywhere in [0, 1] can make of it, at most."""
    return max(entry, 0)


def diagonal_kept(entry: Number) -> Number:
    """The entry with its sign: where one slope multiplies it together with the absolute weights beside it."""
    return entry


def majorant(matrix: ExactMatrix, diagonal: Diagonal) -> ExactMatrix:
    """|M| off the diagonal, and on it what `diagonal` makes of it.

    >>> majorant(ExactMatrix.of([[-1, -2], [3, 4]]), negative_diagonal_dropped).approximate()
    array([[0., 2.],
           [3., 4.]])
    """
    rows = matrix.rows()
    return ExactMatrix.of(
        [[diagonal(entry) if i == j else abs(entry) for j, entry in enumerate(row)] for i, row in enumerate(rows)]
    )


def majorants(network: ExactNetwork, *, joint: bool) -> tuple[ExactMatrix, ...]:
    """Bounds of W D or D W: of two `joint` ones at the least and the largest slopes, or of all; one from zero.

    From zero, joint sums are zero at the least slopes, which is left to who adds them up.
    """
    if network.lowest is None:
        return (majorant(network.gained, diagonal_kept if joint else negative_diagonal_dropped),)
    ends = [majorant(network.sloped(slopes), diagonal_kept) for slopes in (network.lowest, network.slopes)]
    return tuple(ends) if joint else (largest(*ends),)


def largest(one: ExactMatrix, other: ExactMatrix) -> ExactMatrix:
    """Entry by entry the larger.

    >>> largest(ExactMatrix.of([[1, -2]]), ExactMatrix.of([[0, 3]])).approximate()
    array([[1., 3.]])
    """
    lines = zip(one.rows(), other.rows(), strict=True)
    return ExactMatrix.of([[max(pair) for pair in zip(*both, strict=True)] for both in lines])


def worst_sums(bounds: Sequence[ExactMatrix], vector: Sequence[flint.fmpq]) -> list[flint.fmpq]:
    """The largest that these bounds make of a positive vector, entry by entry.

    >>> worst_sums([ExactMatrix.of([[1, 0], [0, 1]]), ExactMatrix.of([[0, 1], [1, 0]])], [flint.fmpq(1), flint.fmpq(2)])
    [2, 2]
    """
    return [max(images) for images in zip(*(bound.times(vector) for bound in bounds), strict=True)]
