"""Weighted l1 and l-infinity norms of a map: beyond quadratic metrics, and not contained in them."""

import sympy as sp
from typing_extensions import override

from theory.contraction.claims.step_norm import StepNorm
from theory.contraction.claims.weighted_norm import LARGEST, SUM, Norm
from theory.contraction.conditions.step_bound import (
    approximate_bound,
    least_bound,
    not_below,
    positive_vector,
    reach_of_bound,
)
from theory.contraction.conditions.step_condition import StepCondition, as_map
from theory.contraction.exact_matrix import exact_vector, rational
from theory.contraction.form import Form
from theory.contraction.network import LeakyMap, Network


class StepNormCondition(StepCondition):
    """Sums of |F| along rows (l-infinity) or down columns (l1), weighted, are below one at the worst slopes.

    Where one slope multiplies a whole sum (l-infinity of the rate-like, l1 of the voltage-like map), it is largest at
    either end; elsewhere slopes enter one by one, and the condition is that on absolute weights.
    """

    asks = "the spectral radius of a bound of |F| is below 1, with one slope for a whole sum where that is so"
    source = "derived here; compare Davydov, Proskurnikov & Bullo on non-Euclidean contraction"

    def __init__(self, norm: Norm) -> None:
        self.norm = norm
        self.name = norm.name  # type: ignore[misc]

    @override
    def rate(self, asked: LeakyMap) -> float | None:
        return 1 - least_bound(asked, steepest=self._steepest(asked.form))

    @override
    def reach(self, asked: LeakyMap, rate: float) -> float:
        return reach_of_bound(asked, rate, steepest=self._steepest(asked.form))

    @override
    def prove_step(self, asked: LeakyMap, rate: float) -> StepNorm | None:
        bound = approximate_bound(asked, steepest=self._steepest(asked.form))
        solution = positive_vector(bound if self.norm == LARGEST else bound.T, 1 - rate)
        if solution is None:
            return None
        claim = StepNorm(rational(rate), self.norm, exact_vector(solution))
        return claim if claim.holds(asked.exact) else None

    @override
    def refuted(self, network: Network) -> bool:
        """A vector x >= 0 with K x >= x, not zero."""
        return not_below(as_map(network), steepest=self._steepest(network.form))

    def _steepest(self, form: Form) -> bool:
        return self.norm.factors_out(form)

    @override
    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
        """|k + d m| + d s, d in [0, 1] and s >= 0, is convex in d: above it at no d is the mean of its two ends.

        The mean less the value is the sum of what |(1 - d) p| + |d q| exceeds |(1 - d) p + d q| by, p = k, q = k + m.
        """
        k, m, d, s = sp.symbols("k m d s", real=True)
        ends = (1 - d) * k + d * (k + m + s)
        return (sp.Matrix([[sp.expand(ends - (k + d * m + d * s))]]),)


STEP_NORM_1, STEP_NORM_INF = StepNormCondition(SUM), StepNormCondition(LARGEST)
