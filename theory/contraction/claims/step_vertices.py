"""A quadratic metric checked at every corner of a map's slopes: necessary and sufficient, for few neurons."""

from dataclasses import dataclass, replace
from typing import ClassVar

from typing_extensions import override

from theory.contraction.claims.claim import Document, Units, congruent, number, rows
from theory.contraction.claims.slopes import CORNERED, corners
from theory.contraction.claims.step_claim import StepClaim
from theory.contraction.definite import is_positive_definite
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork


@dataclass(frozen=True)
class StepVertices(StepClaim):
    """rho^2 P - F^T P F > 0 at all corners, rho = 1 - `rate`; hence at all slopes, as |F x| is convex in them."""

    ranged: ClassVar[bool] = True
    metric: ExactMatrix

    @override
    def proved(self, network: ExactNetwork) -> bool:
        if not 0 < self.factor < 1 or network.weights.shape[0] > CORNERED or self.metric.shape != network.weights.shape:
            return False
        steps = (network.step(ExactMatrix.diagonal(slopes)) for slopes in corners(network))
        return is_positive_definite(self.metric) and all(
            is_positive_definite(self.factor**2 * self.metric - step.T @ self.metric @ step) for step in steps
        )

    @override
    def rescaled(self, network: ExactNetwork, units: Units) -> "StepVertices":
        return replace(self, metric=congruent(self.metric, units))

    @override
    def document(self) -> Document:
        return {"claim": "contracting", "by": "vertices", "factor": number(self.factor), "P": rows(self.metric)}
