"""Theorem 1: absolute weights."""

import sympy as sp
from typing_extensions import override

from theory.contraction.claims.absolute_weights import AbsoluteWeights
from theory.contraction.conditions.condition import Condition, Supremum, symbols
from theory.contraction.conditions.metzler import (
    approximate_majorants,
    best_gain,
    best_rate,
    not_below_one,
    positive_solution,
    transposed,
)
from theory.contraction.exact_matrix import exact_vector, rational, short
from theory.contraction.network import Network


class AbsoluteWeightsCondition(Condition):
    """|M|, negative diagonal entries dropped, has spectral radius below one.

    With w = K r: x^T K x = sum_i (w_i / r_i) x_i^2 + sum_{i<j} (-K_ij) r_i r_j (x_i / r_i - x_j / r_j)^2, a sum of
    squares with positive weights, and w_i is what the two vectors leave free. Both are identities.
    """

    name = "theorem 1"
    asks = "|g W|, with negative diagonal entries set to zero, has spectral radius below 1"
    source = "Kozachkov, Ennis & Slotine, Theorem 1; vectors that serve reducible W derived here"

    @override
    def supremum(self, network: Network) -> Supremum | None:
        majorised = approximate_majorants(network, joint=False)
        return Supremum(best_rate(network, majorised), best_gain(majorised))

    @override
    def prove(self, network: Network, rate: float) -> AbsoluteWeights | None:
        majorised = approximate_majorants(network, joint=False)
        right, left = (positive_solution(network, each, rate) for each in (majorised, transposed(majorised)))
        if right is None or left is None:
            return None
        claim = AbsoluteWeights(rational(rate), exact_vector(left), exact_vector(right))
        return claim if claim.holds(network.exact) else None

    def prove_from(self, network: Network) -> AbsoluteWeights | None:
        """In the metric of (I - A)^-1 1 and (I - A^T)^-1 1, whatever rate it gives: for links made in that metric."""
        (majorised,) = approximate_majorants(network, joint=False)
        right, left = (positive_solution(network, (matrix,), 0.0) for matrix in (majorised, majorised.T))
        if right is None or left is None:
            return None
        room = [
            (v - matrix @ v) / v / network.time_constants for v, matrix in ((right, majorised), (left, majorised.T))
        ]
        rate = float(min(each.min() for each in room))
        if rate <= 0:
            return None
        claim = AbsoluteWeights(rational(short(rate * (1 - 1e-6))), exact_vector(left), exact_vector(right))
        return claim if claim.holds(network.exact) else None

    @override
    def refuted(self, network: Network) -> bool:
        """A vector x >= 0 with A x >= x, not zero, shows a spectral radius of one at least."""
        return not_below_one(network, joint=False)

    @override
    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
        majorised = sp.Matrix(size, size, lambda i, j: sp.Symbol(f"A_{i + 1}{j + 1}", nonnegative=True))
        left, right, room, x = (symbols(name, size) for name in ("l", "r", "kappa", "x"))  # kappa = 1 - c tau
        scaled = sp.diag(*(a / b for a, b in zip(left, right, strict=True)))
        compared = 2 * scaled * sp.diag(*room) - scaled * majorised - (scaled * majorised).T
        image = compared * sp.Matrix(right)
        squares = sum(image[i] / right[i] * x[i] ** 2 for i in range(size)) - sum(
            compared[i, j] * right[i] * right[j] * (x[i] / right[i] - x[j] / right[j]) ** 2
            for i in range(size)
            for j in range(i + 1, size)
        )
        free = scaled * (sp.diag(*room) - majorised) * sp.Matrix(right) + (sp.diag(*room) - majorised.T) * sp.Matrix(
            left
        )
        form = (sp.Matrix([x]) * compared * sp.Matrix(x))[0]
        return sp.Matrix([[sp.simplify(form - squares)]]), sp.simplify(image - free)
