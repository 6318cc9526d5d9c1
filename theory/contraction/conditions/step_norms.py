"""Weighted l1 and l-infinity norms of a map: beyond quadratic metrics, and not contained in them."""

import sympy as sp
from typing_extensions import override

from theory.contraction.claims.step_majorant import step_majorants
from theory.contraction.claims.step_norm import StepNorm
from theory.contraction.claims.weighted_norm import LARGEST, SUM, Norm
from theory.contraction.conditions.metzler import Bounds, grows, transposed
from theory.contraction.conditions.step_bound import (
    approximate_bounds,
    least_bound,
    reach_of_bound,
    step_vector,
)
from theory.contraction.conditions.step_condition import StepCondition, as_map
from theory.contraction.exact_matrix import exact_vector, rational
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
        return 1 - least_bound(asked, self._lines)

    @override
    def reach(self, asked: LeakyMap, rate: float) -> float:
        return reach_of_bound(asked, rate, self._lines)

    @override
    def prove_step(self, asked: LeakyMap, rate: float) -> StepNorm | None:
        bounds = approximate_bounds(asked, joint=self.norm.factors_out(asked.form))
        solution = step_vector(bounds if self.norm == LARGEST else transposed(bounds), 1 - rate)
        if solution is None:
            return None
        claim = StepNorm(rational(rate), self.norm, exact_vector(solution))
        return claim if claim.holds(asked.exact) else None

    @override
    def refuted(self, network: Network) -> bool:
        """A vector x >= 0 with K x >= x, not zero."""
        exact = step_majorants(network.exact, joint=self.norm.factors_out(network.form))
        lines = self._lines(as_map(network))
        return grows(lines, exact if len(lines) == 1 else [self.norm.oriented(each) for each in exact])

    def _lines(self, asked: LeakyMap) -> Bounds:
        """Bounds whose rows are this norm's sums; a single one has the same spectrum as its transpose."""
        bounds = approximate_bounds(asked, joint=self.norm.factors_out(asked.form))
        return bounds if self.norm == LARGEST or len(bounds) == 1 else transposed(bounds)

    @override
    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
        """|k + d m| + d s, d in [0, 1] and s >= 0, is convex in d: above it at no d is the mean of its two ends.

        The mean less the value is the sum of what |(1 - d) p| + |d q| exceeds |(1 - d) p + d q| by, p = k, q = k + m.
        """
        k, m, d, s = sp.symbols("k m d s", real=True)
        ends = (1 - d) * k + d * (k + m + s)
        return (sp.Matrix([[sp.expand(ends - (k + d * m + d * s))]]),)


STEP_NORM_1, STEP_NORM_INF = StepNormCondition(SUM), StepNormCondition(LARGEST)
