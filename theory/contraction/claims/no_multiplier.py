"""That the multiplier LMI has no solution: its dual, a few frequencies and a complex vector for each."""

from dataclasses import dataclass

import flint
from typing_extensions import override

from theory.contraction.claims.claim import Claim, Document, number, numbers
from theory.contraction.network import ExactNetwork


@dataclass(frozen=True)
class Frequency:
    """z = cos + i sin on the unit circle, and a vector w = real + i imaginary."""

    cos: flint.fmpq
    sin: flint.fmpq
    real: tuple[flint.fmpq, ...]
    imaginary: tuple[flint.fmpq, ...]

    def document(self) -> Document:
        """Both, as JSON knows them."""
        return {
            "cos": number(self.cos),
            "sin": number(self.sin),
            "real": numbers(self.real),
            "imaginary": numbers(self.imaginary),
        }


@dataclass(frozen=True)
class NoMultiplierMetric(Claim):
    """No P and Q prove a rate above `rate` by the multiplier LMI.

    Feasible P, Q have Re(w^* Q C M w) < w^* Q w, C = (I - c T + i omega T)^-1, for every omega and w != 0: put x = C M
    w into the LMI, and P drops out. Here the reverse holds, summed, for every diagonal Q. With s the largest time
    constant and k_i = 1 - c tau_i, i omega = (k_s / s) (1 - z) / (1 + z), so that C_i = (1 + z) / (k_i (1 + z) + k_s
    (tau_i / s) (1 - z)): for time constants of one C = (1 + z) / (2 k). In rate form the LMI for
    M and P, Q is that in voltage form for M^T and T P^-1 T, Q^-1; M stands for M^T where time constants differ.
    """

    terms: tuple[Frequency, ...]

    @override
    def proved(self, network: ExactNetwork) -> bool:
        size = network.weights.shape[0]
        time_constants = [1 / leak for leak in network.leaks.diagonal_entries()]
        slowest = max(time_constants)
        if not 0 <= self.rate * slowest < 1 or not self.terms:
            return False
        static = [1 - self.rate * tau for tau in time_constants]
        matrix = network.gained if len(set(time_constants)) == 1 else network.form.as_voltage(network.gained)
        moving = [(1 - self.rate * slowest) * tau / slowest for tau in time_constants]
        left, right = [flint.fmpq(0)] * size, [flint.fmpq(0)] * size
        for term in self.terms:
            if term.cos**2 + term.sin**2 != 1 or len(term.real) != size or len(term.imaginary) != size:
                return False
            real, imaginary = (matrix.times(part) for part in (term.real, term.imaginary))
            for i, (a, b) in enumerate(zip(term.real, term.imaginary, strict=True)):
                # Re(conj(w_i) (1 + z) (M w)_i / below), below = k_i (1 + z) + k_s (tau_i / s) (1 - z)
                below = static[i] * (1 + term.cos) + moving[i] * (1 - term.cos), (static[i] - moving[i]) * term.sin
                size_of = below[0] ** 2 + below[1] ** 2
                cos = ((1 + term.cos) * below[0] + term.sin * below[1]) / size_of
                sin = (term.sin * below[0] - (1 + term.cos) * below[1]) / size_of
                left[i] += a * (cos * real[i] - sin * imaginary[i]) + b * (cos * imaginary[i] + sin * real[i])
                right[i] += a * a + b * b
        return any(weight > 0 for weight in right) and all(a >= b for a, b in zip(left, right, strict=True))

    @override
    def document(self) -> Document:
        terms = [term.document() for term in self.terms]
        return {"claim": "no multiplier metric", "rate": number(self.rate), "terms": terms}
