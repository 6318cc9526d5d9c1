"""Absolute weights, which bound what a matrix can do to |x|; what becomes of the diagonal is the user's choice."""

from collections.abc import Callable

from theory.contraction.exact_matrix import ExactMatrix, Number

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
