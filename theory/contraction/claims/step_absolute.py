"""Absolute values of a map: two positive vectors against a bound of |F|, checked entry by entry."""

from dataclasses import dataclass, replace
from typing import ClassVar

import flint
from typing_extensions import override

from theory.contraction.claims.claim import Document, Units, divided, multiplied, number, numbers
from theory.contraction.claims.step_claim import StepClaim
from theory.contraction.claims.step_majorant import step_majorants
from theory.contraction.network import ExactNetwork


@dataclass(frozen=True)
class StepAbsoluteWeights(StepClaim):
    """A step shrinks distances in the metric diag(l / r) by rho = 1 - `rate`, if K r <= rho r and K^T l <= rho l.

    K >= |F| entry by entry. By Cauchy's inequality (F x)_i^2 <= (K r)_i sum_j K_ij x_j^2 / r_j, hence |F x|^2 <=
    rho sum_j (K^T l)_j x_j^2 / r_j <= rho^2 |x|^2 (`StepAbsoluteCondition.identities`).
    """

    ranged: ClassVar[bool] = True
    left: tuple[flint.fmpq, ...]
    right: tuple[flint.fmpq, ...]

    @override
    def proved(self, network: ExactNetwork) -> bool:
        if not 0 < self.factor < 1 or {len(self.left), len(self.right)} != {network.weights.shape[0]}:
            return False
        (bound,) = step_majorants(network, joint=False)
        return all(
            entry > 0 and image <= self.factor * entry
            for vector, matrix in ((self.right, bound), (self.left, bound.T))
            for entry, image in zip(vector, matrix.times(vector), strict=True)
        )

    @override
    def rescaled(self, network: ExactNetwork, units: Units) -> "StepAbsoluteWeights":
        return replace(self, left=multiplied(self.left, units), right=divided(self.right, units))

    @override
    def document(self) -> Document:
        return {
            "claim": "contracting",
            "by": "absolute weights",
            "factor": number(self.factor),
            "left": numbers(self.left),
            "right": numbers(self.right),
        }
