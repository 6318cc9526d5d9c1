"""Contraction of a map in a weighted l1 or l-infinity norm: one positive weight a neuron."""

from dataclasses import dataclass, replace
from typing import ClassVar

import flint
from typing_extensions import override

from theory.contraction.claims.claim import Document, Units, number, numbers
from theory.contraction.claims.majorant import worst_sums
from theory.contraction.claims.step_claim import StepClaim
from theory.contraction.claims.step_majorant import step_majorants
from theory.contraction.claims.weighted_norm import Norm
from theory.contraction.network import ExactNetwork


@dataclass(frozen=True)
class StepNorm(StepClaim):
    """A step shrinks distances in a weighted norm by rho = 1 - `rate`: no sum of |F|, at its worst slopes, is more.

    A sum that one slope multiplies whole is largest where that is at its least (zero leaves 1 - a_i), or at its most
    (`tests/theory/contraction/test_map_claims.py` goes through all corners).
    """

    ranged: ClassVar[bool] = True
    norm: Norm
    weights: tuple[flint.fmpq, ...]

    @override
    def proved(self, network: ExactNetwork) -> bool:
        if (
            not 0 < self.factor < 1
            or len(self.weights) != network.weights.shape[0]
            or any(q <= 0 for q in self.weights)
        ):
            return False
        bounds = step_majorants(network, joint=self.norm.factors_out(network.form))
        sums = worst_sums([self.norm.oriented(bound) for bound in bounds], self.weights)
        kept = network.keep.diagonal_entries() if network.lowest is None else [flint.fmpq(0)]
        return max(kept) <= self.factor and all(
            total <= self.factor * weight for total, weight in zip(sums, self.weights, strict=True)
        )

    @override
    def rescaled(self, network: ExactNetwork, units: Units) -> "StepNorm":
        return replace(self, weights=self.norm.rescaled(self.weights, units))

    @override
    def document(self) -> Document:
        return {
            "claim": "contracting",
            "by": self.norm.name,
            "factor": number(self.factor),
            "weights": numbers(self.weights),
        }
