"""Theorem 5: singular values in a diagonal metric."""

import numpy as np
import sympy as sp
from typing_extensions import override

from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.conditions.condition import Condition, Supremum, diagonal, generic, vector
from theory.contraction.definite import is_positive_semidefinite
from theory.contraction.exact_matrix import ExactMatrix, exact_vector, on_grid, rational, to_digits
from theory.contraction.form import FORMS
from theory.contraction.network import Network, Vector
from theory.contraction.search.memo import remembered
from theory.contraction.search.scaled_norm import minimise_norm

_minimised = remembered(minimise_norm)


class SingularCondition(Condition):
    """M^T P M <= s^2 P with P diagonal and s < 1: rate (1 - s) / tau_max in the metric T P, in both forms.

    With f = M D or D M, 2 s x^T P x - 2 x^T P f x = |sqrt(s) x - f x / sqrt(s)|_P^2 + (s x^T P x - (f x)^T P f x / s)
    (identity), and the last bracket is not negative: D does not lengthen in a diagonal metric, and M lengthens by s
    at most. As a multiplier:
    Q = s P in voltage, P / s in rate form.
    """

    name = "theorem 5"
    asks = "g^2 W^T P W < P for some positive diagonal P"
    source = "Kozachkov, Ennis & Slotine, Theorem 5"

    @override
    def supremum(self, network: Network) -> Supremum | None:
        value = _minimised(network.gained).value
        rate = (1 - value) * network.slowest_leak
        return Supremum(rate, 1 / value if value > 0 else np.inf)

    @override
    def prove(self, network: Network, rate: float) -> Multiplier | None:
        return self.prove_in(network, _minimised(network.gained).scaling ** 2, rate)

    def prove_in(self, network: Network, diagonal: Vector, rate: float) -> Multiplier | None:
        """The claim in a given metric, T times this diagonal."""
        norm = 1 - rate / network.slowest_leak
        if norm <= 0:
            return None
        scaled = to_digits(diagonal, bits=40)
        gained, plain = network.exact.gained, ExactMatrix.diagonal(scaled.tolist())
        if not is_positive_semidefinite(rational(norm) ** 2 * plain - gained.T @ plain @ gained):
            return None  # these P and Q may satisfy the multiplier LMI all the same, which asks for less
        multiplier = to_digits(scaled * norm**network.form.power, bits=40)
        metric = ExactMatrix.diagonal(
            p * rational(tau) for p, tau in zip(exact_vector(scaled), network.time_constants.tolist(), strict=True)
        )
        claim = Multiplier(rational(rate), metric, ExactMatrix.diagonal(multiplier.tolist()))
        return claim if claim.holds(network.exact) else None

    @override
    def refuted(self, network: Network) -> bool:
        """Vectors z with sum (M z)_i^2 >= sum z_i^2 in every entry: no diagonal P can have M^T P M < P."""
        found = _minimised(network.gained)
        vectors = on_grid((found.vectors / found.scaling), bits=48)
        terms = [exact_vector(row) for row in vectors.tolist() if np.abs(row).max() > 0]
        images = [network.exact.gained.times(term) for term in terms]
        return bool(terms) and all(
            sum(image[i] ** 2 for image in images) >= sum(term[i] ** 2 for term in terms) for i in range(network.size)
        )

    @override
    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
        s = sp.Symbol("s", positive=True)
        metric, slopes, gained, x = diagonal("p", size), diagonal("d", size), generic("M", size), vector("x", size)
        zeros = []
        for form in FORMS:
            image = form.sloped(gained, slopes) * x
            total = (2 * s * x.T * metric * x - 2 * x.T * metric * image)[0]
            square = sp.sqrt(s) * x - image / sp.sqrt(s)
            spare = (s * x.T * metric * x - image.T * metric * image / s)[0]
            zeros.append(sp.expand(total - (square.T * metric * square)[0] - spare))
        return (sp.Matrix(zeros),)
