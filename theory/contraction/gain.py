"""How far the slopes can grow before contraction is lost, bracketed from both sides."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import flint
import numpy as np
from scipy.sparse.csgraph import connected_components

from theory.contraction.candidates import (
    FEW,
    LARGEST_SEARCH,
    Candidate,
    attempted,
    candidates,
    ranged_conditions,
    step_conditions,
)
from theory.contraction.claims.claim import Claim, Statement
from theory.contraction.conditions.condition import Condition
from theory.contraction.conditions.multiplier import MultiplierCondition, searched
from theory.contraction.conditions.step_condition import StepCondition
from theory.contraction.conditions.step_multiplier import searched_at
from theory.contraction.definite import is_positive_semidefinite
from theory.contraction.exact_matrix import ExactMatrix, short
from theory.contraction.means import means_of
from theory.contraction.network import LeakyMap, Matrix, Network
from theory.contraction.search.balanced_units import BalancedUnits
from theory.contraction.search.frequency_dual import refute_multiplier
from theory.contraction.search.mixed_leaks import mixed_searches
from theory.contraction.search.step_dual import refute_step
from theory.contraction.search.unequal import unequal_searches
from theory.contraction.search.vertex_dual import refute_quadratic
from theory.contraction.search.vertex_lmi import solve_vertices
from theory.contraction.threads import one_blas_thread
from theory.contraction.verdict import Gain

_SLACKS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 3e-2, 0.1, 0.3)
_RESOLUTION = 1e-4
_FURTHER = (0.1, 0.3, 1.0, 3.0)
_FAR = (2.0**30, 2.0**20, 2.0**10, 2.0**5, 2.0)
_NARROW = 1e-3
_RANGED_TRIALS, _RANGED_PRECISION = 24, 5e-3

StatementT = TypeVar("StatementT", bound=Statement, covariant=True)


@one_blas_thread
def largest_gain(asked: Network, rate: float = 0.0) -> Gain:
    """The largest factor of all slopes at which contraction is certified, at `rate` or, where that is zero, at any.

    `low` is proved by whichever condition on quadratic metrics reaches furthest, and `other` by another norm. At
    `high` no quadratic metric exists, the network is unstable, or no multiplier exists (whichever is found nearest),
    also proved.

    >>> from theory.contraction import VOLTAGE, network
    >>> gain = largest_gain(network(np.array([[0.0, -1.5], [1.5, -1.0]]), VOLTAGE))
    >>> f"{gain.low:.4f} {gain.high:.4f}"
    '1.7778 1.7778'
    """
    with np.errstate(all="ignore"):
        units = BalancedUnits.of(asked)
        found = _bracketed(units.balanced, rate) if asked.from_zero else _ranged_gain(units.balanced, rate)
        low, high, other = found.low_claim, found.high_claim, found.other_claim
        return replace(
            found,
            other_claim=None if other is None or found.other is None else units.returned(other, found.other),
            low_claim=None if low is None or found.low is None else units.returned(low, found.low),
            high_claim=None if high is None or found.high is None else units.returned(high, found.high),
        )


def _bracketed(asked: Network, rate: float) -> Gain:
    """That of a network in balanced units."""
    reach = _furthest_first(_reaches(asked, rate))
    if reach and reach[0][1] == np.inf and holds_at_every_gain(asked):
        return Gain(None, None, None, None, rate < asked.slowest_leak)
    low = _below(asked, reach, rate)
    best = next((gain for _, gain in reach if np.isfinite(gain)), 1.0)
    high = attempted(_above, asked, best if low is None else max(best, low.gain), rate)
    if asked.size <= FEW and low is not None and high is not None:
        low, high = _narrowed(asked, rate, low, high)
    other = _below(asked, _furthest_first(_reaches_of_norms(asked, rate)), rate)
    if other is not None and low is not None and other.gain <= low.gain:
        other = None
    return Gain(
        low=None if low is None else low.gain,
        low_claim=None if low is None else low.proof,
        high=None if high is None else high.gain,
        high_claim=None if high is None else high.proof,
        unbounded=False,
        other=None if other is None else other.gain,
        other_claim=None if other is None else other.proof,
    )


def _furthest_first(reach: list[tuple[Condition, float]]) -> list[tuple[Condition, float]]:
    return sorted((pair for pair in reach if pair[1] > 0), key=lambda pair: -pair[1])


def _reaches(asked: Network, rate: float) -> list[tuple[Condition, float]]:
    """The conditions that are worth their cost, each with the supremum of the gain."""
    if isinstance(asked, LeakyMap):
        return [(each, attempted(each.reach, asked, rate) or 0.0) for each in step_conditions(asked)]
    return [(each.condition, attempted(_reach, each, asked, rate) or 0.0) for each in candidates(asked)]


def _reaches_of_norms(asked: Network, rate: float) -> list[tuple[Condition, float]]:
    """The same of the conditions by other norms."""
    known = means_of(asked).non_quadratic
    if isinstance(asked, LeakyMap):
        steps = [each for each in known if isinstance(each, StepCondition)]
        return [(each, attempted(each.reach, asked, rate) or 0.0) for each in steps]
    return [(each, attempted(_reach, Candidate.of(each, asked), asked, rate) or 0.0) for each in known]


def _ranged_gain(asked: Network, rate: float) -> Gain:
    """Of slopes that are not from zero: least and largest slopes are multiplied alike; by bisection."""

    def quadratic(gain: float) -> Claim | None:
        scaled, asked_of = asked.with_gain(gain), _asked_of(asked, rate)
        proofs = (attempted(each.prove, scaled, asked_of) for each in ranged_conditions(asked))
        found = next((proof for proof in proofs if proof is not None), None)
        return attempted(solve_vertices, scaled, asked_of) if found is None and asked.size <= FEW else found

    def by_norm(gain: float) -> Claim | None:
        scaled, asked_of = asked.with_gain(gain), _asked_of(asked, rate)
        proofs = (attempted(each.prove, scaled, asked_of) for each in means_of(asked).non_quadratic)
        return next((proof for proof in proofs if proof is not None), None)

    low, end = _bisected(quadratic)
    other, other_end = _bisected(by_norm)
    if other is not None and low is not None and other.gain <= low.gain:
        other = None
    end = end if other is None or other_end is None else max(other_end, end or other_end)
    high = None
    for slack in _SLACKS:
        if high is None and end is not None and (low is not None or other is not None):
            excluded = short(end * (1 + slack), bits=30)
            found = attempted(means_of(asked).unstable[0].search, asked.with_gain(excluded), rate)
            high = None if found is None else _Bound(excluded, found)
    return Gain(
        low=None if low is None else low.gain,
        low_claim=None if low is None else low.proof,
        high=None if high is None else high.gain,
        high_claim=None if high is None else high.proof,
        unbounded=False,
        other=None if other is None else other.gain,
        other_claim=None if other is None else other.proof,
    )


def _asked_of(asked: Network, rate: float) -> float:
    return rate if rate > 0 else _NARROW * asked.slowest_leak / 10


def _bisected(prove: Callable[[float], Claim | None]) -> "tuple[_Bound[Claim] | None, float | None]":
    """The largest gain found at which a claim is proved, and the least at which none was."""
    low: _Bound[Claim] | None = None
    gain, end = 1.0, None
    for _ in range(_RANGED_TRIALS):
        claim = prove(gain)
        if claim is not None:
            low = _Bound(gain, claim)
        else:
            end = gain
        if end is not None and low is not None and end - low.gain < _RANGED_PRECISION * end:
            break
        gain = 2 * gain if end is None else short((end + (0.0 if low is None else low.gain)) / 2, bits=20)
    return low, end


@dataclass(frozen=True)
class _Bound(Generic[StatementT]):
    """A gain, and what is proved at it."""

    gain: float
    proof: StatementT


def holds_at_every_gain(asked: Network) -> bool:
    """Whether signs and rational arithmetic show that no slopes are too steep.

    Either no chain of weights returns and no diagonal entry is positive (Theorem 1); or, with time constants of one,
    s_i W_ij = s_j W_ji for some s > 0, and -diag(s) W >= 0 (Theorems 2 and 3). Of a map: no chain of weights returns.
    """
    weights = asked.exact.weights.entries
    size = asked.size
    if asked.form.discrete:
        return _acyclic(asked.weights) and not np.diag(asked.weights).any()
    if all(weights[i, i] <= 0 for i in range(size)):
        apart = asked.weights - np.diag(np.diag(asked.weights))
        if _acyclic(apart):
            return True
    balance = _balance(asked)
    if balance is None or not asked.uniform:
        return False
    return is_positive_semidefinite(-(ExactMatrix.diagonal(balance) @ asked.exact.weights))


def _acyclic(apart: Matrix) -> bool:
    return int(connected_components(apart != 0, directed=True, connection="strong")[0]) == len(apart)


def _balance(asked: Network) -> list[flint.fmpq] | None:
    """s > 0 with s_i W_ij = s_j W_ji exactly, or None."""
    weights = asked.exact.weights.entries
    found: dict[int, flint.fmpq] = {}
    for root in range(asked.size):
        if root in found:
            continue
        found[root], waiting = flint.fmpq(1), [root]
        while waiting:
            i = waiting.pop()
            for j in range(asked.size):
                if j not in found and weights[i, j] != 0:
                    if weights[j, i] == 0 or (weights[i, j] > 0) != (weights[j, i] > 0):
                        return None
                    found[j] = found[i] * weights[i, j] / weights[j, i]
                    waiting.append(j)
    pairs = ((i, j) for i in range(asked.size) for j in range(i))
    if any(found[i] * weights[i, j] != found[j] * weights[j, i] for i, j in pairs):
        return None
    return [found[i] for i in range(asked.size)]


def _below(asked: Network, reach: list[tuple[Condition, float]], rate: float) -> _Bound[Claim] | None:
    """The largest gain that is proved: just below what a condition reaches, or far up where floats see no end."""
    for condition, supremum in reach:
        gains = [supremum * (1 - slack) for slack in _SLACKS] if np.isfinite(supremum) else list(_FAR)
        for slack, gain in zip(_SLACKS, gains, strict=False):
            asked_of = 0.5 * slack * asked.slowest_leak
            claim = attempted(condition.prove, asked.with_gain(short(gain, bits=30)), rate if rate > 0 else asked_of)
            if claim is not None:
                return _Bound(short(gain, bits=30), claim)
    return None


def _narrowed(
    asked: Network, rate: float, low: _Bound[Claim], high: _Bound[Statement]
) -> tuple[_Bound[Claim], _Bound[Statement]]:
    """Both ends moved towards each other for a few neurons: a metric at all corners, or a proof that there is none."""
    while high.gain > low.gain * (1 + _NARROW):
        middle = short((low.gain + high.gain) / 2, bits=30)
        scaled = asked.with_gain(middle)
        metric = attempted(solve_vertices, scaled, rate if rate > 0 else _NARROW * asked.slowest_leak / 10)
        if metric is not None:
            low = _Bound(middle, metric)
            continue
        refuted = attempted(refute_quadratic, scaled, rate)
        if refuted is None:
            break
        high = _Bound(middle, refuted)
    return low, high


def _reach(candidate: Candidate, asked: Network, rate: float) -> float:
    """The supremum of the gain: (1 - rate) times that at rate zero for time constants of one, else by bisection."""
    supremum = candidate.supremum
    if supremum is None or rate >= asked.slowest_leak:
        return 0.0
    if asked.uniform or rate == 0 or supremum.gain == np.inf:
        return (1 - rate) * supremum.gain
    if isinstance(candidate.condition, MultiplierCondition):
        searches, slope = unequal_searches(asked)
        return 1 / (slope * searches.at(rate).value)
    low, high = 0.0, supremum.gain
    while high - low > _RESOLUTION * high:
        middle = (low + high) / 2
        at = candidate.condition.supremum(asked.with_gain(middle))
        low, high = (middle, high) if at is not None and at.rate > rate else (low, middle)
    return low


def _above(asked: Network, gain: float, rate: float) -> _Bound[Statement] | None:
    """The nearest gain at which something that excludes more is proved, and that.

    For a few neurons that is every quadratic metric, or contraction itself; else multipliers.
    """
    if asked.size <= FEW:
        for slack in (*_SLACKS, *_FURTHER):
            high = short(gain * (1 + slack), bits=30)
            for refute in (refute_quadratic, means_of(asked).unstable[0].search):
                statement: Statement | None = refute(asked.with_gain(high), rate)
                if statement is not None:
                    return _Bound(high, statement)
    if isinstance(asked, LeakyMap):
        return _above_map(asked, rate) if rate < float(asked.leaks.min()) else None
    if rate >= asked.slowest_leak:
        return None
    if asked.size > LARGEST_SEARCH:
        return None
    if asked.uniform:
        lower = searched(asked).lower / (1 - rate)
    else:
        searches, slope = unequal_searches(asked)
        lower = slope * searches.at(rate).lower
    excluded = 1 / lower if lower > 0 else np.inf
    for slack in _SLACKS if np.isfinite(excluded) else ():
        high = short(excluded * (1 + slack), bits=30)
        scaled = asked.with_gain(high)
        found = refute_multiplier(scaled, rate, searched(scaled) if asked.uniform else None)
        if found is not None:
            return _Bound(high, found)
    return None


def _above_map(asked: LeakyMap, rate: float) -> _Bound[Statement] | None:
    """The nearest gain found at which no multiplier proves the rate of a map."""
    if asked.uniform:
        at, leak = searched_at(asked, rate), float(asked.leaks[0])
        found, lower = at.found, leak * at.lower / (leak - rate)
    else:
        searches, slope = mixed_searches(asked)
        found = searches.at(rate)
        lower = slope * found.lower
    for slack in _SLACKS if lower > 0 else ():
        high = short(1 / lower * (1 + slack), bits=30)
        refuted = refute_step(asked.with_gain(high), rate, found)
        if refuted is not None:
            return _Bound(high, refuted)
    return None
