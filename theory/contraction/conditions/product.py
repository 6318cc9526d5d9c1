"""Theorem 3: minus a product of a diagonal, a positive definite and a diagonal matrix."""

from itertools import combinations

import numpy as np
import sympy as sp
from typing_extensions import override

from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.conditions.condition import Condition, Supremum, diagonal, generic_symmetric
from theory.contraction.conditions.scaled_symmetric import closed_form, symmetrising_scaling
from theory.contraction.network import Network


class ProductCondition(Condition):
    """W = -P1 Q P2: rate one, at every slope, in the metric (P1 Q P1)^-1 (voltage) or P2 Q P2 (rate form).

    With N = P1 Q P1, J N + N J^T + 2 N = -2 P1 Q (P2 D P1) Q P1 <= 0 in voltage form; with M = P2 Q P2,
    M J + J^T M + 2 M = -2 P2 Q (P2 D P1) Q P2 <= 0 in rate form. Both are identities. The paper names the first
    metric for both forms; in rate form it fails (`tests/theory/contraction/test_product.py`). Rate one is attained;
    the claim made is strict, a little below.
    """

    name = "theorem 3"
    asks = "W = -P1 Q P2 with P1, P2 diagonal, Q symmetric, all positive definite, and all time constants are one"
    source = "Kozachkov, Ennis & Slotine, Theorem 3; the metric in rate form derived here"

    @override
    def supremum(self, network: Network) -> Supremum | None:
        return Supremum(1.0, np.inf) if _top(network) < 0 else None

    @override
    def prove(self, network: Network, rate: float) -> Multiplier | None:
        scaling = symmetrising_scaling(network.gained)
        if scaling is None or rate >= 1 or _top(network) >= 0:
            return None
        return closed_form(network, scaling, rate, (1 - rate) / 2)

    @override
    def refuted(self, network: Network) -> bool:
        """A sign, a cycle of three or a leading minor that no such product has, or time constants that are not one."""
        if not network.uniform:
            return True
        weights = network.exact.weights.entries
        size = network.size
        if any(weights[i, i] >= 0 for i in range(size)):
            return True
        for i, j in combinations(range(size), 2):
            forth, back = weights[i, j], weights[j, i]
            if forth * back < 0 or (forth == 0) != (back == 0):
                return True
        for i, j, k in combinations(range(size), 3):
            if weights[i, j] * weights[j, k] * weights[k, i] != weights[i, k] * weights[k, j] * weights[j, i]:
                return True
        minus = (-network.exact.weights).rows()
        return any(type(weights)([row[:count] for row in minus[:count]]).det() <= 0 for count in range(1, size + 1))

    @override
    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
        first, second, slopes = diagonal("a", size), diagonal("b", size), diagonal("d", size)
        middle, one = generic_symmetric("Q", size), sp.eye(size)
        weights, meeting = -first * middle * second, second * slopes * first
        inverse = first * middle * first
        voltage = (-one + weights * slopes) * inverse
        metric = second * middle * second
        rate = metric * (-one + slopes * weights)
        return (
            (voltage + voltage.T + 2 * inverse + 2 * first * middle * meeting * middle * first).expand(),
            (rate + rate.T + 2 * metric + 2 * second * middle * meeting * middle * second).expand(),
        )


def _top(network: Network) -> float:
    """The largest eigenvalue of the symmetrised M; infinite where there is none."""
    scaling = symmetrising_scaling(network.gained)
    if scaling is None or not network.uniform:
        return np.inf
    scaled = scaling[:, None] * network.gained / scaling
    return float(np.linalg.eigvalsh((scaled + scaled.T) / 2)[-1])
