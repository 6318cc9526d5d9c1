"""How far the slopes can grow before contraction is lost, bracketed from both sides."""

import numpy as np

from theory.contraction.certify import CORNERED, applicable
from theory.contraction.claims.claim import Statement
from theory.contraction.conditions.condition import Condition
from theory.contraction.conditions.multiplier import searched
from theory.contraction.exact_matrix import short
from theory.contraction.network import Network
from theory.contraction.search.frequency_dual import refute_multiplier
from theory.contraction.search.instability import unstable_slopes
from theory.contraction.search.vertex_dual import refute_quadratic
from theory.contraction.threads import one_blas_thread
from theory.contraction.verdict import Gain

_SLACKS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 3e-2)
_RESOLUTION = 1e-6
BRACKETED = 128
"""Neurons up to which the other end is looked for."""


@one_blas_thread
def largest_gain(asked: Network, rate: float = 0.0) -> Gain:
    """The largest factor of all slopes at which contraction is certified, at `rate` or, where that is zero, at any.

    `low` is proved by whichever condition reaches furthest. At `high` no quadratic metric exists, the network is
    unstable, or no multiplier exists (whichever is found nearest), also proved.
    """
    reach = [(condition, _reach(condition, asked, rate)) for condition in applicable(asked)]
    reach = sorted((pair for pair in reach if pair[1] > 0), key=lambda pair: -pair[1])
    if not reach:
        return Gain(None, None, None, None, False)
    best = reach[0][1]
    if best == np.inf:
        return Gain(None, None, None, None, True)
    for condition, supremum in reach:
        for slack in _SLACKS:
            gain = short(supremum * (1 - slack), bits=30)
            scaled = asked.with_gain(gain)
            claim = condition.prove(scaled, rate if rate > 0 else 0.5 * slack)
            if claim is not None:
                return Gain(gain, claim, *_above(asked, best, rate), False)
    return Gain(None, None, *_above(asked, best, rate), False)


def _reach(condition: Condition, asked: Network, rate: float) -> float:
    """The supremum of the gain: (1 - rate) times that at rate zero for time constants of one, else by bisection."""
    supremum = condition.supremum(asked)
    if supremum is None or rate >= 1 / asked.time_constants.max():
        return 0.0
    if asked.uniform or rate == 0 or supremum.gain == np.inf:
        return (1 - rate) * supremum.gain
    low, high = 0.0, supremum.gain
    while high - low > _RESOLUTION * high:
        middle = (low + high) / 2
        at = condition.supremum(asked.with_gain(middle))
        low, high = (middle, high) if at is not None and at.rate > rate else (low, middle)
    return low


def _above(asked: Network, gain: float, rate: float) -> tuple[float | None, Statement | None]:
    """The nearest gain at which something that excludes more is proved, and that.

    For a few neurons that is every quadratic metric, or contraction itself; else multipliers.
    """
    if asked.size > BRACKETED:
        return None, None
    if asked.size <= CORNERED:
        for slack in _SLACKS:
            high = short(gain * (1 + slack), bits=30)
            for refute in (refute_quadratic, unstable_slopes):
                statement: Statement | None = refute(asked.with_gain(high), rate)
                if statement is not None:
                    return high, statement
    if not asked.uniform or rate >= 1:
        return None, None
    excluded = (1 - rate) / searched(asked).lower if searched(asked).lower > 0 else np.inf
    for slack in _SLACKS if np.isfinite(excluded) else ():
        high = short(excluded * (1 + slack), bits=30)
        scaled = asked.with_gain(high)
        found = refute_multiplier(scaled, rate, searched(scaled))
        if found is not None:
            return high, found
    return None, None
