"""Theorem 2: symmetric weights."""

import numpy as np
import sympy as sp
from typing_extensions import override

from theory.contraction.claims.multiplier import Multiplier, multiplier_blocks
from theory.contraction.conditions.condition import Condition, Supremum, generic_symmetric
from theory.contraction.conditions.scaled_symmetric import closed_form, symmetrising_scaling
from theory.contraction.exact_matrix import exact_vector
from theory.contraction.form import RATE
from theory.contraction.network import Matrix, Network, Vector


class SymmetricCondition(Condition):
    """W = W^T and g W < I: best rate exactly 1 - lambda_max(g W), one where that is not positive.

    Symbols: S symmetric stands for sqrt(k^2 - k W), so W = k - S^2 / k and theta = (k + S)^2 / k. The Schur
    complements of the multiplier LMI in both forms, at P = theta^-1 (multiplied by theta from both sides) and P =
    theta, with Q = I, vanish; so the LMI holds with >= 0 at k = lambda_max, and at the slopes g the Jacobian has the
    eigenvalue lambda_max - 1: no rate is better.
    """

    name = "theorem 2"
    asks = "W is symmetric, g W < I, and all time constants are one"
    source = "Kozachkov, Ennis & Slotine, Theorem 2; metric and best rate derived here"

    def scaling(self, network: Network) -> Vector | None:
        """d with d M d^-1 = sqrt(G) W sqrt(G); None where W is not symmetric, or time constants are not one."""
        if not network.uniform or (network.weights != network.weights.T).any():
            return None
        return np.sqrt(network.slopes) ** network.form.power

    @override
    def supremum(self, network: Network) -> Supremum | None:
        scaling = self.scaling(network)
        if scaling is None:
            return None
        largest = float(np.linalg.eigvalsh(_scaled(network, scaling))[-1])
        return Supremum(1 - max(largest, 0.0), 1 / largest if largest > 0 else np.inf)

    @override
    def prove(self, network: Network, rate: float) -> Multiplier | None:
        scaling = self.scaling(network)
        if scaling is None or rate >= 1:
            return None
        largest = max(float(np.linalg.eigvalsh(_scaled(network, scaling))[-1]), 0.0)
        middle = (largest + 1 - rate) / 2
        return closed_form(network, scaling, rate, middle) if largest < 1 - rate else None

    @override
    def refuted(self, network: Network) -> bool:
        """W is not symmetric, time constants are not one, or v^T W v >= v^T G^-1 v for some v."""
        scaling = self.scaling(network)
        if scaling is None:
            return True
        exact = network.exact
        eigenvector = np.linalg.eigh(_scaled(network, scaling))[1][:, -1] * np.sqrt(network.slopes)
        entries = exact_vector(eigenvector.tolist())
        pull = sum(a * b for a, b in zip(entries, exact.weights.times(entries), strict=True))
        slopes = exact.slopes.diagonal_entries()
        return bool(pull >= sum(a * a / g for a, g in zip(entries, slopes, strict=True)))

    @override
    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
        k, one, root = sp.Symbol("k", positive=True), sp.eye(size), generic_symmetric("S", size)
        weights = k * one - root * root / k
        theta = (k * one + root) * (k * one + root) / k
        top, corner, bottom = multiplier_blocks(RATE, weights, one, metric=theta, multiplier=one, rate=1 - k)
        rate = top - corner * bottom.inv() * corner.T
        # voltage: theta (2 k P - (P W + I) (P W + I)^T / 2) theta with P = theta^-1, and theta commutes with W
        voltage = 2 * k * theta - (weights + theta) * (weights + theta).T / 2
        return rate.applyfunc(sp.expand), voltage.applyfunc(sp.expand), (theta * weights - weights * theta).expand()


class SymmetrisedCondition(SymmetricCondition):
    """The same of d W d^-1 for some diagonal d > 0: of symmetric weights with neurons in units of their own."""

    name = "theorem 2, rescaled"
    asks = "d g W d^-1 is symmetric for some diagonal d > 0, with eigenvalues below 1, and all time constants are one"

    @override
    def scaling(self, network: Network) -> Vector | None:
        return symmetrising_scaling(network.gained) if network.uniform else None

    @override
    def refuted(self, network: Network) -> bool:
        """Time constants are not one; else what is said of symmetric weights does not refute it."""
        return not network.uniform


def _scaled(network: Network, scaling: Vector) -> Matrix:
    scaled = scaling[:, None] * network.gained / scaling
    return (scaled + scaled.T) / 2
