"""That the multiplier LMI has no solution: its dual, a few frequencies and a complex vector for each."""

from dataclasses import dataclass

import flint
from typing_extensions import override

from theory.contraction.claims.claim import Claim, Document, number, numbers
from theory.contraction.exact_matrix import ExactMatrix
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
    """No P and Q prove a rate above `rate` by the multiplier LMI; for time constants of one.

    Feasible P, Q at k = 1 - rate have Re(w^* Q (1 + z) M w) < 2 k w^* Q w for every |z| = 1 and w != 0: put x = (k +
    i omega)^-1 M w into the LMI, where k / (k + i omega) = (1 + z) / 2, and P drops out. Here the reverse holds,
    summed, for every diagonal Q.
    """

    terms: tuple[Frequency, ...]

    @override
    def proved(self, network: ExactNetwork) -> bool:
        size = network.weights.shape[0]
        if not 0 <= self.rate < 1 or network.leaks != ExactMatrix.identity(size) or not self.terms:
            return False
        left, right = [flint.fmpq(0)] * size, [flint.fmpq(0)] * size
        for term in self.terms:
            if term.cos**2 + term.sin**2 != 1 or len(term.real) != size or len(term.imaginary) != size:
                return False
            real, imaginary = (network.gained.times(part) for part in (term.real, term.imaginary))
            for i, (a, b) in enumerate(zip(term.real, term.imaginary, strict=True)):
                # Re(conj(w_i) (1 + z) (M w)_i)
                turned = (1 + term.cos) * real[i] - term.sin * imaginary[i]
                turned_imaginary = (1 + term.cos) * imaginary[i] + term.sin * real[i]
                left[i] += a * turned + b * turned_imaginary
                right[i] += a * a + b * b
        k = 1 - self.rate
        return any(weight > 0 for weight in right) and all(a >= 2 * k * b for a, b in zip(left, right, strict=True))

    @override
    def document(self) -> Document:
        terms = [term.document() for term in self.terms]
        return {"claim": "no multiplier metric", "rate": number(self.rate), "terms": terms}
