"""A step of Euler's method: the map that is simulated contracts, which the flow's contraction does not imply."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import flint
from typing_extensions import override

from theory.contraction.claims.claim import Document, Statement, Units, congruent, number, numbers, rows
from theory.contraction.definite import is_positive_definite
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork


def euler_blocks(
    keep: Any, through: Any, read: Any, *, metric: Any, multiplier: Any, factor: Any
) -> tuple[Any, Any, Any]:
    """Blocks of the symmetric matrix that proves |F x|_P <= rho |x|_P for F x = a x + B w, w = D C x, D in [0, 1].

    `keep` is a = I - h T^-1 (+ h T^-1 L with links), `through` B and `read` C^T Q, `multiplier` being Q: with b =
    h T^-1, B = b M and C = I in voltage form, B = b and C = M in rate form. Its form at (x, w)
    is rho^2 |x|^2 - |F x|^2 less the sector 2 w^T Q (C x - w) >= 0 (derived here;
    `tests/theory/contraction/test_euler.py`). Of slopes from l to g, a is F at l, with g - l in the place of g in M.
    """
    return (
        factor * factor * metric - keep.T @ metric @ keep,
        -(keep.T @ metric @ through + read),
        2 * multiplier - through.T @ metric @ through,
    )


@dataclass(frozen=True)
class EulerStep(Statement):
    """A step x -> x + h x' shrinks distances in the metric P by `factor` at least."""

    ranged: ClassVar[bool] = True
    step: flint.fmpq
    factor: flint.fmpq
    metric: ExactMatrix
    multiplier: ExactMatrix

    @override
    def proved(self, network: ExactNetwork) -> bool:
        size = network.weights.shape[0]
        if not (self.step > 0 and 0 < self.factor < 1 and self.multiplier.is_diagonal(size)):
            return False
        stride = self.step * network.leaks
        keep = ExactMatrix.identity(size) - self.step * network.resting
        through = network.form.driven(stride, network.spanned)
        read = network.form.sensed(network.spanned, self.multiplier)
        blocks = euler_blocks(keep, through, read, metric=self.metric, multiplier=self.multiplier, factor=self.factor)
        return is_positive_definite(self.metric) and is_positive_definite(ExactMatrix.symmetric(*blocks))

    @override
    def rescaled(self, network: ExactNetwork, units: Units) -> "EulerStep":
        metric, multiplier = congruent(self.metric, units), congruent(self.multiplier, units)
        return replace(self, metric=metric, multiplier=multiplier)

    @override
    def document(self) -> Document:
        return {
            "claim": "Euler step",
            "step": number(self.step),
            "factor": number(self.factor),
            "P": rows(self.metric),
            "Q": numbers(self.multiplier.diagonal_entries()),
        }
