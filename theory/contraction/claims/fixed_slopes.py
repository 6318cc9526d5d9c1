"""That a network does not contract: slopes at which a displacement does not decay."""

from dataclasses import dataclass, replace
from typing import ClassVar

import flint
from typing_extensions import override

from theory.contraction.claims.claim import Claim, Document, Units, congruent, divided, number, numbers, rows
from theory.contraction.claims.slopes import Slopes, allowed, drift, form_value, twice_symmetric_part
from theory.contraction.definite import is_positive_semidefinite
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork


@dataclass(frozen=True)
class FixedSlopes(Claim):
    """At these slopes a displacement v does not fall faster than exp(-`rate` t).

    Along y = exp(c t) x the form y^T X y does not fall, as (J + c I)^T X + X (J + c I) >= 0; it begins positive.
    """

    ranged: ClassVar[bool] = True
    slopes: Slopes
    lyapunov: ExactMatrix
    vector: tuple[flint.fmpq, ...]

    @override
    def proved(self, network: ExactNetwork) -> bool:
        if self.rate < 0 or not allowed(network, self.slopes) or len(self.vector) != len(self.slopes):
            return False
        if self.lyapunov.shape != network.weights.shape or self.lyapunov != self.lyapunov.T:
            return False
        growth = twice_symmetric_part(self.lyapunov @ drift(network, self.slopes, self.rate))
        return bool(form_value(self.lyapunov, self.vector) > 0) and is_positive_semidefinite(growth)

    @override
    def rescaled(self, network: ExactNetwork, units: Units) -> "FixedSlopes":
        form, vector = congruent(self.lyapunov, units), divided(self.vector, units)
        return replace(self, lyapunov=form, vector=vector)

    @override
    def document(self) -> Document:
        return {
            "claim": "not contracting",
            "by": "fixed slopes",
            "rate": number(self.rate),
            "slopes": numbers(self.slopes),
            "X": rows(self.lyapunov),
            "vector": numbers(self.vector),
        }
