"""How long learning rests near a saddle: the flow of the overlaps linearised there.

At a critical point with H = 0 the overlaps move by sigma' = -eta G D (sigma - saddle), with D the second derivative of
the loss and G the metric of the overlaps (`gram.metric`), both over the visible overlaps only: the others follow and
do not act back. With S = G^(1/2) D G^(1/2) and sigma - saddle = G^(1/2) y this is plain gradient descent, y <- (1 - eta
S) y, in the flow and in the map alike, and the loss has changed by y.S y / 2. The number of negative eigenvalues of S
is the index of the saddle, for the overlaps and for the network's own parameters; the largest sets the escape.

The plateau ends when the loss has fallen by a given fraction. What the linear law leaves out of (eta rate epochs) is of
the order of the square root of that fraction, and of the fraction itself where mu = zv = 0: changing the sign of u and
v then changes nothing but that of the growing direction. Derived here; tests/theory/overlaps/impulse/test_plateau.py.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import scipy.optimize
import sympy as sp
from numpy.typing import NDArray

from theory.lowering import lower_numpy
from theory.overlaps.equations.gram import metric
from theory.overlaps.equations.shape import Shape
from theory.overlaps.impulse.gramian import ImpulseLoss

Vector = NDArray[Any]
Matrix = NDArray[Any]

FLAT = 1e-9
"""Curvatures below this fraction of the largest count as zero: complex steps and square roots leave about 1e-15."""


class NoPlateau(ValueError):
    """The point is not a saddle with H = 0, or the start has no part that grows."""


@dataclass(frozen=True)
class Plateau:
    """A saddle of a linear network's loss at the Gram matrix `sigma` (d x d), where H = 0.

    Raises:
        NoPlateau: if H is not zero there.
    """

    loss: ImpulseLoss
    sigma: Matrix

    def __post_init__(self) -> None:
        """Refuse a point where the overlaps move."""
        left = float(np.abs(self.loss.gradient(self.sigma)).max())
        if left > 1e-9:
            raise NoPlateau(f"the gradient is {left:.2g}: a plateau is described at a point where it vanishes")

    @cached_property
    def curvatures(self) -> Vector:
        """Eigenvalues of S, one a visible overlap, ascending: minus the growth rates, in units of eta."""
        values = np.linalg.eigvalsh(self._chart)
        return np.where(np.abs(values) < FLAT * np.abs(values).max(), 0.0, values)

    @property
    def index(self) -> int:
        """How many directions go down."""
        return int(np.sum(self.curvatures < 0))

    @property
    def rate(self) -> float:
        """The fastest growth, in units of eta."""
        return max(0.0, -float(self.curvatures[0]))

    def epochs(self, start: Matrix, learning_rate: float, fraction: float) -> float:
        """Epochs of the map, from a start (d x d) near the saddle, until a `fraction` of the saddle's loss is gone.

        Leading: ln(1 / size of the start) / ln(1 + eta rate); the constant beside it is exact to the fraction.

        Raises:
            NoPlateau: if nothing grows from this start.
        """
        values, vectors = np.linalg.eigh(self._chart)
        amplitude = vectors.T @ (self._root_inverse @ (self._visible(start) - self._visible(self.sigma)))
        goal = fraction * float(self.loss.value(self.sigma))
        growing = (values < -FLAT * np.abs(values).max()) & (amplitude != 0)
        if not growing.any():
            raise NoPlateau("no part of the start grows: give one with zu and vm that do not cancel")

        def excess(epochs: float) -> float:
            """ln(fall / goal) without the parts that decay, which only shrink."""
            size = np.log(-values[growing] / 2 * amplitude[growing] ** 2)
            logs = size + 2 * epochs * np.log1p(-learning_rate * values[growing])
            return float(np.logaddexp.reduce(logs)) - math.log(goal)

        slowest = 2 * np.log1p(-learning_rate * values[growing].max())
        longest = (abs(excess(0.0)) + 1) / slowest
        return float(scipy.optimize.brentq(excess, -longest, longest, xtol=1e-10))

    @cached_property
    def _pairs(self) -> tuple[tuple[int, int], ...]:
        shape = self.loss.shape
        visible = [*shape.columns("m"), *shape.columns("u")], [*shape.columns("v"), *shape.columns("z")]
        return tuple((a, b) for a in visible[0] for b in visible[1])

    @cached_property
    def _chart(self) -> Matrix:
        """S."""
        root = self._root
        return root @ self._curvature @ root

    @cached_property
    def _curvature(self) -> Matrix:
        """D: the second derivatives of the loss in the visible overlaps, each of which stands twice in Sigma."""
        columns = []
        for a, b in self._pairs:
            direction = np.zeros_like(self.sigma)
            direction[a, b] = direction[b, a] = 1.0
            columns.append(2 * self._visible(self.loss.hessian_times(self.sigma, direction)))
        return np.array(columns)

    @cached_property
    def _spectrum(self) -> tuple[Vector, Matrix]:
        overlaps = [self.sigma[a, b] for a, b in self.loss.shape.pairs]
        return np.linalg.eigh(_metric(self.loss.shape, self._pairs)(*overlaps))

    @property
    def _root(self) -> Matrix:
        values, vectors = self._spectrum
        return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T

    @property
    def _root_inverse(self) -> Matrix:
        return np.linalg.pinv(self._root, hermitian=True)

    def _visible(self, matrix: Matrix) -> Vector:
        return np.array([matrix[a, b] for a, b in self._pairs])


@cache
def _metric(shape: Shape, pairs: tuple[tuple[int, int], ...]) -> Callable[..., Matrix]:
    symbols = tuple(shape.overlap(a, b) for a, b in shape.pairs)
    entries = [[metric(shape, one, other) for other in pairs] for one in pairs]
    return lower_numpy(symbols, sp.ImmutableMatrix(entries))
