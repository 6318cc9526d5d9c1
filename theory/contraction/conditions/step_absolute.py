"""Absolute values of a map's weights."""

import sympy as sp
from typing_extensions import override

from theory.contraction.claims.step_absolute import StepAbsoluteWeights
from theory.contraction.claims.step_majorant import step_majorants
from theory.contraction.conditions.condition import symbols
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


class StepAbsoluteCondition(StepCondition):
    """K, which bounds |F| entry by entry, has spectral radius below one.

    With x_j = r_j u_j: (K r)_i sum_j K_ij x_j^2 / r_j - (sum_j K_ij x_j)^2 is the sum over pairs of K_ij K_ik r_j r_k
    (u_j - u_k)^2 (identity), not negative: Cauchy's inequality for the claim.
    """

    name = "absolute weights"
    asks = "|1 - a| + a |g W| has spectral radius below 1, a diagonal entry counted at its worst slope"
    source = "the discrete counterpart of Theorem 1, derived here"

    @override
    def rate(self, asked: LeakyMap) -> float | None:
        return 1 - least_bound(asked, _bounds)

    @override
    def reach(self, asked: LeakyMap, rate: float) -> float:
        return reach_of_bound(asked, rate, _bounds)

    @override
    def prove_step(self, asked: LeakyMap, rate: float) -> StepAbsoluteWeights | None:
        bounds = _bounds(asked)
        right, left = (step_vector(each, 1 - rate) for each in (bounds, transposed(bounds)))
        if right is None or left is None:
            return None
        claim = StepAbsoluteWeights(rational(rate), exact_vector(left), exact_vector(right))
        return claim if claim.holds(asked.exact) else None

    @override
    def refuted(self, network: Network) -> bool:
        """A vector x >= 0 with K x >= x, not zero."""
        return grows(_bounds(as_map(network)), step_majorants(network.exact, joint=False))

    @override
    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
        row, right, u = (symbols(name, size) for name in ("K", "r", "u"))
        x = [r * each for r, each in zip(right, u, strict=True)]
        total = sum(k * r for k, r in zip(row, right, strict=True))
        spread = total * sum(k * each**2 / r for k, each, r in zip(row, x, right, strict=True))
        pairs = sum(row[i] * row[j] * right[i] * right[j] * (u[i] - u[j]) ** 2 for i in range(size) for j in range(i))
        image = sum(k * each for k, each in zip(row, x, strict=True))
        return (sp.Matrix([[sp.expand(spread - image**2 - pairs)]]),)


def _bounds(asked: LeakyMap) -> Bounds:
    return approximate_bounds(asked, joint=False)
