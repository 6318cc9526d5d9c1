"""Theorem 4: triangular weights, a case of Theorem 1."""

import numpy as np
import sympy as sp
from typing_extensions import override

from theory.contraction.claims.absolute_weights import AbsoluteWeights
from theory.contraction.conditions.absolute import AbsoluteWeightsCondition
from theory.contraction.conditions.condition import Condition, Supremum
from theory.contraction.network import Network


class TriangularCondition(Condition):
    """g W - I is triangular and Hurwitz, with the neurons in the order given.

    The majorant A of Theorem 1 is triangular too, its eigenvalues are max(0, g W_ii) < 1, so (I - A)^-1 1 > 0: the
    determinant of I - A is the product of its diagonal (identity), and Theorem 1's identities do the rest.
    """

    name = "theorem 4"
    asks = "g W - I is triangular and Hurwitz"
    source = "Kozachkov, Ennis & Slotine, Theorem 4"

    @override
    def supremum(self, network: Network) -> Supremum | None:
        return _FIRST.supremum(network) if _triangular(network) else None

    @override
    def prove(self, network: Network, rate: float) -> AbsoluteWeights | None:
        return _FIRST.prove(network, rate) if _triangular(network) else None

    @override
    def refuted(self, network: Network) -> bool:
        """W is not triangular, or a diagonal entry of g W is one at least."""
        return not _triangular(network) or any(e >= 1 for e in network.exact.gained.diagonal_entries())

    @override
    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
        lower = sp.Matrix(size, size, lambda i, j: sp.Symbol(f"A_{i + 1}{j + 1}") if i >= j else 0)
        remaining = sp.eye(size) - lower
        product = sp.prod(remaining[i, i] for i in range(size))
        return (sp.Matrix([[sp.expand(remaining.det() - product)]]),)


_FIRST = AbsoluteWeightsCondition()


def _triangular(network: Network) -> bool:
    return not np.triu(network.weights, 1).any() or not np.tril(network.weights, -1).any()
