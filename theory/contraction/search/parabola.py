"""The least k at which the multiplier LMI is feasible: a scaling that draws the numerical range into a parabola.

For time constants of one, slopes scaled to [0, 1] and k = 1 - rate, the multiplier LMI is feasible exactly if there is
a diagonal D > 0 such that the numerical range of N = D M D^-1 lies inside |s| + Re s < 2 k; so f* = inf over D of the
ceiling of N tells everything: the best rate is 1 - f*, and the largest factor that all slopes may be multiplied by is
1 / f*. A reducible M is taken apart into strongly connected components: f* is the largest of theirs, and need not be
attained.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np
from jaxtyping import Complex, Float, Int

from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.exact_matrix import ExactMatrix, Number, rational
from theory.contraction.network import Matrix, Network, Vector
from theory.contraction.search.angles import ceiling
from theory.contraction.search.central_path import follow, rescaled
from theory.contraction.search.column_weights import weigh
from theory.contraction.search.components import components, depths, joined
from theory.contraction.search.irreducible import Descent, Effort, descend
from theory.contraction.search.riccati import solve_metric


class ParabolaOutcome(Enum):
    """How the search ended."""

    CLOSED = "value and lower bound meet within the tolerance"
    VANISHING = "f* is zero to rounding: the slopes may have any factor, up to what a finite scaling proves (1 / value)"
    APART = "value and lower bound do not meet within the tolerance; both hold, to rounding"


@dataclass(frozen=True)
class ParabolaSearch:
    """`value` is the ceiling of D M D^-1 at `scaling` d, f* lies between it and `lower`, to rounding.

    `vectors` w_j at z_j = (1 + i t_j)^2 / (1 + t_j^2), t_j = `tangents`, are the dual that gives `lower`: for every i,
    sum_j Re(conj(w_ij) (1 + z_j) (M w_j)_i) >= 2 lower sum_j |w_ij|^2. `evaluations` counts Newton steps.
    """

    scaling: Vector
    value: float
    lower: float
    outcome: ParabolaOutcome
    evaluations: int
    tangents: Float[np.ndarray, " columns"]
    vectors: Complex[np.ndarray, "n columns"]


_FEW = 32
"""Neurons up to which a dual that is not found is sought with one neuron less."""
_NEGLIGIBLE = 1e-6
"""A ceiling below this part of the largest entry counts as zero."""
_ENDS = (1e-7, 1e-8, 1e-9, 1e-10)
"""How far, relative, the central path is followed for the dual: further where the bound so far is not close."""
_CLOSE = 3e-4
_TANGENT_BITS = 24
_METRIC_BITS = 30
_SCALING_BITS = 16
_SHARES = (0.5, 0.2, 0.8)


def minimise_parabola(gained: Matrix, effort: Effort | None = None) -> ParabolaSearch:
    """The scaling d, and f* from both sides.

    >>> search = minimise_parabola(np.array([[0.0, -8.0], [0.5, 0.0]]))
    >>> round(search.value, 3), round(search.lower, 3), search.outcome.name
    (1.0, 1.0, 'CLOSED')
    """
    effort = effort or Effort()
    labels = components(gained)
    parts = [np.flatnonzero(labels == label) for label in range(int(labels.max()) + 1)]
    floor = _NEGLIGIBLE * float(np.abs(gained).max()) or _NEGLIGIBLE
    descents = [descend(gained[np.ix_(part, part)], effort, floor) for part in parts]
    worst = max(range(len(parts)), key=lambda i: descents[i].value)
    logs = np.zeros(len(gained))
    for part, descent in zip(parts, descents, strict=True):
        logs[part] = descent.logs
    value = descents[worst].value
    if len(parts) > 1:
        logs = joined(gained, logs, depths(gained, labels), max(value * (1 + effort.tolerance / 5), floor))
        value = ceiling(rescaled(gained, logs)).value
    evaluations = sum(descent.steps for descent in descents)
    if descents[worst].value <= floor:
        nothing = np.zeros((len(gained), 0), dtype=complex)
        return ParabolaSearch(np.exp(logs), value, 0.0, ParabolaOutcome.VANISHING, evaluations, np.zeros(0), nothing)
    members = parts[worst]
    lower, tangents, inner = _dual(gained[np.ix_(members, members)], descents[worst])
    if value - lower > 2 * effort.tolerance * value and len(members) <= _FEW:
        lower, tangents, inner, members = max(
            [(lower, tangents, inner, members), *_duals_of_fewer(gained, members, effort, floor)],
            key=lambda found: found[0],
        )
    vectors = np.zeros((len(gained), len(tangents)), dtype=complex)
    vectors[members] = inner
    close = value - lower <= 2 * effort.tolerance * value
    outcome = ParabolaOutcome.CLOSED if close else ParabolaOutcome.APART
    return ParabolaSearch(np.exp(logs), value, lower, outcome, evaluations, tangents, vectors)


def _duals_of_fewer(
    gained: Matrix, members: Int[np.ndarray, " members"], effort: Effort, floor: float
) -> Iterator[
    tuple[float, Float[np.ndarray, " columns"], Complex[np.ndarray, "members columns"], Int[np.ndarray, " members"]]
]:
    """The dual of the network without one neuron, for each neuron: a bound for the whole, of which that is a part.

    Where the optimal vectors vanish at a neuron, linear programs with rounding find no bound with it, and do without.
    """
    for left_out in members:
        fewer = members[members != left_out]
        matrix = gained[np.ix_(fewer, fewer)]
        if not len(fewer) or components(matrix).any():
            continue  # nothing left, or no longer of one piece
        descent = descend(matrix, effort, floor)
        if descent.value > floor:
            yield *_dual(matrix, descent), fewer


def _dual(
    matrix: Matrix, descent: Descent
) -> tuple[float, Float[np.ndarray, " columns"], Complex[np.ndarray, "members columns"]]:
    """The lower bound, tangents and vectors, from the end of the central path at rational angles."""
    tangents = {
        float(np.ldexp(np.round(np.ldexp(np.tan(a / 2), _TANGENT_BITS)), -_TANGENT_BITS)) for a in descent.angles
    }
    tangent_of = {2 * float(np.arctan(t)): t for t in sorted(tangents)}
    angles = tuple(tangent_of)
    level = max(descent.level, ceiling(rescaled(matrix, descent.centre), angles).value) * (1 + 1e-5)
    start, found = descent.centre, []
    for end in _ENDS:
        point = follow(matrix, start, level, angles, end)
        found.append((weigh(rescaled(matrix, point.logs), point.level, angles), point.logs))
        start, level = point.logs, point.level
        if found[-1][0].lower > level * (1 - _CLOSE):
            break
    columns, logs = max(found, key=lambda pair: pair[0].lower)
    return (
        columns.lower,
        np.array([tangent_of[angle] for angle in columns.angles.tolist()]),
        columns.vectors * np.exp(-logs)[:, None],
    )


def propose_multiplier(network: Network, rate: Number, search: ParabolaSearch) -> Multiplier | None:
    """A proved claim at this rate, in either form, from a scaling that allows more; None where none was found.

    `search` is that of `network.gained`; time constants must be one. The Riccati equation is solved at some k' between
    the search's value and k = 1 - rate, so that its solution lies inside the inequality at k by 4 (k - k') X.
    """
    exact_rate = rational(rate)
    level = 1 - int(exact_rate.p) / int(exact_rate.q)
    if not network.uniform or not search.value < level:
        return None
    scaling = _short(search.scaling)
    scaled = rescaled(network.gained, np.log(scaling))
    for share in _SHARES:
        metric = _metric(network, scaled, search.value + share * (level - search.value))
        if metric is None:
            continue
        claim = Multiplier(
            exact_rate,
            ExactMatrix.of(_rounded(metric * np.outer(scaling, scaling))),
            ExactMatrix.diagonal((scaling**2).tolist()),
        )
        if claim.holds(network.exact):
            return claim
    return None


def _metric(network: Network, scaled: Matrix, level: float) -> Matrix | None:
    """X, in the form's own coordinates."""
    solution = solve_metric(np.ascontiguousarray(network.form.as_voltage(scaled)), level)
    return None if solution is None else np.linalg.matrix_power(solution, network.form.power)


def _short(scaling: Vector) -> Vector:
    """Each entry to a few binary digits of its own."""
    mantissas, exponents = np.frexp(scaling)
    return np.ldexp(np.round(np.ldexp(mantissas, _SCALING_BITS)), exponents - _SCALING_BITS)


def _rounded(metric: Matrix) -> Matrix:
    """P_ij to `_METRIC_BITS` binary digits of sqrt(P_ii P_jj), symmetric: independent of the units of the neurons."""
    exponents = np.frexp(np.sqrt(metric.diagonal()))[1]
    shift = exponents[:, None] + exponents[None, :] - _METRIC_BITS
    rounded = np.ldexp(np.round(np.ldexp(metric, -shift)), shift)
    return np.triu(rounded) + np.triu(rounded, 1).T
