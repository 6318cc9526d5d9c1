"""Logarithmic norms in weighted l1 and l-infinity: beyond quadratic metrics, and not contained in them."""

import sympy as sp
from typing_extensions import override

from theory.contraction.claims.weighted_norm import LARGEST, SUM, Norm, WeightedNorm
from theory.contraction.conditions.condition import Condition, Supremum, generic, symbols
from theory.contraction.conditions.metzler import (
    approximate_majorant,
    best_gain,
    best_rate,
    not_below_one,
    positive_solution,
)
from theory.contraction.exact_matrix import exact_vector, rational
from theory.contraction.form import FORMS
from theory.contraction.network import Network


class WeightedNormCondition(Condition):
    """g B - I is stable, B being |W| off the diagonal.

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
        """The best rate and gain; no rate exceeds that of the slowest leak, 1 / tau."""
        metzler = approximate_majorant(network, self.norm.diagonal(network.form))
        rate = min(best_rate(network, metzler), network.slowest_leak)
        return Supremum(rate, best_gain(metzler))

    @override
    def prove(self, network: Network, rate: float) -> WeightedNorm | None:
        metzler = approximate_majorant(network, self.norm.diagonal(network.form))
        solution = positive_solution(network, metzler if self.norm == LARGEST else metzler.T, rate)
        if solution is None:
            return None
        weights = solution if self.norm == LARGEST else solution * network.time_constants
        claim = WeightedNorm(rational(rate), self.norm, exact_vector(weights))
        return claim if claim.holds(network.exact) else None

    @override
    def refuted(self, network: Network) -> bool:
        """A vector x >= 0 with B x >= x, not zero."""
        return not_below_one(network, self.norm.diagonal(network.form))

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
