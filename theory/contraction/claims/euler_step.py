"""A step of Euler's method: the map that is simulated contracts, which the flow's contraction does not imply."""

from dataclasses import dataclass
from typing import Any

import flint

from theory.contraction.claims.claim import Document, Statement, number, numbers, rows
from theory.contraction.definite import is_positive_definite
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.form import Form
from theory.contraction.network import ExactNetwork


def euler_blocks(
    form: Form, gained: Any, keep: Any, gain: Any, metric: Any, multiplier: Any, factor: Any
) -> tuple[Any, Any, Any]:
    """Blocks of the symmetric matrix that proves |F x|_P <= rho |x|_P for F = a + b (M D or D M), D in [0, 1].

    `keep` is a = I - h T^-1 (+ h T^-1 L with links) and `gain` is b = h T^-1. With w = D x (voltage) or D M x (rate),
    F x is linear in x and w, and the sector 2 w^T Q (. - w) >= 0 is added to rho^2 |x|^2 - |F x|^2 (derived here;
    `tests/theory/contraction/test_euler.py`).
    """
    through, read = form.driven(gain, gained), form.sensed(gained, multiplier)
    return (
        factor * factor * metric - keep.T @ metric @ keep,
        -(keep.T @ metric @ through + read),
        2 * multiplier - through.T @ metric @ through,
    )


@dataclass(frozen=True)
class EulerStep(Statement):
    """A step x -> x + h x' shrinks distances in the metric P by `factor` at least."""

    step: flint.fmpq
    factor: flint.fmpq
    metric: ExactMatrix
    multiplier: ExactMatrix

    def holds(self, network: ExactNetwork) -> bool:
        """See `Statement`."""
        if not (self.step > 0 and 0 < self.factor < 1):
            return False
        gain = self.step * network.leaks
        keep = ExactMatrix.identity(network.weights.shape[0]) - gain
        blocks = euler_blocks(network.form, network.gained, keep, gain, self.metric, self.multiplier, self.factor)
        return is_positive_definite(self.metric) and is_positive_definite(ExactMatrix.symmetric(*blocks))

    def document(self) -> Document:
        """See `Statement`."""
        return {
            "claim": "Euler step",
            "step": number(self.step),
            "factor": number(self.factor),
            "P": rows(self.metric),
            "Q": numbers(self.multiplier.diagonal_entries()),
        }
