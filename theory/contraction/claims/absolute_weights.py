"""Theorem 1's claim: two positive vectors against the absolute weights, checked entry by entry."""

from dataclasses import dataclass, replace
from typing import ClassVar

import flint
from typing_extensions import override

from theory.contraction.claims.claim import Claim, Document, Units, divided, multiplied, number, numbers
from theory.contraction.claims.majorant import majorants
from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork


@dataclass(frozen=True)
class AbsoluteWeights(Claim):
    """Contracting at `rate` in the diagonal metric tau l / r, if A r < (I - c T) r and A^T l < (I - c T) l.

    A is |M| with negative diagonal entries set to zero; of slopes from l to g each entry at its worst end, |M_ij|
    beside the diagonal and M_ii on it. In both forms -(P J + J^T P + 2 c P), taken on |x|, is at least K = 2 P T^-1 (I
    - c T) - P T^-1 A - (.)^T. K has no positive entry off the diagonal and K r > 0, so it is positive
    definite (`AbsoluteWeightsCondition.identities`). An entry by entry comparison is the whole proof.
    """

    ranged: ClassVar[bool] = True
    left: tuple[flint.fmpq, ...]
    right: tuple[flint.fmpq, ...]

    @override
    def proved(self, network: ExactNetwork) -> bool:
        size = network.weights.shape[0]
        if self.rate <= 0 or {len(self.left), len(self.right)} != {size}:
            return False
        (majorised,) = majorants(network, joint=False)
        room = [1 - self.rate / leak for leak in network.leaks.diagonal_entries()]
        return all(
            entry > 0 and image < factor * entry
            for vector, matrix in ((self.right, majorised), (self.left, majorised.T))
            for entry, image, factor in zip(vector, matrix.times(vector), room, strict=True)
        )

    @override
    def rescaled(self, network: ExactNetwork, units: Units) -> "AbsoluteWeights":
        return replace(self, left=multiplied(self.left, units), right=divided(self.right, units))

    @override
    def document(self) -> Document:
        return {
            "claim": "contracting",
            "by": "absolute weights",
            "rate": number(self.rate),
            "left": numbers(self.left),
            "right": numbers(self.right),
        }

    def as_multiplier(self, network: ExactNetwork) -> Multiplier | None:
        """The claim of this rate by the multiplier LMI, with P = tau l / r; None where slopes are not from zero.

        With p = l / r and k = 1 - c tau, the multipliers are p max(k, -M_ii) in voltage and p / max(k, -M_ii) in rate
        form. The comparison matrix of the LMI (absolute values beside the diagonal) sends the positive vector (r, r) or
        (r, k r) to a positive one (derived here; `tests/theory/contraction/test_conditions.py`).
        """
        if network.lowest is not None:
            return None
        ratios = [a / b for a, b in zip(self.left, self.right, strict=True)]
        leaks = network.leaks.diagonal_entries()
        reach = [
            max(1 - self.rate / leak, -entry)
            for leak, entry in zip(leaks, network.gained.diagonal_entries(), strict=True)
        ]
        multipliers = [p * k**network.form.power for p, k in zip(ratios, reach, strict=True)]
        metric = [p / leak for p, leak in zip(ratios, leaks, strict=True)]
        return Multiplier(self.rate, ExactMatrix.diagonal(metric), ExactMatrix.diagonal(multipliers))
