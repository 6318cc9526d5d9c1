"""That a map does not contract: slopes, one set a step and repeated, under which a displacement does not decay."""

from dataclasses import dataclass, replace
from typing import ClassVar

import flint
from typing_extensions import override

from theory.contraction.claims.claim import Document, Units, congruent, divided, number, numbers, rows
from theory.contraction.claims.slopes import Slopes, allowed, form_value
from theory.contraction.claims.step_claim import StepClaim
from theory.contraction.definite import is_positive_semidefinite
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork


@dataclass(frozen=True)
class SlopeSequence(StepClaim):
    """Repeated for ever, these slopes do not let a displacement v fall faster than rho^n, rho = 1 - `rate`.

    One round of m steps takes y = rho^-n x to rho^-m Phi y, Phi the product of the F, the first on the right. As
    Phi^T X Phi - rho^(2 m) X >= 0, y^T X y does not fall from round to round; it begins positive.
    """

    ranged: ClassVar[bool] = True
    slopes: tuple[Slopes, ...]
    lyapunov: ExactMatrix
    vector: tuple[flint.fmpq, ...]

    @override
    def proved(self, network: ExactNetwork) -> bool:
        size = network.weights.shape[0]
        if not 0 < self.factor <= 1 or not self.slopes or len(self.vector) != size:
            return False
        if not all(allowed(network, slopes) for slopes in self.slopes):
            return False
        if self.lyapunov.shape != (size, size) or self.lyapunov != self.lyapunov.T:
            return False
        phi = ExactMatrix.identity(size)
        for slopes in self.slopes:
            phi = network.step(ExactMatrix.diagonal(slopes)) @ phi
        growth = phi.T @ self.lyapunov @ phi - self.factor ** (2 * len(self.slopes)) * self.lyapunov
        return bool(form_value(self.lyapunov, self.vector) > 0) and is_positive_semidefinite(growth)

    @override
    def rescaled(self, network: ExactNetwork, units: Units) -> "SlopeSequence":
        form, vector = congruent(self.lyapunov, units), divided(self.vector, units)
        return replace(self, lyapunov=form, vector=vector)

    @override
    def document(self) -> Document:
        return {
            "claim": "not contracting",
            "by": "slope sequence",
            "factor": number(self.factor),
            "slopes": [numbers(slopes) for slopes in self.slopes],
            "X": rows(self.lyapunov),
            "vector": numbers(self.vector),
        }
