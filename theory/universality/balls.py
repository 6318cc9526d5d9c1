"""Vectors of balls with their derivative: what a map does to all states of a box, and how steep it is anywhere there.

A ball is a midpoint and a radius (`flint.arb`); an operation's result contains the result for all numbers of the ball.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import flint
import numpy as np
from jaxtyping import Float

from theory.universality.bounded import ROUNDING, Bounded, above

Matrix = Float[np.ndarray, "rows columns"]
Vector = Float[np.ndarray, " rows"]


@dataclass(frozen=True)
class BallFunction:
    """A function of one ball, and the ball of its slopes there; at a corner, all slopes between."""

    name: str
    value: Callable[[flint.arb], flint.arb]
    slope: Callable[[flint.arb], flint.arb]

    def __repr__(self) -> str:
        """By its name."""
        return self.name


def _tanh(x: flint.arb) -> flint.arb:
    """Rising: the union of both ends is as narrow as can be."""
    return x.lower().tanh().union(x.upper().tanh())


def _tanh_slope(x: flint.arb) -> flint.arb:
    """1 - tanh^2, which falls with |x|."""
    return 1 - _square(_tanh(x))


def _square(x: flint.arb) -> flint.arb:
    least = flint.arb(0) if x.contains(0) else x.abs_lower()
    return (least * least).union(x.abs_upper() * x.abs_upper())


def _sigmoid(x: flint.arb) -> flint.arb:
    return (1 + _tanh(x / 2)) / 2


def _sigmoid_slope(x: flint.arb) -> flint.arb:
    return _tanh_slope(x / 2) / 4


def _relu(x: flint.arb) -> flint.arb:
    return x.lower().max(flint.arb(0)).union(x.upper().max(flint.arb(0)))


def _relu_slope(x: flint.arb) -> flint.arb:
    if x > 0:
        return flint.arb(1)
    return flint.arb(0) if x < 0 else flint.arb(0).union(flint.arb(1))


TANH = BallFunction("tanh", _tanh, _tanh_slope)
SIGMOID = BallFunction("sigmoid", _sigmoid, _sigmoid_slope)
RELU = BallFunction("relu", _relu, _relu_slope)
HELD = BallFunction("1 / (1 - sigmoid)", lambda x: 1 + x.exp(), lambda x: x.exp())


@runtime_checkable
class KnownByName(Protocol):
    """A nonlinearity of any door: known here by its name."""

    @property
    def name(self) -> str:
        """Its name, which means the same everywhere."""


class UnknownFunction(ValueError):
    """A nonlinearity that is not known for balls."""


def of_name(phi: KnownByName) -> BallFunction:
    """The function of balls that is meant.

    >>> of_name(TANH)
    tanh

    Raises:
        UnknownFunction: for others than tanh and relu.
    """
    known = {each.name: each for each in (TANH, RELU)}
    if phi.name not in known:
        raise UnknownFunction(f"{phi.name}: of nonlinearities tanh and relu are known for balls")
    return known[phi.name]


@dataclass(frozen=True)
class Balls:
    """n balls, and their derivatives by m variables: an n x 1 matrix of balls, and n x m doubles with radii.

    Values want many digits, since what a step moves a point by is their difference. Slopes do not, and in doubles their
    products are the BLAS's: hundreds of times faster than in balls.

    >>> x = Balls.variables([flint.arb(0.5)])
    >>> y = x.through(TANH)
    >>> bool(abs(y.slope.middle - (1 - np.tanh(0.5) ** 2))[0, 0] <= y.slope.size()[0, 0] * 1e-15)
    True
    """

    value: flint.arb_mat
    slope: Bounded
    given: bool = False
    """Whether these are the variables themselves: their slope is one."""

    @staticmethod
    def variables(balls: list[flint.arb]) -> "Balls":
        """The variables themselves."""
        return Balls(flint.arb_mat(len(balls), 1, balls), Bounded(np.eye(len(balls))), given=True)

    def __len__(self) -> int:
        """How many balls."""
        return int(self.value.nrows())

    def plus(self, shift: Vector) -> "Balls":
        """With these doubles added."""
        return Balls(self.value + exact(np.asarray(shift)[:, None]), self.slope)

    def scaled(self, factor: float) -> "Balls":
        """Times a double."""
        return Balls(flint.arb(factor) * self.value, Bounded(np.full((len(self), 1), factor)) * self.slope)

    def part(self, first: int, last: int) -> "Balls":
        """Some of the rows."""
        return Balls(
            flint.arb_mat(last - first, 1, self.value.entries()[first:last]), self.slope[np.arange(first, last)]
        )

    def beside(self, other: "Balls") -> "Balls":
        """These, then the others."""
        slopes = self.slope, other.slope
        slope = Bounded(
            np.vstack([each.middle for each in slopes]),
            np.vstack([np.broadcast_to(each.radius, each.middle.shape) for each in slopes]),
        )
        return Balls(flint.arb_mat(len(self) + len(other), 1, self.value.entries() + other.value.entries()), slope)

    def through(self, phi: BallFunction) -> "Balls":
        """phi of each."""
        values = self.value.entries()
        return Balls(
            flint.arb_mat(len(self), 1, [phi.value(x) for x in values]), self._rows([phi.slope(x) for x in values])
        )

    def __add__(self, other: "Balls") -> "Balls":
        """Sum."""
        return Balls(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other: "Balls") -> "Balls":
        """Difference."""
        return Balls(self.value - other.value, self.slope - other.slope)

    def __mul__(self, other: "Balls") -> "Balls":
        """Product, entry by entry."""
        mine, its = self.value.entries(), other.value.entries()
        value = flint.arb_mat(len(self), 1, [a * b for a, b in zip(mine, its, strict=True)])
        return Balls(value, self._rows(its) + other._rows(mine))

    def _rows(self, factors: list[flint.arb]) -> Bounded:
        return bounded(flint.arb_mat(len(factors), 1, factors)) * self.slope


@dataclass(frozen=True, eq=False)
class Affine:
    """W x + b, of doubles taken as they are.

    >>> y = Affine(np.array([[2.0, 1.0]]), np.array([0.5]))(Balls.variables([flint.arb(1), flint.arb(3)]))
    >>> float(y.value[0, 0]), y.slope.middle.tolist()
    (5.5, [[2.0, 1.0]])
    """

    weights: Matrix
    shift: Vector

    @cached_property
    def _exact(self) -> flint.arb_mat:
        return exact(self.weights)

    def __call__(self, x: Balls) -> Balls:
        """Of these balls."""
        weights = Bounded(np.asarray(self.weights, dtype=np.float64))
        return Balls(self._exact * x.value, weights if x.given else weights @ x.slope).plus(self.shift)


def exact(matrix: Matrix) -> flint.arb_mat:
    """The matrix of these very doubles."""
    rows, columns = matrix.shape
    return flint.arb_mat(rows, columns, np.asarray(matrix, dtype=np.float64).ravel().tolist())


def midpoints(matrix: flint.arb_mat) -> Matrix:
    """The nearest doubles to the midpoints."""
    return np.array([float(each.mid()) for each in matrix.entries()]).reshape(matrix.nrows(), matrix.ncols())


def bounded(matrix: flint.arb_mat) -> Bounded:
    """What holds these balls, in doubles."""
    shape = matrix.nrows(), matrix.ncols()
    radius = np.array([float(each.rad()) for each in matrix.entries()]).reshape(shape)
    middle = midpoints(matrix)
    return Bounded(middle, above(radius + ROUNDING * np.abs(middle)))
