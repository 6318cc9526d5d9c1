"""A cube of states that is proved to hold exactly one fixed point, in rational numbers.

Krawczyk's test (Computing 4, 187, 1969): with Y near the inverse of f', x - Y f(x) maps the cube into its interior.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import flint
import numpy as np

from theory.contraction.claims.claim import Document, number, numbers, rows
from theory.contraction.claims.step_majorant import absolute
from theory.contraction.exact_matrix import ExactMatrix, as_fraction, exact_vector, on_grid, rational
from theory.contraction.network import Vector
from theory.contraction.regions.autonomous import AutonomousNetwork, ExactAutonomous
from theory.enclosures import Enclosed

_RADII = (2.0**-20, 2.0**-28, 2.0**-36)
_BITS = 30
"""Of the inverse, after the first of its largest entry."""


@dataclass(frozen=True)
class FixedCube:
    """All x with |x_i - p_i| <= r: one of them is a fixed point, p = `point`, r = `radius`.

    Where phi's slopes are within `slopes` in the cube, f(x) - f(p) = (M + E) (x - p), |E| <= N = |B| R |C| entry by
    entry, M of their middles and R of their radii. With Y = `inverse`, x - Y f(x) is within

        |Y f(p)| + (|1 - Y M| + |Y| N) r,  r in every entry,

    of p. Where that is below r it has a fixed point there (Brouwer), Y is invertible, and f is zero; only once, as
    x - Y f(x) shrinks distances in the maximum norm.
    """

    point: tuple[flint.fmpq, ...]
    radius: flint.fmpq
    inverse: ExactMatrix
    slopes: tuple[Enclosed, ...]

    def proved(self, system: ExactAutonomous) -> bool:
        """Whether rational arithmetic proves it of this network with its constant input."""
        size = system.size
        if {len(self.point), len(self.slopes), *self.inverse.shape} != {size} or self.radius <= 0:
            return False
        found = zip(bounded(system, self.point, self.radius), self.slopes, strict=True)
        if not all(inner.within(outer.lower, outer.upper) for inner, outer in found):
            return False
        middle, radius = system.residual(self.point)
        change = self.jacobian(system) + (-1 if system.form.discrete else 0) * ExactMatrix.identity(size)
        left = ExactMatrix.identity(size) + -1 * (self.inverse @ change)
        ones = [flint.fmpq(1)] * size
        uncertain = [radius + self.radius * part for part in self.spread(system, ones)]
        shift = zip(self.inverse.times(middle), absolute(self.inverse).times(uncertain), strict=True)
        parts = absolute(left).times(ones)
        return all(abs(x) + e + self.radius * part < self.radius for (x, e), part in zip(shift, parts, strict=True))

    def jacobian(self, system: ExactAutonomous) -> ExactMatrix:
        """A + B M C, of x' or of a step, at the middles of the slopes."""
        middles = ExactMatrix.diagonal(exact_vector(each.middle for each in self.slopes))
        return system.still + system.drive @ middles @ system.read

    def spread(self, system: ExactAutonomous, vector: Sequence[flint.fmpq]) -> list[flint.fmpq]:
        """N times a vector."""
        return absolute(system.drive).times(self._widened(absolute(system.read).times(vector)))

    def spread_back(self, system: ExactAutonomous, vector: Sequence[flint.fmpq]) -> list[flint.fmpq]:
        """N^T times a vector."""
        return absolute(system.read).T.times(self._widened(absolute(system.drive).T.times(vector)))

    def _widened(self, vector: Sequence[flint.fmpq]) -> list[flint.fmpq]:
        return [rational(each.radius) * entry for each, entry in zip(self.slopes, vector, strict=True)]

    def apart(self, other: "FixedCube") -> bool:
        """Whether the two have no state in common."""
        reach = self.radius + other.radius
        return any(abs(p - q) > reach for p, q in zip(self.point, other.point, strict=True))

    def document(self) -> Document:
        """The cube as JSON knows it."""
        return {
            "point": numbers(self.point),
            "radius": number(self.radius),
            "Y": rows(self.inverse),
            "slopes": [numbers(exact_vector((each.lower, each.upper))) for each in self.slopes],
        }


def bounded(system: ExactAutonomous, point: tuple[flint.fmpq, ...], radius: flint.fmpq) -> tuple[Enclosed, ...]:
    """Bounds of phi's slopes in the cube."""
    widths = absolute(system.read).times([radius] * system.size)
    pairs = zip(system.arguments(point), widths, strict=True)
    return tuple(system.activation.slopes(as_fraction(z), as_fraction(width)) for z, width in pairs)


def proposed_cubes(system: AutonomousNetwork, state: Vector) -> Iterator[FixedCube]:
    """Cubes around a state that is nearly fixed, the largest first; none of them is proved yet.

    >>> from theory.contraction import DISCRETE, regions
    >>> switch = regions.autonomous.autonomous(np.array([[2.0]]), DISCRETE, regions.activation.TANH)
    >>> [cube.proved(switch.exact) for cube in proposed_cubes(switch, np.array([0.957504024]))]
    [True, True, False]
    """
    exact, change = system.exact, system.jacobian(state) - (np.eye(len(state)) if system.discrete else 0.0)
    inverse = ExactMatrix.of(on_grid(np.linalg.inv(change), _BITS))
    point = exact_vector(state.tolist())
    for radius in map(rational, _RADII):
        yield FixedCube(point, radius, inverse, bounded(exact, point, radius))


def fixed_cube(system: AutonomousNetwork, state: Vector) -> FixedCube | None:
    """The largest that is proved; None where none is, as where points of a continuum are fixed."""
    return next((cube for cube in proposed_cubes(system, state) if cube.proved(system.exact)), None)
