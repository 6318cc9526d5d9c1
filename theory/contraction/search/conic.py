"""The conics that a numerical range must stay inside: the parabola of a flow, the ellipse of a step, the disc of a map.

|s| + t Re s < (1 + t) k has a focus at zero, eccentricity t and k for its point on the positive axis. For t = 1 it is
the parabola of the flow, k = 1 - rate. A step x -> a x + b (...) with a + b = 1 contracts by the factor rho as far as
multipliers tell where some D M D^-1 has its numerical range inside the conic with t = a / rho and k = (rho - a) / b:
an ellipse, for a = 0 a disc. As the best theta is -arg s, the numerical range of N is inside exactly if

    lambda_max of the Hermitian part of c N  <  k  at all theta,     c = (t + e^(i theta)) / (1 + t).

Derived here (`tests/theory/contraction/test_conic.py`): by the bounded-real lemma the step's LMI asks that the
Hermitian part of b / (z - a) N be below I wherever |z| = rho; there b / (z - a) runs over the circle of c / k.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Int
from typing_extensions import override

from theory.contraction.network import Matrix
from theory.contraction.search.filters import Filters

_ANGLES: tuple[float, ...] = tuple((np.pi * np.arange(32) / 32).tolist())
_FIRST = (0.0, 1.0, 2.0)
_NEARLY_ZERO = 3.1
"""Beyond this angle the parabola's c is nearly zero, and excludes nothing."""


@dataclass(frozen=True)
class Conic(Filters):
    """The family |s| + t Re s < (1 + t) k of one eccentricity t, from -1 (excluded) to 1.

    >>> DISC.turn(np.pi / 2).imag, PARABOLA.turn(0.0), Conic(0.5).turn(np.pi)
    (1.0, (1+0j), (-0.3333333333333333+0j))
    """

    eccentricity: float

    @override
    def turn(self, angle: float) -> complex:
        """c at this angle; real at 0 and pi."""
        if angle == np.pi:
            return complex((self.eccentricity - 1) / (1 + self.eccentricity))
        return complex((self.eccentricity + np.exp(1j * angle)) / (1 + self.eccentricity))

    @override
    def best(self, matrix: Matrix, vector: Complex[np.ndarray, " n"]) -> float:
        """-arg s, s = v^* N v; at most `last`."""
        angle = min(abs(float(np.angle((vector.conj() * (matrix @ vector)).sum()))), self.last)
        return angle if angle >= 1e-9 else 0.0

    @override
    def part(self, members: Int[np.ndarray, " members"]) -> "Conic":
        """The same: neurons are alike."""
        return self

    @property
    @override
    def last(self) -> float:
        """The largest angle of use: pi, where this is no parabola."""
        return _NEARLY_ZERO if self.eccentricity == 1 else np.pi

    @property
    @override
    def first(self) -> tuple[float, ...]:
        """Angles to begin with."""
        return _FIRST if self.eccentricity == 1 else (*_FIRST, np.pi)

    @property
    @override
    def grid(self) -> tuple[float, ...]:
        """Angles close enough to one another to see every peak."""
        return _ANGLES if self.eccentricity == 1 else (*_ANGLES, np.pi)

    @override
    def level(self, value: float) -> float:
        """The k of a real number that lies on the conic.

        >>> PARABOLA.level(-2.0), DISC.level(-2.0)
        (0.0, 2.0)
        """
        return (abs(value) + self.eccentricity * value) / (1 + self.eccentricity)


PARABOLA, DISC = Conic(1.0), Conic(0.0)
