"""That the multiplier LMI has no solution: its dual, a few frequencies and a complex vector for each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import flint
from typing_extensions import override

from theory.contraction.claims.claim import Claim, Document, Units, divided, multiplied, number, numbers
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork


@dataclass(frozen=True)
class Frequency:
    """z = cos + i sin on the unit circle, and a vector w = real + i imaginary."""

    cos: flint.fmpq
    sin: flint.fmpq
    real: tuple[flint.fmpq, ...]
    imaginary: tuple[flint.fmpq, ...]

    def on_circle(self, size: int) -> bool:
        """Whether |z| = 1, and the vector has this many entries."""
        return bool(self.cos**2 + self.sin**2 == 1) and len(self.real) == len(self.imaginary) == size

    def rescaled(self, units: Units, turn: Callable[[Units, Units], Units]) -> "Frequency":
        """The vector in other units: `multiplied` or `divided`."""
        return replace(self, real=turn(self.real, units), imaginary=turn(self.imaginary, units))

    def document(self) -> Document:
        """Both, as JSON knows them."""
        return {
            "cos": number(self.cos),
            "sin": number(self.sin),
            "real": numbers(self.real),
            "imaginary": numbers(self.imaginary),
        }


@dataclass(frozen=True)
class Correlation:
    """Sums over all vectors w at one z: those of Re(conj(w_i) (M w)_i), `even`, and of the imaginary parts, `odd`."""

    cos: flint.fmpq
    sin: flint.fmpq
    even: tuple[flint.fmpq, ...]
    odd: tuple[flint.fmpq, ...]


def correlations(terms: tuple[Frequency, ...], matrix: ExactMatrix) -> Iterator[Correlation]:
    """Those of every z, by one exact product of matrices: its integers are multiplied and added up as integers."""
    vectors, below = ExactMatrix.of([part for term in terms for part in (term.real, term.imaginary)]).integers()
    images, under = ExactMatrix(flint.fmpq_mat(vectors) * matrix.entries.transpose()).integers()
    pairs = list(zip(vectors.tolist(), images.tolist(), strict=True))
    places: dict[tuple[str, str], list[int]] = {}
    for place, term in enumerate(terms):
        places.setdefault((str(term.cos), str(term.sin)), []).append(place)
    scale = flint.fmpq(1, below * below * under)
    for here in places.values():
        even, odd = ([flint.fmpz(0)] * matrix.shape[0] for _ in range(2))
        for place in here:
            (real, real_image), (imaginary, imaginary_image) = pairs[2 * place], pairs[2 * place + 1]
            for i, (a, b, c, d) in enumerate(zip(real, imaginary, real_image, imaginary_image, strict=True)):
                even[i] += a * c + b * d
                odd[i] += a * d - b * c
        first = terms[here[0]]
        yield Correlation(first.cos, first.sin, tuple(scale * x for x in even), tuple(scale * x for x in odd))


def squares(terms: tuple[Frequency, ...]) -> list[flint.fmpq]:
    """The sum of |w_i|^2 over all vectors, for every i."""
    whole, below = ExactMatrix.of([part for term in terms for part in (term.real, term.imaginary)]).integers()
    columns = zip(*whole.tolist(), strict=True)
    return [flint.fmpq(sum(x * x for x in column), below * below) for column in columns]


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
        matrix = network.gained.T if _turned(network) else network.gained
        moving = [(1 - self.rate * slowest) * tau / slowest for tau in time_constants]
        if not all(term.on_circle(size) for term in self.terms):
            return False
        left, right = [flint.fmpq(0)] * size, squares(self.terms)
        for each in correlations(self.terms, matrix):
            z_real, z_imaginary = 1 + each.cos, each.sin
            for i, (even, odd) in enumerate(zip(each.even, each.odd, strict=True)):
                # C_i = (1 + z) / below, below = k_i (1 + z) + k_s (tau_i / s) (1 - z)
                below = static[i] * z_real + moving[i] * (1 - each.cos), (static[i] - moving[i]) * each.sin
                size_of = below[0] ** 2 + below[1] ** 2
                cos = (z_real * below[0] + z_imaginary * below[1]) / size_of
                sin = (z_imaginary * below[0] - z_real * below[1]) / size_of
                left[i] += cos * even - sin * odd
        return any(weight > 0 for weight in right) and all(a >= b for a, b in zip(left, right, strict=True))

    @override
    def rescaled(self, network: ExactNetwork, units: Units) -> "NoMultiplierMetric":
        turn = multiplied if _turned(network) else divided
        return replace(self, terms=tuple(term.rescaled(units, turn) for term in self.terms))

    @override
    def document(self) -> Document:
        terms = [term.document() for term in self.terms]
        return {"claim": "no multiplier metric", "rate": number(self.rate), "terms": terms}


def _turned(network: ExactNetwork) -> bool:
    """Whether M stands for M^T: in rate form, where time constants differ."""
    return network.form.slopes_multiply_rows and len(set(network.leaks.diagonal_entries())) > 1
