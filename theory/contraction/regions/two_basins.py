"""That a network does not contract: under one constant input it has two basins of attraction without a common state."""

from dataclasses import dataclass

import flint

from theory.contraction.claims.claim import Document, numbers
from theory.contraction.exact_matrix import as_fraction
from theory.contraction.regions.autonomous import ExactAutonomous
from theory.contraction.regions.basin import Basin, root_above


@dataclass(frozen=True)
class TwoBasins:
    """Trajectories from two `basins` stay apart for ever: their ellipsoids lie apart along `direction`.

    Along a, an ellipsoid of the shape X around p is where a^T x is within sqrt(a^T X a) of a^T p.
    """

    basins: tuple[Basin, Basin]
    direction: tuple[flint.fmpq, ...]

    def proved(self, system: ExactAutonomous) -> bool:
        """Whether rational arithmetic proves it of this network with its constant input."""
        if len(self.direction) != system.size or not all(basin.proved(system) for basin in self.basins):
            return False
        first, second = self.basins
        apart = (a * (p - q) for a, p, q in zip(self.direction, first.point, second.point, strict=True))
        reach = sum(root_above(as_fraction(self._square(basin))) for basin in self.basins)
        return abs(as_fraction(sum(apart, flint.fmpq(0)))) > reach

    def _square(self, basin: Basin) -> flint.fmpq:
        """a^T X a."""
        image = basin.shape.times(self.direction)
        return sum((a * x for a, x in zip(self.direction, image, strict=True)), flint.fmpq(0))

    def document(self, *, discrete: bool) -> Document:
        """The claim as JSON knows it."""
        return {
            "claim": "not contracting",
            "by": "two basins",
            "basins": [basin.document(discrete=discrete) for basin in self.basins],
            "direction": numbers(self.direction),
        }
