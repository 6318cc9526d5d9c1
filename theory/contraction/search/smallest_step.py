"""The least factor of a map of one leak, and its largest gain, by the multiplier LMI: searches over conics.

With k = 1 - a the LMI is feasible at the factor rho and the gain g exactly if g f*(k / rho) < (rho - k) / a, f* being
the least ceiling in the conic of that eccentricity (`conic`). So the largest gain at rho is one search; the least
factor is where a f*(k / rho) = rho - k. It is approached from above: a scaling that is best at one factor allows a
lower one, for which another scaling is best. For a = 1 the conic is always the disc, and rho = f*.

A scaling that is best in one conic is nearly so in those near it, by an error of second order. So searches are made on
a grid of eccentricities, each once, and their scalings and duals are evaluated where they are asked.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from theory.contraction.network import Matrix
from theory.contraction.search.angles import ceiling
from theory.contraction.search.balanced_units import balancing
from theory.contraction.search.central_path import rescaled
from theory.contraction.search.conic import Conic
from theory.contraction.search.memo import remembered
from theory.contraction.search.smallest_conic import ConicSearch, smallest_conic

_GRID = 256
"""Eccentricities are multiples of one over this."""
_ROUNDS = 6
_ITERATIONS = 100


@dataclass(frozen=True)
class StepSearch:
    """A scaling, the least ceiling in a conic that it reaches (`value`) and the dual's bound of it (`lower`)."""

    found: ConicSearch
    value: float
    lower: float


@dataclass(frozen=True)
class Searches:
    """All searches that were made for one matrix, by their conic; each begins at the nearest one made before.

    They are made in balanced units, so that those of the neurons do not matter.
    """

    matrix: Matrix
    made: dict[Conic, ConicSearch] = field(default_factory=dict)

    def near(self, conic: Conic) -> ConicSearch:
        """The search in the nearest conic on the grid."""
        rounded = Conic(round(conic.eccentricity * _GRID) / _GRID)
        if rounded not in self.made:
            nearest = min(self.made, key=lambda other: abs(other.eccentricity - rounded.eccentricity), default=None)
            units = balancing(self.matrix)
            start = None if nearest is None else self.made[nearest].scaling / units
            found = smallest_conic(units[:, None] * self.matrix / units, rounded, start)
            self.made[rounded] = replace(found, scaling=found.scaling * units, vectors=found.vectors / units[:, None])
        return self.made[rounded]

    def at(self, conic: Conic) -> StepSearch:
        """Its scaling and its dual, evaluated in this very conic."""
        found = self.near(conic)
        value = ceiling(rescaled(self.matrix, np.log(found.scaling)), filters=conic).value
        return StepSearch(found, value, _dual_bound(self.matrix, found, conic))


@remembered
def searches(matrix: Matrix) -> Searches:
    """Those of a matrix; they are added to."""
    return Searches(matrix)


def conic_of(keep: float, factor: float) -> Conic:
    """The conic of maps that keep this part of their state and are to contract by this factor.

    >>> conic_of(0.25, 0.5)
    Conic(eccentricity=0.5)
    """
    return Conic(keep / factor)


def least_factor(matrix: Matrix, keep: float) -> float:
    """The least factor that a scaling allows; above one where none is below.

    >>> round(least_factor(np.array([[0.0, -8.0], [0.125, 0.0]]), 0.0), 3)
    1.0
    """
    factor, seen = 1.0, searches(matrix)
    for _ in range(_ROUNDS):
        lower = factor_at(matrix, seen.near(conic_of(keep, min(factor, 1.0))), keep)
        settled = keep == 0 or lower >= factor * (1 - 1e-6)
        factor = lower if factor == 1.0 else min(factor, lower)
        if settled or factor > 1:
            break
    return factor


def factor_at(matrix: Matrix, found: ConicSearch, keep: float) -> float:
    """The factor that this scaling allows: the fixed point of rho = k + a (ceiling at k / rho), from above."""
    scaled = rescaled(matrix, np.log(found.scaling))
    factor = max(1.0, keep + (1 - keep) * ceiling(scaled, filters=conic_of(keep, 1.0)).value)
    for _ in range(_ITERATIONS if keep else 1):
        lower = keep + (1 - keep) * ceiling(scaled, filters=conic_of(keep, factor)).value
        if factor - lower <= 1e-7 * lower:
            break
        factor = lower
    return factor


def _dual_bound(matrix: Matrix, found: ConicSearch, conic: Conic) -> float:
    """The least of sum Re(conj(w) (t + z) M w) / ((1 + t) sum |w|^2) over the neurons."""
    if not found.vectors.size:
        return 0.0
    turns = np.array([conic.turn(2 * float(np.arctan(tangent))) for tangent in found.tangents.tolist()])
    vectors = found.vectors
    gains = (vectors.conj() * (matrix @ vectors) * turns).real.sum(axis=1)
    weights = (np.abs(vectors) ** 2).sum(axis=1)
    present = weights > 0
    return max(float((gains[present] / weights[present]).min()), 0.0)
