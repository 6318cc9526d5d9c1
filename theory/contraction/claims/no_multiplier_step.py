"""That a map's multiplier LMI has no solution: its dual, a few points of a circle and a complex vector for each."""

from dataclasses import dataclass, replace

import flint
from typing_extensions import override

from theory.contraction.claims.claim import Document, Units, divided, multiplied, number
from theory.contraction.claims.no_multiplier import Frequency, correlations, squares
from theory.contraction.claims.step_claim import StepClaim
from theory.contraction.network import ExactNetwork


@dataclass(frozen=True)
class NoMultiplierStep(StepClaim):
    """No P and Q prove the factor rho = 1 - `rate` by the multiplier LMI, nor a smaller one.

    Of a map of one leak a, with k = 1 - a and z = rho (rho + k zeta) / (k + rho zeta), of modulus rho where |zeta| = 1,
    put x = (z - k)^-1 a M w into the LMI, where a / (z - k) = a (k + rho zeta) / (rho^2 - k^2): then F x = z x and P
    drops out. Feasible P, Q have Re(w^* Q (k + rho zeta) M w) < (rho^2 - k^2) / a w^* Q w for every w != 0. Here the
    reverse holds, summed, for every diagonal Q.

    Where leaks differ z = rho zeta, x = (z I - K)^-1 A M w with K = I - A, and Re(w^* Q C M w) < w^* Q w with C_i =
    a_i / (z - k_i); in rate-like form M stands for M^T, as the LMI for M and P, Q is that in voltage-like form for M^T
    and A P^-1 A, Q^-1.
    """

    terms: tuple[Frequency, ...]

    @override
    def proved(self, network: ExactNetwork) -> bool:
        size = network.weights.shape[0]
        leaks = network.leaks.diagonal_entries()
        leak, keep, factor = leaks[0], 1 - leaks[0], self.factor
        if not 1 - min(leaks) < factor <= 1 or not self.terms:
            return False
        if not all(term.on_circle(size) for term in self.terms):
            return False
        if _mixed(network):
            return self._proved_of_filters(network)
        left, right = [flint.fmpq(0)] * size, squares(self.terms)
        for each in correlations(self.terms, network.gained):
            # Re(conj(w_i) (k + rho zeta) (M w)_i), added up
            cos, sin = keep + factor * each.cos, factor * each.sin
            left = [total + cos * a - sin * b for total, a, b in zip(left, each.even, each.odd, strict=True)]
        level = (factor**2 - keep**2) / leak
        return any(weight > 0 for weight in right) and all(a >= level * b for a, b in zip(left, right, strict=True))

    def _proved_of_filters(self, network: ExactNetwork) -> bool:
        leaks = network.leaks.diagonal_entries()
        left, right = [flint.fmpq(0)] * len(leaks), squares(self.terms)
        matrix = network.gained.T if network.form.slopes_multiply_rows else network.gained
        for each in correlations(self.terms, matrix):
            for i, (leak, even, odd) in enumerate(zip(leaks, each.even, each.odd, strict=True)):
                # C_i = a_i / (real + i imaginary)
                real, imaginary = self.factor * each.cos - (1 - leak), self.factor * each.sin
                left[i] += leak * (real * even + imaginary * odd) / (real**2 + imaginary**2)
        return any(weight > 0 for weight in right) and all(a >= b for a, b in zip(left, right, strict=True))

    @override
    def rescaled(self, network: ExactNetwork, units: Units) -> "NoMultiplierStep":
        turn = multiplied if _mixed(network) and network.form.slopes_multiply_rows else divided
        return replace(self, terms=tuple(term.rescaled(units, turn) for term in self.terms))

    @override
    def document(self) -> Document:
        return {
            "claim": "no multiplier metric",
            "factor": number(self.factor),
            "terms": [term.document() for term in self.terms],
        }


def _mixed(network: ExactNetwork) -> bool:
    return len(set(network.leaks.diagonal_entries())) > 1
