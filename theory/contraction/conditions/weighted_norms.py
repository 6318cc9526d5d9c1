"""Logarithmic norms in weighted l1 and l-infinity: beyond quadratic metrics, and not contained in them."""

import sympy as sp
from typing_extensions import override

from theory.contraction.claims.majorant import majorants
from theory.contraction.claims.weighted_norm import LARGEST, SUM, Norm, WeightedNorm
from theory.contraction.conditions.condition import Condition, Supremum, generic, symbols
from theory.contraction.conditions.metzler import (
    Bounds,
    approximate_majorants,
    best_gain,
    best_rate,
    grows,
    positive_solution,
    transposed,
)
from theory.contraction.exact_matrix import exact_vector, rational
from theory.contraction.form import FORMS
from theory.contraction.network import Network


class WeightedNormCondition(Condition):
    """g B - I is stable, B being |W| off the diagonal; of slopes from l to g, B at the worse of the two ends.

    The diagonal of B keeps its sign where one slope multiplies a whole sum (voltage: l1; rate: l-infinity) and drops
    what is negative otherwise; there the condition is Theorem 1's.
    """

    asks = (
        "g B - I is stable, B being |W| with a diagonal that keeps its sign (l1 in voltage, l-infinity in rate form) "
        "or drops what is negative"
    )
    source = "derived here; compare Davydov, Proskurnikov & Bullo on non-Euclidean contraction"

    def __init__(self, norm: Norm) -> None:
        self.norm = norm
        self.name = norm.name  # type: ignore[misc]

    @override
    def supremum(self, network: Network) -> Supremum | None:
        """The best rate and gain; from slopes of zero no rate exceeds that of the slowest leak, 1 / tau."""
        lines = self._lines(network)
        rate = best_rate(network, lines)
        return Supremum(min(rate, network.slowest_leak) if network.from_zero else rate, best_gain(lines))

    @override
    def prove(self, network: Network, rate: float) -> WeightedNorm | None:
        bounds = approximate_majorants(network, joint=self.norm.factors_out(network.form))
        solution = positive_solution(network, bounds if self.norm == LARGEST else transposed(bounds), rate)
        if solution is None:
            return None
        weights = solution if self.norm == LARGEST else solution * network.time_constants
        claim = WeightedNorm(rational(rate), self.norm, exact_vector(weights))
        return claim if claim.holds(network.exact) else None

    @override
    def refuted(self, network: Network) -> bool:
        """A vector x >= 0 with B x >= x, not zero."""
        exact = majorants(network.exact, joint=self.norm.factors_out(network.form))
        lines = self._lines(network)
        return grows(lines, exact if len(lines) == 1 else [self.norm.oriented(each) for each in exact])

    def _lines(self, network: Network) -> Bounds:
        """Bounds whose rows are this norm's sums; a single one has the same spectrum as its transpose."""
        bounds = approximate_majorants(network, joint=self.norm.factors_out(network.form))
        return bounds if self.norm == LARGEST or len(bounds) == 1 else transposed(bounds)

    @override
    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
        """Each sum of T J is affine in every slope, with signs s of the entries beside the diagonal.

        Where one slope multiplies a whole sum it factors out; elsewhere the slopes enter one by one.
        """
        weights, slopes, signs, q = (
            generic("W", size),
            symbols("d", size),
            [sp.Symbol(f"s_{i}") for i in range(size)],
            symbols("q", size),
        )
        zeros = []
        for form in FORMS:
            sloped = form.sloped(weights, sp.diag(*slopes))
            lines = sloped if self.norm == LARGEST else sloped.T
            plain = weights if self.norm == LARGEST else weights.T
            for i in range(size):
                factors = [1 if j == i else signs[j] for j in range(size)]
                total = sum(lines[i, j] * factors[j] * q[j] for j in range(size))
                if self.norm.factors_out(form):
                    zeros.append(total - slopes[i] * sum(plain[i, j] * factors[j] * q[j] for j in range(size)))
                else:
                    zeros.append(total - sum(slopes[j] * plain[i, j] * factors[j] * q[j] for j in range(size)))
        return (sp.Matrix(zeros).applyfunc(sp.expand),)


NORM_1, NORM_INF = WeightedNormCondition(SUM), WeightedNormCondition(LARGEST)
