"""A quadratic metric checked at every corner of the slopes: necessary and sufficient, for few neurons."""

from dataclasses import dataclass, replace
from typing import ClassVar

from typing_extensions import override

from theory.contraction.claims.claim import Claim, Document, Units, congruent, number, rows
from theory.contraction.claims.slopes import CORNERED, corners, drift, twice_symmetric_part
from theory.contraction.definite import is_positive_definite
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork


@dataclass(frozen=True)
class Vertices(Claim):
    """Contracting at `rate` in the metric P: -(P J + J^T P + 2 c P) > 0 at all corners, hence at all slopes."""

    ranged: ClassVar[bool] = True
    metric: ExactMatrix

    @override
    def proved(self, network: ExactNetwork) -> bool:
        if self.rate <= 0 or network.weights.shape[0] > CORNERED or self.metric.shape != network.weights.shape:
            return False
        return is_positive_definite(self.metric) and all(
            is_positive_definite(-twice_symmetric_part(self.metric @ drift(network, slopes, self.rate)))
            for slopes in corners(network)
        )

    @override
    def rescaled(self, network: ExactNetwork, units: Units) -> "Vertices":
        return replace(self, metric=congruent(self.metric, units))

    @override
    def document(self) -> Document:
        return {"claim": "contracting", "by": "vertices", "rate": number(self.rate), "P": rows(self.metric)}
