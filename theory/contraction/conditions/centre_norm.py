"""The norm bound about the middle of the slopes, of flows and of maps: what costs little where slopes are ranges."""

import numpy as np
import sympy as sp
from typing_extensions import override

from theory.contraction.claims.claim import Claim
from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.claims.step_multiplier import StepMultiplier
from theory.contraction.conditions.condition import Condition, Supremum, vector
from theory.contraction.exact_matrix import ExactMatrix, rational, short
from theory.contraction.network import LeakyMap, Network, Vector

_PRECISION = 1e-5
_FURTHEST = 2.0**20


class CentreNorm(Condition):
    """The Euclidean norm of F at the middle slopes, and that of how far slopes take it from there, add up to below one.

    With slopes m + r D, D in [-1, 1]: F x = F_m x + B D C x, |C| |B| = beta, and by Young's inequality

        |F_m x + B u|^2 <= (alpha + beta) (|F_m x|^2 / alpha + |B u|^2 / beta) <= (alpha + beta)^2 |x|^2

    for |u| <= |C x|; the first step leaves a square (identity). Of a flow, the logarithmic norm at the middle plus
    beta is below zero, as 2 beta |x| |u| <= beta (|x|^2 + |u|^2). Both are multipliers with P = I and Q a number.
    """

    name = "norm about the centre"
    asks = "|F| at the middle slopes plus |A W R|, R the radii of the slopes, is below 1; of flows logarithmic norms"
    source = "the contraction mapping principle and the small-gain theorem"

    @override
    def supremum(self, network: Network) -> Supremum | None:
        rate = self._rate(network)
        return Supremum(rate, self._gain(network)) if rate > 0 else None

    @override
    def prove(self, network: Network, rate: float) -> Claim | None:
        kind = StepMultiplier if isinstance(network, LeakyMap) else Multiplier
        spread = self._norms(network)[1] + max(self._rate(network) - rate, 0.0) / 2
        weight = 2 * (1 - rate) * spread if network.form.discrete else 2 * spread
        if network.form.slopes_multiply_rows:
            weight /= 4 * self._sensed(network) ** 2
        if not 0 < weight < np.inf:
            return None
        identity = ExactMatrix.identity(network.size)
        claim = kind(rational(rate), identity, rational(short(weight, bits=40)) * identity)
        return claim if claim.holds(network.exact) else None

    @override
    def refuted(self, network: Network) -> bool:
        """Norms are known in floating point alone."""
        return False

    @override
    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
        moved, pushed = vector("f", size), vector("b", size)
        alpha, beta = (sp.Symbol(name, positive=True) for name in ("alpha", "beta"))
        whole = (alpha + beta) * ((moved.T * moved)[0] / alpha + (pushed.T * pushed)[0] / beta)
        left = beta * moved - alpha * pushed
        square = (left.T * left)[0] / (alpha * beta)
        total = moved + pushed
        return (sp.Matrix([[sp.simplify(whole - square - (total.T * total)[0])]]),)

    def _rate(self, network: Network) -> float:
        alpha, beta = self._norms(network)
        return 1 - alpha - beta if network.form.discrete else -alpha - beta

    def _gain(self, network: Network) -> float:
        """The last gain, of those that double and halve, at which it holds, to 1e-5; one where it fails at one."""
        low, high = 1.0, 2.0
        while high < _FURTHEST and self._rate(network.with_gain(high)) > 0:
            low, high = high, 2 * high
        if high >= _FURTHEST:
            return float("inf")
        while high - low > _PRECISION * high:
            middle = (low + high) / 2
            low, high = (middle, high) if self._rate(network.with_gain(middle)) > 0 else (low, middle)
        return low

    def _norms(self, network: Network) -> tuple[float, float]:
        """alpha, of a flow a logarithmic norm, and beta."""
        middle = network.jacobian(np.full(network.size, 0.5))
        pace = 1 / network.time_constants
        if network.form.slopes_multiply_rows:
            beta = float(pace.max()) * self._sensed(network)
        else:
            beta = float(np.linalg.norm(pace[:, None] * network.weights * self._radii(network), 2))
        if network.form.discrete:
            return float(np.linalg.norm(np.eye(network.size) + middle, 2)), beta
        return float(np.linalg.eigvalsh((middle + middle.T) / 2)[-1]), beta

    def _sensed(self, network: Network) -> float:
        """|R W|."""
        return float(np.linalg.norm(self._radii(network)[:, None] * network.weights, 2))

    @staticmethod
    def _radii(network: Network) -> Vector:
        least, most = (network.slopes_at(np.full(network.size, end)) for end in (0.0, 1.0))
        return (most - least) / 2


CENTRE_NORM = CentreNorm()
