"""The lower bound of the least k at which the multiplier LMI is feasible, from where the search for it ended."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Int

from theory.contraction.network import Matrix
from theory.contraction.search.angles import ceiling
from theory.contraction.search.central_path import follow_central_path, rescaled
from theory.contraction.search.column_weights import weigh
from theory.contraction.search.components import components
from theory.contraction.search.filters import Filters
from theory.contraction.search.irreducible import LeastCeiling, StoppingRule, least_ceiling

Members = Int[np.ndarray, " members"]
_ENDS = (1e-7, 1e-8, 1e-9, 1e-10)
"""How far, relative, the central path is followed for the dual: further where the bound so far is not close."""
_CLOSE = 3e-4
_TANGENT_BITS = 24


@dataclass(frozen=True)
class Dual:
    """Vectors w_j at z_j = (1 + i u_j)^2 / (1 + u_j^2), u_j = `tangents`, and the `lower` bound of f* that they give.

    For every neuron i, sum_j Re(conj(w_ij) (t + z_j) (M w_j)_i) >= (1 + t) lower sum_j |w_ij|^2, to rounding. A tangent
    is infinite where z = -1.
    """

    lower: float
    tangents: Float[np.ndarray, " columns"]
    vectors: Complex[np.ndarray, "n columns"]

    @classmethod
    def trivial(cls, size: int) -> "Dual":
        """The bound zero, which needs no vectors."""
        return cls(0.0, np.zeros(0), np.zeros((size, 0), dtype=complex))


def dual_of_part(gained: Matrix, members: Members, least: LeastCeiling, filters: Filters) -> Dual:
    """The bound of the `members` of M, which is one of the whole, from the end of their central path.

    Angles are moved a little, to such as have rational tangents of their halves; there the path is followed further.
    """
    matrix, filters = gained[np.ix_(members, members)], filters.part(members)
    tangents = {_tangent(angle) for angle in least.angles}
    tangent_of = {2 * float(np.arctan(t)): t for t in sorted(tangents)}
    angles = tuple(tangent_of)
    level = max(least.level, ceiling(rescaled(matrix, least.centre), angles, filters).value) * (1 + 1e-5)
    start, found = least.centre, []
    for end in _ENDS:
        point = follow_central_path(matrix, start, level, angles, tolerance=end, filters=filters)
        found.append((weigh(rescaled(matrix, point.logs), point.level, angles, filters), point.logs))
        start, level = point.logs, point.level
        if found[-1][0].lower > level * (1 - _CLOSE):
            break
    columns, logs = max(found, key=lambda pair: pair[0].lower)
    vectors = np.zeros((len(gained), len(columns.angles)), dtype=complex)
    vectors[members] = columns.vectors * np.exp(-logs)[:, None]
    return Dual(columns.lower, np.array([tangent_of[angle] for angle in columns.angles.tolist()]), vectors)


def _tangent(angle: float) -> float:
    """Of half the angle, in few binary digits."""
    if angle == np.pi:
        return np.inf
    return float(np.ldexp(np.round(np.ldexp(np.tan(angle / 2), _TANGENT_BITS)), -_TANGENT_BITS))


def duals_of_fewer(gained: Matrix, members: Members, filters: Filters, stopping: StoppingRule) -> Iterator[Dual]:
    """The bounds of one member alone and of all without one, for each: bounds of the whole, of which those are parts.

    Where the optimal vectors vanish at a neuron, linear programs with rounding find no bound with it, and do without.
    """
    levels = [filters.part(members[i : i + 1]).level(float(gained[each, each])) for i, each in enumerate(members)]
    alone = members[int(np.argmax(levels))]
    parts = [members[members == alone], *(members[members != left_out] for left_out in members)]
    for fewer in parts if len(members) > 1 else []:
        matrix = gained[np.ix_(fewer, fewer)]
        if not len(fewer) or components(matrix).any():
            continue  # nothing left, or no longer of one piece
        least = least_ceiling(matrix, filters.part(fewer), stopping)
        if least.value > stopping.floor:
            yield dual_of_part(gained, fewer, least, filters)
