"""The multiplier LMI of a map: a quadratic metric P and one positive number a neuron, Q."""

from dataclasses import dataclass, replace
from typing import ClassVar

from typing_extensions import override

from theory.contraction.claims.claim import Document, Units, congruent, number, numbers, rows
from theory.contraction.claims.euler_step import euler_blocks
from theory.contraction.claims.step_claim import StepClaim
from theory.contraction.definite import is_positive_definite
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork


@dataclass(frozen=True)
class StepMultiplier(StepClaim):
    """A step shrinks distances in the metric P by the factor 1 - `rate` at least: that of `euler_blocks`, of size one.

    Its matrix at (x, w) is rho^2 |x|^2 - |F x|^2 less twice w^T Q (C x - w), which is not negative.
    """

    ranged: ClassVar[bool] = True
    metric: ExactMatrix
    multiplier: ExactMatrix

    @override
    def proved(self, network: ExactNetwork) -> bool:
        if not 0 < self.factor < 1 or not self.multiplier.is_diagonal(network.weights.shape[0]):
            return False
        blocks = euler_blocks(
            network.keep if network.lowest is None else network.step(network.lowest),
            network.form.driven(network.leaks, network.spanned),
            network.form.sensed(network.spanned, self.multiplier),
            metric=self.metric,
            multiplier=self.multiplier,
            factor=self.factor,
        )
        return is_positive_definite(self.metric) and is_positive_definite(ExactMatrix.symmetric(*blocks))

    @override
    def rescaled(self, network: ExactNetwork, units: Units) -> "StepMultiplier":
        metric, multiplier = congruent(self.metric, units), congruent(self.multiplier, units)
        return replace(self, metric=metric, multiplier=multiplier)

    @override
    def document(self) -> Document:
        return {
            "claim": "contracting",
            "by": "multiplier",
            "factor": number(self.factor),
            "P": rows(self.metric),
            "Q": numbers(self.multiplier.diagonal_entries()),
        }
