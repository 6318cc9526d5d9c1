"""That no constant quadratic metric shrinks at every step: the dual of the LMI over all slopes of a map."""

from dataclasses import dataclass, replace
from typing import ClassVar

from typing_extensions import override

from theory.contraction.claims.claim import Document, Units, number, numbers
from theory.contraction.claims.no_quadratic import Displacements
from theory.contraction.claims.slopes import allowed
from theory.contraction.claims.step_claim import StepClaim
from theory.contraction.definite import is_positive_semidefinite
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork


@dataclass(frozen=True)
class NoQuadraticStep(StepClaim):
    """No P > 0 has F^T P F <= rho'^2 P at all slopes with rho' below rho = 1 - `rate`.

    With S the sum of F Z F^T - rho^2 Z over the terms, positive semidefinite here, such a P had
    0 <= tr P S = sum of tr Z (F^T P F - rho^2 P) <= (rho'^2 - rho^2) sum of tr P Z < 0.
    """

    ranged: ClassVar[bool] = True
    terms: tuple[Displacements, ...]

    @override
    def proved(self, network: ExactNetwork) -> bool:
        size = network.weights.shape[0]
        if not 0 < self.factor <= 1 or not any(x != 0 for term in self.terms for v in term.vectors for x in v):
            return False
        total = ExactMatrix.zeros(size, size)
        for term in self.terms:
            if not allowed(network, term.slopes) or any(len(v) != size for v in term.vectors):
                return False
            if term.vectors:
                vectors = ExactMatrix.of(term.vectors)
                moved = vectors @ network.step(ExactMatrix.diagonal(term.slopes)).T
                total = total + moved.T @ moved - self.factor**2 * (vectors.T @ vectors)
        return is_positive_semidefinite(total)

    @override
    def rescaled(self, network: ExactNetwork, units: Units) -> "NoQuadraticStep":
        return replace(self, terms=tuple(term.rescaled(units) for term in self.terms))

    @override
    def document(self) -> Document:
        terms = [{"slopes": numbers(t.slopes), "vectors": [numbers(v) for v in t.vectors]} for t in self.terms]
        return {"claim": "no quadratic metric", "factor": number(self.factor), "terms": terms}
