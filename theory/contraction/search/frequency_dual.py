"""From a search to a claim that the multiplier LMI has no solution.

The dual in short rationals, returned only if it proves it.
"""

import numpy as np
from jaxtyping import Complex

from theory.contraction.claims.no_multiplier import Frequency, NoMultiplierMetric
from theory.contraction.exact_matrix import Number, rational
from theory.contraction.network import Network
from theory.contraction.search.parabola import ParabolaSearch, minimise_parabola

_BITS = (24, 40)


def refute_multiplier(
    network: Network, rate: Number, search: ParabolaSearch | None = None
) -> NoMultiplierMetric | None:
    """A proof that no P and Q give a rate above `rate`; None where none was found and time constants are not one.

    `search` is that of `network.gained`, made here if it is not given.

    >>> from theory.contraction import VOLTAGE, network
    >>> refute_multiplier(network(np.array([[0.0, -2.1], [2.1, 0.0]]), VOLTAGE), 0) is None
    False
    """
    exact_rate = rational(rate)
    level = 1 - int(exact_rate.p) / int(exact_rate.q)
    if not network.uniform:
        return None
    search = search or minimise_parabola(network.gained)
    if search.lower < level * (1 - 1e-9):
        return None
    for bits in _BITS:
        vectors = _short(search.vectors, bits)
        terms = tuple(_frequency(t, w) for t, w in zip(search.tangents.tolist(), vectors.T, strict=True))
        claim = NoMultiplierMetric(exact_rate, terms)
        if claim.holds(network.exact):
            return claim
    return None


def _short(vectors: Complex[np.ndarray, "n columns"], bits: int) -> Complex[np.ndarray, "n columns"]:
    """Every row to `bits` binary digits of its largest entry: neurons have units of their own."""
    largest = np.maximum(np.abs(vectors.real), np.abs(vectors.imag)).max(axis=1, initial=0.0)
    shift = (np.frexp(largest)[1] - bits)[:, None]
    real, imaginary = (np.ldexp(np.round(np.ldexp(part, -shift)), shift) for part in (vectors.real, vectors.imag))
    return real + 1j * imaginary


def _frequency(tangent: float, vector: Complex[np.ndarray, " n"]) -> Frequency:
    t = rational(tangent)
    length = 1 + t * t
    return Frequency(
        (1 - t * t) / length,
        2 * t / length,
        tuple(rational(entry) for entry in vector.real.tolist()),
        tuple(rational(entry) for entry in vector.imag.tolist()),
    )
