"""The multiplier LMI: a quadratic metric P and one positive number a neuron, Q."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from typing_extensions import override

from theory.contraction.claims.claim import Claim, Document, Units, congruent, number, numbers, rows
from theory.contraction.definite import is_positive_definite
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.form import Form
from theory.contraction.network import ExactNetwork


def multiplier_blocks(
    form: Form, gained: Any, leaks: Any, *, metric: Any, multiplier: Any, rate: Any, resting: Any = None
) -> tuple[Any, Any, Any]:
    """Top left, top right and bottom right of the symmetric matrix that is to be positive definite.

    With w = D y, D in [0, 1] diagonal, w^T Q (y - w) >= 0, and the form of this matrix at (x, w) is that of
    -(P J + J^T P + 2 c P) at x less twice that (derived here; `tests/theory/contraction/test_conditions.py`).
    Formulas are numpy's, sympy's, cvxpy's or exact. `metric` is P, `multiplier` Q (diagonal matrix), `gained` M,
    `leaks` T^-1, `rate` c. Of slopes from l to g, D = (slope - l) / (g - l): `gained` has g - l in the place of g, and
    `resting` is -J at l.
    """
    corner = form.driven(metric @ leaks, gained) + form.sensed(gained, multiplier)
    leaking = metric @ (leaks if resting is None else resting)
    return leaking + leaking.T - 2 * rate * metric, -corner, 2 * multiplier


@dataclass(frozen=True)
class Multiplier(Claim):
    """Contracting at `rate` in the metric P, whatever the slopes do."""

    ranged: ClassVar[bool] = True
    metric: ExactMatrix
    multiplier: ExactMatrix

    @override
    def proved(self, network: ExactNetwork) -> bool:
        if self.rate <= 0 or not self.multiplier.is_diagonal(network.weights.shape[0]):
            return False
        blocks = multiplier_blocks(
            network.form,
            network.spanned,
            network.leaks,
            metric=self.metric,
            multiplier=self.multiplier,
            rate=self.rate,
            resting=network.resting,
        )
        return is_positive_definite(self.metric) and is_positive_definite(ExactMatrix.symmetric(*blocks))

    @override
    def rescaled(self, network: ExactNetwork, units: Units) -> "Multiplier":
        metric, multiplier = congruent(self.metric, units), congruent(self.multiplier, units)
        return replace(self, metric=metric, multiplier=multiplier)

    @override
    def document(self) -> Document:
        return {
            "claim": "contracting",
            "by": "multiplier",
            "rate": number(self.rate),
            "P": rows(self.metric),
            "Q": numbers(self.multiplier.diagonal_entries()),
        }
