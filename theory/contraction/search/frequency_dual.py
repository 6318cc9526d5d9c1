"""From a search to a claim that the multiplier LMI has no solution.

The dual in short rationals, returned only if it proves it.
"""

from collections.abc import Iterator

import flint
import numpy as np
from jaxtyping import Complex

from theory.contraction.claims.no_multiplier import Frequency, NoMultiplierMetric
from theory.contraction.exact_matrix import Number, rational
from theory.contraction.network import Network
from theory.contraction.search.filters import LowPass
from theory.contraction.search.smallest_conic import ConicSearch, smallest_conic
from theory.contraction.search.unequal import unequal_searches

_BITS = (24, 40)


def refute_multiplier(network: Network, rate: Number, search: ConicSearch | None = None) -> NoMultiplierMetric | None:
    """A proof that no P and Q give a rate above `rate`; None where none was found .

    `search` is that of `network.gained`, made here if it is not given; for time constants other than one it is made at
    this rate.

    >>> from theory.contraction import VOLTAGE, network
    >>> refute_multiplier(network(np.array([[0.0, -2.1], [2.1, 0.0]]), VOLTAGE), 0) is None
    False
    """
    exact_rate = rational(rate)
    value = int(exact_rate.p) / int(exact_rate.q)
    scale = 1.0
    if network.uniform:
        search, level = search or smallest_conic(network.gained), 1 - value
    else:
        if value >= network.slowest_leak:
            return None
        searches, gain = unequal_searches(network)
        search, filters = searches.at(value), LowPass.of(network.time_constants, value)
        level, scale = 1 / gain, filters.unit / float(filters.corners.min())
    if search.lower < level * (1 - 1e-9):
        return None
    for terms in frequencies(search, scale):
        claim = NoMultiplierMetric(exact_rate, terms)
        if claim.holds(network.exact):
            return claim
    return None


def frequencies(search: ConicSearch, scale: float = 1.0) -> Iterator[tuple[Frequency, ...]]:
    """The dual in rationals, short ones first; its tangents times `scale`."""
    for bits in _BITS:
        vectors = _short(search.vectors, bits)
        yield tuple(_frequency(scale * t, w) for t, w in zip(search.tangents.tolist(), vectors.T, strict=True))


def _short(vectors: Complex[np.ndarray, "n columns"], bits: int) -> Complex[np.ndarray, "n columns"]:
    """Every row to `bits` binary digits of its largest entry: neurons have units of their own."""
    largest = np.maximum(np.abs(vectors.real), np.abs(vectors.imag)).max(axis=1, initial=0.0)
    shift = (np.frexp(largest)[1] - bits)[:, None]
    real, imaginary = (np.ldexp(np.round(np.ldexp(part, -shift)), shift) for part in (vectors.real, vectors.imag))
    return real + 1j * imaginary


def _frequency(tangent: float, vector: Complex[np.ndarray, " n"]) -> Frequency:
    cos, sin = _on_the_circle(tangent)
    return Frequency(
        cos,
        sin,
        tuple(rational(entry) for entry in vector.real.tolist()),
        tuple(rational(entry) for entry in vector.imag.tolist()),
    )


def _on_the_circle(tangent: float) -> tuple[flint.fmpq, flint.fmpq]:
    """cos and sin of an angle, exactly, from the tangent of half of it."""
    if np.isinf(tangent):
        return flint.fmpq(-1), flint.fmpq(0)
    t = rational(tangent)
    return (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
