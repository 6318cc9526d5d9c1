"""The least k at which the multiplier LMI is feasible: a scaling that draws the numerical range into a conic.

For time constants of one, slopes scaled to [0, 1] and k = 1 - rate, the multiplier LMI is feasible exactly if there is
a diagonal D > 0 such that the numerical range of N = D M D^-1 lies inside the parabola |s| + Re s < 2 k; so f* = inf
over D of the ceiling of N tells everything: the best rate is 1 - f*, and the largest factor that all slopes may be
multiplied by is 1 / f*. A step has an ellipse in the parabola's place (`conic`). A reducible M is taken apart into
strongly connected components: f* is the largest of theirs, and need not be attained.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from jaxtyping import Complex, Float, Int

from theory.contraction.network import Matrix, Vector
from theory.contraction.search.angles import ceiling
from theory.contraction.search.central_path import rescaled
from theory.contraction.search.components import components, depths, scaled_by_depth
from theory.contraction.search.conic import PARABOLA
from theory.contraction.search.conic_dual import Dual, dual_of_part, duals_of_fewer
from theory.contraction.search.filters import Filters
from theory.contraction.search.irreducible import LeastCeiling, StoppingRule, least_ceiling

_FEW = 32
"""Neurons up to which a dual that is not found is sought with one neuron less."""
_NEGLIGIBLE = 1e-6
"""A ceiling below this part of the largest entry of its component counts as zero."""


class ConicOutcome(Enum):
    """How the search ended."""

    CLOSED = "value and lower bound meet within the tolerance"
    VANISHING = "f* is zero to rounding: the slopes may have any factor, up to what a finite scaling proves (1 / value)"
    APART = "value and lower bound do not meet within the tolerance; both hold, to rounding"


@dataclass(frozen=True)
class ConicSearch:
    """`value` is the ceiling of D M D^-1 at `scaling` d, f* lies between it and `lower`, to rounding.

    `tangents` and `vectors` are the `Dual` that gives `lower`. `evaluations` counts Newton steps.
    """

    scaling: Vector
    value: float
    lower: float
    outcome: ConicOutcome
    evaluations: int
    tangents: Float[np.ndarray, " columns"]
    vectors: Complex[np.ndarray, "n columns"]


@dataclass(frozen=True)
class _Part:
    """A strongly connected component, and where the search ended in it."""

    members: Int[np.ndarray, " members"]
    least: LeastCeiling


def smallest_conic(gained: Matrix, filters: Filters = PARABOLA, start: Vector | None = None) -> ConicSearch:
    """The scaling d, and f* from both sides; `start` is a scaling that is likely to be near.

    >>> search = smallest_conic(np.array([[0.0, -8.0], [0.5, 0.0]]))
    >>> round(search.value, 3), round(search.lower, 3), search.outcome.name
    (1.0, 1.0, 'CLOSED')
    """
    labels = components(gained)
    members = [np.flatnonzero(labels == label) for label in range(int(labels.max()) + 1)]
    logs = None if start is None else np.log(start)
    parts = [
        _Part(
            each,
            least_ceiling(block, filters.part(each), _stopping(block), None if logs is None else logs[each]),
        )
        for each in members
        for block in (gained[np.ix_(each, each)],)
    ]
    worst = max(parts, key=lambda part: part.least.value)
    value, logs = worst.least.value, np.zeros(len(gained))
    stopping = _stopping(gained[np.ix_(worst.members, worst.members)])
    for part in parts:
        logs[part.members] = part.least.logs
    if len(parts) > 1:
        target = max(value * (1 + stopping.tolerance / 5), stopping.floor)
        logs = scaled_by_depth(gained, logs, depths(gained, labels), target, filters)
        value = ceiling(rescaled(gained, logs), filters=filters).value
    if worst.least.value <= stopping.floor:
        dual, outcome = Dual.trivial(len(gained)), ConicOutcome.VANISHING
    else:
        dual = _best_dual(gained, worst, value, filters, stopping)
        outcome = ConicOutcome.CLOSED if _close(value, dual, stopping) else ConicOutcome.APART
    evaluations = sum(part.least.steps for part in parts)
    return ConicSearch(np.exp(logs), value, dual.lower, outcome, evaluations, dual.tangents, dual.vectors)


def _stopping(block: Matrix) -> StoppingRule:
    return StoppingRule(_NEGLIGIBLE * float(np.abs(block).max()) or _NEGLIGIBLE)


def _best_dual(gained: Matrix, worst: _Part, value: float, filters: Filters, stopping: StoppingRule) -> Dual:
    """The bound of the worst part; where it is not close, the best of that and of those with one neuron less."""
    dual = dual_of_part(gained, worst.members, worst.least, filters)
    if _close(value, dual, stopping) or len(worst.members) > _FEW:
        return dual
    return max((dual, *duals_of_fewer(gained, worst.members, filters, stopping)), key=lambda each: each.lower)


def _close(value: float, dual: Dual, stopping: StoppingRule) -> bool:
    return value - dual.lower <= 2 * stopping.tolerance * value
