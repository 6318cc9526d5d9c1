"""Searches for one flow with time constants of its neurons' own: the least ceiling at a rate, and the best rate.

With time constants that differ the forms differ: rate form with M is voltage form with M^T, by P -> T P^-1 T and Q ->
Q^-1 in the LMI, so that its searches are those of M^T.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from typing_extensions import override

from theory.contraction.network import Network, Vector
from theory.contraction.search.filters import LowPass
from theory.contraction.search.rates import Family, RateSearches

_KEPT = 8


@dataclass(frozen=True, eq=False)
class LowPasses(Family):
    """Neurons of a flow with these time constants."""

    time_constants: Vector

    @property
    @override
    def fastest(self) -> float:
        """One over the largest time constant."""
        return float(1 / self.time_constants.max())

    @override
    def at(self, rate: float) -> LowPass:
        return LowPass.of(self.time_constants, rate)


@lru_cache(maxsize=_KEPT)
def _searches(entries: bytes, time_constants: bytes) -> RateSearches:
    taus = np.frombuffer(time_constants)
    return RateSearches(np.frombuffer(entries).reshape(len(taus), len(taus)).copy(), LowPasses(taus.copy()))


def unequal_searches(network: Network) -> tuple[RateSearches, float]:
    """Those of this network in voltage form at its largest slope of one, made once for all gains; and that slope.

    >>> from theory.contraction import VOLTAGE, network
    >>> found, gain = unequal_searches(network(np.array([[0.5]]), VOLTAGE, time_constants=2.0))
    >>> round(found.best_rate(gain), 3)
    0.25
    """
    largest = float(network.slopes.max())
    shape = Network(network.weights, network.form, network.slopes / largest, network.time_constants)
    entries = np.ascontiguousarray(shape.form.as_voltage(shape.gained), dtype=np.float64).tobytes()
    return _searches(entries, np.ascontiguousarray(shape.time_constants).tobytes()), largest
