"""Verifies a contraction certificate from scratch, with Python's standard library alone and in exact arithmetic.

    python -I -S validate/contraction/certificate_checker.py FILE [--weights W]

The format is that of docs/certificates.md. Standard output says in words what is claimed, and then `verified` (exit
status 0) or `rejected: ...` (1). A malformed file, or other weights in W than in FILE, is one line on standard error
(2). W is FILE.npy, a text file of numbers (FILE.csv, FILE.tsv, FILE.txt), or FILE.npz or FILE.safetensors, with :KEY
where the file holds several square matrices; of layers with gates and Lur'e systems a file of arrays by their names.

One file, to be read from top to bottom: exact matrices; which of them are positive definite; enclosures of
exponentials; the network; reading JSON; the claims, one class each, whose docstring says why its check proves it;
assemblies; layers with gates; basins; inputs in a box; Lur'e systems; files. No float decides anything.

A "multiplier" certificate of n neurons with doubles as entries takes about 5e-5 n^2 + 3e-7 n^3 seconds of one
processor: 0.1 at n = 32, 0.3 at 64, 1.2 at 128 and 8.5 at 256 (measured on a machine of two cores by
tests/validate/contraction/test_certificate_checker.py, run as a program with the sizes as arguments); other kinds and
forged files: benchmarks/certificates.py. To reject one takes no longer, unless a matrix is so near to singular that 240
binary digits do not tell, as one that is semidefinite exactly: elimination then takes about n^5, 4 seconds at 64 rows.
"""

import ast
import hashlib
import io
import json
import re
import struct
import sys
import warnings
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from fractions import Fraction
from functools import cached_property, reduce
from itertools import pairwise
from math import atanh, factorial, isqrt, lcm, sqrt
from operator import matmul, mul
from typing import Annotated, Any, ClassVar, NoReturn, TypeAlias, TypeVar, get_type_hints

Vector: TypeAlias = list[Fraction]
Matrix: TypeAlias = list[list[Fraction]]
RecordT = TypeVar("RecordT")
Reader: TypeAlias = Callable[[object, int, str], RecordT]  # of a value, for n neurons, at a place in the file

DIGITS = 4300  # of a number, above and below the line: what Python reads unasked
GRIDS = (60, 240)  # binary digits of the factors that prove definiteness, before exact elimination
PRECISIONS = (128, 512, 2048)  # binary digits of enclosures of exponentials
DECAY_BITS, FARTHEST = 128, Fraction(1024)  # of exponentials of one number, and beyond which argument they are not told
OUTER_BITS, ROOT_BITS = 100, 120  # binary digits behind the point of what is rounded outwards, and of square roots
LONGEST_LEG = 2**16  # norm of the exponent beyond which no exponential is enclosed
MOST_CORNERS = 10  # neurons of claims that visit all 2^n corners
LARGEST = 4096  # neurons of claims whose proof takes n^2 operations
MANY = 1024  # neurons of claims whose proof takes n^3 operations
ELIMINATED = 64  # rows of matrices that are eliminated, of ELIMINATED_BITS binary digits; of fewer rows, more digits
ELIMINATED_BITS = 256
SHARED_BITS = 256  # a neuron, beyond those of one number: of the least common denominator of a list or a matrix
CIRCLE_BITS = 512  # of a point of the unit circle
CLAIMS_AT_MOST = 16  # in one file
LARGEST_LAYER = 2**19  # weights of a layer with gates
MOST_GATED_CLAIMS = 4  # of a layer with gates, or of a Lur'e system
LARGEST_LURE = 256  # states, channels and inputs of a Lur'e system
MOST_PIECES = 64  # of an interval
MOST_BASINS = 256  # in one file, or cases of inputs
MOST_ENDS = 2**14  # of all boxes of one claim
DYADIC_BITS = 2300  # of a number of a layer with gates, above and below the line: those of doubles have fewer
NAMED = (".npz", ".safetensors")  # of these FILE:KEY too
WEIGHTS = (".npy", ".csv", ".tsv", ".txt", *NAMED)
BY_ROWS = re.compile(r"(^|[./])(recurrent_)?kernel(:0)?$|/w$")  # names of Flax, Keras and Haiku: h -> h W, W h here
USAGE = f"usage: [--check] FILE [--weights {'|'.join(f'FILE{suffix}' for suffix in WEIGHTS)}[:KEY]]"


class Malformed(ValueError):
    """The file, the weights beside it or the command line cannot be read; the message says what is wrong, and where."""


class Rejected(ValueError):
    """A well-formed certificate does not prove what it claims; the message says which condition fails, and where."""


def require(condition: bool, failure: str) -> None:
    """Reject the certificate unless the condition holds."""
    if not condition:
        raise Rejected(failure)


def verify_each(parts: Iterable[Any], name: str, *of: object) -> None:
    """Each of these, which are claims about `of`, until one fails; it is named by its place."""
    for i, part in enumerate(parts):
        try:
            part.verify(*of)
        except Rejected as error:
            raise Rejected(f"{name}[{i}]: {error}") from error


# Exact matrices


def integers(vector: Iterable[Fraction]) -> tuple[list[int], int]:
    """The vector as integers over one denominator."""
    entries = list(vector)
    denominator = lcm(*(x.denominator for x in entries))
    return [x.numerator * (denominator // x.denominator) for x in entries], denominator


def product(left: Matrix, right: Matrix) -> Matrix:
    """The product, by inner products of integers."""
    rows, columns = [integers(row) for row in left], [integers(column) for column in zip(*right, strict=True)]
    return [[Fraction(sum(map(mul, row, column)), p * q) for column, q in columns] for row, p in rows]


def transposed(matrix: Matrix) -> Matrix:
    """Rows become columns."""
    return [list(column) for column in zip(*matrix, strict=True)]


def diagonal(entries: Vector) -> Matrix:
    """The diagonal matrix."""
    return [[x if i == j else Fraction(0) for j in range(len(entries))] for i, x in enumerate(entries)]


def added(left: Matrix, right: Matrix) -> Matrix:
    """The sum."""
    return [[x + y for x, y in zip(a, b, strict=True)] for a, b in zip(left, right, strict=True)]


def scaled(factor: Fraction | int, matrix: Matrix) -> Matrix:
    """A multiple."""
    return [[factor * x for x in row] for row in matrix]


def shifted(matrix: Matrix, shift: Fraction) -> Matrix:
    """The matrix, with `shift` added on its diagonal."""
    return [[x + shift if i == j else x for j, x in enumerate(row)] for i, row in enumerate(matrix)]


def rows_scaled(factors: Vector, matrix: Matrix) -> Matrix:
    """diag(factors) matrix."""
    return [[factor * x for x in row] for factor, row in zip(factors, matrix, strict=True)]


def columns_scaled(matrix: Matrix, factors: Vector) -> Matrix:
    """matrix diag(factors)."""
    return [[x * factor for x, factor in zip(row, factors, strict=True)] for row in matrix]


def twice_symmetric_part(matrix: Matrix) -> Matrix:
    """A + A^T."""
    return added(matrix, transposed(matrix))


def side_by_side(blocks: Sequence[Matrix]) -> Matrix:
    """Square blocks along the diagonal, zeros elsewhere."""
    size, begin, rows = sum(map(len, blocks)), 0, []
    for block in blocks:
        after = size - begin - len(block)
        rows += [[Fraction(0)] * begin + row + [Fraction(0)] * after for row in block]
        begin += len(block)
    return rows


def bordered(corner: Matrix, border: Matrix, opposite: Matrix) -> Matrix:
    """[[corner, border], [border^T, opposite]]."""
    upper = [a + b for a, b in zip(corner, border, strict=True)]
    return upper + [a + b for a, b in zip(transposed(border), opposite, strict=True)]


def row_sum_norm(matrix: Matrix) -> Fraction:
    """The largest absolute row sum: the norm that the maximum norm induces."""
    return max(sum(map(abs, row), Fraction(0)) for row in matrix)


def quadratic_form(matrix: Matrix, vector: Vector) -> Fraction:
    """v^T M v."""
    return product([vector], product(matrix, [[x] for x in vector]))[0][0]


def added_up(numbers: Sequence[Fraction]) -> Fraction:
    """The sum, by halves: denominators without a common factor grow long in the last additions alone."""
    half = len(numbers) // 2
    return added_up(numbers[:half]) + added_up(numbers[half:]) if half else sum(numbers, Fraction(0))


# Which symmetric matrices are positive definite


def failing_block(matrix: Matrix, strict: bool, times: int = 1) -> int | None:
    """The size of a leading block that is not positive definite (semidefinite unless `strict`); None if M is.

    Decided exactly. Semidefinite are matrices that are weakly dominated by a positive diagonal, and lines of zeros
    change nothing. `times` such matrices are asked about: more leave less for each.

    Raises:
        Rejected: where only elimination could tell, and the matrix is too large for it.
    """
    if strict:
        return indefinite_block(matrix, strict, times)
    kept = [i for i, row in enumerate(matrix) if any(row)]
    if all(2 * matrix[i][i] >= sum(map(abs, matrix[i])) for i in kept):
        return None
    size = indefinite_block([[matrix[i][j] for j in kept] for i in kept], strict, times)
    return None if size is None else kept[size - 1] + 1


def indefinite_block(matrix: Matrix, strict: bool, times: int) -> int | None:
    """The same, by a factor on a grid, by a vector with v^T M v < 0, or else by elimination."""
    for bits in GRIDS:
        failure = factor_on_grid(matrix, bits)
        if failure is None:
            return None
        value = quadratic_form([row[: len(failure)] for row in matrix[: len(failure)]], failure)
        if value < 0 or (strict and value == 0):
            return len(failure)
    rows = over_one(matrix)
    digits = max(x.bit_length() for row in rows for x in row)
    affordable = times * len(matrix) ** 5 * digits**2 <= ELIMINATED**5 * ELIMINATED_BITS**2
    require(affordable, f"a matrix is too near to singular for {GRIDS[-1]} binary digits, and too large to eliminate")
    return eliminate(rows, strict)


def longest(numbers: Iterable[Fraction]) -> int:
    """The most binary digits above or below a line."""
    return max((max(x.numerator.bit_length(), x.denominator.bit_length()) for x in numbers), default=0)


def factor_on_grid(matrix: Matrix, bits: int) -> Vector | None:
    """None, which proves that M is positive definite, or a vector that may show that a leading block is not.

    N is D M D rounded to integers, where D consists of powers of two that bring its diagonal near to 4^bits. A Cholesky
    decomposition of N in integers leaves remainders: N = L L^T + E. For j < i division by L_jj leaves 0 <= E_ij < L_jj;
    on the diagonal so small an L_ii is taken that

        E_ii >= (sum of L_jj over j < i) + (number of j > i) L_ii + n > (sum of |E_ij| over j != i) + n/2.

    Rounding changes a row sum by n/2 at most, so D M D - L L^T is strictly diagonally dominant with a positive
    diagonal, hence positive definite, and so are D M D and M.

    Where row i leaves no room for that, the leading block is [[A, a], [a^T, d]] with A positive definite and d near to
    or below a^T A^-1 a; the vector returned is near to (-A^-1 a, 1), where the block's form is smallest.
    """
    n = len(matrix)
    # 4^shift M_ii is below 4^bits, and above 4^bits / 8
    sizes = [row[i].numerator.bit_length() - row[i].denominator.bit_length() for i, row in enumerate(matrix)]
    shifts = [bits - (size + 2) // 2 for size in sizes]
    factor: list[list[int]] = []
    taken = n  # by the remainders of earlier columns, and by rounding
    for i, (row, shift) in enumerate(zip(matrix, shifts, strict=True)):
        line: list[int] = []
        for x, other, above in zip(row, shifts, factor, strict=False):  # stops at the diagonal
            line.append((on_grid(x, shift + other) - sum(map(mul, line, above))) // above[-1])
        rest = on_grid(row[i], 2 * shift) - sum(map(mul, line, line))
        room = rest - taken - (n - 1 - i) * isqrt(max(rest, 0))
        if room < 1:
            return [x * two_to(s) for x, s in zip(lowest_vector(factor, line, bits), shifts, strict=False)]
        line.append(isqrt(room))
        taken += line[-1]
        factor.append(line)
    return None


def on_grid(number: Fraction, shift: int) -> int:
    """2^shift x, rounded to an integer."""
    p, q = number.numerator << max(shift, 0), number.denominator << max(-shift, 0)
    return (2 * p + q) // (2 * q)


def two_to(exponent: int) -> Fraction:
    """2^exponent."""
    return Fraction(1 << max(exponent, 0), 1 << max(-exponent, 0))


def lowest_vector(factor: list[list[int]], line: list[int], bits: int) -> list[int]:
    """2^bits (-L^-T l, 1), rounded: L are the rows of a lower triangular factor, l the next row of it."""
    right = [-x << bits for x in line]
    solution = [1 << bits]
    for row in reversed(factor):
        x = right.pop() // row[-1]
        right = [r - x * entry for r, entry in zip(right, row, strict=False)]
        solution.append(x)
    return solution[::-1]


def over_one(matrix: Matrix) -> list[list[int]]:
    """A symmetric matrix, up to its diagonal, with rows and columns multiplied by what makes all entries integers.

    It is definite where the matrix is. Either all have one multiple, or each its own: what leaves fewer digits.
    """
    whole, each = integers(x for row in matrix for x in row)[1], [integers(row)[1] for row in matrix]
    lower = [row[: i + 1] for i, row in enumerate(matrix)]
    alike = [[x.numerator * (whole // x.denominator) for x in row] for row in lower]
    apart = [[int(x * p * q) for x, q in zip(row, each, strict=False)] for row, p in zip(lower, each, strict=True)]
    return min(alike, apart, key=lambda rows: max(x.bit_length() for row in rows for x in row))


def eliminate(rows: list[list[int]], strict: bool) -> int | None:
    """The same answer as `failing_block`, by Bareiss' elimination in integers: what remains are minors, all exact.

    Of the rows up to the diagonal, which are overwritten. Positive definite: every pivot is positive. Semidefinite: a
    pivot may be zero if all that remains of its column is.
    """
    previous = 1
    for k in range(len(rows)):
        pivot, column = rows[k][k], [row[k] for row in rows[k + 1 :]]
        if pivot < 0 or (strict and pivot == 0):
            return k + 1
        if pivot == 0:
            nonzero = [i for i, x in enumerate(column) if x]
            if nonzero:
                return k + 2 + nonzero[0]
            continue
        for row, x in zip(rows[k + 1 :], column, strict=True):
            row[k + 1 :] = [(entry * pivot - x * y) // previous for entry, y in zip(row[k + 1 :], column, strict=False)]
        previous = pivot
    return None


def require_symmetric(matrix: Matrix, name: str) -> None:
    """Reject unless M = M^T."""
    for i, row in enumerate(matrix):
        for j in range(i):
            require(row[j] == matrix[j][i], f"{name} is not symmetric: entries [{i}][{j}] and [{j}][{i}] differ")


def require_positive(matrix: Matrix, name: str, strict: bool = True, times: int = 1) -> None:
    """Reject unless the matrix is symmetric and positive definite (semidefinite unless `strict`)."""
    require_symmetric(matrix, name)
    size = failing_block(matrix, strict, times)
    kind = "definite" if strict else "semidefinite"
    require(size is None, f"{name} is not positive {kind}: its leading {size} x {size} block is not")


# Enclosures of exponentials


@dataclass(frozen=True)
class Enclosure:
    """All real matrices X with |X - middle| <= radius in the row sum norm; both count units of 2^-bits.

    That norm is submultiplicative, so |x y - X Y| <= |x - X| |y| + |X| |y - Y|. Rounding an entry to whole units costs
    half a unit, in the norm n/2 units.
    """

    middle: list[list[int]]
    radius: int
    bits: int

    @classmethod
    def of(cls, matrix: Matrix, bits: int) -> "Enclosure":
        """The matrix, rounded."""
        return cls([[on_grid(x, bits) for x in row] for row in matrix], len(matrix), bits)

    @property
    def norm(self) -> int:
        """A bound of the norm of all members, in units."""
        return max(sum(map(abs, row)) for row in self.middle) + self.radius

    def __matmul__(self, other: "Enclosure") -> "Enclosure":
        """Contains the product of any two members."""
        half, columns = 1 << (self.bits - 1), list(zip(*other.middle, strict=True))
        middle = [[(sum(map(mul, row, column)) + half) >> self.bits for column in columns] for row in self.middle]
        radius = (self.radius * other.norm + self.norm * other.radius >> self.bits) + 1 + len(middle)
        return Enclosure(middle, radius, self.bits)

    def one_plus(self, divisor: int) -> "Enclosure":
        """Contains I + X / divisor for any member X."""
        unit = 1 << self.bits
        middle = [[x // divisor + unit * (i == j) for j, x in enumerate(row)] for i, row in enumerate(self.middle)]
        return Enclosure(middle, self.radius // divisor + 1 + len(middle), self.bits)

    @property
    def center(self) -> Matrix:
        """The middle as rational numbers."""
        return [[Fraction(x, 1 << self.bits) for x in row] for row in self.middle]

    @property
    def error(self) -> Fraction:
        """The radius as a rational number."""
        return Fraction(self.radius, 1 << self.bits)


def exponential(matrix: Matrix, bits: int) -> Enclosure:
    """Encloses exp(A), by Taylor's polynomial of B = A / 2^s and s squarings; s is such that |B| <= 1/2.

    The polynomial of degree K, by Horner's scheme, leaves out the terms B^m / m! with m > K. Each is less than half the
    one before, so they are less than 2 |B|^(K+1) / (K+1)! together; K is such that this is below one unit, 2^-bits.
    """
    halvings, degree, norm = 0, 0, row_sum_norm(matrix)
    while 2 * norm > 2**halvings:
        halvings += 1
    while factorial(degree + 1) << degree < 1 << bits:
        degree += 1
    part = Enclosure.of(scaled(Fraction(1, 2**halvings), matrix), bits)
    total = Enclosure([[0] * len(matrix) for _ in matrix], 0, bits).one_plus(1)
    for k in range(degree, 0, -1):
        total = (part @ total).one_plus(k)
    total = Enclosure(total.middle, total.radius + 1, bits)
    for _ in range(halvings):
        total = total @ total
    return total


# Enclosures of tanh and the sigmoid


@dataclass(frozen=True)
class Interval:
    """From low to high."""

    low: Fraction
    high: Fraction


def decayed(y: Fraction) -> Interval:
    """exp(-y), y >= 0; far away it is between zero and what it is at FARTHEST."""
    if y == 0:
        return Interval(Fraction(1), Fraction(1))
    found = exponential([[-min(y, FARTHEST)]], DECAY_BITS)
    middle, error = found.center[0][0], found.error
    low = max(middle - error, Fraction(0)) if y <= FARTHEST else Fraction(0)
    return outwards(low, min(middle + error, Fraction(1)))


def outwards(low: Fraction, high: Fraction) -> Interval:
    """The interval with ends of OUTER_BITS binary digits behind the point."""
    unit = 1 << OUTER_BITS
    ends = (low.numerator * unit // low.denominator, -(-high.numerator * unit // high.denominator))
    return Interval(Fraction(ends[0], unit), Fraction(ends[1], unit))


def sigmoid(x: Fraction) -> Interval:
    """1 / (1 + exp(-x)); that of -x is what is left to 1."""
    u = decayed(abs(x))
    found = outwards(1 / (1 + u.high), 1 / (1 + u.low))
    return found if x >= 0 else Interval(1 - found.high, 1 - found.low)


def sigmoid_slope(x: Fraction) -> Interval:
    """u / (1 + u)^2 with u = exp(-|x|), which rises with u up to 1."""
    u = decayed(abs(x))
    return outwards(u.low / (1 + u.low) ** 2, u.high / (1 + u.high) ** 2)


def tanh(x: Fraction) -> Interval:
    """2 sigmoid(2 x) - 1."""
    inner = sigmoid(2 * x)
    return Interval(2 * inner.low - 1, 2 * inner.high - 1)


def tanh_slope(x: Fraction) -> Interval:
    """4 sigmoid'(2 x)."""
    inner = sigmoid_slope(2 * x)
    return Interval(4 * inner.low, 4 * inner.high)


def root_above(square: Fraction) -> Fraction:
    """A number whose square is this or next above it."""
    above = -((-square.numerator << 2 * ROOT_BITS) // square.denominator)
    root = isqrt(above)
    return Fraction(root if root * root == above else root + 1, 1 << ROOT_BITS)


# The network


@dataclass(frozen=True)
class Network:
    """tau x' = -x + ..., with slopes from `floors` to `limits`; the displacement of two trajectories obeys x' = J x.

    With y the displacement of phi's values, T x' = -x + B y, and y_i ((C x)_i - y_i) >= 0 as y_i = d_i (C x)_i with d_i
    in [0, 1]. Subclasses say what B and C are.
    """

    weights: Matrix
    sha256: str
    limits: Vector
    paces: Vector
    floors: Vector  # zero unless the file says otherwise
    equation: ClassVar[str]
    shared_in_rows: ClassVar[bool]  # whether one slope multiplies a row of the weights, or a column
    pace: ClassVar[str] = "time_constants"  # what `paces` are
    discrete: ClassVar[bool] = False  # whether it is a map

    @property
    def time_constants(self) -> Vector:
        """tau."""
        return self.paces

    @property
    def size(self) -> int:
        """The number of neurons."""
        return len(self.weights)

    @property
    def rates(self) -> Vector:
        """1 / tau."""
        return [1 / tau for tau in self.time_constants]

    def words(self) -> str:
        """What the network is."""
        return (
            f"{counted(self.size, 'neuron')}, {self.equation}; "
            f"slopes of phi between {span(self.floors)} and {span(self.limits)}; "
            f"SHA-256 of the weights {digest(self.weights)}"
        )

    def compare(self, weights: "Weights") -> None:
        """By the digests."""
        if digest(weights.matrix()) != digest(self.weights):
            raise Malformed("--weights: the matrix is not the one of the certificate")

    def verify(self) -> None:
        """The weights are those whose digest is given; slopes and time constants, or leaks, are positive."""
        require(self.sha256 == digest(self.weights), "sha256 is not that of the weights")
        if any(self.floors):
            for i, (floor, limit) in enumerate(zip(self.floors, self.limits, strict=True)):
                require(floor <= limit, f"lowest_slopes: entry [{i}] is above that of slopes")
        else:
            require_all_positive(self.limits, "slopes")
        require_all_positive(self.paces, self.pace.replace("_", " "))

    def require_within(self, slopes: Vector, name: str) -> None:
        """Reject slopes that the network cannot have."""
        for i, (slope, floor, limit) in enumerate(zip(slopes, self.floors, self.limits, strict=True)):
            require(
                floor <= slope <= limit,
                f"{name}[{i}] is not between {show(floor)} and the largest slope of that neuron",
            )

    @property
    def gained(self) -> Matrix:
        """The weights at the largest slopes: W G or G W."""
        return self.sloped(self.limits)

    def jacobian(self, slopes: Vector) -> Matrix:
        """J = T^-1 (-I + W diag(slopes)), or diag(slopes) W."""
        return rows_scaled(self.rates, shifted(self.sloped(slopes), Fraction(-1)))

    def corners(self) -> Iterator[Vector]:
        """All slopes that are least or largest; J is affine in the slopes, so at all others it is a mean of these."""
        for corner in range(2**self.size):
            ends = enumerate(zip(self.floors, self.limits, strict=True))
            yield [limit if corner >> i & 1 else floor for i, (floor, limit) in ends]

    @property
    def spanned(self) -> Matrix:
        """The weights at the largest slopes less the least: W (G - L) or (G - L) W."""
        if not any(self.floors):
            return self.gained
        return self.sloped([limit - floor for floor, limit in zip(self.floors, self.limits, strict=True)])

    def resting(self, matrix: Matrix) -> Matrix:
        """-M J at the least slopes; M T^-1 where these are zero."""
        if not any(self.floors):
            return columns_scaled(matrix, self.rates)
        return scaled(-1, product(matrix, self.jacobian(self.floors)))

    @property
    def ends(self) -> list[Matrix]:
        """The weights at the largest slopes and, unless these are zero, at the least."""
        return [self.gained, self.sloped(self.floors)] if any(self.floors) else [self.gained]

    def sloped(self, slopes: Vector) -> Matrix:
        """W diag(slopes), or diag(slopes) W."""
        raise NotImplementedError

    def driven(self, matrix: Matrix) -> Matrix:
        """M B: what the quadratic form of M has to do with y."""
        raise NotImplementedError

    def sensed(self, multipliers: Vector) -> Matrix:
        """C^T Q: how the multipliers of y_i ((C x)_i - y_i) couple x with y."""
        raise NotImplementedError


class Voltage(Network):
    """B = W G, C = I: y is the displacement of phi(x) over g."""

    equation = "voltage form, tau x' = -x + W phi(x) + u"
    shared_in_rows = False

    def sloped(self, slopes: Vector) -> Matrix:
        """W diag(slopes)."""
        return columns_scaled(self.weights, slopes)

    def driven(self, matrix: Matrix) -> Matrix:
        """M W G, or M W (G - L)."""
        return product(matrix, self.spanned)

    def sensed(self, multipliers: Vector) -> Matrix:
        """Q."""
        return diagonal(multipliers)


class Rate(Network):
    """B = I, C = G W: y is the displacement of phi(W x + u)."""

    equation = "rate form, tau x' = -x + phi(W x + u)"
    shared_in_rows = True

    def sloped(self, slopes: Vector) -> Matrix:
        """diag(slopes) W."""
        return rows_scaled(slopes, self.weights)

    def driven(self, matrix: Matrix) -> Matrix:
        """M."""
        return matrix

    def sensed(self, multipliers: Vector) -> Matrix:
        """(G W)^T Q, or ((G - L) W)^T Q."""
        return columns_scaled(transposed(self.spanned), multipliers)


class Map(Network):
    """x <- (1 - a) x + a (...), the step of size one of the flow with time constants 1 / a; `paces` are the leaks a.

    The displacement of two trajectories obeys x <- F x with F = I + J, J that of the flow; so F x = (1 - a) x + a B y.
    """

    pace = "leaks"
    discrete = True

    @property
    def rates(self) -> Vector:
        """a."""
        return self.paces

    @property
    def kept(self) -> Vector:
        """1 - a."""
        return [1 - leak for leak in self.paces]

    def verify(self) -> None:
        """As a flow's; leaks are at most 1."""
        super().verify()
        for i, leak in enumerate(self.paces):
            require(leak <= 1, f"leaks: entry [{i}] is above 1")

    def step(self, slopes: Vector) -> Matrix:
        """F."""
        return shifted(self.jacobian(slopes), Fraction(1))

    def bounds(self, together: bool) -> Matrix:
        """Bounds of |F_ij|: a_i |M_ij| and, on the diagonal, the larger of 1 - a_i and |1 - a_i + a_i M_ii|.

        With `together` the latter alone: d (sum of others) + |1 - a_i + d a_i M_ii| is convex in d in [0, 1], so it is
        at most the larger of 1 - a_i and what it is at d = 1. This is of slopes from zero.
        """
        result = [[leak * abs(x) for x in row] for leak, row in zip(self.paces, self.gained, strict=True)]
        for i, (leak, kept) in enumerate(zip(self.paces, self.kept, strict=True)):
            steep = abs(kept + leak * self.gained[i][i])
            result[i][i] = steep if together else max(kept, steep)
        return result

    def every_bound(self, together: bool) -> list[Matrix]:
        """Bounds of |F|; of slopes not from zero |F| at their ends: each |F_ij|, or sum of them, is convex in a slope.

        With `together` both, each for its sum; else their larger entries.
        """
        if not any(self.floors):
            return [self.bounds(together)]
        ends = [[list(map(abs, row)) for row in self.step(slopes)] for slopes in (self.floors, self.limits)]
        return ends if together else [larger(*ends)]


def larger(one: Matrix, other: Matrix) -> Matrix:
    """Entry by entry."""
    return [list(map(max, a, b)) for a, b in zip(one, other, strict=True)]


class DiscreteVoltage(Map, Voltage):
    """B = W G, C = I."""

    equation = "discrete-voltage form, v <- (1 - a) v + a (W phi(v) + u)"


class Discrete(Map, Rate):
    """B = I, C = G W."""

    equation = "discrete form, h <- (1 - a) h + a phi(W h + u)"


FLOWS: dict[str, type[Network]] = {"voltage": Voltage, "rate": Rate}
FORMS: dict[str, type[Network]] = {**FLOWS, "discrete": Discrete, "discrete-voltage": DiscreteVoltage}


def digest(weights: Matrix) -> str:
    """SHA-256 of the canonical text: a line a row, entries in lowest terms, one space between them."""
    return hashlib.sha256("".join(" ".join(map(str, row)) + "\n" for row in weights).encode("ascii")).hexdigest()


def require_all_positive(entries: Vector, name: str) -> None:
    """Reject unless all entries are positive."""
    for i, x in enumerate(entries):
        require(x > 0, f"{name}: entry [{i}] is not positive")


def span(entries: Vector) -> str:
    """The number that all entries are, or between which two they are."""
    low, high = min(entries), max(entries)
    return show(low) if low == high else f"{show(low)} ... {show(high)}"


def in_words(value: object) -> str:
    """A field of a claim: a number, or how many there are."""
    return show(value) if isinstance(value, Fraction) else str(len(value)) if isinstance(value, list) else ""


def counted(number: int, noun: str) -> str:
    """The number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def show(number: Fraction) -> str:
    """The number as in the file, with six decimal digits if it is long; without itself if it is very long."""
    exact = str(number)
    if len(exact) <= 12:
        return exact
    about = Context(prec=6).divide(Decimal(number.numerator), Decimal(number.denominator))
    return f"{about} ({exact})" if len(exact) <= 60 else f"about {about}"


# Reading JSON


def shown(value: object) -> str:
    """A value of the file in a message, on one line and not too long."""
    text = ascii(value) if isinstance(value, str | bool | int | None) else type(value).__name__
    return text if len(text) <= 40 else f"{text[:36]} ..."


def number(value: object, _: int, where: str) -> Fraction:
    """An integer, or "p/q" in lowest terms with q > 1."""
    if type(value) is int:
        return Fraction(value)
    if isinstance(value, str) and (match := re.fullmatch("(-?[1-9][0-9]*)/([1-9][0-9]*)", value)):
        fraction = Fraction(whole(match[1]), whole(match[2]))
        if fraction.denominator == int(match[2]) > 1:
            return fraction
    raise Malformed(f'{where} is {shown(value)}; numbers are integers or "p/q" in lowest terms with q > 1')


def whole(text: str) -> int:
    """An integer of at most 4300 digits."""
    try:
        return int(text if len(text.lstrip("-")) <= DIGITS else "too long")
    except ValueError as error:  # also where Python was told to read fewer
        raise Malformed(f"a number has more than {DIGITS} digits") from error


def items(value: object, where: str) -> list[object]:
    """A list that is not empty."""
    if not isinstance(value, list) or not value:
        raise Malformed(f"{where} is {'empty' if value == [] else shown(value)}, not a list of one element at least")
    return value


def vector(value: object, size: int, where: str) -> Vector:
    """A list of `size` numbers."""
    entries = items(value, where)
    if len(entries) != size:
        raise Malformed(f"{where} has {len(entries)} entries, not {size}")
    return [number(x, size, f"{where}[{i}]") for i, x in enumerate(entries)]


def vectors(value: object, size: int, where: str) -> list[Vector]:
    """One vector at least."""
    return [vector(x, size, f"{where}[{i}]") for i, x in enumerate(items(value, where))]


def matrix_of(value: object, rows: int, columns: int, where: str) -> Matrix:
    """A list of rows."""
    result = vectors(value, columns, where)
    if len(result) != rows:
        raise Malformed(f"{where} has {len(result)} rows, not {rows}")
    return result


def square(value: object, size: int, where: str) -> Matrix:
    """An n x n matrix."""
    return matrix_of(value, size, size, where)


def object_of(value: object, where: str, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, object]:
    """An object with these keys and no others."""
    if not isinstance(value, dict):
        raise Malformed(f"{where} is {shown(value)}, not an object")
    missing = [key for key in required if key not in value]
    unknown = [key for key in value if key not in (*required, *optional)]
    if missing:
        raise Malformed(f"{where} lacks {missing[0]}")
    if unknown:
        raise Malformed(f"{where} has the unknown key {shown(unknown[0])}")
    return value


def record(kind: type[RecordT], value: object, size: int, where: str, tags: Sequence[str] = ()) -> RecordT:
    """A dataclass out of an object with keys `tags` and its fields, whose annotations hold their readers."""
    hints = get_type_hints(kind, include_extras=True).items()
    readers: dict[str, Reader[Any]] = {name: x.__metadata__[0] for name, x in hints if hasattr(x, "__metadata__")}
    entries = object_of(value, where, [*tags, *readers])
    return kind(**{name: reader(entries[name], size, f"{where}.{name}") for name, reader in readers.items()})


def records(kind: type[RecordT]) -> Reader[list[RecordT]]:
    """The reader of a list of dataclasses."""

    def read(value: object, size: int, where: str) -> list[RecordT]:
        return [record(kind, x, size, f"{where}[{i}]") for i, x in enumerate(items(value, where))]

    return read


def square_at_corners(value: object, size: int, where: str) -> list[Matrix]:
    """A square matrix for each of the 2^n corners, of any size."""
    places = [(x, f"{where}[{i}]") for i, x in enumerate(items(value, where))]
    if len(places) != 2**size:
        raise Malformed(f"{where} has {len(places)} matrices, not {2**size}")
    return [square(x, len(items(x, place)), place) for x, place in places]


Number = Annotated[Fraction, number]
PerNeuron = Annotated[list[Fraction], vector]
Vectors = Annotated[list[list[Fraction]], vectors]
Square = Annotated[list[list[Fraction]], square]


# Limits of size


@dataclass(frozen=True)
class Limits:
    """What a kind of claim may have, so that deciding it takes no longer than n^3 tells: docs/certificates.md.

    `lists` says of a list, or of lists in a list as "terms.vectors", how many elements there are at most: so many, and
    so many a neuron.
    """

    neurons: int
    bits: int = 2**14
    lists: tuple[tuple[str, int, int], ...] = ()

    def require_neurons(self, size: int, where: str) -> None:
        """Refuse more.

        Raises:
            Malformed: if there are.
        """
        if size > self.neurons:
            raise Malformed(f"{where}: there are {size} neurons; such claims take {self.neurons} at most")

    def require(self, claim: object, size: int, where: str) -> None:
        """Refuse lists and numbers that are longer, in the claim or what else it is about.

        Raises:
            Malformed: if there are.
        """
        self.require_neurons(size, where)
        for name, fixed, each in self.lists:
            found = sum(1 for _ in inside(claim, name.split(".")))
            if found > fixed + each * size:
                raise Malformed(f"{where}.{name}: there are {found}; such claims take {fixed + each * size} at most")
        self.require_numbers(claim, where)

    def require_numbers(self, holder: object, where: str) -> None:
        """Refuse longer numbers, and lists whose common denominator is long; so is one of what divides, of 1 / tau.

        Raises:
            Malformed: if there are.
        """
        found = longest(inside(holder, []))
        if found > self.bits:
            raise Malformed(f"{where}: a number has {found} binary digits; such claims take {self.bits} at most")
        for table in tables(holder):
            most = self.bits + SHARED_BITS * len(table)
            wholes = [x.denominator for x in inside(table, [])], [x.numerator for x in table if isinstance(x, Fraction)]
            if not all(short_multiple(each, most) for each in wholes):
                raise Malformed(f"{where}: a list has a common denominator of more than {most} binary digits")


def inside(value: object, names: Sequence[str]) -> Iterator[Any]:
    """Elements of the list that the names lead to; without names, all numbers."""
    if isinstance(value, list):
        for each in value:
            yield from [each] if isinstance(each, Fraction) and not names else inside(each, names)
    elif names:
        yield from inside(getattr(value, names[0]), names[1:]) if names[1:] else getattr(value, names[0])
    elif isinstance(value, Fraction):
        yield value
    elif isinstance(value, dict) or hasattr(value, "__dict__"):
        yield from inside(list(value.values() if isinstance(value, dict) else vars(value).values()), [])


def tables(value: object) -> Iterator[list[Any]]:
    """Vectors and matrices, in whatever holds them."""
    if isinstance(value, list) and value and isinstance(value[0], list | Fraction):
        yield value
    elif isinstance(value, list | dict) or hasattr(value, "__dict__"):
        held = value if isinstance(value, list) else value.values() if isinstance(value, dict) else vars(value).values()
        for each in list(held):
            yield from tables(each)


def short_multiple(wholes: Iterable[int], most: int) -> bool:
    """Whether the least common multiple, zeros aside, has so many binary digits at most; told soon where it has not."""
    multiple = 1
    for each in {abs(x) for x in wholes if x}:
        multiple = lcm(multiple, each)
        if multiple.bit_length() > most:
            return False
    return True


# Claims about one network


class Claim:
    """A statement with its proof; the fields are the keys of its JSON object."""

    statement: ClassVar[str]  # with names of fields in braces
    limits: ClassVar[Limits]

    @property
    def within(self) -> Limits:
        """Those of this very claim, where they depend on more than its kind."""
        return self.limits

    def words(self) -> str:
        """What is claimed."""
        return self.statement.format_map({name: in_words(value) for name, value in vars(self).items()})

    ranged: ClassVar[bool] = False  # whether its proof takes least slopes other than zero

    def verify(self, network: Network) -> None:
        """Whether the claim is proved; for each claim, which conditions that takes.

        Raises:
            Rejected: if it is not.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Multiplier(Claim):
    """x^T P x falls at least as exp(-2 c t).

    With Y = P T^-1, the form of the matrix [[Y + Y^T - 2 c P, -(Y B + C^T Q)], [., 2 Q]] at (x, y) is

        -(d/dt + 2 c) x^T P x - 2 sum of q_i y_i ((C x)_i - y_i).

    It is positive, which makes Q positive; and the sum is not negative, whatever the slopes. So the first part is
    positive: (d/dt + 2 c) x^T P x < 0. Of slopes from l to g, y = (slope - l) / (g - l) C x and x' = J(l) x + T^-1 B y,
    with g - l in the place of g: in Y + Y^T, not beside B, Y is -P J(l).
    """

    rate: Number
    P: Square
    Q: PerNeuron
    ranged: ClassVar[bool] = True

    limits = Limits(neurons=MANY)
    statement = "contracting at rate {rate} in the metric x^T P x, whatever the slopes do in time (by multipliers)"

    def verify(self, network: Network) -> None:
        """P and the matrix are positive definite."""
        require(self.rate > 0, "rate is not positive")
        require_positive(self.P, "P")
        flow = columns_scaled(self.P, network.rates)
        corner = added(twice_symmetric_part(network.resting(self.P)), scaled(-2 * self.rate, self.P))
        border = scaled(-1, added(network.driven(flow), network.sensed(self.Q)))
        require_positive(bordered(corner, border, diagonal([2 * q for q in self.Q])), "the matrix of P and Q")


@dataclass(frozen=True)
class AbsoluteWeights(Claim):
    """x^T P x falls at least as exp(-2 c t), where P = diag(tau l / r).

    Let A be W G or G W in absolute value, with negative diagonal entries replaced by zero; of slopes from l to g each
    entry at its worst end, |A_ij| beside the diagonal, A_ii on it. With |x_i| = r_i u_i and 2 u_i u_j <= u_i^2 + u_j^2,

        x^T P J x <= sum of -l_i r_i u_i^2 + sum of l_i A_ij r_j u_i u_j
                  <= sum of u_i^2 (-l_i r_i + l_i (A r)_i / 2 + r_i (A^T l)_i / 2),

    and the bounds on A r and A^T l make this less than -c times the sum of tau_i l_i r_i u_i^2, which is x^T P x.
    """

    ranged: ClassVar[bool] = True
    rate: Number
    left: PerNeuron
    right: PerNeuron

    limits = Limits(neurons=LARGEST)
    statement = (
        "contracting at rate {rate} in the metric diag(tau left / right), whatever the slopes do in time"
        " (by the absolute weights)"
    )

    def verify(self, network: Network) -> None:
        """l and r are positive; A r < (I - c T) r and A^T l < (I - c T) l."""
        require(self.rate > 0, "rate is not positive")
        require_all_positive(self.left, "left")
        require_all_positive(self.right, "right")
        nothing = [] if any(network.floors) else [Fraction(0)]  # what slopes of zero leave
        ends = [
            [[max([x, *nothing]) if i == j else abs(x) for j, x in enumerate(row)] for i, row in enumerate(end)]
            for end in network.ends
        ]
        absolute = reduce(larger, ends)
        for lines, weights, name in ((absolute, self.right, "A r"), (transposed(absolute), self.left, "A^T l")):
            for i, (line, tau) in enumerate(zip(lines, network.time_constants, strict=True)):
                bound = (1 - self.rate * tau) * weights[i]
                require(sum(map(mul, line, weights)) < bound, f"{name} is too large in entry [{i}]")


@dataclass(frozen=True)
class Vertices(Claim):
    """x^T P x falls at least as exp(-2 c t).

    Its derivative plus 2 c times itself is the form of P J + J^T P + 2 c P. J is affine in the slopes, so that matrix
    is a mean of those at the corners; they are negative definite.
    """

    ranged: ClassVar[bool] = True
    rate: Number
    P: Square

    limits = Limits(neurons=MOST_CORNERS, bits=2**12)
    statement = (
        "contracting at rate {rate} in the metric x^T P x, whatever the slopes do in time"
        " (by all corners of the slopes)"
    )

    def verify(self, network: Network) -> None:
        """P and -(P J + J^T P + 2 c P) are positive definite."""
        require(self.rate > 0, "rate is not positive")
        require_positive(self.P, "P")
        for b, slopes in enumerate(network.corners()):
            growth = twice_symmetric_part(product(self.P, shifted(network.jacobian(slopes), self.rate)))
            require_positive(scaled(-1, growth), f"-(P J + J^T P + 2 c P) at corner {b}", times=2**network.size)


@dataclass(frozen=True)
class WeightedNorm(Claim):
    """A norm falls at least as exp(-c t), as its logarithmic norm of J is at most -c at all slopes.

    Let K be T^-1 W G or T^-1 G W, scaled by the weights. The logarithmic norm is the largest of -1/tau_i + d K_ii + sum
    of d |K_ij| over j != i, along row i for the maximum norm, or down column i for the sum norm. Where one slope
    multiplies that whole line, the same d in [0, 1] stands before all terms; otherwise every term has its own. Of
    slopes from l to g the line, or each of its terms, is convex in them, and at most what it is at an end.
    """

    ranged: ClassVar[bool] = True
    rate: Number
    weights: PerNeuron
    limits = Limits(neurons=LARGEST)
    along_rows: ClassVar[bool]

    def verify(self, network: Network) -> None:
        """The weights are positive; every line's bound is at most -c."""
        require(self.rate > 0, "rate is not positive")
        require_all_positive(self.weights, "weights")
        inner = self.weights if self.along_rows else [1 / q for q in self.weights]
        ends = [rows_scaled(network.rates, end) for end in network.ends]
        ends = [columns_scaled(rows_scaled([1 / q for q in inner], matrix), inner) for matrix in ends]
        together = network.shared_in_rows == self.along_rows
        nothing = [] if any(network.floors) else [Fraction(0)]  # what slopes of zero leave
        for i, lines in enumerate(zip(*(end if self.along_rows else transposed(end) for end in ends), strict=True)):
            others = [[abs(x) for j, x in enumerate(line) if j != i] for line in lines]
            if together:
                worst = max(nothing + [line[i] + sum(other) for line, other in zip(lines, others, strict=True)])
            else:
                most = others[0] if len(others) == 1 else map(max, *others)
                worst = max(nothing + [line[i] for line in lines]) + sum(most)
            kind = "row" if self.along_rows else "column"
            require(worst <= network.rates[i] - self.rate, f"the logarithmic norm exceeds -rate in {kind} [{i}]")


class NormInf(WeightedNorm):
    """The maximum norm."""

    along_rows = True
    statement = "contracting at rate {rate} in the norm max |x_i| / weights_i, whatever the slopes do in time"


class Norm1(WeightedNorm):
    """The sum norm."""

    along_rows = False
    statement = "contracting at rate {rate} in the norm sum of weights_i |x_i|, whatever the slopes do in time"


@dataclass(frozen=True)
class Polytope(Claim):
    """The norm with unit ball conv(v_j, -v_j), the least |a|_1 with x = V a, falls at least as exp(-c t).

    J V = V Gamma at all corners, hence at all slopes with a mean of those Gammas. Their logarithmic 1-norm, the largest
    Gamma_jj + sum of |Gamma_ij| over i != j, is convex, so at most -c. Where x = V a and a' = Gamma a, x' = J x: |a|_1
    falls at least as exp(-c t), from the least that it can begin with, and the norm of x is never more.
    """

    ranged: ClassVar[bool] = True
    rate: Number
    vertices: Vectors
    combinations: Annotated[list[list[list[Fraction]]], square_at_corners]

    limits = Limits(neurons=MOST_CORNERS, bits=2**13, lists=(("vertices", 256, 0),))
    statement = (
        "contracting at rate {rate} in the norm whose unit ball is spanned by {vertices} vectors and their negatives,"
        " whatever the slopes do in time"
    )

    def __post_init__(self) -> None:
        """One row and column of every combination for each vertex."""
        for b, gamma in enumerate(self.combinations):
            if len(gamma) != len(self.vertices):
                raise Malformed(f"combinations[{b}] has {len(gamma)} rows; there are {len(self.vertices)} vertices")

    def verify(self, network: Network) -> None:
        """V spans the space; J V = V Gamma; the columns of Gamma are bounded."""
        require(self.rate > 0, "rate is not positive")
        columns = transposed(self.vertices)
        spans = failing_block(product(columns, self.vertices), strict=True) is None
        require(spans, "the vertices do not span the space")
        for b, (slopes, gamma) in enumerate(zip(network.corners(), self.combinations, strict=True)):
            exact = product(network.jacobian(slopes), columns) == product(columns, gamma)
            require(exact, f"J V is not V Gamma at corner {b}")
            for j, column in enumerate(zip(*gamma, strict=True)):
                bound = sum(map(abs, column)) - abs(column[j]) + column[j]
                require(bound <= -self.rate, f"column [{j}] of Gamma exceeds -rate at corner {b}")


@dataclass(frozen=True)
class SlopesAndVectors:
    """Slopes at which the displacements `vectors` are taken."""

    slopes: PerNeuron
    vectors: Vectors


@dataclass(frozen=True)
class NoQuadraticMetric(Claim):
    """No P > 0 has P J + J^T P + 2 c' P <= 0 at all slopes with c' > c.

    At the slopes of each term, tr((P J + J^T P + 2 c' P) Z) would not be positive, where Z is the sum of v v^T. Added
    up, tr(P S) + 2 (c' - c) tr(P sum of Z) <= 0 with S the sum of (J + c I) Z + Z (J + c I)^T. But tr(P S) >= 0, as S
    is positive semidefinite, and tr(P sum of Z) > 0.
    """

    ranged: ClassVar[bool] = True
    rate: Number
    terms: Annotated[list[SlopesAndVectors], records(SlopesAndVectors)]

    limits = Limits(neurons=64, bits=2**13, lists=(("terms.vectors", 0, 256),))
    statement = (
        "no quadratic metric: no constant P > 0 has x^T P x fall faster than exp(-2 c t), c = {rate}, at all slopes"
    )

    def verify(self, network: Network) -> None:
        """S is positive semidefinite, and some vector is not zero."""
        require(self.rate >= 0, "rate is negative")
        require(any(any(v) for term in self.terms for v in term.vectors), "all vectors are zero")
        here: Matrix = []
        moved: Matrix = []
        for i, term in enumerate(self.terms):
            network.require_within(term.slopes, f"terms[{i}].slopes")
            here += term.vectors
            moved += product(term.vectors, transposed(shifted(network.jacobian(term.slopes), self.rate)))
        total = twice_symmetric_part(product(transposed(moved), here))
        require_positive(total, "the sum of (J + c I) Z + Z (J + c I)^T", strict=False)


@dataclass(frozen=True)
class FixedSlopes(Claim):
    """At these slopes a displacement v does not fall faster than exp(-c t).

    Along y = exp(c t) x the form y^T X y does not fall, as (J + c I)^T X + X (J + c I) is positive semidefinite; it
    begins positive, so y does not tend to zero.
    """

    ranged: ClassVar[bool] = True
    rate: Number
    slopes: PerNeuron
    X: Square
    vector: PerNeuron

    limits = Limits(neurons=MANY)
    statement = "not contracting: at fixed slopes a displacement does not fall faster than exp(-c t), c = {rate}"

    def verify(self, network: Network) -> None:
        """The form does not fall and begins positive."""
        require(self.rate >= 0, "rate is negative")
        network.require_within(self.slopes, "slopes")
        require_symmetric(self.X, "X")
        require(quadratic_form(self.X, self.vector) > 0, "vector^T X vector is not positive")
        growth = twice_symmetric_part(product(self.X, shifted(network.jacobian(self.slopes), self.rate)))
        require_positive(growth, "(J + c I)^T X + X (J + c I)", strict=False)


@dataclass(frozen=True)
class SlopesForATime:
    """Slopes that are held for a time."""

    slopes: PerNeuron
    time: Number


@dataclass(frozen=True)
class Switching(Claim):
    """Repeated for ever, these legs do not let v fall faster than exp(-c t).

    One round takes y = exp(c t) x to Phi y, Phi being the product of exp((J + c I) time). As Phi^T X Phi - X is
    positive definite, y^T X y grows from round to round; it begins positive, so y does not tend to zero.

    Phi is known as F + Delta with |Delta| <= r in the row sum norm, hence |Delta^T| <= n r. Phi^T X Phi - F^T X F is
    Delta^T X F + F^T X Delta + Delta^T X Delta: at most n r |X F| + r |F^T X| + n r^2 |X| in that norm, which bounds
    the eigenvalues of a symmetric matrix. F^T X F - X is positive definite even when this is subtracted.
    """

    ranged: ClassVar[bool] = True
    rate: Number
    legs: Annotated[list[SlopesForATime], records(SlopesForATime)]
    X: Square
    vector: PerNeuron

    limits = Limits(neurons=6, bits=2**13, lists=(("legs", 32, 0),))
    statement = (
        "not contracting: {legs} sets of slopes, one after the other and repeated, do not let a displacement fall"
        " faster than exp(-c t), c = {rate}"
    )

    def verify(self, network: Network) -> None:
        """The form begins positive and grows from round to round."""
        require(self.rate >= 0, "rate is negative")
        require_symmetric(self.X, "X")
        require(quadratic_form(self.X, self.vector) > 0, "vector^T X vector is not positive")
        exponents = []
        for i, leg in enumerate(self.legs):
            network.require_within(leg.slopes, f"legs[{i}].slopes")
            require(leg.time > 0, f"legs[{i}].time is not positive")
            exponents.append(scaled(leg.time, shifted(network.jacobian(leg.slopes), self.rate)))
            require(row_sum_norm(exponents[-1]) <= LONGEST_LEG, f"legs[{i}] is too long to be enclosed")
        for bits in PRECISIONS:
            growth, error = self.growth(reduce(matmul, (exponential(each, bits) for each in reversed(exponents))))
            if failing_block(shifted(growth, -error), strict=True) is None:
                return
            fails = failing_block(shifted(growth, error), strict=True) is not None
            require(not fails, "Phi^T X Phi - X is not positive definite")
        raise Rejected(f"Phi^T X Phi - X, enclosed with {PRECISIONS[-1]} binary digits, may not be positive definite")

    def growth(self, phi: Enclosure) -> tuple[Matrix, Fraction]:
        """F^T X F - X, and a bound of its error."""
        n, f, r = len(self.X), phi.center, phi.error
        moved = product(self.X, f)
        left, right = row_sum_norm(transposed(moved)), row_sum_norm(moved)
        error = n * r * right + r * left + n * r * r * row_sum_norm(self.X)
        return added(product(transposed(f), moved), scaled(-1, self.X)), error


@dataclass(frozen=True)
class EulerStep(Claim):
    """A step x -> x + h x' shrinks distances in the metric P by rho at least.

    With a = I - h T^-1 and b = h T^-1 the step is x -> a x + b B y. The form of the matrix
    [[rho^2 P - a P a, -(a P b B + C^T Q)], [., 2 Q - (b B)^T P b B]] at (x, y) is

        rho^2 x^T P x - (a x + b B y)^T P (a x + b B y) - 2 sum of q_i y_i ((C x)_i - y_i),

    and it is positive, which makes Q positive; the sum is not negative. Of slopes from l to g, a is I + h J at l, with
    g - l in the place of g.
    """

    ranged: ClassVar[bool] = True
    step: Number
    factor: Number
    P: Square
    Q: PerNeuron

    limits = Limits(neurons=MANY)
    statement = (
        "Euler's step of {step} units of time shrinks distances in the metric x^T P x by the factor {factor}"
        " at least, whatever the slopes do in time"
    )

    def verify(self, network: Network) -> None:
        """P and the matrix are positive definite."""
        require(self.step > 0, "step is not positive")
        require(0 < self.factor < 1, "factor is not between 0 and 1")
        require_positive(self.P, "P")
        require_step(network, [self.step * rate for rate in network.rates], self.factor, self.P, self.Q)


def require_step(network: Network, new: Vector, factor: Fraction, P: Matrix, Q: Vector) -> None:
    """Reject unless the matrix of `EulerStep` is positive definite; `new` is b."""
    if any(network.floors):
        kept = shifted(rows_scaled(new, shifted(network.sloped(network.floors), Fraction(-1))), Fraction(1))
        moved = product(transposed(kept), P)
        fresh = network.driven(rows_scaled(new, columns_scaled(P, new)))
        corner = added(scaled(factor**2, P), scaled(-1, product(moved, kept)))
        border = scaled(-1, added(network.driven(columns_scaled(moved, new)), network.sensed(Q)))
        opposite = added(diagonal([2 * q for q in Q]), scaled(-1, network.driven(transposed(fresh))))
        require_positive(bordered(corner, border, opposite), "the matrix of P and Q")
        return
    old = [1 - b for b in new]
    mixed = rows_scaled(old, columns_scaled(P, new))
    fresh = network.driven(rows_scaled(new, columns_scaled(P, new)))
    corner = added(scaled(factor**2, P), scaled(-1, rows_scaled(old, columns_scaled(P, old))))
    border = scaled(-1, added(network.driven(mixed), network.sensed(Q)))
    opposite = added(diagonal([2 * q for q in Q]), scaled(-1, network.driven(transposed(fresh))))
    require_positive(bordered(corner, border, opposite), "the matrix of P and Q")


@dataclass(frozen=True)
class ComplexVector:
    """z = cos + i sin and w = real + i imaginary."""

    cos: Number
    sin: Number
    real: PerNeuron
    imaginary: PerNeuron

    def __post_init__(self) -> None:
        """Sums over terms have the denominators of all points together."""
        found = longest([self.cos, self.sin])
        if found > CIRCLE_BITS:
            raise Malformed(f"cos or sin has {found} binary digits; {CIRCLE_BITS} are the most")

    def squares(self) -> Vector:
        """|w_i|^2 for every i."""
        return [a * a + b * b for a, b in zip(self.real, self.imaginary, strict=True)]


@dataclass(frozen=True)
class Correlation:
    """At one z, sums over the vectors w there of the real and the imaginary parts of conj(w_i) (M w)_i, for every i."""

    cos: Fraction
    sin: Fraction
    real: Vector
    imaginary: Vector

    def times(self, cos: Fraction, sin: Fraction, i: int) -> Fraction:
        """Re((cos + i sin) conj(w_i) (M w)_i), added up."""
        return cos * self.real[i] - sin * self.imaginary[i]

    def filtered(self, static: Vector, moving: Vector) -> Vector:
        """Re(C_i conj(w_i) (M w)_i) for every i, where 1 / C_i = k_i + p_i (1 - z) / (1 + z), 0 where z = -1."""
        results = []
        for i, (k, p) in enumerate(zip(static, moving, strict=True)):
            # C = (1 + z) / (real + i imaginary)
            real, imaginary = k * (1 + self.cos) + p * (1 - self.cos), (k - p) * self.sin
            square = real**2 + imaginary**2
            cos = ((1 + self.cos) * real + self.sin * imaginary) / square
            sin = (self.sin * real - (1 + self.cos) * imaginary) / square
            results.append(self.times(cos, sin, i))
        return results

    def kept(self, factor: Fraction, leaks: Vector, kept: Vector) -> Vector:
        """Re(C_i conj(w_i) (M w)_i) for every i, C_i = a_i / (factor z - k_i)."""
        results = []
        for i, (a, k) in enumerate(zip(leaks, kept, strict=True)):
            real, imaginary = factor * self.cos - k, factor * self.sin
            scale = a / (real**2 + imaginary**2)
            results.append(self.times(scale * real, -scale * imaginary, i))
        return results


def correlations(terms: list[ComplexVector], matrix: Matrix) -> Iterator[Correlation]:
    """Those at every z, by one product of matrices."""
    lines = [line for term in terms for line in (term.real, term.imaginary)]
    images = product(lines, transposed(matrix))
    places: dict[tuple[Fraction, Fraction], list[int]] = {}
    for place, term in enumerate(terms):
        places.setdefault((term.cos, term.sin), []).append(place)
    for (cos, sin), here in places.items():
        columns = [zip(*(some[2 * k + part] for k in here), strict=True) for some in (lines, images) for part in (0, 1)]
        real, imaginary = [], []
        for a, b, c, d in zip(*columns, strict=True):
            real.append(sum(map(mul, a, c), Fraction(0)) + sum(map(mul, b, d)))
            imaginary.append(sum(map(mul, a, d), Fraction(0)) - sum(map(mul, b, c)))
        yield Correlation(cos, sin, real, imaginary)


@dataclass(frozen=True)
class NoMultiplierMetric(Claim):
    """No P and Q prove a rate above c by "multiplier".

    Let s be the largest time constant, k_i = 1 - c tau_i, p_i = k_s tau_i / s and C_i = (1 + z) / (k_i (1 + z) + p_i (1
    - z)); for time constants of 1 that is (1 + z) / (2 (1 - c)). As (1 - z) / (1 + z) is imaginary, 1 / C_i = 1 - c
    tau_i + i omega tau_i with one omega for all i. In rate form the multiplier's matrix is positive definite for M, P
    and Q exactly if that in voltage form is for M^T, T P^-1 T and Q^-1: M stands for that where time constants differ;
    where they do not, C is a number and M serves as well. Let x = C M w. The form of the multiplier's matrix with a
    rate c' > c is then

        -2 (c' - c) x^* P x + 2 sum of q_i (|w_i|^2 - Re(conj(w_i) C_i (M w)_i)).

    The first part is not positive and, added up over the terms, nor is the second where the q_i are not negative: the
    matrix is not positive definite.
    """

    rate: Number
    terms: Annotated[list[ComplexVector], records(ComplexVector)]

    limits = Limits(neurons=MANY, bits=2**13, lists=(("terms", 64, 4),))
    statement = "no multiplier metric: no P and Q prove a rate above {rate} by multipliers"

    def verify(self, network: Network) -> None:
        """Filtered gains are at least squares, and some w is not zero."""
        slowest = max(network.time_constants)
        require(0 <= self.rate * slowest < 1, "rate is not between 0 and 1 / (largest time constant)")
        for i, term in enumerate(self.terms):
            require(term.cos**2 + term.sin**2 == 1, f"terms[{i}]: cos + i sin is not of modulus 1")
        static = [1 - self.rate * tau for tau in network.time_constants]
        moving = [(1 - self.rate * slowest) * tau / slowest for tau in network.time_constants]
        squares = [added_up(column) for column in zip(*(term.squares() for term in self.terms), strict=True)]
        turned = isinstance(network, Rate) and len(set(network.time_constants)) > 1
        matrix = transposed(network.gained) if turned else network.gained
        filtered = (each.filtered(static, moving) for each in correlations(self.terms, matrix))
        gains = [added_up(column) for column in zip(*filtered, strict=True)]
        require(any(squares), "all vectors are zero")
        for i, (gain, weight) in enumerate(zip(gains, squares, strict=True)):
            require(gain >= weight, f"the sum over terms is too small for neuron [{i}]")


# Claims about one map


class StepClaim(Claim):
    """A statement about a map."""

    def verify(self, network: Network) -> None:
        """Whether the claim is proved of this map."""
        if not isinstance(network, Map):
            raise Rejected("the network is no map")
        self.verify_step(network)

    def verify_step(self, network: Map) -> None:
        """For each claim, which conditions that takes."""
        raise NotImplementedError


@dataclass(frozen=True)
class StepMultiplier(StepClaim):
    """A step shrinks distances in the metric P by rho at least: `EulerStep`, of size one, with time constants 1 / a."""

    ranged: ClassVar[bool] = True
    factor: Number
    P: Square
    Q: PerNeuron

    limits = Limits(neurons=MANY)
    statement = (
        "contracting: every step shrinks distances in the metric x^T P x by the factor {factor} at least, whatever the"
        " slopes do in time (by multipliers)"
    )

    def verify_step(self, network: Map) -> None:
        """P and the matrix are positive definite."""
        require(0 < self.factor < 1, "factor is not between 0 and 1")
        require_positive(self.P, "P")
        require_step(network, network.rates, self.factor, self.P, self.Q)


@dataclass(frozen=True)
class StepAbsoluteWeights(StepClaim):
    """A step shrinks distances in the metric P = diag(l / r) by rho at least.

    Let K bound |F| entry by entry. By Cauchy's inequality (F x)_i^2 <= (K r)_i (sum of K_ij x_j^2 / r_j over j), so the
    sum of l_i / r_i (F x)_i^2 is at most rho times the sum of l_i K_ij x_j^2 / r_j, and that at most rho^2 times the
    sum of l_j x_j^2 / r_j.
    """

    ranged: ClassVar[bool] = True
    factor: Number
    left: PerNeuron
    right: PerNeuron

    limits = Limits(neurons=LARGEST)
    statement = (
        "contracting: every step shrinks distances in the metric diag(left / right) by the factor {factor} at least,"
        " whatever the slopes do in time (by the absolute weights)"
    )

    def verify_step(self, network: Map) -> None:
        """l and r are positive; K r <= rho r and K^T l <= rho l."""
        require(0 < self.factor < 1, "factor is not between 0 and 1")
        require_all_positive(self.left, "left")
        require_all_positive(self.right, "right")
        (bounds,) = network.every_bound(together=False)
        for lines, weights, name in ((bounds, self.right, "K r"), (transposed(bounds), self.left, "K^T l")):
            for i, (line, weight) in enumerate(zip(lines, weights, strict=True)):
                require(sum(map(mul, line, weights)) <= self.factor * weight, f"{name} is too large in entry [{i}]")


@dataclass(frozen=True)
class StepVertices(StepClaim):
    """A step shrinks distances in the metric P by rho at least: |F x| is convex in the slopes, largest at a corner."""

    ranged: ClassVar[bool] = True
    factor: Number
    P: Square

    limits = Limits(neurons=MOST_CORNERS, bits=2**12)
    statement = (
        "contracting: every step shrinks distances in the metric x^T P x by the factor {factor} at least, whatever the"
        " slopes do in time (by all corners of the slopes)"
    )

    def verify_step(self, network: Map) -> None:
        """P and rho^2 P - F^T P F are positive definite."""
        require(0 < self.factor < 1, "factor is not between 0 and 1")
        require_positive(self.P, "P")
        for b, slopes in enumerate(network.corners()):
            step = network.step(slopes)
            growth = product(transposed(step), product(self.P, step))
            room = added(scaled(self.factor**2, self.P), scaled(-1, growth))
            require_positive(room, f"rho^2 P - F^T P F at corner {b}", times=2**network.size)


@dataclass(frozen=True)
class StepNorm(StepClaim):
    """A step shrinks a norm by rho at least: no sum of |F_ij| with the weights is more, along rows or down columns.

    Where one slope multiplies a whole sum, the bounds are those of the steepest, or the sum is that of the least slope.
    """

    ranged: ClassVar[bool] = True
    factor: Number
    weights: PerNeuron
    limits = Limits(neurons=LARGEST)
    along_rows: ClassVar[bool]

    def verify_step(self, network: Map) -> None:
        """The weights are positive; no sum is more than rho times its weight, nor 1 - a more than rho."""
        require(0 < self.factor < 1, "factor is not between 0 and 1")
        require_all_positive(self.weights, "weights")
        every = network.every_bound(together=network.shared_in_rows == self.along_rows)
        for bounds in every:
            for i, line in enumerate(bounds if self.along_rows else transposed(bounds)):
                kind = "row" if self.along_rows else "column"
                holds = sum(map(mul, line, self.weights)) <= self.factor * self.weights[i]
                least = any(network.floors) or network.kept[i] <= self.factor
                require(holds and least, f"the norm exceeds the factor in {kind} [{i}]")


class StepNormInf(StepNorm):
    """The maximum norm."""

    along_rows = True
    statement = (
        "contracting: every step shrinks the norm max |x_i| / weights_i by the factor {factor} at least, whatever the"
        " slopes do in time"
    )


class StepNorm1(StepNorm):
    """The sum norm."""

    along_rows = False
    statement = (
        "contracting: every step shrinks the norm sum of weights_i |x_i| by the factor {factor} at least, whatever the"
        " slopes do in time"
    )


@dataclass(frozen=True)
class NoQuadraticStep(StepClaim):
    """No P > 0 has F^T P F <= rho'^2 P at all slopes with rho' < rho.

    At the slopes of each term, tr((F^T P F - rho'^2 P) Z) would not be positive, where Z is the sum of v v^T. Added up,
    tr(P S) + (rho^2 - rho'^2) tr(P sum of Z) <= 0 with S the sum of F Z F^T - rho^2 Z. But tr(P S) >= 0, as S is
    positive semidefinite, and tr(P sum of Z) > 0.
    """

    ranged: ClassVar[bool] = True
    factor: Number
    terms: Annotated[list[SlopesAndVectors], records(SlopesAndVectors)]

    limits = Limits(neurons=64, bits=2**13, lists=(("terms.vectors", 0, 256),))
    statement = (
        "no quadratic metric: in no constant metric x^T P x does every step, whatever the slopes, shrink distances by a"
        " factor below {factor}"
    )

    def verify_step(self, network: Map) -> None:
        """S is positive semidefinite, and some vector is not zero."""
        require(0 < self.factor <= 1, "factor is not above 0 and at most 1")
        require(any(any(v) for term in self.terms for v in term.vectors), "all vectors are zero")
        here: Matrix = []
        moved: Matrix = []
        for i, term in enumerate(self.terms):
            network.require_within(term.slopes, f"terms[{i}].slopes")
            here += term.vectors
            moved += product(term.vectors, transposed(network.step(term.slopes)))
        before, after = (product(transposed(each), each) for each in (here, moved))
        total = added(after, scaled(-(self.factor**2), before))
        require_positive(total, "the sum of F Z F^T - rho^2 Z", strict=False)


@dataclass(frozen=True)
class SlopeSequence(StepClaim):
    """Repeated for ever, these slopes, one set a step, do not let v fall faster than rho^n.

    One round of m steps takes y = rho^-n x to rho^-m Phi y, Phi being the product of the F. As Phi^T X Phi - rho^2m X
    is positive semidefinite, y^T X y does not fall from round to round; it begins positive, so y does not tend to zero.
    """

    ranged: ClassVar[bool] = True
    factor: Number
    slopes: Vectors
    X: Square
    vector: PerNeuron

    limits = Limits(neurons=MANY)
    repeated: ClassVar[Limits] = Limits(MOST_CORNERS, 2**12, (("slopes", 16, 0),))
    statement = (
        "not contracting: {slopes} sets of slopes, one a step and repeated, do not let a displacement fall faster than"
        " rho^n, rho = {factor}"
    )

    @property
    def within(self) -> Limits:
        """Fewer neurons and digits where slopes change: the digits of their product grow with each set."""
        return self.limits if len(self.slopes) == 1 else self.repeated

    def verify_step(self, network: Map) -> None:
        """The form begins positive and does not fall from round to round."""
        require(0 < self.factor <= 1, "factor is not above 0 and at most 1")
        require_symmetric(self.X, "X")
        require(quadratic_form(self.X, self.vector) > 0, "vector^T X vector is not positive")
        for i, slopes in enumerate(self.slopes):
            network.require_within(slopes, f"slopes[{i}]")
        phi = reduce(product, (network.step(slopes) for slopes in reversed(self.slopes)))
        grown = product(transposed(phi), product(self.X, phi))
        growth = added(grown, scaled(-(self.factor ** (2 * len(self.slopes))), self.X))
        require_positive(growth, "Phi^T X Phi - rho^2m X", strict=False)


@dataclass(frozen=True)
class NoMultiplierStep(StepClaim):
    """No P and Q prove the factor rho, or a smaller one, by "multiplier".

    For leaks that are one number a let k = 1 - a and alpha = a (k + rho z) / (rho^2 - k^2), which is a / (z' - k) with
    |z'| = rho, and x = alpha M w in the voltage form, where M = W G, but x = alpha w in the rate form, where M = G W.
    Then F x = z' x, and the form of the multiplier's matrix with a factor rho' <= rho is at (x, w)

        (rho'^2 - rho^2) x^* P x + 2 sum of q_i (|w_i|^2 - Re(conj(w_i) alpha (M w)_i)).

    The first part is not positive and, added up over the terms, nor is the second where the q_i are not negative: the
    matrix is not positive definite. Where leaks differ take z' = rho z and alpha_i = a_i / (z' - k_i). In rate form the
    multiplier's matrix is positive definite for M, P and Q exactly if that in voltage form is for M^T, A P^-1 A and
    Q^-1: there M stands for that.
    """

    factor: Number
    terms: Annotated[list[ComplexVector], records(ComplexVector)]

    limits = Limits(neurons=MANY, bits=2**13, lists=(("terms", 64, 4),))
    statement = "no multiplier metric: no P and Q prove a factor of {factor} or below by multipliers"

    def verify_step(self, network: Map) -> None:
        """Gains are at least (rho^2 - k^2) / a times squares, those of filters at least squares; some w is not zero."""
        leak, kept = network.paces[0], network.kept[0]
        require(max(network.kept) < self.factor <= 1, "factor is not above 1 - a and at most 1")
        for i, term in enumerate(self.terms):
            require(term.cos**2 + term.sin**2 == 1, f"terms[{i}]: cos + i sin is not of modulus 1")
        squares = [added_up(column) for column in zip(*(term.squares() for term in self.terms), strict=True)]
        alike = set(network.paces) == {leak}
        if alike:
            neurons, turned = range(network.size), correlations(self.terms, network.gained)
            each = ([x.times(kept + self.factor * x.cos, self.factor * x.sin, i) for i in neurons] for x in turned)
        else:
            matrix = transposed(network.gained) if isinstance(network, Discrete) else network.gained
            turned = correlations(self.terms, matrix)
            each = (x.kept(self.factor, network.paces, network.kept) for x in turned)
        gains = [added_up(column) for column in zip(*each, strict=True)]
        require(any(squares), "all vectors are zero")
        level = (self.factor**2 - kept**2) / leak if alike else 1
        for i, (gain, weight) in enumerate(zip(gains, squares, strict=True)):
            require(gain >= level * weight, f"the sum over terms is too small for neuron [{i}]")


CLAIMS: dict[tuple[str, ...], type[Claim]] = {
    ("contracting", "multiplier"): Multiplier,
    ("contracting", "absolute weights"): AbsoluteWeights,
    ("contracting", "vertices"): Vertices,
    ("contracting", "norm 1"): Norm1,
    ("contracting", "norm inf"): NormInf,
    ("contracting", "polytope"): Polytope,
    ("no quadratic metric",): NoQuadraticMetric,
    ("not contracting", "fixed slopes"): FixedSlopes,
    ("not contracting", "switching"): Switching,
    ("Euler step",): EulerStep,
    ("no multiplier metric",): NoMultiplierMetric,
}
MAP_CLAIMS: dict[tuple[str, ...], type[Claim]] = {
    ("contracting", "multiplier"): StepMultiplier,
    ("contracting", "absolute weights"): StepAbsoluteWeights,
    ("contracting", "vertices"): StepVertices,
    ("contracting", "norm 1"): StepNorm1,
    ("contracting", "norm inf"): StepNormInf,
    ("no quadratic metric",): NoQuadraticStep,
    ("not contracting", "slope sequence"): SlopeSequence,
    ("no multiplier metric",): NoMultiplierStep,
}


# Certificates


@dataclass(frozen=True)
class NetworkCertificate:
    """Claims about one network."""

    network: Network
    claims: list[Claim]

    def words(self) -> Iterator[str]:
        """The network, and every claim."""
        yield f"network: {self.network.words()}; {self.network.pace.replace('_', ' ')} {span(self.network.paces)}"
        for i, claim in enumerate(self.claims):
            yield f"claims[{i}]: {claim.words()}"

    def compare(self, weights: "Weights") -> None:
        """By the digests."""
        self.network.compare(weights)

    def verify(self) -> None:
        """Every claim, until one fails."""
        self.network.verify()
        for i, claim in enumerate(self.claims):
            try:
                require(claim.ranged or not any(self.network.floors), "the claim is about slopes from zero")
                claim.verify(self.network)
            except Rejected as error:
                raise Rejected(f"claims[{i}]: {error}") from error


@dataclass(frozen=True)
class Module:
    """A network with its multipliers; its time constant is taken as 1 there."""

    network: Network
    claim: Multiplier
    time_constant: Fraction
    scales: Vector
    weight: Fraction

    def verify(self) -> None:
        """x^T P x falls at the module's rate, were it alone, and is above the sum of scales_k^2 x_k^2."""
        self.network.verify()
        for name in ("time_constant", "weight"):
            require(getattr(self, name) > 0, f"{name} is not positive")
        require_all_positive(self.scales, "scales")
        self.claim.verify(self.network)
        squares = [scale * scale for scale in self.scales]
        require_positive(added(self.claim.P, scaled(-1, diagonal(squares))), "P - diag(scales)^2")


@dataclass(frozen=True)
class AssemblyStep:
    """A step x -> x + h x' of an assembly shrinks distances in its metric by rho at least.

    As `EulerStep`, with a = I - h T^-1 (I - L) and the modules' P, B and C side by side: P_i with s_i tau_i.
    """

    step: Fraction
    factor: Fraction
    multipliers: list[Vector]  # of each module

    def verify(self, modules: list[Module], links: Matrix) -> None:
        """The metric and the matrix are positive definite."""
        require(self.step > 0, "step is not positive")
        require(0 < self.factor < 1, "factor is not between 0 and 1")
        metric = side_by_side([scaled(each.weight * each.time_constant, each.claim.P) for each in modules])
        new = [self.step / each.time_constant for each in modules for _ in each.scales]
        keep = shifted(rows_scaled(new, added(links, diagonal([Fraction(-1)] * len(new)))), Fraction(1))
        fresh = [diagonal([self.step / each.time_constant] * each.network.size) for each in modules]
        through = side_by_side([each.network.driven(b) for each, b in zip(modules, fresh, strict=True)])
        read = side_by_side([each.network.sensed(q) for each, q in zip(modules, self.multipliers, strict=True)])
        moved = product(transposed(keep), metric)
        corner = added(scaled(self.factor**2, metric), scaled(-1, product(moved, keep)))
        border = scaled(-1, added(product(moved, through), read))
        twice = diagonal([2 * x for q in self.multipliers for x in q])
        opposite = added(twice, scaled(-1, product(transposed(through), product(metric, through))))
        require_positive(metric, "the metric of the whole")
        require_positive(bordered(corner, border, opposite), "the matrix of the whole step")


@dataclass(frozen=True)
class Assembly:
    """V, the sum of s_i tau_i x_i^T P_i x_i over all modules, falls at least as exp(-2 c t).

    In tau_i x_i' = f_i(x_i) + sum of L_ij x_j, the f_i contribute at most -2 s_i (c_i - c tau_i) x_i^T P_i x_i to
    V' + 2 c V, and the links 2 s_i x_i^T P_i L_ij x_j each: x_i^T E_ii x_i for a module, 2 x_i^T E_ij x_j for a pair.
    With U_i = diag(scales) of module i and y_i = U_i x_i these are y_i^T (U_i^-1 E_ij U_j^-1) y_j, and e_ij bounds the
    spectral norm of the matrix in brackets; x_i^T P_i x_i >= |y_i|^2; and c_i >= c tau_i, otherwise the diagonal below
    would be negative. So V' + 2 c V <= -u^T M u with u_i = |y_i|, where M has 2 s_i (c_i - c tau_i) - e_ii on its
    diagonal and -e_ij elsewhere; M is positive semidefinite.
    """

    rate: Fraction
    modules: list[Module]
    links: dict[tuple[int, int], Matrix]
    euler: AssemblyStep | None
    limits: ClassVar[Limits] = Limits(neurons=MANY, lists=(("modules", 256, 0),))

    def words(self) -> Iterator[str]:
        """The modules, and what is claimed of them together."""
        for i, module in enumerate(self.modules):
            alone = f"with time constant 1 and without links {module.claim.words()}"
            yield f"modules[{i}]: {module.network.words()}; time constant {show(module.time_constant)}; {alone}"
        parts = f"{counted(len(self.modules), 'module')} with {counted(len(self.links), 'link')}"
        metric = "in the metric sum of weight tau x^T P x, whatever the slopes do in time"
        yield f"claim: {parts}, contracting together at rate {show(self.rate)} {metric}"
        if self.euler is not None:
            shrinks = f"shrinks distances by the factor {show(self.euler.factor)} at least {metric}"
            yield f"claim: Euler's step of {show(self.euler.step)} units of time {shrinks}"

    def compare(self, weights: "Weights") -> None:
        """There is no one matrix to compare with."""
        raise Malformed("--weights: an assembly certificate has many matrices; check it without --weights")

    def verify(self) -> None:
        """Every module; then M is positive semidefinite."""
        require(self.rate > 0, "rate is not positive")
        verify_each(self.modules, "modules")
        n = range(len(self.modules))
        couplings = {(i, j): self.coupling(i, j) for i in n for j in n if j <= i}
        total = [[-couplings[max(i, j), min(i, j)] for j in n] for i in n]
        for i, each in enumerate(self.modules):
            total[i][i] += 2 * each.weight * (each.claim.rate - self.rate * each.time_constant)
        require_positive(total, "the matrix of the modules", strict=False)
        if self.euler is not None:
            try:
                self.euler.verify(self.modules, self.whole_links())
            except Rejected as error:
                raise Rejected(f"Euler step: {error}") from error

    def whole_links(self) -> Matrix:
        """All links as one matrix."""
        sizes = [each.network.size for each in self.modules]
        rows: Matrix = []
        for i, height in enumerate(sizes):
            blocks = [self.links.get((i, j), [[Fraction(0)] * width] * height) for j, width in enumerate(sizes)]
            rows += [[x for block in blocks for x in block[row]] for row in range(height)]
        return rows

    def coupling(self, i: int, j: int) -> Fraction:
        """e_ij: the largest absolute row or column sum of U_i^-1 E_ij U_j^-1, E_ij = s_i P_i L_ij + s_j L_ji^T P_j."""
        parts = [self.pull(i, j)] if (i, j) in self.links else []
        parts += [transposed(self.pull(j, i))] if (j, i) in self.links else []
        total = reduce(added, parts, [[Fraction(0)] * self.modules[j].network.size] * self.modules[i].network.size)
        rows, columns = ([1 / scale for scale in self.modules[k].scales] for k in (i, j))
        total = columns_scaled(rows_scaled(rows, total), columns)
        return max(row_sum_norm(total), row_sum_norm(transposed(total)))

    def pull(self, i: int, j: int) -> Matrix:
        """s_i P_i L_ij."""
        return scaled(self.modules[i].weight, product(self.modules[i].claim.P, self.links[i, j]))


# Gated layers: GRU and LSTM


def total(row: Vector, weights: Vector, leave: int | None = None) -> Fraction:
    """The sum of |row_j| weights_j, one place left out."""
    return sum((abs(x) * w for j, (x, w) in enumerate(zip(row, weights, strict=True)) if j != leave), Fraction(0))


def reached(row: Vector, box: list[Interval], shift: Fraction) -> Interval:
    """All values of row . x + shift for x in the box."""
    ends = [sorted((x * each.low, x * each.high)) for x, each in zip(row, box, strict=True)]
    return Interval(sum((low for low, _ in ends), shift), sum((high for _, high in ends), shift))


def times(first: Interval, second: Interval) -> Interval:
    """All products."""
    products = [x * y for x in (first.low, first.high) for y in (second.low, second.high)]
    return Interval(min(products), max(products))


def plus(first: Interval, second: Interval) -> Interval:
    """All sums."""
    return Interval(first.low + second.low, first.high + second.high)


def over(rising: Callable[[Fraction], Interval], argument: Interval) -> Interval:
    """What a rising function takes on an interval."""
    return Interval(rising(argument.low).low, rising(argument.high).high)


def farthest(interval: Interval) -> Fraction:
    """The largest absolute value."""
    return max(-interval.low, interval.high)


def nearest(interval: Interval) -> Fraction:
    """The least absolute value."""
    return max(interval.low, -interval.high, Fraction(0))


def cut(interval: Interval, pieces: int) -> list[Interval]:
    """The interval in so many pieces of one length."""
    ends = [interval.low + k * (interval.high - interval.low) / pieces for k in range(pieces + 1)]
    return [Interval(low, high) for low, high in pairwise(ends)]


def highest(constant: Fraction, linear: Fraction, square: Fraction, where: Interval) -> Fraction:
    """The largest value of a parabola on an interval: at an end, or at its vertex if it bends down."""
    values = [constant + linear * x + square * x * x for x in (where.low, where.high)]
    if square < 0 and where.low < linear / (-2 * square) < where.high:
        values.append(constant - linear * linear / (4 * square))
    return max(values)


def triangle(gate: Interval) -> list[tuple[Fraction, Fraction]]:
    """Corners around (y, y (1 - y)) for y in the interval: both ends, and where the tangents there meet."""
    middle = (gate.low + gate.high) / 2
    return [(y, y * (1 - y)) for y in (gate.low, gate.high)] + [(middle, middle - gate.low * gate.high)]


def require_inside(points: Iterable[Vector], form: Matrix, name: str) -> None:
    """Reject unless E is symmetric and positive definite, and y^T E^-1 y <= 1 for all points y.

    With E = L D L^T and v = L^-1 y that is the sum of v_k^2 / D_k.
    """
    require_symmetric(form, name)
    lower: Matrix = []
    pivots: Vector = []
    for k, row in enumerate(form):
        moved: Vector = []
        for j in range(k):
            moved.append(row[j] - sum((lower[j][i] * moved[i] for i in range(j)), Fraction(0)))
        lower.append([x / d for x, d in zip(moved, pivots, strict=True)])
        pivots.append(row[k] - sum((x * y for x, y in zip(moved, lower[k], strict=True)), Fraction(0)))
        require(pivots[k] > 0, f"{name} is not positive definite")
    for point in points:
        turned: Vector = []
        for row, y in zip(lower, point, strict=True):
            turned.append(y - sum((x * v for x, v in zip(row, turned, strict=True)), Fraction(0)))
        length = sum((v * v / d for v, d in zip(turned, pivots, strict=True)), Fraction(0))
        require(length <= 1, f"{name} does not hold all rows of the Jacobian")


@dataclass(frozen=True)
class GatedCell:
    """A layer with gates: a gate's argument is U h + W x + b, with U in `recurrent`, W in `driven` and b in `bias`.

    Every input x_j is in its interval. Subclasses say what the gates do, where a step takes the states of a box, and
    bound the rows of J and K, the Jacobians by the state and by the input, at all states of a box and all inputs.
    """

    recurrent: dict[str, Matrix]
    driven: dict[str, Matrix]
    bias: dict[str, Vector]
    inputs: list[Interval]
    blocks: ClassVar[tuple[str, ...]]
    biases: ClassVar[tuple[str, ...]]
    per_unit: ClassVar[int] = 1  # numbers of the state a unit

    @property
    def units(self) -> int:
        """How many there are."""
        return len(self.recurrent[self.blocks[0]])

    @property
    def size(self) -> int:
        """Numbers of the state."""
        return self.per_unit * self.units

    def fed(self, block: str, i: int, inputs: list[Interval]) -> Interval:
        """W x + b of unit i."""
        return reached(self.driven[block][i], inputs, self.bias[block][i])

    def argument(self, block: str, i: int, shown: list[Interval], inputs: list[Interval]) -> Interval:
        """U h + W x + b of unit i."""
        return plus(reached(self.recurrent[block][i], shown, Fraction(0)), self.fed(block, i, inputs))

    def by_input(self, block: str, i: int) -> Fraction:
        """The sum of |W_ij|."""
        return total(self.driven[block][i], [Fraction(1)] * len(self.inputs))

    def following(self, box: list[Interval], inputs: list[Interval]) -> list[Interval]:
        """A box around the states one step after those of `box`."""
        raise NotImplementedError

    def rows(self, box: list[Interval], weights: Vector, pieces: int) -> Iterator[tuple[Fraction, Fraction]]:
        """For each row bounds of the sum of |J_ij| weights_j and of the sum of |K_ij|."""
        raise NotImplementedError

    def coefficients(self, box: list[Interval], pieces: int) -> Iterator[tuple[Matrix, list[Vector]]]:
        """For each row of J a matrix C and points: the row is y^T C with y in their convex hull."""
        raise Rejected("of this kind of layer rows are not known as sums of other rows")


class GRU(GatedCell):
    """h+ = z h + (1 - z) n, r = sigmoid(...), z = sigmoid(...).

    A row of J is z e_i + (1 - z) (1 - n_i^2) (da_i/dh) + (h_i - n_i) z (1 - z) U_z,i with n = tanh(a). The entries
    beside the diagonal count in absolute value, that on it by either sign; for each sign the sum is a parabola in z.
    The interval of n is cut into pieces, as both 1 - n^2 and h - n depend on it.
    """

    blocks = ("reset", "update", "candidate")
    biases: ClassVar[tuple[str, ...]] = blocks

    def gate(self, block: str, box: list[Interval], inputs: list[Interval]) -> list[Interval]:
        """r or z of all units."""
        return [over(sigmoid, self.argument(block, i, box, inputs)) for i in range(self.units)]

    def candidates(self, box: list[Interval], resets: list[Interval], inputs: list[Interval]) -> list[Interval]:
        """n of all units."""
        raise NotImplementedError

    def inner(
        self, box: list[Interval], resets: list[Interval], weights: Vector
    ) -> Iterator[tuple[tuple[Fraction, Fraction], Fraction]]:
        """For each row of da/dh times the weights its sum for the signs 1 and -1 of the diagonal, and that of da/dx."""
        raise NotImplementedError

    def following(self, box: list[Interval], inputs: list[Interval]) -> list[Interval]:
        """z h + (1 - z) n is linear in z, and rises with h and n."""
        resets, updates = (self.gate(block, box, inputs) for block in self.blocks[:2])
        result = []
        for h, z, n in zip(box, updates, self.candidates(box, resets, inputs), strict=True):
            low = min(share * h.low + (1 - share) * n.low for share in (z.low, z.high))
            high = max(share * h.high + (1 - share) * n.high for share in (z.low, z.high))
            result.append(Interval(low, high))
        return result

    def rows(self, box: list[Interval], weights: Vector, pieces: int) -> Iterator[tuple[Fraction, Fraction]]:
        """The largest of both signs."""
        resets, updates = (self.gate(block, box, self.inputs) for block in self.blocks[:2])
        new = self.candidates(box, resets, self.inputs)
        for i, (through, by_input) in enumerate(self.inner(box, resets, weights)):
            row, w = self.recurrent["update"][i], weights[i]
            apart, own = total(row, weights, i), row[i] * w
            bounds = []
            for kept, inside, diagonal, others in (
                (w, through[0], own, apart),
                (-w, through[1], -own, apart),
                (Fraction(0), by_input, Fraction(0), self.by_input("update", i)),
            ):
                values = []
                for n in cut(new[i], pieces):
                    slope = max(inside * (1 - x * x) for x in (nearest(n), farthest(n)))
                    distances = (box[i].low - n.high, box[i].high - n.low)
                    turned = max(distance * diagonal + abs(distance) * others for distance in distances)
                    values.append(highest(slope, kept - slope + turned, -turned, updates[i]))
                bounds.append(max(values))
            yield max(bounds[:2]), bounds[2]


class GRUResetAfter(GRU):
    """n = tanh(r s + W_n x + b_n) with s = U_n h + d, d the bias "inner"."""

    biases = ("reset", "update", "candidate", "inner")

    def sent(self, i: int, box: list[Interval]) -> Interval:
        """s."""
        return reached(self.recurrent["candidate"][i], box, self.bias["inner"][i])

    def candidates(self, box: list[Interval], resets: list[Interval], inputs: list[Interval]) -> list[Interval]:
        """n."""
        arguments = (plus(times(r, self.sent(i, box)), self.fed("candidate", i, inputs)) for i, r in enumerate(resets))
        return [over(tanh, each) for each in arguments]

    def inner(
        self, box: list[Interval], resets: list[Interval], weights: Vector
    ) -> Iterator[tuple[tuple[Fraction, Fraction], Fraction]]:
        """r U_n,i + s r (1 - r) U_r,i: for each sign a parabola in r, and convex in s, so largest at an end of s."""
        for i, r in enumerate(resets):
            s, direct, by_reset = self.sent(i, box), self.recurrent["candidate"][i], self.recurrent["reset"][i]
            bounds = []
            for sign in (1, -1):
                linear = total(direct, weights, i) + sign * direct[i] * weights[i]
                apart, own = total(by_reset, weights, i), sign * by_reset[i] * weights[i]
                turned = max(end * own + abs(end) * apart for end in (s.low, s.high))
                bounds.append(highest(Fraction(0), linear + turned, -turned, r))
            turned = farthest(s) * self.by_input("reset", i)
            by_input = self.by_input("candidate", i) + highest(Fraction(0), turned, -turned, r)
            yield (bounds[0], bounds[1]), by_input

    def coefficients(self, box: list[Interval], pieces: int) -> Iterator[tuple[Matrix, list[Vector]]]:
        """z e_i + z (1 - z) (h - n) U_z,i + (1 - z) (1 - n^2) (r U_n,i + r (1 - r) s U_r,i).

        On each piece of n linear in (z, z (1 - z)), h - n, 1 - n^2, (r, r (1 - r)) and s each: the corners of these
        tell the convex hull.
        """
        resets, updates = (self.gate(block, box, self.inputs) for block in self.blocks[:2])
        for i, n in enumerate(self.candidates(box, resets, self.inputs)):
            s = self.sent(i, box)
            points = [
                [z, bend * apart, (1 - z) * slope * r, (1 - z) * slope * turn * end]
                for piece in cut(n, pieces)
                for apart in (box[i].low - piece.high, box[i].high - piece.low)
                for slope in (1 - nearest(piece) ** 2, 1 - farthest(piece) ** 2)
                for z, bend in triangle(updates[i])
                for r, turn in triangle(resets[i])
                for end in (s.low, s.high)
            ]
            own = [Fraction(int(j == i)) for j in range(self.units)]
            yield [own, *(self.recurrent[block][i] for block in ("update", "candidate", "reset"))], points


class GRUResetBefore(GRU):
    """n = tanh(U_n (r h) + W_n x + b_n)."""

    def candidates(self, box: list[Interval], resets: list[Interval], inputs: list[Interval]) -> list[Interval]:
        """n."""
        sent = [times(r, h) for r, h in zip(resets, box, strict=True)]
        return [over(tanh, self.argument("candidate", i, sent, inputs)) for i in range(self.units)]

    def inner(
        self, box: list[Interval], resets: list[Interval], weights: Vector
    ) -> Iterator[tuple[tuple[Fraction, Fraction], Fraction]]:
        """The sum over k of U_n,ik (r_k e_k + h_k r_k (1 - r_k) U_r,k): parabolas in r_k.

        That of k = i has a sign on the diagonal and is convex in h_i; of the others the absolute values count.
        """
        reset, nothing = self.recurrent["reset"], Fraction(0)
        each, fed = [], []
        for k, (r, h) in enumerate(zip(resets, box, strict=True)):
            turned = farthest(h) * total(reset[k], weights)
            each.append(highest(nothing, weights[k] + turned, -turned, r))
            turned = farthest(h) * self.by_input("reset", k)
            fed.append(highest(nothing, turned, -turned, r))
        for i, row in enumerate(self.recurrent["candidate"]):
            others, apart = total(row, each, i), abs(row[i]) * total(reset[i], weights, i)
            bounds = []
            for sign in (1, -1):
                direct = sign * row[i] * weights[i]
                turned = max(end * direct * reset[i][i] + abs(end) * apart for end in (box[i].low, box[i].high))
                bounds.append(others + highest(nothing, direct + turned, -turned, resets[i]))
            yield (bounds[0], bounds[1]), self.by_input("candidate", i) + total(row, fed)


class LSTM(GatedCell):
    """c+ = f c + i g and h+ = o tanh(c+); the state is (c, h), memories first.

    Rows of J, in absolute value: f e + |c| f (1 - f) U_f + |g| i (1 - i) U_i + i (1 - g^2) U_g for c, where the first
    two terms are a parabola in f and the others, for each piece of g, one in i; o (1 - t^2) times that and
    |t| o (1 - o) U_o for h, with t = tanh(c+): for each piece of t a parabola in o.
    """

    blocks = ("input", "forget", "candidate", "output")
    biases = blocks
    per_unit = 2

    def gates(self, i: int, box: list[Interval], inputs: list[Interval]) -> list[Interval]:
        """i, f, g and o of a unit, and the memory after the step."""
        shown = box[self.units :]
        write, keep, new, show = (self.argument(block, i, shown, inputs) for block in self.blocks)
        gate, forget, candidate, output = (
            over(sigmoid, write),
            over(sigmoid, keep),
            over(tanh, new),
            over(sigmoid, show),
        )
        return [gate, forget, candidate, output, plus(times(forget, box[i]), times(gate, candidate))]

    def following(self, box: list[Interval], inputs: list[Interval]) -> list[Interval]:
        """Memories, then h."""
        every = [self.gates(i, box, inputs) for i in range(self.units)]
        return [each[4] for each in every] + [times(each[3], over(tanh, each[4])) for each in every]

    def rows(self, box: list[Interval], weights: Vector, pieces: int) -> Iterator[tuple[Fraction, Fraction]]:
        """Those of memories, then those of h."""
        shown = []
        for i in range(self.units):
            gates = self.gates(i, box, self.inputs)
            by_state = {name: total(self.recurrent[name][i], weights[self.units :]) for name in self.blocks}
            by_input = {name: self.by_input(name, i) for name in self.blocks}
            stretched = self.row(box[i], gates, weights[i], by_state, pieces)
            moved = self.row(box[i], gates, Fraction(0), by_input, pieces)
            shown.append((stretched[1], moved[1]))
            yield stretched[0], moved[0]
        yield from shown

    def coefficients(self, box: list[Interval], pieces: int) -> Iterator[tuple[Matrix, list[Vector]]]:
        """As in `rows`, with signs: those of memories, then those of h, of which g is not cut.

        Linear in (f, f (1 - f)), (i, i (1 - i)), (o, o (1 - o)), c, g, 1 - g^2, t and 1 - t^2 each.
        """
        nothing, n = [Fraction(0)] * self.units, self.units
        shown = []
        for i in range(n):
            gates = self.gates(i, box, self.inputs)
            own = [Fraction(int(j == i)) for j in range(n)]
            forget, write, new, show = (
                nothing + self.recurrent[b][i] for b in ("forget", "input", "candidate", "output")
            )
            sensed = [own + nothing, forget, write, new]
            whole = self.of_memory(box[i], gates, 1)
            ends = self.values_and_slopes(over(tanh, gates[4]))
            corners = [(y * slope, turn * t) for y, turn in triangle(gates[3]) for t, slope in ends]
            points = [[*(direct * x for x in point), turned] for direct, turned in corners for point in whole]
            shown.append(([*sensed, show], points))
            yield sensed, self.of_memory(box[i], gates, pieces)
        yield from shown

    def of_memory(self, c: Interval, gates: list[Interval], pieces: int) -> list[Vector]:
        """f, f (1 - f) c, i (1 - i) g and i (1 - g^2) at all corners."""
        return [
            [f, turn * end, bend * g, y * slope]
            for piece in cut(gates[2], pieces)
            for g, slope in self.values_and_slopes(piece)
            for f, turn in triangle(gates[1])
            for y, bend in triangle(gates[0])
            for end in (c.low, c.high)
        ]

    @staticmethod
    def values_and_slopes(value: Interval) -> list[tuple[Fraction, Fraction]]:
        """Corners around (v, 1 - v^2)."""
        slopes = (1 - nearest(value) ** 2, 1 - farthest(value) ** 2)
        return [(v, slope) for v in (value.low, value.high) for slope in slopes]

    def row(
        self, c: Interval, gates: list[Interval], kept: Fraction, sums: dict[str, Fraction], pieces: int
    ) -> tuple[Fraction, Fraction]:
        """Of the memory and of h."""
        gate, forget, candidate, output, memory = gates
        turned, nothing = farthest(c) * sums["forget"], Fraction(0)
        first = highest(nothing, kept + turned, -turned, forget)
        first += max(self.piece(sums["candidate"], sums["input"], g, gate) for g in cut(candidate, pieces))
        return first, max(self.piece(first, sums["output"], t, output) for t in cut(over(tanh, memory), pieces))

    @staticmethod
    def piece(direct: Fraction, turned: Fraction, value: Interval, gate: Interval) -> Fraction:
        """The largest y (1 - v^2) `direct` + y (1 - y) |v| `turned` for a gate y and a value v."""
        slope, around = (1 - nearest(value) ** 2) * direct, farthest(value) * turned
        return highest(Fraction(0), slope + around, -around, gate)


CELLS: dict[str, type[GatedCell]] = {
    "gru, reset after": GRUResetAfter,
    "gru, reset before": GRUResetBefore,
    "lstm": LSTM,
}


def box_of(value: object, size: int, where: str) -> list[Interval]:
    """A list of pairs of numbers, low and high."""
    pairs = items(value, where)
    if len(pairs) != size:
        raise Malformed(f"{where} has {len(pairs)} entries, not {size}")
    ends = [vector(pair, 2, f"{where}[{i}]") for i, pair in enumerate(pairs)]
    require_short((end for pair in ends for end in pair), where)
    for i, (low, high) in enumerate(ends):
        if low > high:
            raise Malformed(f"{where}[{i}] ends before it begins")
    return [Interval(low, high) for low, high in ends]


def require_short(numbers: Iterable[Fraction], where: str) -> None:
    """Refuse numbers that are not over a power of two, of which sums would grow, and those that no double is."""
    for x in numbers:
        over_two, digits = (
            x.denominator & (x.denominator - 1) == 0,
            x.numerator.bit_length() + x.denominator.bit_length(),
        )
        if not over_two or digits > DYADIC_BITS:
            raise Malformed(
                f"{where}: {show(x)} is not over a power of two, or has more than {DYADIC_BITS} binary digits"
            )


def outside(box: list[Interval], outer: list[Interval]) -> int | None:
    """The first place where a box is not within another; None where it is."""
    places = enumerate(zip(box, outer, strict=True))
    return next((i for i, (each, around) in places if each.low < around.low or around.high < each.high), None)


@dataclass(frozen=True)
class StepsInBox(ABC):
    """Two trajectories from the box, under the same inputs, approach by `factor` a step in a norm with `weights`.

    No step leaves the box, which is convex. So the images of two of its states differ by a mean of Jacobians J at
    states of the box, applied to their difference. Inputs that differ by e at most add a vector of norm (1 - factor)
    gain e at most: the distance comes as near to gain e as you like, or below.
    """

    factor: Fraction
    gain: Fraction
    pieces: int
    box: list[Interval]
    weights: Vector
    norm: ClassVar[str]

    def words(self) -> str:
        """What is claimed."""
        return (
            f"contracting by the factor {show(self.factor)} a step in {self.norm}, from any states of the box and "
            "under any inputs of theirs; inputs that differ by e bring states no farther apart than "
            f"{show(self.gain)} e in the end"
        )

    def verify(self, cell: GatedCell) -> None:
        """No step leaves the box, and steps from it shrink the norm."""
        require(0 < self.factor < 1, "factor is not between 0 and 1")
        require_all_positive(self.weights, "weights")
        place = outside(cell.following(self.box, cell.inputs), self.box)
        require(place is None, f"a step may leave the box in entry [{place}]")
        self.verify_norm(cell)

    @abstractmethod
    def verify_norm(self, cell: GatedCell) -> None:
        """Of states by the factor, of inputs by the gain."""


@dataclass(frozen=True)
class RowsInBox(StepsInBox):
    """In max |x_i| / weights_i: the sum of |J_ij| weights_j is at most factor weights_i.

    Inputs add the sum of |K_ij| e, at most (1 - factor) gain weights_i e.
    """

    norm: ClassVar[str] = "max |x_i| / weights_i"

    @classmethod
    def read(cls, value: object, cell: GatedCell, where: str) -> "RowsInBox":
        """From JSON."""
        entries = object_of(value, where, ["claim", "by", "factor", "gain", "pieces", "box", "weights"])
        factor, gain = (number(entries[key], 1, f"{where}.{key}") for key in ("factor", "gain"))
        pieces = entries["pieces"]
        if type(pieces) is not int or not 1 <= pieces <= MOST_PIECES:
            raise Malformed(f"{where}.pieces is {shown(pieces)}, not a whole number from 1 to {MOST_PIECES}")
        box, weights = box_of(entries["box"], cell.size, f"{where}.box"), entries["weights"]
        result = cls(factor, gain, pieces, box, vector(weights, cell.size, f"{where}.weights"))
        require_short((factor, gain, *result.weights), where)
        return result

    def verify_norm(self, cell: GatedCell) -> None:
        """Every row is bounded."""
        for i, (stretched, moved) in enumerate(cell.rows(self.box, self.weights, self.pieces)):
            require(stretched <= self.factor * self.weights[i], f"row [{i}] may stretch by more than the factor")
            room = (1 - self.factor) * self.gain * self.weights[i]
            require(moved <= room, f"inputs may move row [{i}] by more than the gain")


@dataclass(frozen=True)
class SquaresInBox(StepsInBox):
    """In (sum of weights_i x_i^2)^(1/2).

    Row i of J is y^T C_i, y in a convex hull whose points have y y^T <= E_i, so that all of it has. So |J x|^2 is at
    most the sum of weights_i (C_i x)^T E_i (C_i x), which is less than factor^2 |x|^2.
    """

    forms: list[Matrix]
    norm: ClassVar[str] = "(sum of weights_i x_i^2)^(1/2)"

    @classmethod
    def read(cls, value: object, cell: GatedCell, where: str) -> "SquaresInBox":
        """From JSON."""
        entries = object_of(value, where, ["claim", "by", "factor", "gain", "pieces", "box", "weights", "forms"])
        forms = items(entries.pop("forms"), f"{where}.forms")
        rows = RowsInBox.read(entries, cell, where)
        if len(forms) != cell.size:
            raise Malformed(f"{where}.forms has {len(forms)} matrices, not {cell.size}")
        if cell.size > MANY:
            raise Malformed(f"there are {cell.size} numbers of the state; squares are verified of {MANY} at most")
        places = [(form, f"{where}.forms[{i}]") for i, form in enumerate(forms)]
        each = [square(form, len(items(form, place)), place) for form, place in places]
        require_short((x for form in each for row in form for x in row), f"{where}.forms")
        return cls(rows.factor, rows.gain, rows.pieces, rows.box, rows.weights, each)

    def verify_norm(self, cell: GatedCell) -> None:
        """Every form holds its row; the squares fall."""
        moved = (by_input for _, by_input in cell.rows(self.box, self.weights, self.pieces))
        squared = sum((w * x * x for w, x in zip(self.weights, moved, strict=True)), Fraction(0))
        room = (1 - self.factor) * self.gain
        require(room >= 0 and squared <= room * room, "inputs may move states by more than the gain")
        left: Matrix = []
        right: Matrix = []
        for i, (sensed, points) in enumerate(cell.coefficients(self.box, self.pieces)):
            form = self.forms[i]
            require(len(form) == len(sensed), f"forms[{i}] has {len(form)} rows, not {len(sensed)}")
            require_inside(points, form, f"forms[{i}]")
            left += sensed
            right += product(scaled(self.weights[i], form), sensed)
        stretched = product(transposed(left), right)
        kept = diagonal([self.factor**2 * w for w in self.weights])
        require_positive(added(kept, scaled(-1, stretched)), "what the squares fall by")


@dataclass(frozen=True)
class TwoBoxes:
    """Under one constant input no step leaves either of two boxes without a common state.

    Trajectories that start in them stay apart for ever.
    """

    input: Vector
    boxes: list[list[Interval]]

    @classmethod
    def read(cls, value: object, cell: GatedCell, where: str) -> "TwoBoxes":
        """From JSON."""
        entries = object_of(value, where, ["claim", "by", "input", "boxes"])
        boxes = [box_of(box, cell.size, f"{where}.boxes[{i}]") for i, box in enumerate(items(entries["boxes"], where))]
        if len(boxes) != 2:
            raise Malformed(f"{where}.boxes has {len(boxes)} entries, not 2")
        value = vector(entries["input"], len(cell.inputs), f"{where}.input")
        require_short(value, f"{where}.input")
        return cls(value, boxes)

    def words(self) -> str:
        """What is claimed."""
        return "not contracting: under one constant input trajectories from two boxes stay apart for ever"

    def verify(self, cell: GatedCell) -> None:
        """The input is allowed, the boxes are disjoint, and no step leaves them."""
        constant = [Interval(x, x) for x in self.input]
        place = outside(constant, cell.inputs)
        require(place is None, f"input[{place}] is not in its interval")
        first, second = self.boxes
        apart = any(a.high < b.low or b.high < a.low for a, b in zip(first, second, strict=True))
        require(apart, "the boxes may have a state in common")
        for k, box in enumerate(self.boxes):
            place = outside(cell.following(box, constant), box)
            require(place is None, f"a step may leave boxes[{k}] in entry [{place}]")


GATED_CLAIMS: dict[tuple[str, ...], type[RowsInBox] | type[SquaresInBox] | type[TwoBoxes]] = {
    ("contracting", "rows in a box"): RowsInBox,
    ("contracting", "squares in a box"): SquaresInBox,
    ("not contracting", "two boxes"): TwoBoxes,
}


@dataclass(frozen=True)
class GatedCertificate:
    """Claims about one layer with gates."""

    name: str
    cell: GatedCell
    sha256: str
    claims: list[RowsInBox | SquaresInBox | TwoBoxes]

    def words(self) -> Iterator[str]:
        """The layer, and every claim."""
        inputs = [each for pair in self.cell.inputs for each in (pair.low, pair.high)]
        yield (
            f"layer: {self.name}, {counted(self.cell.units, 'unit')}; {counted(len(self.cell.inputs), 'input')} in "
            f"{span(inputs)}; SHA-256 of the recurrent weights {self.sha256}"
        )
        for i, claim in enumerate(self.claims):
            yield f"claims[{i}]: {claim.words()}"

    def compare(self, weights: "Weights") -> None:
        """Block by block, as PyTorch stacks them; biases are those of the file added up in double precision.

        Of a reset after the product the candidate has two, the second inside the reset.
        """
        cell, layer = self.cell, weights.layer()
        count = len(cell.blocks)
        if len(layer.recurrent) != count * cell.units:
            raise Malformed(
                f"--weights: the layer has {len(layer.recurrent)} rows of weights, not {count * cell.units}"
            )
        for k, name in enumerate(cell.blocks):
            own = slice(k * cell.units, (k + 1) * cell.units)
            both = [Fraction(float(x) + float(y)) for x, y in zip(layer.bias[own], layer.other[own], strict=True)]
            apart = name == "candidate" and "inner" in cell.biases
            said = [("recurrent", cell.recurrent[name], layer.recurrent[own])]
            said += [("driven", cell.driven[name], layer.driven[own])]
            said += [("bias", [cell.bias[name]], [layer.bias[own] if apart else both])]
            said += [("inner bias", [cell.bias["inner"]], [layer.other[own]])] if apart else []
            for kind, here, there in said:
                if here != there:
                    raise Malformed(
                        f"--weights: of the {name} gate the {kind} weights are others than the certificate's"
                    )

    def verify(self) -> None:
        """Every claim, until one fails."""
        stacked = [row for block in self.cell.blocks for row in self.cell.recurrent[block]]
        require(self.sha256 == digest(stacked), "sha256 is not that of the recurrent weights")
        verify_each(self.claims, "claims", self.cell)


def read_gated(value: object) -> GatedCertificate:
    """A gated layer with its claims, of limited size: only numbers whose denominators are powers of two."""
    keys = ["format", "cell", "recurrent", "sha256", "driven", "bias", "inputs", "claims"]
    entries = object_of(value, "the certificate", keys)
    name, sha256 = entries["cell"], entries["sha256"]
    if not isinstance(name, str) or name not in CELLS:
        raise Malformed(f"cell is {shown(name)}, not {' or '.join(json.dumps(each) for each in CELLS)}")
    if not isinstance(sha256, str):
        raise Malformed(f"sha256 is {shown(sha256)}, not a string")
    kind, inputs = CELLS[name], items(entries["inputs"], "inputs")
    recurrent, driven = (object_of(entries[key], key, kind.blocks) for key in ("recurrent", "driven"))
    bias = object_of(entries["bias"], "bias", kind.biases)
    units = len(items(recurrent[kind.blocks[0]], "recurrent"))
    if len(kind.blocks) * units * (units + len(inputs)) > LARGEST_LAYER:
        raise Malformed(f"there are {units} units and {len(inputs)} inputs; weights may number {LARGEST_LAYER} at most")
    cell = kind(
        {key: square(recurrent[key], units, f"recurrent.{key}") for key in kind.blocks},
        {key: matrix_of(driven[key], units, len(inputs), f"driven.{key}") for key in kind.blocks},
        {key: vector(bias[key], units, f"bias.{key}") for key in kind.biases},
        box_of(inputs, len(inputs), "inputs"),
    )
    require_short(
        (x for part in (cell.recurrent, cell.driven) for rows in part.values() for row in rows for x in row), "weights"
    )
    require_short((x for each in cell.bias.values() for x in each), "bias")
    claims = items(entries["claims"], "claims")
    if len(claims) > MOST_GATED_CLAIMS:
        raise Malformed(f"there are {len(claims)} claims; a gated certificate has {MOST_GATED_CLAIMS} at most")
    return GatedCertificate(name, cell, sha256, [gated_claim(x, cell, f"claims[{i}]") for i, x in enumerate(claims)])


def gated_claim(value: object, cell: GatedCell, where: str) -> RowsInBox | SquaresInBox | TwoBoxes:
    """A claim of the kind that it names."""
    names = [value.get(key) for key in ("claim", "by")] if isinstance(value, dict) else []
    for tags, kind in GATED_CLAIMS.items():
        if tuple(names) == tags:
            return kind.read(value, cell, where)
    raise Malformed(f"{where} is no claim that is known ({', '.join(map(shown, names)) or shown(value)})")


# Basins of attraction


class Nonlinearity:
    """phi, with what its slopes and its secants about z, (phi(z + s) - phi(z)) / s, are within."""

    def value(self, z: Fraction) -> Interval:
        """Encloses phi(z)."""
        raise NotImplementedError

    def slopes_within(self, z: Fraction, width: Fraction, bounds: Vector) -> bool:
        """Whether the two bounds hold for all phi'(z + s), |s| <= width."""
        raise NotImplementedError

    def secants_within(self, z: Fraction, width: Fraction, bounds: Vector) -> bool:
        """Whether the two bounds hold for all secants about z with |s| <= width."""
        raise NotImplementedError


@dataclass(frozen=True)
class Sigmoidal(Nonlinearity):
    """tanh and the sigmoid: odd up to a constant, convex below zero and concave above, with slopes that fall with |z|.

    So let z >= 0, w = width and e = z - w.

    Secants are at least the one to z + w: those to the right fall with s, from phi'(z); those to the left rise and then
    fall with s, from phi'(z) too, and that to e is not below that to z + w, as phi rises most around zero.

    They are at most g where h(y) = phi(y) + g (z - y) - phi(z) >= 0 on [e, z]; those to the right are below phi'(z),
    the limit of the ones to the left. On [max(e, 0), z] h is concave, and zero at z: only at the other end can it be
    negative. Below zero h is convex, above its tangent at any t: it is enough that this is not negative at e and 0.
    """

    range: tuple[Fraction, Fraction]  # between which all values are
    rising: Callable[[Fraction], Interval]
    slope: Callable[[Fraction], Interval]
    steepest: Fraction
    stretch: int  # phi' = steepest (1 - tanh(z / stretch)^2)

    def value(self, z: Fraction) -> Interval:
        """By the exponential."""
        return self.rising(z)

    def tilted(self, tilt: Fraction, low: Fraction, high: Fraction) -> Interval:
        """Encloses phi(z) - c z, z from low to high, c = `tilt`; it is odd up to a constant as phi is."""
        return Interval(sum(self.range, -self.highest(tilt, -high, -low)), self.highest(tilt, low, high))

    def highest(self, tilt: Fraction, low: Fraction, high: Fraction) -> Fraction:
        """An upper bound of that: convex below zero, it is highest at an end; beyond, it is below any tangent."""
        ends = max(self.value(z).high - tilt * z for z in (low, high))
        if high <= 0:
            return ends
        begin, share = max(low, Fraction(0)), sqrt(1 - float(min(tilt / self.steepest, Fraction(1))))
        t = min(max(self.stretch * Fraction(atanh(min(share, 1 - 2**-50))), begin), high)
        slope = self.slope(t)
        rise = max((s - tilt) * (z - t) for s in (slope.low, slope.high) for z in (begin, high))
        tangent = self.value(t).high - tilt * t + rise
        return tangent if low >= 0 else max(tangent, ends)

    def slopes_within(self, z: Fraction, width: Fraction, bounds: Vector) -> bool:
        """The lowest is the one farthest from zero."""
        farthest, nearest = abs(z) + width, max(abs(z) - width, Fraction(0))
        return bounds[0] <= self.slope(farthest).low and self.slope(nearest).high <= bounds[1]

    def secants_within(self, z: Fraction, width: Fraction, bounds: Vector) -> bool:
        """As above; t is where phi' is about g, in floats, but not below e."""
        z, (low, high) = abs(z), bounds
        here, end = self.value(z), z - width
        if low * width > self.value(z + width).low - here.high or high <= 0:
            return False
        if high >= self.steepest:
            return True
        if end >= 0:
            return here.high - self.value(end).low <= high * width
        share = sqrt(max(0, 1 - float(high / self.steepest)))
        t = max(end, -self.stretch * Fraction(atanh(min(share, 1 - 2**-50))))
        above = self.value(t).low + high * (z - t) - here.high
        slope = self.slope(t)
        tilts = [(slope.low - high) * -t, (slope.high - high) * (end - t)]
        return above + min(tilts) >= 0


class Rectifier(Nonlinearity):
    """max(z, 0)."""

    def value(self, z: Fraction) -> Interval:
        """Itself."""
        return Interval(max(z, Fraction(0)), max(z, Fraction(0)))

    def slopes_within(self, z: Fraction, width: Fraction, bounds: Vector) -> bool:
        """0 below zero, 1 above, anything between them where zero is reached."""
        return bounds[0] <= int(z - width > 0) and int(z + width >= 0) <= bounds[1]

    def secants_within(self, z: Fraction, width: Fraction, bounds: Vector) -> bool:
        """Where zero is crossed, the secant to the far end is the one that differs most from the slope at z."""
        low, high = bounds
        if z - width >= 0 or z + width <= 0:
            return low <= int(z > 0) <= high
        return low * width <= max(z, Fraction(0)) and (z + width if z < 0 else width) <= high * width


NONLINEARITIES: dict[str, Nonlinearity] = {
    "tanh": Sigmoidal((Fraction(-1), Fraction(1)), tanh, tanh_slope, Fraction(1), 1),
    "sigmoid": Sigmoidal((Fraction(0), Fraction(1)), sigmoid, sigmoid_slope, Fraction(1, 4), 2),
    "relu": Rectifier(),
}


def pairs(value: object, size: int, where: str) -> list[Vector]:
    """Two numbers for each neuron."""
    return matrix_of(value, size, 2, where)


Pairs = Annotated[list[list[Fraction]], pairs]


@dataclass(frozen=True)
class System:
    """A network with its nonlinearity phi and a constant input b: tau x' = -x + phi(W x + b), and so on.

    The network's limits are 1. f is x', or by how much a step of a map moves x; differences of states obey J = A + B D
    C, in a flow y' = J y and in a map y <- J y, where D has slopes of phi, or secants, on its diagonal, A has -1 / tau
    (1 - a of a map), and B and C are T^-1 W and I, or T^-1 and W, with the leaks in place of 1 / tau.
    """

    network: Network
    nonlinearity: Nonlinearity
    inputs: Vector

    @property
    def still(self) -> Vector:
        """The diagonal of A."""
        rates = self.network.rates
        return [1 - rate for rate in rates] if self.network.discrete else [-rate for rate in rates]

    @cached_property
    def drive(self) -> Matrix:
        """B."""
        return self.network.driven(diagonal(self.network.rates))

    @cached_property
    def read(self) -> Matrix:
        """C."""
        return transposed(self.network.sensed([Fraction(1)] * self.network.size))

    def arguments(self, point: Vector) -> Vector:
        """What phi sees."""
        read = [sum(map(mul, row, point), Fraction(0)) for row in self.read]
        return [z + b for z, b in zip(read, self.inputs, strict=True)] if self.network.shared_in_rows else read

    def field(self, point: Vector) -> tuple[Vector, Fraction]:
        """Encloses f(p): the middle of a box, and its largest radius."""
        values = [self.nonlinearity.value(z) for z in self.arguments(point)]
        constant = [Fraction(0)] * len(point) if self.network.shared_in_rows else self.inputs
        middles, radii = [], []
        for row, rate, x, b in zip(self.drive, self.network.rates, point, constant, strict=True):
            halves = [
                (entry * (v.low + v.high) / 2, abs(entry) * (v.high - v.low) / 2)
                for entry, v in zip(row, values, strict=True)
            ]
            middles.append(sum((a for a, _ in halves), rate * (b - x)))
            radii.append(sum((r for _, r in halves), Fraction(0)))
        return middles, max(radii)


@dataclass(frozen=True)
class Basin:
    """All x with |x - p| <= 1, |y|^2 = y^T X^-1 y, stay there and tend to the one fixed point among them.

    How far phi's arguments go there from those at p is at most the root of c_i^T X c_i, c_i a row of C. So the secants
    of phi about p are within their bounds, middles m and radii r, and f(x) - f(p) is J (x - p) of a flow, (J - I) (x -
    p) of a map, with J = A' + B D R C, A' = A + B M C, and |D_ii| <= 1. The matrix

        [[-(A' X + X A'^T + 2 c X) - B S B^T, -X C^T R], [., S]]                      of a flow at rate c,
        [[rho^2 X - A' X A'^T - B S B^T, -A' X C^T R], [., S - R C X C^T R]]          of a map with the factor rho

    is positive definite. At (z, v), v = D B^T z, its form is that of -(J X + X J^T + 2 c X), or rho^2 X - J X J^T, at
    z less z^T B S B^T z - v^T S v, which is not negative as D^2 <= I and S > 0. So |x - p| falls at rate c, or by rho,
    but for |f(p)| <= epsilon: it gets below any number above epsilon / c, or epsilon / (1 - rho), and epsilon is less
    than c, or 1 - rho, times the core q <= 1. Where |x - p| <= q the same matrix with slopes of phi, between which its
    secants are, makes any two states approach one another: the core is mapped into itself, and holds
    one fixed point, to which all of it tends.
    """

    point: PerNeuron
    X: Square
    S: PerNeuron
    secants: Pairs
    core: Number
    core_S: PerNeuron
    slopes: Pairs
    residual: Number
    limits: ClassVar[Limits] = Limits(neurons=MANY)

    @property
    def pace(self) -> Fraction:
        """c, or 1 - rho."""
        raise NotImplementedError

    def words(self) -> str:
        """What is claimed."""
        return (
            "all states of the ellipsoid around the point stay there and tend to its one fixed point; their distance "
            f"to the point, up to its residual, {self.fall()}; within {show(self.core)} of its size any two states "
            "approach one another"
        )

    def fall(self) -> str:
        """At which pace."""
        raise NotImplementedError

    def verify(self, system: System) -> None:
        """All of the above."""
        require(self.pace > 0, "the rate is not positive, or the factor not below 1")
        require(0 < self.core <= 1, "core is not above 0 and at most 1")
        require(
            0 < self.residual < self.pace * self.core, "residual is not below the core times the rate or 1 - factor"
        )
        require_all_positive(self.S, "S")
        require_all_positive(self.core_S, "core_S")
        self.verify_point(system)
        read, arguments = system.read, system.arguments(self.point)
        spans = product(product(read, self.X), transposed(read))
        squares = [row[i] for i, row in enumerate(spans)]
        phi = system.nonlinearity
        for i, (z, square) in enumerate(zip(arguments, squares, strict=True)):
            width = root_above(square)
            inner = root_above(self.core**2 * square)
            require(phi.secants_within(z, width, self.secants[i]), f"secants[{i}] are not bounds in the ellipsoid")
            require(phi.slopes_within(z, inner, self.slopes[i]), f"slopes[{i}] are not bounds in the core")
        require_positive(self.matrix(system, self.secants, self.S), "the matrix of X and S")
        require_positive(self.matrix(system, self.slopes, self.core_S), "the matrix of X and core_S")

    def verify_point(self, system: System) -> None:
        """|f(p)| <= epsilon, and X > 0: f f^T <= 2 m m^T + 2 n r^2 I <= epsilon^2 X for all f of the box."""
        middle, radius = system.field(self.point)
        n = len(middle)
        inner = shifted(self.X, -2 * n * (radius / self.residual) ** 2)
        bound = bordered(inner, [[x] for x in middle], [[self.residual**2 / 2]])
        require_positive(bound, "X, bordered by f(point) and residual^2 / 2,")

    def matrix(self, system: System, bounds: list[Vector], multiplier: Vector) -> Matrix:
        """The matrix at these bounds."""
        middles, radii = [(low + high) / 2 for low, high in bounds], [(high - low) / 2 for low, high in bounds]
        drive = system.drive
        reading = rows_scaled(radii, system.read)
        moving = added(diagonal(system.still), product(columns_scaled(drive, middles), system.read))
        pushed = product(columns_scaled(drive, multiplier), transposed(drive))
        return self.blocks(product(moving, self.X), moving, scaled(-1, pushed), transposed(reading), multiplier)

    def blocks(self, moved: Matrix, moving: Matrix, pushed: Matrix, reading: Matrix, multiplier: Vector) -> Matrix:
        """The matrix, of A' X, A', -B S B^T, C^T R and S."""
        raise NotImplementedError


@dataclass(frozen=True)
class FlowBasin(Basin):
    """Of a flow."""

    rate: Number

    @property
    def pace(self) -> Fraction:
        """c."""
        return self.rate

    def fall(self) -> str:
        """c."""
        return f"falls at rate {show(self.rate)}"

    def blocks(self, moved: Matrix, moving: Matrix, pushed: Matrix, reading: Matrix, multiplier: Vector) -> Matrix:
        """The first one."""
        decay = added(scaled(-1, twice_symmetric_part(moved)), scaled(-2 * self.rate, self.X))
        return bordered(added(decay, pushed), scaled(-1, product(self.X, reading)), diagonal(multiplier))


@dataclass(frozen=True)
class MapBasin(Basin):
    """Of a map."""

    factor: Number

    @property
    def pace(self) -> Fraction:
        """1 - rho, where rho is positive."""
        return 1 - self.factor if self.factor > 0 else Fraction(0)

    def fall(self) -> str:
        """rho."""
        return f"shrinks by the factor {show(self.factor)} at every step"

    def blocks(self, moved: Matrix, moving: Matrix, pushed: Matrix, reading: Matrix, multiplier: Vector) -> Matrix:
        """The second one."""
        decay = added(scaled(self.factor**2, self.X), scaled(-1, product(moved, transposed(moving))))
        opposite = added(diagonal(multiplier), scaled(-1, product(transposed(reading), product(self.X, reading))))
        return bordered(added(decay, pushed), scaled(-1, product(moved, reading)), opposite)


@dataclass(frozen=True)
class BasinCertificate:
    """Basins of one network."""

    system: System
    name: str
    basins: list[Basin]

    def words(self) -> Iterator[str]:
        """The network, and every basin."""
        network = self.system.network
        yield (
            f"network: {counted(network.size, 'neuron')}, {network.equation}, phi = {self.name}, u constant; "
            f"SHA-256 of the weights {digest(network.weights)}; {network.pace.replace('_', ' ')} {span(network.paces)}"
        )
        for i, basin in enumerate(self.basins):
            yield f"basins[{i}]: {basin.words()}"

    def compare(self, weights: "Weights") -> None:
        """By the digests."""
        self.system.network.compare(weights)

    def verify(self) -> None:
        """Every basin, until one fails."""
        self.system.network.verify()
        verify_each(self.basins, "basins", self.system)


# Networks under inputs in a box


End: TypeAlias = Fraction | None  # of an interval; None is no bound
Box: TypeAlias = list[tuple[End, End]]


def box_within(inner: Box, outer: Box) -> int | None:
    """The first place where a box is not within another; None where it is."""
    for i, ((low, high), (least, most)) in enumerate(zip(inner, outer, strict=True)):
        below = least is None or (low is not None and least <= low)
        above = most is None or (high is not None and high <= most)
        if not (below and above):
            return i
    return None


@dataclass(frozen=True)
class Driven:
    """A network with phi = tanh or the sigmoid, all of whose inputs, constant or not, are in a box.

    A state x_i follows what drives it, phi(W x + b)_i, or (W phi(x) + b)_i in voltage forms: a flow's x_i goes towards
    it, a step of a map replaces x_i by a mean of both. So x_i leaves no interval that holds what drives it; and it
    comes arbitrarily near to any interval that holds what drives it in the end. Of a map the same is true of an
    interval that holds where steps lead, and of one of whose ends this is true and that of the other.
    """

    system: System
    inputs: Box

    @property
    def phi(self) -> "Sigmoidal":
        """The nonlinearity, whose values are between `least` and `most`."""
        phi = self.system.nonlinearity
        if not isinstance(phi, Sigmoidal):
            raise Rejected("phi has no bounds")
        return phi

    def sums(self, values: list[Interval]) -> Box:
        """W y + b for y of these intervals."""
        result: Box = []
        lows, p = integers(each.low for each in values)
        highs, q = integers(each.high for each in values)
        for (rising, falling, unit), (low, high) in zip(self.parts, self.inputs, strict=True):
            least = Fraction(sum(map(mul, rising, lows)), p * unit) + Fraction(sum(map(mul, falling, highs)), q * unit)
            most = Fraction(sum(map(mul, rising, highs)), q * unit) + Fraction(sum(map(mul, falling, lows)), p * unit)
            result.append((None if low is None else least + low, None if high is None else most + high))
        return result

    @cached_property
    def parts(self) -> list[tuple[list[int], list[int], int]]:
        """The positive and the negative weights of every row, over one denominator."""
        rows = map(integers, self.system.network.weights)
        return [([max(x, 0) for x in row], [min(x, 0) for x in row], unit) for row, unit in rows]

    def arguments(self, box: Box) -> Box:
        """What phi sees at states of a box."""
        if not self.system.network.shared_in_rows:
            return box
        return self.sums([Interval(low, high) for low, high in box if low is not None and high is not None])

    def values(self, seen: Box) -> list[Interval]:
        """Of phi there."""
        least, most = self.phi.range
        lows = [least if low is None else max(least, self.phi.value(low).low) for low, _ in seen]
        highs = [most if high is None else min(most, self.phi.value(high).high) for _, high in seen]
        return [Interval(low, high) for low, high in zip(lows, highs, strict=True)]

    def image(self, box: Box | None) -> Box:
        """What drives states of a box, or all states; of a map an end is that of where steps lead if it comes first."""
        whole = [Interval(*self.phi.range)] * self.system.network.size
        values = whole if box is None else self.values(self.arguments(box))
        drives: Box = [(each.low, each.high) for each in values]
        if not self.system.network.shared_in_rows:
            drives = self.sums(values)
        if box is None or not self.system.network.discrete:
            return drives
        seen = self.arguments(box)
        return [self.stepped(i, box[i], seen[i], values[i], drive) for i, drive in enumerate(drives)]

    def stepped(
        self, i: int, state: tuple[End, End], seen: tuple[End, End], value: Interval, drive: tuple[End, End]
    ) -> tuple[End, End]:
        """The ends that come first, where W_ii = -w is negative and the leak a below 1.

        With c = (1 - a) / (a w) a step leads to a (phi(z) - c z + c (z + w x_i)) in a rate form, where z + w x_i is the
        part of z that is not neuron i's, and to a (the others' drive - w (phi(x_i) - c x_i)) in a voltage form.
        """
        w, leak = -self.system.network.weights[i][i], self.system.network.rates[i]
        (low, high), (first, last), (least, most) = state, seen, drive
        if low is None or high is None or first is None or last is None or least is None or most is None:
            return drive
        if w <= 0 or leak >= 1:
            return drive
        tilt = (1 - leak) / (leak * w)
        if self.system.network.shared_in_rows:
            span = w * (high - low)
            lower = self.phi.tilted(tilt, first, first + span).low + tilt * (first + w * high)
            upper = self.phi.tilted(tilt, last - span, last).high + tilt * (last + w * low)
        else:
            own = self.phi.tilted(tilt, low, high)
            lower, upper = least + w * (value.high - own.high), most + w * (value.low - own.low)
        return max(least, leak * lower), min(most, leak * upper)

    def slopes(self, box: Box) -> list[Interval]:
        """Those of phi at states of a box."""
        found = []
        for low, high in self.arguments(box):
            nearest = max([Fraction(0), *([] if low is None else [low]), *([] if high is None else [-high])])
            steepest = self.phi.slope(nearest).high
            flattest = Fraction(0) if low is None or high is None else self.phi.slope(max(-low, high)).low
            found.append(Interval(max(flattest, Fraction(0)), steepest))
        return found


@dataclass(frozen=True)
class SlopesInBox:
    """Any two trajectories under the same inputs approach one another.

    The first box holds the image of all states, or else its own image: trajectories come arbitrarily near to it, or
    never leave it. As the other boxes hold images of those before, they come arbitrarily near to the last one. It is
    convex, so differences of its states obey x' = J x, or x <- J x, with slopes of phi at states of it, all within
    `slopes`. The network of such slopes contracts by `proof`, at a rate that leaves room for slopes a little beside.
    """

    everywhere: bool
    boxes: list[Box]
    slopes: list[Vector]
    proof: Claim

    def words(self) -> str:
        """What is claimed."""
        whence = "from whatever states" if self.everywhere else "from states of the first box, which none leaves"
        return (
            f"any two trajectories under the same inputs approach one another, {whence}: they come to box "
            f"{len(self.boxes) - 1}, and at its slopes the network is {self.proof.words()}"
        )

    def verify(self, driven: Driven) -> None:
        """Images are within boxes, slopes within bounds, and these are contracting."""
        for k, box in enumerate(self.boxes):
            for i, (low, high) in enumerate(box):
                require(low is None or high is None or low <= high, f"boxes[{k}][{i}] ends before it begins")
                bounded = low is not None and high is not None
                free = self.everywhere and not driven.system.network.shared_in_rows
                require(bounded or free, f"boxes[{k}][{i}] has no bound")
        before: list[Box | None] = [None if self.everywhere else self.boxes[0], *self.boxes[:-1]]
        for k, (source, box) in enumerate(zip(before, self.boxes, strict=True)):
            place = box_within(driven.image(source), box)
            require(place is None, f"boxes[{k}] does not hold what drives its states in entry [{place}]")
        for i, (found, (low, high)) in enumerate(zip(driven.slopes(self.boxes[-1]), self.slopes, strict=True)):
            require(low <= found.low and found.high <= high, f"slopes[{i}] are not bounds in the last box")
        network = driven.system.network
        lows, highs = [low for low, _ in self.slopes], [high for _, high in self.slopes]
        require_all_positive([high for high in highs if not any(lows)], "slopes")
        asked = replace(network, floors=lows, limits=highs)
        require(self.proof.ranged or not any(lows), "the proof is about slopes from zero")
        self.proof.verify(asked)


@dataclass(frozen=True)
class FixedCube:
    """Exactly one x with |x_i - p_i| <= r is a fixed point (Krawczyk).

    Where phi's slopes in the cube are within their bounds, middles m and radii R, f(x) - f(x') is (M + E) (x - x') for
    any two of its states, M = A + B diag(m) C, less I of a map, and |E| <= N = |B| diag(R) |C|. So x - Y f(x) is within

        |Y f(p)| + (|I - Y M| + |Y| N) r,   r in every entry,

    of p. Where all of this is below r, it maps the cube into its interior and shrinks distances in the maximum norm: it
    has one fixed point there. The norm of I - Y M is below 1, so Y is invertible: these are the x with f(x) = 0.
    """

    point: PerNeuron
    radius: Number
    Y: Square
    slopes: Pairs

    def verify(self, system: System) -> None:
        """All of the above."""
        require(self.radius > 0, "radius is not positive")
        size = len(self.point)
        for i, (z, row) in enumerate(zip(system.arguments(self.point), system.read, strict=True)):
            width = self.radius * sum(map(abs, row))
            bounds = self.slopes[i]
            require(system.nonlinearity.slopes_within(z, width, bounds), f"slopes[{i}] are not bounds in the cube")
        middle, most = system.field(self.point)
        change = shifted(self.jacobian(system), Fraction(-1 if system.network.discrete else 0))
        left = shifted(scaled(-1, product(self.Y, change)), Fraction(1))
        ones = [Fraction(1)] * size
        uncertain = [most + self.radius * x for x in self.spread(system, ones)]
        lacking = zip(
            applied(self.Y, middle), applied(sizes(self.Y), uncertain), applied(sizes(left), ones), strict=True
        )
        for i, (moved, unsure, part) in enumerate(lacking):
            whole = abs(moved) + unsure + self.radius * part
            require(whole < self.radius, f"x - Y f(x) may leave the cube in entry [{i}]")

    def jacobian(self, system: System) -> Matrix:
        """A + B diag(m) C."""
        driven = columns_scaled(system.drive, [(low + high) / 2 for low, high in self.slopes])
        return added(diagonal(system.still), product(driven, system.read))

    def spread(self, system: System, vector: Vector) -> Vector:
        """N times a vector."""
        return applied(sizes(system.drive), self.widened(applied(sizes(system.read), vector)))

    def spread_back(self, system: System, vector: Vector) -> Vector:
        """N^T times a vector."""
        return applied(transposed(sizes(system.read)), self.widened(applied(transposed(sizes(system.drive)), vector)))

    def widened(self, vector: Vector) -> Vector:
        """diag(R) times a vector."""
        return [(high - low) / 2 * x for (low, high), x in zip(self.slopes, vector, strict=True)]


def sizes(matrix: Matrix) -> Matrix:
    """The absolute values."""
    return [[abs(x) for x in row] for row in matrix]


def applied(matrix: Matrix, vector: Vector) -> Vector:
    """The matrix times a vector."""
    return [row[0] for row in product(matrix, [[x] for x in vector])]


def one_input(driven: Driven) -> System:
    """The network with its constant input."""
    constant = [low for low, high in driven.inputs if low is not None and low == high]
    require(len(constant) == len(driven.inputs), "inputs are not one constant input")
    return replace(driven.system, inputs=constant)


@dataclass(frozen=True)
class TwoBasins:
    """Trajectories from two basins tend to fixed points of their own, and stay apart.

    Along a, a basin's states are within the root of a^T X a of a^T p; those of one are all beyond those of the other.
    """

    basins: list[Basin]
    direction: Vector

    def words(self) -> str:
        """What is claimed."""
        return "not contracting: two basins of attraction have no state in common"

    def verify(self, driven: Driven) -> None:
        """The input is one, both are basins, and apart."""
        verify_each(self.basins, "basins", one_input(driven))
        first, second = self.basins
        parts = (a * (p - q) for a, p, q in zip(self.direction, first.point, second.point, strict=True))
        between = sum(parts, Fraction(0))
        reach = sum((root_above(quadratic_form(basin.X, self.direction)) for basin in self.basins), Fraction(0))
        require(abs(between) > reach, "the basins may have a state in common")


@dataclass(frozen=True)
class TwoPoints:
    """Two fixed points never approach one another."""

    cubes: list[FixedCube]

    def words(self) -> str:
        """What is claimed."""
        return "not contracting: there is a fixed point in each of two cubes that have no state in common"

    def verify(self, driven: Driven) -> None:
        """The input is one, both cubes have a fixed point, and are apart in some entry."""
        verify_each(self.cubes, "cubes", one_input(driven))
        first, second = self.cubes
        between = max(abs(p - q) for p, q in zip(first.point, second.point, strict=True))
        require(between > first.radius + second.radius, "the cubes may have a state in common")


@dataclass(frozen=True)
class UnstablePoint:
    """Some states leave the cube around its fixed point, however near to the point they begin.

    Let y be a state less the fixed point and J = A + B diag(m) C of the cube's middles; slopes in the cube make it J +
    E, |E| <= N. In a step V = y^T X y grows by y^T (J^T X J - X) y, and by no less than -|y|^T G |y| beside it, where
    G = |J^T X| N + N^T |X J| + N^T |X| N; in a flow by the time y^T (J^T X + X J) y, and G = |X| N + N^T |X|. As 2 |y_i
    y_j| <= y_i^2 + y_j^2, |y|^T G |y| is at most the sum of y_i^2 times G's row sums. With these taken from the
    diagonal the matrix is positive definite: V grows, by a part of |y|^2 at least. At y = s v it is positive for any s;
    as it grows, |y| stays away from zero, so it grows without end, and y leaves the cube. No metric contracts there.
    """

    cube: FixedCube
    X: Matrix
    vector: Vector

    def words(self) -> str:
        """What is claimed."""
        return (
            f"not contracting: states as near as one likes to a fixed point leave the cube of all within "
            f"{show(self.cube.radius)} of it"
        )

    def verify(self, driven: Driven) -> None:
        """The input is one, the cube has a fixed point, and X grows."""
        system = one_input(driven)
        self.cube.verify(system)
        require_symmetric(self.X, "X")
        require(quadratic_form(self.X, self.vector) > 0, "vector^T X vector is not positive")
        jacobian, ones = self.cube.jacobian(system), [Fraction(1)] * system.network.size
        moved, spread = product(self.X, jacobian), self.cube.spread(system, ones)
        if system.network.discrete:
            growth, form = added(product(transposed(jacobian), moved), scaled(-1, self.X)), sizes(moved)
            taken = [x + y for x, y in zip(applied(form, ones), applied(sizes(self.X), spread), strict=True)]
        else:
            growth, form = twice_symmetric_part(moved), sizes(self.X)
            taken = applied(form, ones)
        lost = zip(applied(transposed(form), spread), self.cube.spread_back(system, taken), strict=True)
        sums = diagonal([-x - y for x, y in lost])
        require_positive(added(growth, sums), "the growth of X, less what slopes may take from it,")


@dataclass(frozen=True)
class InputCase:
    """A claim under inputs in a box, of the network with its weights multiplied by `gain`."""

    gain: Fraction
    inputs: Box
    claim: SlopesInBox | TwoBasins | TwoPoints | UnstablePoint

    def words(self) -> str:
        """What is claimed, and under which inputs."""
        ends = [end for pair in self.inputs for end in pair if end is not None]
        where = f"inputs in {span(ends)}" if len(ends) == 2 * len(self.inputs) else "inputs in a box without an end"
        gain = "" if self.gain == 1 else f"weights times {show(self.gain)}, "
        return f"{gain}{where}: {self.claim.words()}"

    def verify(self, system: System) -> None:
        """The claim, of this network."""
        require(self.gain > 0, "gain is not positive")
        for i, (low, high) in enumerate(self.inputs):
            require(low is None or high is None or low <= high, f"inputs[{i}] ends before it begins")
        network = replace(system.network, weights=scaled(self.gain, system.network.weights))
        self.claim.verify(Driven(replace(system, network=network), self.inputs))


@dataclass(frozen=True)
class InputCertificate:
    """Cases of one network."""

    system: System
    name: str
    cases: list[InputCase]

    def words(self) -> Iterator[str]:
        """The network, and every case."""
        network = self.system.network
        yield (
            f"network: {counted(network.size, 'neuron')}, {network.equation}, phi = {self.name}; "
            f"SHA-256 of the weights {digest(network.weights)}; {network.pace.replace('_', ' ')} {span(network.paces)}"
        )
        for i, case in enumerate(self.cases):
            yield f"cases[{i}]: {case.words()}"

    def compare(self, weights: "Weights") -> None:
        """By the digests."""
        self.system.network.compare(weights)

    def verify(self) -> None:
        """Every case, until one fails."""
        self.system.network.verify()
        verify_each(self.cases, "cases", self.system)


def open_box(value: object, size: int, where: str) -> Box:
    """A list of pairs of numbers, low and high; null is no bound."""
    entries = items(value, where)
    if len(entries) != size:
        raise Malformed(f"{where} has {len(entries)} entries, not {size}")
    box: Box = []
    for i, pair in enumerate(entries):
        ends = items(pair, f"{where}[{i}]")
        if len(ends) != 2:
            raise Malformed(f"{where}[{i}] has {len(ends)} entries, not 2")
        low, high = (None if end is None else number(end, size, f"{where}[{i}]") for end in ends)
        box.append((low, high))
    return box


def read_case(value: object, system: System, where: str) -> InputCase:
    """A case of the kind that its claim names."""
    size = system.network.size
    entries = object_of(value, where, ["inputs", "claim"], ["gain"])
    gain = number(entries.get("gain", 1), size, f"{where}.gain")
    if "gain" in entries and gain == 1:
        raise Malformed(f"{where}.gain is to be left out where it is 1")
    inputs, said, place = open_box(entries["inputs"], size, f"{where}.inputs"), entries["claim"], f"{where}.claim"
    names = [said.get(key) for key in ("claim", "by")] if isinstance(said, dict) else []
    claim: SlopesInBox | TwoBasins | TwoPoints | UnstablePoint
    if names == ["contracting", "slopes in a box"]:
        keys = object_of(said, place, ["claim", "by", "from", "boxes", "slopes", "proof"])
        if keys["from"] not in ("everywhere", "the first box"):
            raise Malformed(f'{place}.from is {shown(keys["from"])}, not "everywhere" or "the first box"')
        listed = items(keys["boxes"], f"{place}.boxes")
        if len(listed) * size > MOST_ENDS:
            raise Malformed(f"{place}.boxes: there are {len(listed)}; such claims take {MOST_ENDS // size} at most")
        boxes = [open_box(x, size, f"{place}.boxes[{k}]") for k, x in enumerate(listed)]
        slopes, proof = pairs(keys["slopes"], size, f"{place}.slopes"), keys["proof"]
        if not isinstance(proof, dict) or proof.get("claim") != "contracting":
            raise Malformed(f"{place}.proof is no claim that a network is contracting")
        claim = SlopesInBox(keys["from"] == "everywhere", boxes, slopes, read_claim(proof, system.network, place))
    elif names == ["not contracting", "two basins"]:
        keys = object_of(said, place, ["claim", "by", "basins", "direction"])
        both, kind = items(keys["basins"], f"{place}.basins"), MapBasin if system.network.discrete else FlowBasin
        if len(both) != 2:
            raise Malformed(f"{place}.basins has {len(both)} entries, not 2")
        basins: list[Basin] = [record(kind, x, size, f"{place}.basins[{i}]") for i, x in enumerate(both)]
        claim = TwoBasins(basins, vector(keys["direction"], size, f"{place}.direction"))
    elif names == ["not contracting", "two points"]:
        listed = items(object_of(said, place, ["claim", "by", "cubes"])["cubes"], f"{place}.cubes")
        if len(listed) != 2:
            raise Malformed(f"{place}.cubes has {len(listed)} entries, not 2")
        claim = TwoPoints([record(FixedCube, x, size, f"{place}.cubes[{i}]") for i, x in enumerate(listed)])
    elif names == ["not contracting", "unstable point"]:
        keys = object_of(said, place, ["claim", "by", "cube", "X", "vector"])
        claim = UnstablePoint(
            record(FixedCube, keys["cube"], size, f"{place}.cube"),
            square(keys["X"], size, f"{place}.X"),
            vector(keys["vector"], size, f"{place}.vector"),
        )
    else:
        raise Malformed(f"{place} is no claim that is known ({', '.join(map(shown, names)) or shown(said)})")
    for holder in (gain, [end for pair in inputs for end in pair if end is not None], claim):
        Basin.limits.require_numbers(holder, where)
    return InputCase(gain, inputs, claim)


# Lur'e systems


LURE_LIMITS = Limits(LARGEST_LURE, bits=2300)
UNSURE = Fraction(1, 2**30)  # of a squared output: given for the rounding of the state behind it


@dataclass(frozen=True)
class Lure:
    """x <- A x + B phi(C x + d) + E u, or x' = the same; slopes of phi between 0 and `limits`; outputs y = F x.

    Two trajectories differ by x, inputs by u, and the values of phi by w with w_i (g_i (C x)_i - w_i) >= 0. Channels of
    one number in `group` have one slope s: their w is s C x, and w^T Q (g C x - w) = s (g - s) (C x)^T Q C x is not
    negative for any Q with Q + Q^T >= 0.
    """

    discrete: bool
    A: Matrix
    B: Matrix
    C: Matrix
    E: Matrix | None
    F: Matrix | None
    limits: Vector
    group: list[int]

    def words(self) -> str:
        """What it is."""
        equation = "x <- A x + B phi(C x) + E u" if self.discrete else "x' = A x + B phi(C x) + E u"
        sizes = f"{counted(len(self.A), 'state')}, {counted(len(self.C), 'channel')} of phi"
        kinds = len(set(self.group))
        shared = "" if kinds == len(self.group) else f", one slope in each of {counted(kinds, 'group')} of channels"
        return f"{sizes}, {equation}; slopes of phi between 0 and {span(self.limits)}{shared}"

    def multiplier(self, value: object, where: str) -> Matrix:
        """Q: its diagonal, or a matrix that couples channels of one group only."""
        entries = items(value, where)
        if not isinstance(entries[0], list):
            return diagonal(vector(value, len(self.C), where))
        Q = square(value, len(self.C), where)
        for i, row in enumerate(Q):
            for j, x in enumerate(row):
                if x and self.group[i] != self.group[j]:
                    raise Malformed(f"{where}[{i}][{j}] couples channels of different groups")
        return Q

    def require_slopes(self, slopes: Vector) -> None:
        """Reject slopes beyond the limits, or that differ in a group."""
        for i, (slope, limit) in enumerate(zip(slopes, self.limits, strict=True)):
            require(0 <= slope <= limit, f"slopes[{i}] is not between 0 and the largest slope of that channel")
            first = self.group.index(self.group[i])
            require(slope == slopes[first], f"slopes[{i}] and slopes[{first}] differ, which are of one group")

    def closed(self, slopes: Vector) -> Matrix:
        """A + B diag(slopes) C."""
        return added(self.A, product(self.B, rows_scaled(slopes, self.C)))

    def form(self, P: Matrix, Q: Matrix, rate: Fraction, gain: Fraction | None) -> Matrix:
        """Minus the decay of x^T P x less what the rate allows, less 2 w^T Q (G C x - w).

        A form in (x, w), or with a gain in (x, w, u), gain^2 |u|^2 - |y|^2 added.
        """
        through, opposite = self.B, twice_symmetric_part(Q)
        sensed = transposed(product(Q, rows_scaled(self.limits, self.C)))
        if gain is not None:
            assert self.E is not None
            inputs = len(self.E[0])
            through = [a + b for a, b in zip(self.B, self.E, strict=True)]
            sensed = [row + [Fraction(0)] * inputs for row in sensed]
            opposite = side_by_side([opposite, diagonal([gain * gain] * inputs)])
        moved = product(transposed(self.A), P)
        if self.discrete:
            corner = added(scaled((1 - rate) ** 2, P), scaled(-1, product(moved, self.A)))
            border, pushed = product(moved, through), product(transposed(through), product(P, through))
            opposite = added(opposite, scaled(-1, pushed))
        else:
            corner = scaled(-1, added(twice_symmetric_part(moved), scaled(2 * rate, P)))
            border = product(P, through)
        if gain is not None:
            assert self.F is not None
            corner = added(corner, scaled(-1, product(transposed(self.F), self.F)))
        return bordered(corner, scaled(-1, added(border, sensed)), opposite)


class LureClaim:
    """A claim about a Lur'e system."""

    keys: ClassVar[tuple[str, ...]]

    @classmethod
    def read(cls, entries: dict[str, object], system: Lure, where: str) -> "LureClaim":
        """From JSON."""
        raise NotImplementedError

    def words(self) -> str:
        """What is claimed."""
        raise NotImplementedError

    def verify(self, system: Lure) -> None:
        """Reject it unless it is proved."""
        raise NotImplementedError


@dataclass(frozen=True)
class LureContraction(LureClaim):
    """The root of x^T P x falls by 1 - c a step, or as exp(-c t), whatever the slopes and under the same inputs.

    The form of (x, w) is positive, and what is subtracted in it is not negative: so the decay is faster than c.
    """

    rate: Fraction
    P: Matrix
    Q: Matrix
    keys: ClassVar[tuple[str, ...]] = ("rate", "P", "Q")

    @classmethod
    def read(cls, entries: dict[str, object], system: Lure, where: str) -> "LureContraction":
        """From JSON."""
        P, Q = square(entries["P"], len(system.A), f"{where}.P"), system.multiplier(entries["Q"], f"{where}.Q")
        return cls(number(entries["rate"], 1, f"{where}.rate"), P, Q)

    def words(self) -> str:
        """What is claimed."""
        return f"contracting at rate {show(self.rate)} in the metric x^T P x, whatever the slopes do (by multipliers)"

    def verify(self, system: Lure) -> None:
        """P and the form are positive definite."""
        require(
            self.rate > 0 and not (system.discrete and self.rate >= 1), "rate is not positive, or not below 1 a step"
        )
        require_positive(self.P, "P")
        require_positive(system.form(self.P, self.Q, self.rate, None), "the matrix of P and Q")


@dataclass(frozen=True)
class LureGain(LureClaim):
    """Of trajectories that begin alike outputs differ by at most gain times the inputs, in the l2 (L2) norm.

    The form of (x, w, u) is positive, so x^T P x rises by less than gain^2 |u|^2 - |y|^2; it begins at zero and is
    never negative. Added up over time, |y|^2 is at most gain^2 |u|^2.
    """

    gain: Fraction
    P: Matrix
    Q: Matrix
    keys: ClassVar[tuple[str, ...]] = ("gain", "P", "Q")

    @classmethod
    def read(cls, entries: dict[str, object], system: Lure, where: str) -> "LureGain":
        """From JSON."""
        if system.E is None or system.F is None:
            raise Malformed(f"{where}: there is no gain without inputs E and outputs F")
        P, Q = square(entries["P"], len(system.A), f"{where}.P"), system.multiplier(entries["Q"], f"{where}.Q")
        return cls(number(entries["gain"], 1, f"{where}.gain"), P, Q)

    def words(self) -> str:
        """What is claimed."""
        return f"outputs differ by at most {show(self.gain)} times what inputs do, in the l2 norm over time"

    def verify(self, system: Lure) -> None:
        """P and the form are positive definite."""
        require(self.gain > 0, "gain is not positive")
        require_positive(self.P, "P")
        require_positive(system.form(self.P, self.Q, Fraction(0), self.gain), "the matrix of P, Q and the gain")


@dataclass(frozen=True)
class LureUnstable(LureClaim):
    """At these slopes a displacement does not die out.

    With M = A + B diag(slopes) C, M^T X M - X, or M^T X + X M of a flow, is positive definite, and v^T X v is positive:
    from v on, x^T X x rises for ever.
    """

    slopes: Vector
    X: Matrix
    vector: Vector
    keys: ClassVar[tuple[str, ...]] = ("slopes", "X", "vector")

    @classmethod
    def read(cls, entries: dict[str, object], system: Lure, where: str) -> "LureUnstable":
        """From JSON."""
        n, k = len(system.A), len(system.C)
        slopes, X = vector(entries["slopes"], k, f"{where}.slopes"), square(entries["X"], n, f"{where}.X")
        return cls(slopes, X, vector(entries["vector"], n, f"{where}.vector"))

    def words(self) -> str:
        """What is claimed."""
        return "not contracting: at fixed slopes a displacement does not die out"

    def verify(self, system: Lure) -> None:
        """The slopes are allowed; the form begins positive and rises."""
        system.require_slopes(self.slopes)
        require_symmetric(self.X, "X")
        require(quadratic_form(self.X, self.vector) > 0, "vector^T X vector is not positive")
        moved = system.closed(self.slopes)
        turned = product(transposed(moved), self.X)
        if system.discrete:
            require_positive(added(product(turned, moved), scaled(-1, self.X)), "M^T X M - X")
        else:
            require_positive(twice_symmetric_part(turned), "M^T X + X M")


@dataclass(frozen=True)
class LureReached(LureClaim):
    """At these slopes, which a linear phi has, outputs differ by `gain` times the inputs, or nearly, for some inputs.

    With M = A + B diag(slopes) C an input u z^t (or u exp(z t), z imaginary) leaves the state x = (z I - M)^-1 E u, for
    which `states` stands, with the residual r = E u - (z I - M) states; let e = (z I - M)^-1 r, the rest of it. The
    form (1 - c)^2 P - M^T P M - F^T F, or -M^T P - P M - 2 c P - F^T F, is positive definite, as is P: M is stable. At
    e, where M e = z e - r, it says that |F e|^2 <= k r^* P r with k = rho^2 / (1 - rho^2), rho = 1 - c, or 1 / (2 c).
    As |a + b|^2 >= (1 - d) |a|^2 - |b|^2 / d for 0 < d < 1, the output F x is at least what is asked. An input that
    begins and ends, and is long, has outputs as near to that ratio as you like.
    """

    gain: Fraction
    slopes: Vector
    point: Vector
    inputs: list[Vector]
    states: list[Vector]
    rate: Fraction
    P: Matrix
    keys: ClassVar[tuple[str, ...]] = ("gain", "slopes", "point", "inputs", "states", "rate", "P")

    @classmethod
    def read(cls, entries: dict[str, object], system: Lure, where: str) -> "LureReached":
        """From JSON."""
        if system.E is None or system.F is None:
            raise Malformed(f"{where}: there is no gain without inputs E and outputs F")
        n, k, m = len(system.A), len(system.C), len(system.E[0])
        point = vector(entries["point"], 2, f"{where}.point")
        inputs, states = (vectors(entries[x], size, f"{where}.{x}") for x, size in (("inputs", m), ("states", n)))
        for key, part in (("inputs", inputs), ("states", states)):
            if len(part) != 2:
                raise Malformed(f"{where}.{key} has {len(part)} entries, not 2: real and imaginary parts")
        gain, rate = (number(entries[key], 1, f"{where}.{key}") for key in ("gain", "rate"))
        slopes, P = vector(entries["slopes"], k, f"{where}.slopes"), square(entries["P"], n, f"{where}.P")
        return cls(gain, slopes, point, inputs, states, rate, P)

    def words(self) -> str:
        """What is claimed."""
        return f"no gain below {show(self.gain)}: at fixed slopes and one frequency outputs differ by that times inputs"

    def verify(self, system: Lure) -> None:
        """The slopes are allowed and stable, z is on the boundary, the output is large enough."""
        assert system.E is not None
        assert system.F is not None
        require(self.gain > 0, "gain is not positive")
        require(self.rate > 0 and not (system.discrete and self.rate >= 1), "rate is not positive, or not below 1")
        real, imaginary = self.point
        if system.discrete:
            require(real**2 + imaginary**2 == 1, "point is not of modulus 1")
        else:
            require(real == 0, "point is not imaginary")
        system.require_slopes(self.slopes)
        require_positive(self.P, "P")
        moved, factor = system.closed(self.slopes), (1 - self.rate) ** 2
        turned, seen = product(transposed(moved), self.P), product(transposed(system.F), system.F)
        if system.discrete:
            form = added(scaled(factor, self.P), scaled(-1, product(turned, moved)))
        else:
            form = scaled(-1, added(twice_symmetric_part(turned), scaled(2 * self.rate, self.P)))
        require_positive(added(form, scaled(-1, seen)), "the matrix of P, M and F")
        x, y = self.states
        advanced = [[real * a - imaginary * b for a, b in zip(x, y, strict=True)]]
        advanced.append([imaginary * a + real * b for a, b in zip(x, y, strict=True)])
        images, driven = product(self.states, transposed(moved)), product(self.inputs, transposed(system.E))
        residual = added(added(driven, images), scaled(-1, advanced))
        size = factor / (1 - factor) if system.discrete else 1 / (2 * self.rate)
        lost = size * sum(quadratic_form(self.P, part) for part in residual)
        outputs = product(self.states, transposed(system.F))
        power, output = (sum((a * a for part in parts for a in part), Fraction(0)) for parts in (self.inputs, outputs))
        require(power > 0, "inputs are zero")
        enough = (1 - UNSURE) * output - lost / UNSURE >= self.gain**2 * power
        require(enough, "the output at that frequency is too small")


LURE_CLAIMS: dict[tuple[str, ...], type[LureClaim]] = {
    ("contracting", "multiplier"): LureContraction,
    ("gain", "multiplier"): LureGain,
    ("gain reached", "frequency"): LureReached,
    ("not contracting", "fixed slopes"): LureUnstable,
}


@dataclass(frozen=True)
class LureCertificate:
    """Claims about one Lur'e system."""

    system: Lure
    claims: list[LureClaim]

    def words(self) -> Iterator[str]:
        """The system, and every claim."""
        yield f"system: {self.system.words()}"
        for i, claim in enumerate(self.claims):
            yield f"claims[{i}]: {claim.words()}"

    def compare(self, weights: "Weights") -> None:
        """Matrix by matrix, and the groups of channels; slopes are no part of such a file."""
        found = weights.arrays(("A", "B", "C"), ("E", "F", "group"))
        for name in ("A", "B", "C", "E", "F"):
            if found.get(name) != getattr(self.system, name):
                raise Malformed(f"--weights: {name} is not that of the certificate")
        numbered = [x for row in found.get("group", []) for x in row] or [
            Fraction(i) for i in range(len(self.system.C))
        ]
        order = list(dict.fromkeys(numbered))
        if [order.index(x) for x in numbered] != self.system.group:
            raise Malformed("--weights: group is not that of the certificate")

    def verify(self) -> None:
        """Every claim, until one fails."""
        require_all_positive(self.system.limits, "slopes")
        for i, number_of in enumerate(self.system.group):
            first = self.system.group.index(number_of)
            require(self.system.limits[i] == self.system.limits[first], "slopes differ within a group of channels")
        verify_each(self.claims, "claims", self.system)


def read_lure(value: object) -> LureCertificate:
    """A Lur'e system with its claims, of limited size."""
    entries = object_of(
        value, "the certificate", ["format", "time", "A", "B", "C", "slopes", "claims"], ["E", "F", "group"]
    )
    if entries["time"] not in ("discrete", "continuous"):
        raise Malformed(f'time is {shown(entries["time"])}, not "discrete" or "continuous"')
    n, k = len(items(entries["A"], "A")), len(items(entries["C"], "C"))
    m = len(items(items(entries["E"], "E")[0], "E[0]")) if "E" in entries else 0
    p = len(items(entries["F"], "F")) if "F" in entries else 0
    if max(n, p) + k + m > LARGEST_LURE:
        raise Malformed(f"states or outputs, channels and inputs are {max(n, p) + k + m}; {LARGEST_LURE} are the most")
    slopes = entries["slopes"]
    system = Lure(
        entries["time"] == "discrete",
        square(entries["A"], n, "A"),
        matrix_of(entries["B"], n, k, "B"),
        matrix_of(entries["C"], k, n, "C"),
        matrix_of(entries["E"], n, m, "E") if "E" in entries else None,
        matrix_of(entries["F"], p, n, "F") if "F" in entries else None,
        vector(slopes if isinstance(slopes, list) else [slopes] * k, k, "slopes"),
        groups(entries["group"], k) if "group" in entries else list(range(k)),
    )
    claims = items(entries["claims"], "claims")
    if len(claims) > MOST_GATED_CLAIMS:
        raise Malformed(f"claims: there are {len(claims)}; such a file has {MOST_GATED_CLAIMS} at most")
    result = LureCertificate(system, [lure_claim(x, system, f"claims[{i}]") for i, x in enumerate(claims)])
    LURE_LIMITS.require_numbers(system, "the system")
    for i, claim in enumerate(result.claims):
        LURE_LIMITS.require_numbers(claim, f"claims[{i}]")
    return result


def groups(value: object, channels: int) -> list[int]:
    """Which channels have one slope: the numbers of their groups, counted from 0 in the order of their firsts."""
    found = vector(value, channels, "group")
    firsts = list(dict.fromkeys(found))
    if firsts != list(range(len(firsts))) or len(firsts) == channels:
        raise Malformed(
            "group counts groups from 0 in the order of their first channels, fewer than there are channels"
        )
    return [int(x) for x in found]


def lure_claim(value: object, system: Lure, where: str) -> LureClaim:
    """A claim of the kind that it names."""
    names = [value.get(key) for key in ("claim", "by")] if isinstance(value, dict) else []
    for tags, kind in LURE_CLAIMS.items():
        if tuple(names) == tags:
            return kind.read(object_of(value, where, ["claim", "by", *kind.keys]), system, where)
    raise Malformed(f"{where} is no claim that is known ({', '.join(map(shown, names)) or shown(value)})")


# From a file to a certificate


def read_certificate(
    file: str,
) -> NetworkCertificate | Assembly | GatedCertificate | BasinCertificate | InputCertificate | LureCertificate:
    """The certificate in a JSON file, well formed."""
    value = read_json(read_bytes(file))
    kind = value.get("format") if isinstance(value, dict) else None
    if kind == "contraction certificate 1":
        keys = ["format", "form", "weights", "sha256", "slopes", "claims"]
        form = value.get("form") if isinstance(value, dict) else None
        pace = FORMS[form].pace if isinstance(form, str) and form in FORMS else Network.pace
        entries = object_of(value, "the certificate", keys, [pace, "lowest_slopes"])
        network = read_network(entries, "", FORMS)
        asked = items(entries["claims"], "claims")
        if len(asked) > CLAIMS_AT_MOST:
            raise Malformed(f"claims: there are {len(asked)}; a file has {CLAIMS_AT_MOST} at most")
        claims = [read_claim(x, network, f"claims[{i}]") for i, x in enumerate(asked)]
        return NetworkCertificate(network, claims)
    if kind == "assembly certificate 1":
        entries = object_of(value, "the certificate", ["format", "rate", "modules", "links"], ["Euler step"])
        modules = [read_module(x, f"modules[{i}]") for i, x in enumerate(items(entries["modules"], "modules"))]
        links = read_links(entries["links"], modules)
        euler = read_step(entries["Euler step"], modules) if "Euler step" in entries else None
        found = Assembly(number(entries["rate"], 1, "rate"), modules, links, euler)
        Assembly.limits.require(found, sum(each.network.size for each in modules), "the assembly")
        return found
    if kind == "gated certificate 1":
        return read_gated(value)
    if kind == "basin certificate 1":
        return read_basins(value)
    if kind == "input certificate 1":
        return read_inputs(value)
    if kind == "lure certificate 1":
        return read_lure(value)
    raise Malformed("the file is not an object with a format that is known")


def read_system(value: object, keys: Sequence[str]) -> tuple[System, str, dict[str, object]]:
    """A network with its nonlinearity, the name of that, and what else stands there; no constant input yet."""
    form = value.get("form") if isinstance(value, dict) else None
    pace = FORMS[form].pace if isinstance(form, str) and form in FORMS else Network.pace
    entries = object_of(
        value, "the certificate", ["format", "form", "weights", "sha256", "nonlinearity", *keys], [pace]
    )
    network = read_network({**entries, "slopes": 1}, "", FORMS)
    name = entries["nonlinearity"]
    if not isinstance(name, str) or name not in NONLINEARITIES:
        raise Malformed(
            f"nonlinearity is {shown(name)}, not {' or '.join(json.dumps(name) for name in NONLINEARITIES)}"
        )
    Basin.limits.require_neurons(network.size, "the network")
    Basin.limits.require_numbers(network, "the network")
    return System(network, NONLINEARITIES[name], [Fraction(0)] * network.size), name, entries


def at_most(value: object, where: str) -> list[object]:
    """A list that is not too long."""
    listed = items(value, where)
    if len(listed) > MOST_BASINS:
        raise Malformed(f"{where}: there are {len(listed)}; a file has {MOST_BASINS} at most")
    return listed


def read_basins(value: object) -> BasinCertificate:
    """Basins of one network."""
    plain, name, entries = read_system(value, ["inputs", "basins"])
    network = plain.network
    system = replace(plain, inputs=vector(entries["inputs"], network.size, "inputs"))
    Basin.limits.require_numbers(system.inputs, "inputs")
    kind: type[Basin] = MapBasin if network.discrete else FlowBasin
    listed = at_most(entries["basins"], "basins")
    basins = [record(kind, x, network.size, f"basins[{i}]") for i, x in enumerate(listed)]
    for i, basin in enumerate(basins):
        basin.limits.require(basin, network.size, f"basins[{i}]")
    return BasinCertificate(system, name, basins)


def read_inputs(value: object) -> InputCertificate:
    """A network under inputs in boxes."""
    system, name, entries = read_system(value, ["cases"])
    cases = [read_case(x, system, f"cases[{i}]") for i, x in enumerate(at_most(entries["cases"], "cases"))]
    return InputCertificate(system, name, cases)


def read_network(value: dict[str, object], prefix: str, forms: dict[str, type[Network]]) -> Network:
    """The network's keys, those of a certificate or of a module."""
    size = len(items(value["weights"], f"{prefix}weights"))
    form, sha256, slopes = value["form"], value["sha256"], value["slopes"]
    if not isinstance(form, str) or form not in forms:
        raise Malformed(f"{prefix}form is {shown(form)}, not {' or '.join(json.dumps(name) for name in forms)}")
    if not isinstance(sha256, str):
        raise Malformed(f"{prefix}sha256 is {shown(sha256)}, not a string")
    weights = square(value["weights"], size, f"{prefix}weights")
    each = slopes if isinstance(slopes, list) else [slopes] * size
    pace = forms[form].pace
    paces = vector(value.get(pace, [1] * size), size, f"{prefix}{pace}")
    if pace in value and set(paces) == {1}:
        raise Malformed(f"{prefix}{pace} is to be left out where all are 1")
    lowest = value.get("lowest_slopes", 0)
    floors = vector(lowest if isinstance(lowest, list) else [lowest] * size, size, f"{prefix}lowest_slopes")
    if "lowest_slopes" in value and not any(floors):
        raise Malformed(f"{prefix}lowest_slopes is to be left out where all are 0")
    return forms[form](weights, sha256, vector(each, size, f"{prefix}slopes"), paces, floors)


def read_claim(value: object, network: Network, where: str) -> Claim:
    """A claim of the kind that it names, about a flow or about a map."""
    names = {key: value[key] for key in ("claim", "by") if key in value} if isinstance(value, dict) else {}
    for tags, kind in (MAP_CLAIMS if network.discrete else CLAIMS).items():
        if tuple(names.values()) == tags:
            kind.limits.require_neurons(network.size, where)
            claim = record(kind, value, network.size, where, tags=list(names))
            claim.within.require(claim, network.size, where)
            claim.within.require_numbers(network, "the network")
            return claim
    named = ", ".join(f"{key}: {shown(name)}" for key, name in names.items())
    raise Malformed(f"{where} is no claim that is known ({named or shown(value)})")


def read_module(value: object, where: str) -> Module:
    """A module of an assembly."""
    keys = ["form", "weights", "sha256", "slopes", "time_constant", "rate", "P", "Q", "scales", "weight"]
    entries = object_of(value, where, keys)
    network = read_network(entries, f"{where}.", FLOWS)
    claim = record(Multiplier, {key: entries[key] for key in ("rate", "P", "Q")}, network.size, where)
    constant, weight = (number(entries[key], 1, f"{where}.{key}") for key in ("time_constant", "weight"))
    return Module(network, claim, constant, vector(entries["scales"], network.size, f"{where}.scales"), weight)


def read_links(value: object, modules: list[Module]) -> dict[tuple[int, int], Matrix]:
    """The links by their ends; there may be none."""
    links: dict[tuple[int, int], Matrix] = {}
    for i, each in enumerate(items(value, "links") if value != [] else []):
        where = f"links[{i}]"
        entries = object_of(each, where, ["to", "from", "weights"])
        ends = [entries["to"], entries["from"]]
        if not all(type(end) is int and 0 <= end < len(modules) for end in ends):
            raise Malformed(f"{where}: to and from are not both among modules 0 ... {len(modules) - 1}")
        to, source = (int(str(end)) for end in ends)
        if (to, source) in links:
            raise Malformed(f"{where}: that pair has a link already")
        rows, columns = modules[to].network.size, modules[source].network.size
        links[to, source] = matrix_of(entries["weights"], rows, columns, f"{where}.weights")
    return links


def read_step(value: object, modules: list[Module]) -> AssemblyStep:
    """The Euler step of an assembly."""
    entries = object_of(value, "Euler step", ["step", "factor", "Q"])
    step, factor = (number(entries[key], 1, f"Euler step.{key}") for key in ("step", "factor"))
    each = items(entries["Q"], "Euler step.Q")
    if len(each) != len(modules):
        raise Malformed(f"Euler step.Q has {len(each)} entries, not {len(modules)}")
    lists = [vector(x, modules[i].network.size, f"Euler step.Q[{i}]") for i, x in enumerate(each)]
    return AssemblyStep(step, factor, lists)


def read_bytes(file: str) -> bytes:
    """A whole file."""
    try:
        with open(file, "rb") as stream:
            return stream.read()
    except (OSError, ValueError, MemoryError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Malformed(f"{file}: cannot be read: {reason}") from error


def read_json(data: bytes) -> object:
    """JSON as it is defined, without repeated keys and with integers only."""
    try:
        text = data.decode("utf-8")
        return json.loads(
            text, object_pairs_hook=without_repetition, parse_int=whole, parse_float=no_float, parse_constant=no_float
        )
    except UnicodeDecodeError as error:
        raise Malformed(f"the file is not UTF-8 (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise Malformed(f"the file is not JSON: {error}") from error
    except (RecursionError, MemoryError) as error:
        raise Malformed("the file is nested too deeply, or is too large") from error


def without_repetition(entries: list[tuple[str, object]]) -> dict[str, object]:
    """An object each of whose keys occurs once."""
    result = dict(entries)
    if len(result) != len(entries):
        ((key, _),) = Counter(key for key, _ in entries).most_common(1)
        raise Malformed(f"the key {shown(key)} is repeated")
    return result


def no_float(text: str) -> NoReturn:
    """There are none."""
    raise Malformed(f'{shown(text)} is no number of a certificate; those are integers and "p/q"')


# Weights in other files, as the fractions that they are


Rows: TypeAlias = list[list[float]] | list[list[int]]


@dataclass(frozen=True)
class Layer:
    """A layer with gates as PyTorch stacks it: rows of W and of U, gate after gate, and both biases."""

    driven: Matrix
    recurrent: Matrix
    bias: Vector
    other: Vector


@dataclass(frozen=True)
class Weights:
    """What `--weights` names; a certificate asks for what of it is its own. Nothing in the file is executed.

    Whatever the numbers are stored as, they are those that a double holds, or refused.
    """

    argument: str

    def matrix(self) -> Matrix:
        """The matrix of that name, or the only square one."""
        return self.guarded(self.read_matrix)

    def arrays(self, required: Sequence[str], optional: Sequence[str]) -> dict[str, Matrix]:
        """Arrays by their names; a list is a matrix of one row."""
        return self.guarded(lambda: self.read_arrays(required, optional))

    def layer(self) -> Layer:
        """The layer with gates that the file holds, or whose recurrent weights are named."""
        return self.guarded(self.read_layer)

    def guarded(self, read: Callable[[], RecordT]) -> RecordT:
        """What is read, with refusals that say of what."""
        try:
            return read()
        except Malformed as error:
            raise Malformed(f"--weights: {error}") from error
        except (ValueError, OverflowError) as error:  # a NaN or an infinite number is no fraction
            raise Malformed(f"--weights: {self.argument}: {error}") from error

    def read_matrix(self) -> Matrix:
        """From a file of one matrix, or of several arrays."""
        named = self.named()
        if named:
            read = from_npz if named[2] == ".npz" else from_safetensors
            rows = read(read_bytes(named[1]), named[3])
        elif self.argument.endswith(".npy"):
            rows = from_npy(read_bytes(self.argument))
        elif self.argument.endswith(WEIGHTS):
            rows = from_text(read_bytes(self.argument))
        else:
            accepted = ", ".join(f"FILE{suffix}" for suffix in WEIGHTS)
            raise Malformed(
                f"accepted: {accepted}; {' and '.join(f'FILE{suffix}:KEY' for suffix in NAMED)}; save it as npy"
            )
        return [[exact(x) for x in row] for row in rows]

    def named(self) -> re.Match[str] | None:
        """FILE, its suffix and perhaps KEY, of a file of several arrays."""
        return re.fullmatch(r"(?s)(.*?(\.npz|\.safetensors))(?::(.*))?", self.argument)

    def opened(self) -> tuple[list[str], Callable[[str], Matrix]]:
        """The names of a file's arrays, and what reads one."""
        named = self.named()
        if not named:
            raise Malformed(f"accepted: {' and '.join(f'FILE{suffix}' for suffix in NAMED)}, with arrays by name")
        data = read_bytes(named[1])
        if named[2] == ".npz":
            held = npz_arrays(data)
            return list(held), lambda key: [[exact(x) for x in row] for row in from_npy(held[key], rows_of)]
        names = list(safetensors_header(data)[0])
        return names, lambda key: [[exact(x) for x in row] for row in from_safetensors(data, key, rows_of)]

    def read_arrays(self, required: Sequence[str], optional: Sequence[str]) -> dict[str, Matrix]:
        """Those of these names that there are."""
        names, read = self.opened()
        missing = [name for name in required if name not in names]
        if missing:
            raise Malformed(f"the file has no array named {missing[0]}")
        return {name: read(name) for name in (*required, *optional) if name in names}

    def read_layer(self) -> Layer:
        """PyTorch's names: weight_ih, weight_hh, bias_ih and bias_hh with one beginning and end."""
        names, read = self.opened()
        named = self.named()
        known = [name for name in names if "weight_hh" in name]
        keys = known if named is None or named[3] is None else [name for name in known if name == named[3]]
        if len(keys) != 1:
            raise Malformed(f"the file has {len(keys)} arrays weight_hh of such a name; name one: FILE:KEY")
        before, _, after = keys[0].rpartition("weight_hh")
        recurrent = read(keys[0])
        if f"{before}weight_ih{after}" not in names:
            raise Malformed(f"the file has no array named {before}weight_ih{after}")
        biases = []
        for side in ("ih", "hh"):
            name = f"{before}bias_{side}{after}"
            biases.append(read(name)[0] if name in names else [Fraction(0)] * len(recurrent))
        if any(len(bias) != len(recurrent) for bias in biases):
            raise Malformed("the biases have not one number a row of weights")
        return Layer(read(f"{before}weight_ih{after}"), recurrent, *biases)


def exact(value: float | int) -> Fraction:
    """The number, if a double holds it."""
    if float(value) != value and value == value:
        raise ValueError(f"the whole number {value} is not exact in double precision")
    return Fraction(value)


def from_text(data: bytes) -> Rows:
    """Numbers separated by semicolons, tabs, commas or blanks, whichever there are first in this order.

    `#` begins a comment. Where commas do not separate, they are decimal commas.
    """
    lines = [line.partition("#")[0] for line in data.decode("utf-8-sig").splitlines()]
    mark = next((mark for mark in ";\t," if any(mark in line for line in lines)), None)
    rows = [[decimal(entry, mark != ",") for entry in line.split(mark)] for line in lines if line.strip()]
    if not rows or {len(row) for row in rows} != {len(rows)}:
        raise Malformed("the file holds no square matrix")
    return rows


def decimal(text: str, comma: bool) -> float:
    """The double nearest to a decimal number."""
    if "_" in text:
        raise ValueError(f"could not convert string to float: {text!r}")
    return float(text.replace(",", ".") if comma else text)


def acting(key: str, rows: Rows) -> Rows:
    """The matrix by which a column of states is multiplied from the left."""
    return turned(rows) if BY_ROWS.search(key) else rows


def turned(rows: Rows) -> Rows:
    """Rows become columns."""
    return [list(column) for column in zip(*rows, strict=True)]


def chosen(shapes: dict[str, object], key: str | None, suffix: str) -> str:
    """The name that was given, or that of the only square matrix."""
    if key is None:
        pairs = {k: v for k, v in shapes.items() if isinstance(v, list | tuple) and len(v) == 2}
        matrices = [k for k, (rows, columns) in pairs.items() if rows == columns]
        if len(matrices) != 1:
            raise Malformed(f"the file has {len(matrices)} square matrices; name one: FILE{suffix}:KEY")
        return matrices[0]
    if key not in shapes:
        raise Malformed(f"the file has no tensor {shown(key)}")
    return key


def npz_arrays(data: bytes) -> dict[str, bytes]:
    """The npy files in an archive, by their names."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            return {name.removesuffix(".npy"): archive.read(name) for name in names}
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, MemoryError) as error:
        raise Malformed(f"the file is no npz archive: {error}") from error


def from_npz(data: bytes, key: str | None) -> Rows:
    """The array of that name, or the only square matrix."""
    arrays = npz_arrays(data)
    key = chosen({name: shape_of(array) for name, array in arrays.items()}, key, ".npz")
    return acting(key, from_npy(arrays[key]))


def shape_of(data: bytes) -> object:
    """The shape that an npy file tells of; none where it cannot be read."""
    try:
        return npy_header(data)[2]
    except Malformed:
        return None


def from_npy(data: bytes, read: "Shaped | None" = None) -> Rows:
    """Numpy's format, versions 1 to 3; a square matrix, or what else `read` makes of the numbers."""
    descr, columns_first, shape, end = npy_header(data)
    kind = re.fullmatch(r"([<>|])([fiub][1248])", descr) if isinstance(descr, str) else None
    if kind is None or kind[2] not in STRUCT_CODES:
        raise Malformed(f"the file holds {shown(descr)}, not real numbers that a double holds")
    order = "<" if kind[1] == "|" else kind[1]
    if columns_first and isinstance(shape, tuple) and len(shape) == 2:
        return turned((read or square_of)(data[end:], shape[::-1], kind[2], order))
    return (read or square_of)(data[end:], shape, kind[2], order)


def npy_header(data: bytes) -> tuple[object, bool, object, int]:
    """The type, whether columns come first, the shape, and where the numbers begin."""
    wide = data[6:7] != b"\x01"
    start = 12 if wide else 10
    if data[:6] != b"\x93NUMPY" or data[6:8] not in (b"\x01\x00", b"\x02\x00", b"\x03\x00") or len(data) < start:
        raise Malformed("the file is no npy file of version 1, 2 or 3")
    end = start + int.from_bytes(data[8:start], "little")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the syntax of the header
            header = ast.literal_eval(data[start : min(end, start + 10_000)].decode("utf-8"))
        return header["descr"], {False: False, True: True}[header["fortran_order"]], header["shape"], end
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError) as error:
        raise Malformed("the file's npy header cannot be read") from error


def safetensors_header(data: bytes) -> tuple[dict[str, Any], int]:
    """What is told of every tensor, and where the numbers begin."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = read_json(data[8:end]) if 8 < end <= len(data) else None
    tensors = {k: v for k, v in header.items() if k != "__metadata__"} if isinstance(header, dict) else {}
    if not tensors or not all(isinstance(tensor, dict) for tensor in tensors.values()):
        raise Malformed("the file is no safetensors file, or an empty one")
    return tensors, end


def from_safetensors(data: bytes, key: str | None, read: "Shaped | None" = None) -> Rows:
    """The tensor of that name, or the only square matrix; or what else `read` makes of the numbers of one."""
    tensors, end = safetensors_header(data)
    key = chosen({name: tensor.get("shape") for name, tensor in tensors.items()}, key, ".safetensors")
    name, shape, place = (tensors[key].get(k) for k in ("dtype", "shape", "data_offsets"))
    if not isinstance(name, str) or name not in SAFETENSORS_CODES:
        raise Malformed(f"the tensor holds {shown(name)}, not real numbers that a double holds")
    if not (isinstance(place, list) and len(place) == 2 and all(type(x) is int and x >= 0 for x in place)):
        raise Malformed("the tensor has no place in the file")
    numbers, kind = data[end + place[0] : end + place[1]], SAFETENSORS_CODES[name]
    return read(numbers, shape, kind, "<") if read else acting(key, square_of(numbers, shape, kind, "<"))


STRUCT_CODES = {
    "f2": "e", "f4": "f", "f8": "d", "b1": "?",
    "i1": "b", "i2": "h", "i4": "i", "i8": "q",
    "u1": "B", "u2": "H", "u4": "I", "u8": "Q",
}  # fmt: skip
SAFETENSORS_CODES = {
    "F16": "f2", "F32": "f4", "F64": "f8", "BF16": "bf", "BOOL": "b1",
    "I8": "i1", "I16": "i2", "I32": "i4", "I64": "i8",
    "U8": "u1", "U16": "u2", "U32": "u4", "U64": "u8",
}  # fmt: skip


Shaped: TypeAlias = Callable[[bytes, object, str, str], Rows]  # of numbers, of a shape, a kind and an order of bytes


def square_of(data: bytes, shape: object, kind: str, order: str) -> Rows:
    """The numbers of a square matrix, in the order in which they are kept."""
    if not (isinstance(shape, list | tuple) and len(shape) == 2 and type(shape[0]) is type(shape[1]) is int):
        raise Malformed("the array is no matrix")
    if shape[0] != shape[1] or shape[0] < 1:
        raise Malformed(f"the matrix is {shape[0]} x {shape[1]}, not square")
    return rows_of(data, shape, kind, order)


def rows_of(data: bytes, shape: object, kind: str, order: str) -> Rows:
    """The numbers of a matrix, or those of a list as its only row."""
    if not (isinstance(shape, list | tuple) and len(shape) in (1, 2) and all(type(x) is int and x > 0 for x in shape)):
        raise Malformed("the array is no matrix and no list")
    rows, columns = (1, *shape)[-2:]
    if kind == "bf":  # the upper half of a float
        data, kind = b"".join(b"\0\0" + data[i : i + 2] for i in range(0, len(data), 2)), "f4"
    if len(data) != rows * columns * int(kind[1]):
        raise Malformed("the file is shorter or longer than its matrix")
    numbers = struct.unpack(f"{order}{rows * columns}{STRUCT_CODES[kind]}", data)
    return [list(numbers[i : i + columns]) for i in range(0, rows * columns, columns)]


# The command line


def read_options(arguments: list[str]) -> tuple[str, str | None]:
    """FILE or --check FILE, and what --weights names, in any order."""
    found: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            name, value = "--check", word
        elif name not in ("--check", "--weights"):
            raise Malformed(f"unknown option {name}; {USAGE}")
        elif not equals:
            if not rest:
                raise Malformed(f"{name} needs a file; {USAGE}")
            value = rest.pop(0)
        if name in found:
            raise Malformed(f"{'FILE' if name == '--check' else name} is given twice; {USAGE}")
        found[name] = value
    if "--check" not in found:
        raise Malformed(f"no file; {USAGE}")
    return found["--check"], found.get("--weights")


def main(argv: list[str], read: Callable[[str], Weights] = Weights) -> int:
    """Say what is claimed and whether it is proved; the exit status is 0 (verified), 1 (rejected) or 2 (malformed).

    `read` makes weights of what `--weights` names.
    """
    try:
        file, weights = read_options(argv)
        certificate = read_certificate(file)
        if weights is not None:
            certificate.compare(read(weights))
    except Malformed as error:
        line = " ".join(f"certificate checker: {error}".split())
        print(line.encode("ascii", "backslashreplace").decode("ascii"), file=sys.stderr)
        return 2
    for line in certificate.words():
        print(line, flush=True)
    try:
        certificate.verify()
    except Rejected as error:
        print(f"rejected: {error}")
        return 1
    print("verified")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
