"""Contraction in a norm whose unit ball is a polytope: beyond all quadratic metrics, for few neurons."""

from dataclasses import dataclass, replace
from typing import ClassVar

import flint
from typing_extensions import override

from theory.contraction.claims.claim import Claim, Document, Units, divided, number, numbers, rows
from theory.contraction.claims.slopes import CORNERED, corners
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork


@dataclass(frozen=True)
class Polytope(Claim):
    """Contracting at `rate` in the norm with unit ball conv(v_j, -v_j), the least |a|_1 with x = V a.

    At all corners J V = V Gamma, and Gamma_jj + sum of |Gamma_ij| over i != j is at most -c, hence at all slopes with
    the mean of the Gammas: if x = V a and a' = Gamma a then x' = J x, and |a|_1 falls at least as exp(-c t).
    """

    ranged: ClassVar[bool] = True
    vertices: tuple[tuple[flint.fmpq, ...], ...]
    combinations: tuple[ExactMatrix, ...]

    @override
    def proved(self, network: ExactNetwork) -> bool:
        size, count = network.weights.shape[0], len(self.vertices)
        if self.rate <= 0 or size > CORNERED or count == 0 or any(len(v) != size for v in self.vertices):
            return False
        if len(self.combinations) != 2**size or any(g.shape != (count, count) for g in self.combinations):
            return False
        columns = ExactMatrix.of(self.vertices).T
        if columns.entries.rank() != size:
            return False
        return all(
            network.jacobian(ExactMatrix.diagonal(slopes)) @ columns == columns @ gamma and self._bounded(gamma)
            for slopes, gamma in zip(corners(network), self.combinations, strict=True)
        )

    def _bounded(self, gamma: ExactMatrix) -> bool:
        """Whether the logarithmic 1-norm is at most -c."""
        return all(
            sum((abs(entry) for entry in column), flint.fmpq(0)) - abs(column[j]) + column[j] <= -self.rate
            for j, column in enumerate(gamma.T.rows())
        )

    @override
    def rescaled(self, network: ExactNetwork, units: Units) -> "Polytope":
        return replace(self, vertices=tuple(divided(vertex, units) for vertex in self.vertices))

    @override
    def document(self) -> Document:
        return {
            "claim": "contracting",
            "by": "polytope",
            "rate": number(self.rate),
            "vertices": [numbers(v) for v in self.vertices],
            "combinations": [rows(gamma) for gamma in self.combinations],
        }
