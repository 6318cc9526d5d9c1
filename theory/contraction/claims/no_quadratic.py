"""That no constant quadratic metric exists: the dual of the LMI over all slopes."""

from dataclasses import dataclass, replace
from typing import ClassVar

import flint
from typing_extensions import override

from theory.contraction.claims.claim import Claim, Document, Units, divided, number, numbers
from theory.contraction.claims.slopes import Slopes, allowed, drift, twice_symmetric_part
from theory.contraction.definite import is_positive_semidefinite
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork

Vectors = tuple[tuple[flint.fmpq, ...], ...]


@dataclass(frozen=True)
class Displacements:
    """Slopes, and the displacements v whose sum of v v^T is the Z of these slopes."""

    slopes: Slopes
    vectors: Vectors

    def rescaled(self, units: Units) -> "Displacements":
        """Those of y = D x, as x has them."""
        return replace(self, vectors=tuple(divided(vector, units) for vector in self.vectors))


@dataclass(frozen=True)
class NoQuadraticMetric(Claim):
    """No P > 0 has P J + J^T P + 2 c' P <= 0 at all slopes with c' above `rate` c.

    With S the sum of (J + c I) Z + Z (J + c I)^T over the terms, positive semidefinite here, such a P had
    0 <= tr P S = sum of tr Z (P J + J^T P + 2 c P) <= -2 (c' - c) sum of tr P Z < 0.
    """

    ranged: ClassVar[bool] = True
    terms: tuple[Displacements, ...]

    @override
    def proved(self, network: ExactNetwork) -> bool:
        size = network.weights.shape[0]
        if self.rate < 0 or not any(entry != 0 for term in self.terms for v in term.vectors for entry in v):
            return False
        total = ExactMatrix(flint.fmpq_mat(size, size))
        for term in self.terms:
            if not allowed(network, term.slopes) or any(len(v) != size for v in term.vectors):
                return False
            if term.vectors:
                vectors = ExactMatrix.of(term.vectors)
                total = total + twice_symmetric_part(drift(network, term.slopes, self.rate) @ (vectors.T @ vectors))
        return is_positive_semidefinite(total)

    @override
    def rescaled(self, network: ExactNetwork, units: Units) -> "NoQuadraticMetric":
        return replace(self, terms=tuple(term.rescaled(units) for term in self.terms))

    @override
    def document(self) -> Document:
        terms = [{"slopes": numbers(t.slopes), "vectors": [numbers(v) for v in t.vectors]} for t in self.terms]
        return {"claim": "no quadratic metric", "rate": number(self.rate), "terms": terms}
