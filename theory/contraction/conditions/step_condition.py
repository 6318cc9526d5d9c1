"""What a condition on a map is: one whose largest gain is asked at a rate, on which it depends as it will."""

from abc import abstractmethod
from collections.abc import Callable

from typing_extensions import override

from theory.contraction.claims.claim import Claim
from theory.contraction.conditions.condition import Condition, Supremum
from theory.contraction.network import LeakyMap, Network

_PRECISION = 1e-5
_LARGEST = 2.0**20


class StepCondition(Condition):
    """A condition on one map that implies that every step contracts whatever the slopes do."""

    @abstractmethod
    def rate(self, asked: LeakyMap) -> float | None:
        """The best rate, one minus the best factor (a supremum); not positive where there is none."""

    @abstractmethod
    def reach(self, asked: LeakyMap, rate: float) -> float:
        """The largest factor on all slopes at this rate (a supremum); zero where there is none."""

    @abstractmethod
    def prove_step(self, asked: LeakyMap, rate: float) -> Claim | None:
        """A claim of this rate, proved in rational arithmetic; None where that does not succeed."""

    @override
    def supremum(self, network: Network) -> Supremum | None:
        asked = as_map(network)
        rate = self.rate(asked)
        return None if rate is None else Supremum(rate, self.reach(asked, 0.0))

    @override
    def prove(self, network: Network, rate: float) -> Claim | None:
        return self.prove_step(as_map(network), rate)


class NotAMap(TypeError):
    """A condition on maps is asked about a flow; ask one of those in `registry.CONDITIONS`."""


def as_map(network: Network) -> LeakyMap:
    """The network, which is to be a map.

    Raises:
        NotAMap: if it is a flow.
    """
    if not isinstance(network, LeakyMap):
        raise NotAMap(f"the {network.form.name} form is that of a flow; DISCRETE or DISCRETE_VOLTAGE is needed")
    return network


def last_gain(holds: Callable[[float], bool]) -> float:
    """The last gain at which something holds that holds up to there, to 1e-5; infinite from 2^20, zero below 2^-20."""
    low, high = 1.0, 1.0
    while holds(high):
        low, high = high, 2 * high
        if high > _LARGEST:
            return float("inf")
    while low == high or not holds(low):
        low, high = low / 2, low
        if low < 1 / _LARGEST:
            return 0.0
    while high - low > _PRECISION * high:
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
