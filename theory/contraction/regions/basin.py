"""A certified basin of attraction: an ellipsoid of states around a point, all of which tend to one fixed point."""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import isqrt
from typing import Any

import flint

from theory.contraction.claims.claim import Document, number, numbers, rows
from theory.contraction.definite import is_positive_definite
from theory.contraction.exact_matrix import ExactMatrix, as_fraction, exact_vector, rational
from theory.contraction.regions.autonomous import ExactAutonomous
from theory.enclosures import Enclosed

_WIDTH_BITS = 40
"""Binary digits behind the point of how far arguments go, rounded up."""


def ellipsoid_blocks(
    middle: Any, drive: Any, read: Any, *, shape: Any, multiplier: Any, rate: Any, discrete: bool
) -> tuple[Any, Any, Any]:
    """Top left, top right and bottom right of the symmetric matrix that is to be positive definite.

    Displacements obey J = A + B D C, A = `middle`, B = `drive`, C = `read`, D diagonal with entries from -1 to 1.
    With X = `shape`, S = `multiplier` and v = D B^T z the form of the matrix at (z, v) is that of

        -(J X + X J^T + 2 c X)           of a flow at rate c,
        (1 - c)^2 X - J X J^T            of a map

    at z, less z^T B S B^T z - v^T S v, which is not negative as D^2 <= I. So |y|^2 = y^T X^-1 y falls (derived here;
    `tests/theory/contraction/regions/test_basin.py`).
    """
    driven = drive @ multiplier @ drive.T
    if not discrete:
        moving = middle @ shape
        return -(moving + moving.T) - 2 * rate * shape - driven, -(shape @ read.T), multiplier
    moving = middle @ shape
    return (
        (1 - rate) * (1 - rate) * shape - moving @ middle.T - driven,
        -(moving @ read.T),
        multiplier - read @ shape @ read.T,
    )


@dataclass(frozen=True)
class Basin:
    """All states x with |x - p| <= 1, |y|^2 = y^T X^-1 y, stay there and tend to the one fixed point among them.

    p = `point`, X = `shape`. As phi's secants about p are within `secants` there, |x - p| falls at `rate` c, up to what
    p lacks to a fixed point, |f(p)| <= `residual`. Where |x - p| <= `core`, phi's slopes are within `slopes`, and any
    two states approach one another at that rate. So the core holds one fixed point (Banach), and every trajectory of
    the ellipsoid gets there.
    """

    point: tuple[flint.fmpq, ...]
    shape: ExactMatrix
    rate: flint.fmpq
    multiplier: tuple[flint.fmpq, ...]
    secants: tuple[Enclosed, ...]
    core: flint.fmpq
    core_multiplier: tuple[flint.fmpq, ...]
    slopes: tuple[Enclosed, ...]
    residual: flint.fmpq

    def proved(self, system: ExactAutonomous) -> bool:
        """Whether rational arithmetic proves it of this network."""
        size = system.size
        each = (self.point, self.multiplier, self.secants, self.core_multiplier, self.slopes)
        lengths = {*map(len, each), *self.shape.shape}
        if lengths != {size} or not (0 < self.core <= 1 and self.residual > 0):
            return False
        if self.rate <= 0 or (system.form.discrete and self.rate >= 1):
            return False
        if not self.residual < self.rate * self.core:
            return False
        found = [bounds for kind in self.bounds(system) for bounds in kind]
        stated = (*self.secants, *self.slopes)
        return (
            all(inner.within(outer.lower, outer.upper) for inner, outer in zip(found, stated, strict=True))
            and self._near_fixed(system)
            and self._falls(system, self.secants, self.multiplier)
            and self._falls(system, self.slopes, self.core_multiplier)
        )

    def _near_fixed(self, system: ExactAutonomous) -> bool:
        """|f(p)| <= residual, f(p) = m + e with |e_i| <= r: f f^T <= 2 m m^T + 2 n r^2, as X > that / residual^2."""
        middle, radius = system.residual(self.point)
        spread = 2 * system.size * (radius / self.residual) ** 2 * ExactMatrix.identity(system.size)
        column = ExactMatrix.of([[entry] for entry in middle])
        bottom = ExactMatrix.of([[self.residual**2 / 2]])
        return is_positive_definite(ExactMatrix.symmetric(self.shape - spread, column, bottom))

    def _falls(self, system: ExactAutonomous, bounds: tuple[Enclosed, ...], multiplier: tuple[flint.fmpq, ...]) -> bool:
        """Whether the matrix is positive definite at these bounds of secants or slopes."""
        middles = ExactMatrix.diagonal(exact_vector(each.middle for each in bounds))
        radii = ExactMatrix.diagonal(exact_vector(each.radius for each in bounds))
        blocks = ellipsoid_blocks(
            system.still + system.drive @ middles @ system.read,
            system.drive,
            radii @ system.read,
            shape=self.shape,
            multiplier=ExactMatrix.diagonal(multiplier),
            rate=self.rate,
            discrete=system.form.discrete,
        )
        return all(entry > 0 for entry in multiplier) and is_positive_definite(ExactMatrix.symmetric(*blocks))

    def bounds(self, system: ExactAutonomous) -> tuple[tuple[Enclosed, ...], tuple[Enclosed, ...]]:
        """Of phi's secants about the point in the ellipsoid, and of its slopes in the core."""
        phi, arguments = system.activation, [as_fraction(z) for z in system.arguments(self.point)]
        whole, part = (self.widths(system, lengths) for lengths in (flint.fmpq(1), self.core))
        return (
            tuple(phi.secants(z, width) for z, width in zip(arguments, whole, strict=True)),
            tuple(phi.slopes(z, width) for z, width in zip(arguments, part, strict=True)),
        )

    def with_bounds(self, system: ExactAutonomous) -> "Basin":
        """The same with secants and slopes as this network has them."""
        secants, slopes = self.bounds(system)
        return replace(self, secants=secants, slopes=slopes)

    def widths(self, system: ExactAutonomous, part: flint.fmpq) -> list[Fraction]:
        """How far the arguments of phi go within this part of the ellipsoid: part sqrt(c^T X c), c a row of C."""
        spans = (system.read @ self.shape @ system.read.T).diagonal_entries()
        return [root_above(as_fraction(part * part * span)) for span in spans]

    def scaled(self, factor: float) -> "Basin":
        """With all lengths multiplied by this, and multipliers that fit; secants and slopes are those of before."""
        square = rational(factor) ** 2
        multipliers = (tuple(square * s for s in each) for each in (self.multiplier, self.core_multiplier))
        multiplier, core_multiplier = multipliers
        return replace(self, shape=square * self.shape, multiplier=multiplier, core_multiplier=core_multiplier)

    def document(self, *, discrete: bool) -> Document:
        """The basin as JSON knows it."""
        pace = {"factor": number(1 - self.rate)} if discrete else {"rate": number(self.rate)}
        return {
            "point": numbers(self.point),
            "X": rows(self.shape),
            **pace,
            "S": numbers(self.multiplier),
            "secants": _pairs(self.secants),
            "core": number(self.core),
            "core_S": numbers(self.core_multiplier),
            "slopes": _pairs(self.slopes),
            "residual": number(self.residual),
        }


def _pairs(bounds: tuple[Enclosed, ...]) -> list[list[int | str]]:
    return [numbers(exact_vector((each.lower, each.upper))) for each in bounds]


def root_above(square: Fraction) -> Fraction:
    """A number next above the square root, with few digits.

    >>> root_above(Fraction(4)), root_above(Fraction(2)) > 1
    (Fraction(2, 1), True)
    """
    scaled = -((-square.numerator << 2 * _WIDTH_BITS) // square.denominator)
    root = isqrt(scaled)
    return Fraction(root if root * root == scaled else root + 1, 1 << _WIDTH_BITS)
