"""That a network does not contract: under one constant input it has a fixed point from which states next to it go away.

A network that oscillates has no two basins of attraction, but such a point; so has one that settles in several states.
"""

from dataclasses import dataclass

import flint
import numpy as np

from theory.contraction.claims.claim import Document, numbers, rows
from theory.contraction.claims.slopes import form_value, twice_symmetric_part
from theory.contraction.claims.step_majorant import absolute
from theory.contraction.definite import is_positive_definite
from theory.contraction.exact_matrix import ExactMatrix, exact_vector, on_grid
from theory.contraction.network import Vector
from theory.contraction.regions.autonomous import AutonomousNetwork, ExactAutonomous
from theory.contraction.regions.fixed_cube import FixedCube, proposed_cubes
from theory.contraction.search.growing_form import growing_in_flow, growing_in_steps

_BITS = (20, 45)
_VECTOR_BITS = 6


@dataclass(frozen=True)
class UnstablePoint:
    """Some states leave the cube around its fixed point, however near to the point they begin.

    With V = y^T X y, y a state less the fixed point, and J + E the slopes' Jacobian in the `cube`, |E| <= N entry by
    entry, V grows in a step, or in time, by

        y^T (J^T X J - X) y  and at least  - y^T G y,  G = |J^T X| N + N^T |X J| + N^T |X| N       of a map,
        y^T (J^T X + X J) y  and at least  - y^T G y,  G = |X| N + N^T |X|                         of a flow,

    and |y|^T G |y| is at most the sum of G's row sums times y_i^2. Where the difference is positive definite V grows
    at least in proportion to |y|^2. From y = s v, v = `vector`, it begins positive however small s is; so y never
    comes near to zero, V grows without end, and y leaves the cube. No metric lets distances fall everywhere.
    """

    cube: FixedCube
    form: ExactMatrix
    vector: tuple[flint.fmpq, ...]

    def proved(self, system: ExactAutonomous) -> bool:
        """Whether rational arithmetic proves it of this network with its constant input."""
        return self.cube.proved(system) and self.grows(system)

    def grows(self, system: ExactAutonomous) -> bool:
        """Whether it proves of the cube that V grows, and is positive at the vector."""
        size = system.size
        if self.form.shape != (size, size) or self.form != self.form.T or len(self.vector) != size:
            return False
        return bool(form_value(self.form, self.vector) > 0) and is_positive_definite(self._growth(system))

    def _growth(self, system: ExactAutonomous) -> ExactMatrix:
        jacobian, cube, ones = self.cube.jacobian(system), self.cube, [flint.fmpq(1)] * system.size
        moved, spread = self.form @ jacobian, cube.spread(system, ones)
        if system.form.discrete:
            growth, sizes = jacobian.T @ moved - self.form, absolute(moved)
            taken = [x + y for x, y in zip(sizes.times(ones), absolute(self.form).times(spread), strict=True)]
            lost = zip(sizes.T.times(spread), cube.spread_back(system, taken), strict=True)
        else:
            growth, sizes = twice_symmetric_part(moved), absolute(self.form)
            lost = zip(sizes.times(spread), cube.spread_back(system, sizes.times(ones)), strict=True)
        return growth - ExactMatrix.diagonal([x + y for x, y in lost])

    def document(self) -> Document:
        """The claim as JSON knows it."""
        return {
            "claim": "not contracting",
            "by": "unstable point",
            "cube": self.cube.document(),
            "X": rows(self.form),
            "vector": numbers(self.vector),
        }


def unstable_point(system: AutonomousNetwork, state: Vector) -> UnstablePoint | None:
    """That the fixed point at this state is such, proved; None where no proof is found.

    >>> from theory.contraction import DISCRETE, regions
    >>> flip = regions.autonomous.autonomous(np.array([[-2.0]]), DISCRETE, regions.activation.TANH)
    >>> unstable_point(flip, np.zeros(1)).proved(flip.exact)
    True
    """
    growing = growing_in_steps if system.discrete else growing_in_flow
    forms = [on_grid(form, bits) for form in growing(system.jacobian(state)) for bits in _BITS]
    vectors = [on_grid(np.linalg.eigh(form)[1][:, -1], _VECTOR_BITS) for form in forms]
    for cube in proposed_cubes(system, state):
        if cube.proved(system.exact):
            for form, vector in zip(forms, vectors, strict=True):
                claim = UnstablePoint(cube, ExactMatrix.of(form), exact_vector(vector.tolist()))
                if claim.grows(system.exact):
                    return claim
    return None
