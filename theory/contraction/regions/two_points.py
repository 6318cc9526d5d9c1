"""That a network does not contract: under one constant input it has two fixed points, which never approach."""

from dataclasses import dataclass

from theory.contraction.claims.claim import Document
from theory.contraction.regions.autonomous import ExactAutonomous
from theory.contraction.regions.fixed_cube import FixedCube


@dataclass(frozen=True)
class TwoPoints:
    """Each of the `cubes` holds a fixed point, and they have no state in common."""

    cubes: tuple[FixedCube, FixedCube]

    def proved(self, system: ExactAutonomous) -> bool:
        """Whether rational arithmetic proves it of this network with its constant input."""
        first, second = self.cubes
        return first.proved(system) and second.proved(system) and first.apart(second)

    def document(self) -> Document:
        """The claim as JSON knows it."""
        return {"claim": "not contracting", "by": "two points", "cubes": [cube.document() for cube in self.cubes]}
