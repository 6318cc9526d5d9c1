"""Matrices of rational numbers that are written like numpy's, so that a formula is written once for both.

>>> from theory.contraction import exact_matrix
>>> third = exact_matrix.ExactMatrix.diagonal([Fraction(1, 3), 2])
>>> (third @ third).diagonal_entries()
[1/9, 4]
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint
import numpy as np
from jaxtyping import Float, Real

Number = flint.fmpq | Fraction | int | float


def rational(number: Number) -> flint.fmpq:
    """The number itself, exactly; a float is a dyadic fraction.

    Raises:
        ValueError, OverflowError: for NaN and infinity.

    >>> rational(0.75)
    3/4
    """
    if isinstance(number, flint.fmpq):
        return number
    return flint.fmpq(*map(int, number.as_integer_ratio()))


def exact_vector(entries: Iterable[Number]) -> tuple[flint.fmpq, ...]:
    """Numbers, each taken exactly."""
    return tuple(rational(entry) for entry in entries)


@dataclass(frozen=True)
class ExactMatrix:
    """A matrix over the rationals: `@`, `+`, `-`, `.T` and products with numbers mean what they mean in numpy."""

    entries: flint.fmpq_mat

    @classmethod
    def of(cls, array: Sequence[Sequence[Number]] | Real[np.ndarray, "rows columns"]) -> "ExactMatrix":
        """From rows of numbers, each taken exactly."""
        if isinstance(array, np.ndarray):
            if array.dtype.kind == "f" and array.dtype.itemsize <= 8:
                return cls(_dyadic(array.astype(np.float64)))
            array = array.tolist()
        return cls(flint.fmpq_mat([[rational(entry) for entry in row] for row in array]))

    @classmethod
    def diagonal(cls, entries: Iterable[Number]) -> "ExactMatrix":
        """A diagonal matrix."""
        values = exact_vector(entries)
        matrix = flint.fmpq_mat(len(values), len(values))
        for i, value in enumerate(values):
            matrix[i, i] = value
        return cls(matrix)

    @classmethod
    def identity(cls, size: int) -> "ExactMatrix":
        """The identity."""
        return cls.diagonal([1] * size)

    @classmethod
    def zeros(cls, rows: int, columns: int) -> "ExactMatrix":
        """A matrix of zeros."""
        return cls(flint.fmpq_mat(rows, columns))

    @classmethod
    def block_diagonal(cls, blocks: Sequence["ExactMatrix"]) -> "ExactMatrix":
        """Blocks along the diagonal, zeros elsewhere."""
        widths = [block.shape[1] for block in blocks]
        whole, place = cls.zeros(sum(widths), sum(widths)), 0
        for block, width in zip(blocks, widths, strict=True):
            whole.put(place, place, block)
            place += width
        return whole

    @classmethod
    def symmetric(cls, top: "ExactMatrix", corner: "ExactMatrix", bottom: "ExactMatrix") -> "ExactMatrix":
        """The matrix [[top, corner], [corner^T, bottom]]."""
        upper = [a + b for a, b in zip(top.rows(), corner.rows(), strict=True)]
        lower = [a + b for a, b in zip(corner.T.rows(), bottom.rows(), strict=True)]
        return cls(flint.fmpq_mat(upper + lower))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(self.entries.nrows()), int(self.entries.ncols())

    @property
    def T(self) -> "ExactMatrix":
        """The transpose."""
        return ExactMatrix(self.entries.transpose())

    def rows(self) -> list[list[flint.fmpq]]:
        """The entries, row by row."""
        return [list(row) for row in self.entries.table()]

    def integers(self) -> tuple[flint.fmpz_mat, int]:
        """Integers, and the denominator that all entries share.

        >>> ExactMatrix.of([[0.5, 3]]).integers()
        ([1, 6], 2)
        """
        whole, below = self.entries.numer_denom()
        return whole, int(below)

    def diagonal_entries(self) -> list[flint.fmpq]:
        """The entries on the diagonal."""
        return [self.entries[i, i] for i in range(min(self.shape))]

    def put(self, row: int, column: int, block: "ExactMatrix") -> None:
        """Write a block into the matrix, its first entry at (row, column)."""
        for i, entries in enumerate(block.rows()):
            for j, entry in enumerate(entries):
                self.entries[row + i, column + j] = entry

    def block(self, rows: slice, columns: slice) -> "ExactMatrix":
        """Some rows and columns."""
        return ExactMatrix(flint.fmpq_mat([row[columns] for row in self.rows()[rows]]))

    def inverse(self) -> "ExactMatrix":
        """The inverse, exactly; `ZeroDivisionError` where there is none."""
        return ExactMatrix(self.entries.inv())

    def is_zero(self) -> bool:
        """Whether every entry is zero."""
        return not any(entry != 0 for row in self.rows() for entry in row)

    def is_diagonal(self, size: int) -> bool:
        """Whether it is `size` by `size` with zeros off the diagonal: what a matrix of slopes or multipliers has to be.

        >>> ExactMatrix.identity(2).is_diagonal(2), ExactMatrix.of([[1, 1], [0, 1]]).is_diagonal(2)
        (True, False)
        """
        return self.shape == (size, size) and self == ExactMatrix.diagonal(self.diagonal_entries())

    def largest_sum(self) -> flint.fmpq:
        """The largest sum of absolute values along a row or a column, which bounds the spectral norm."""
        rows = self.rows()
        return max(sum(map(abs, line), flint.fmpq(0)) for line in [*rows, *zip(*rows, strict=True)])

    def times(self, vector: Sequence[flint.fmpq]) -> list[flint.fmpq]:
        """The product with a vector."""
        column = flint.fmpq_mat(len(vector), 1, list(vector))
        return [row[0] for row in (self.entries * column).table()]

    def approximate(self) -> Float[np.ndarray, "rows columns"]:
        """The nearest matrix of floats; entries beyond their range are infinite."""
        return np.array([[_nearest(entry) for entry in row] for row in self.rows()], dtype=float).reshape(self.shape)

    def __matmul__(self, other: "ExactMatrix") -> "ExactMatrix":
        return ExactMatrix(self.entries * other.entries)

    def __add__(self, other: "ExactMatrix") -> "ExactMatrix":
        return ExactMatrix(self.entries + other.entries)

    def __sub__(self, other: "ExactMatrix") -> "ExactMatrix":
        return ExactMatrix(self.entries - other.entries)

    def __neg__(self) -> "ExactMatrix":
        return ExactMatrix(-self.entries)

    def __rmul__(self, number: Number) -> "ExactMatrix":
        return ExactMatrix(self.entries * rational(number))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExactMatrix) and bool(self.entries == other.entries)

    __hash__ = None  # type: ignore[assignment]


def on_grid(array: Float[np.ndarray, "..."], bits: int = 40) -> Float[np.ndarray, "..."]:
    """Floats rounded to `bits` binary digits after the leading one of the largest: short rationals.

    >>> on_grid(np.array([1.0, 1 / 3]), bits=4)
    array([1.    , 0.3125])
    """
    largest = np.abs(array).max(initial=0.0)
    if largest == 0:
        return array.copy()
    exponent = int(np.floor(np.log2(largest))) - bits
    return np.ldexp(np.round(np.ldexp(array, -exponent)), exponent)


def to_digits(array: Float[np.ndarray, "..."], bits: int = 30) -> Float[np.ndarray, "..."]:
    """Floats rounded to `bits` binary digits, each counted from its own leading one: for entries in units of their own.

    >>> to_digits(np.array([1 / 3, 1e-9 / 3]), bits=4) * 3
    array([1.03125000e+00, 9.60426405e-10])
    """
    mantissas, exponents = np.frexp(array)
    return np.ldexp(np.round(np.ldexp(mantissas, bits)), exponents - bits)


def short(value: float, bits: int = 20) -> float:
    """A number with few binary digits, at most `value` (positive): a rate or a gain to be claimed.

    >>> short(1 / 3, bits=4)
    0.328125
    """
    exponent = int(np.floor(np.log2(value))) - bits
    return float(np.ldexp(np.floor(np.ldexp(value, -exponent)), exponent))


def _dyadic(array: Float[np.ndarray, "rows columns"]) -> flint.fmpq_mat:
    """Floats as integers over one power of two: much quicker than one fraction an entry."""
    if not np.isfinite(array).all():
        raise ValueError("entries that are not finite have no rational value")
    mantissas, exponents = np.frexp(array)
    lowest = int(exponents.min(initial=0))
    whole = np.ldexp(mantissas, 53).astype(np.int64).tolist()
    shifts = np.where(array == 0, 0, exponents - lowest).tolist()
    integers = flint.fmpz_mat(
        [[m << s for m, s in zip(*pair, strict=True)] for pair in zip(whole, shifts, strict=True)]
    )
    scale = lowest - 53
    return flint.fmpq_mat(integers) * (flint.fmpq(2**scale) if scale >= 0 else flint.fmpq(1, 2**-scale))


def _nearest(number: flint.fmpq) -> float:
    try:
        return int(number.p) / int(number.q)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def as_fraction(number: flint.fmpq) -> Fraction:
    """The same number of the standard library.

    >>> import flint
    >>> as_fraction(flint.fmpq(3, 4))
    Fraction(3, 4)
    """
    return Fraction(int(number.p), int(number.q))
