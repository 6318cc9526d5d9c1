"""The norm bound of a map, and the same with neurons in units of their own: diagonal Schur stability."""

import numpy as np
import sympy as sp
from typing_extensions import override

from theory.contraction.claims.step_multiplier import StepMultiplier
from theory.contraction.conditions.condition import symbols
from theory.contraction.conditions.registry import SINGULAR
from theory.contraction.conditions.step_condition import StepCondition, as_map
from theory.contraction.exact_matrix import ExactMatrix, exact_vector, rational, to_digits
from theory.contraction.network import LeakyMap, Network, Vector
from theory.contraction.search.memo import remembered
from theory.contraction.search.scaled_norm import minimise_norm

_minimised = remembered(minimise_norm)


class StepDiagonalCondition(StepCondition):
    """M^T V M <= s^2 V with V diagonal and s < 1: factor 1 - a (1 - s), a the least leak, in both forms.

    With k = 1 - a, P = V / (a (k + a s)) and y what the nonlinearities do to M x, or M times what they do to x,

        (k + a s)^2 p x^2 - p (k x + a y)^2 = p k a s (x - y / s)^2 + v (s x^2 - y^2 / s)

    neuron by neuron (identity), and the sum of the last is not negative: slopes do not lengthen in a diagonal metric,
    and M by s at most. As a multiplier: Q = s V in the voltage-like, V / s in the rate-like form.
    """

    name = "diagonal metric"
    asks = "g^2 W^T V W < V for some positive diagonal V: a spectral norm below 1 in units of the neurons' own"
    source = "diagonal Schur stability (Kaszkurewicz & Bhaya); the factor with leaks derived here"

    def scaling(self, asked: LeakyMap) -> Vector:
        """d with V = d^2."""
        return _minimised(asked.gained).scaling

    def norm(self, asked: LeakyMap) -> float:
        """The least s."""
        return _minimised(asked.gained).value

    @override
    def rate(self, asked: LeakyMap) -> float | None:
        return (1 - self.norm(asked)) * asked.slowest_leak

    @override
    def reach(self, asked: LeakyMap, rate: float) -> float:
        room, norm = 1 - rate / asked.slowest_leak, self.norm(asked)
        return 0.0 if room <= 0 else room / norm if norm > 0 else np.inf

    @override
    def prove_step(self, asked: LeakyMap, rate: float) -> StepMultiplier | None:
        room, norm = 1 - rate / asked.slowest_leak, self.norm(asked)
        if not norm < room:
            return None
        middle = rational(to_digits(np.array([(norm + room) / 2]), bits=40).item())
        squares = exact_vector(to_digits(self.scaling(asked) ** 2, bits=40))
        metric = [v / (a * (1 - a + a * middle)) for v, a in zip(squares, exact_vector(asked.leaks), strict=True)]
        claim = StepMultiplier(
            rational(rate),
            ExactMatrix.diagonal(metric),
            ExactMatrix.diagonal(v * middle**asked.form.power for v in squares),
        )
        return claim if claim.holds(asked.exact) else None

    @override
    def refuted(self, network: Network) -> bool:
        """Vectors z with sum (M z)_i^2 >= sum z_i^2 in every entry: no diagonal V can have M^T V M < V."""
        return SINGULAR.refuted(network)

    @override
    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
        zeros = []
        for a, v, x, y in zip(*(symbols(name, size) for name in "avxy"), strict=True):
            s = sp.Symbol("s", positive=True)
            k, factor = 1 - a, 1 - a + a * s
            p = v / (a * factor)
            shrunk = factor**2 * p * x**2 - p * (k * x + a * y) ** 2
            zeros.append(sp.simplify(shrunk - p * k * a * s * (x - y / s) ** 2 - v * (s * x**2 - y**2 / s)))
        return (sp.Matrix(zeros),)


class NormBoundCondition(StepDiagonalCondition):
    """The same with V = I: the spectral norm of g W is below one."""

    name = "norm bound"
    asks = "|g W| < 1, the spectral norm"
    source = "the contraction mapping principle; the factor with leaks derived here"

    @override
    def scaling(self, asked: LeakyMap) -> Vector:
        return np.ones(asked.size)

    @override
    def norm(self, asked: LeakyMap) -> float:
        return float(np.linalg.norm(asked.gained, 2))

    @override
    def refuted(self, network: Network) -> bool:
        """A vector v with |M v| >= |v|."""
        asked = as_map(network)
        longest = exact_vector(np.linalg.svd(asked.gained)[2][0])
        image = asked.exact.gained.times(longest)
        return bool(sum(each * each for each in image) >= sum(each * each for each in longest))
