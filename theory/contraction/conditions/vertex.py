"""The LMI at the corners of the slopes: exact for constant quadratic metrics, for small networks."""

import itertools
from collections.abc import Callable

import sympy as sp

from theory.contraction.claims.vertices import Vertices
from theory.contraction.conditions.condition import Condition, Supremum, diagonal, generic, generic_symmetric
from theory.contraction.form import FORMS
from theory.contraction.network import Network
from theory.contraction.search.vertex_dual import refute_quadratic
from theory.contraction.search.vertex_lmi import solve_vertices

_RESOLUTION = 1e-3


class VertexCondition(Condition):
    """One P > 0 with P J + J^T P + 2 c P < 0 at all 2^n corners of the slopes.

    P J + J^T P is affine in the slopes: at any slopes it is the average of its values at the corners, with weights
    prod_i (d_i or 1 - d_i) (identity). So the corners decide, and no other constant quadratic metric exists.
    """

    name = "vertices"
    asks = "one P > 0 satisfies P J + J^T P < 0 at all 2^n corners of the slopes"
    source = "quadratic stability of a polytope of matrices; the identity is checked here"

    def supremum(self, network: Network) -> Supremum | None:
        """See `Condition`; by bisection to a thousandth, each trial proved, so that both numbers are reached."""
        if solve_vertices(network, _RESOLUTION) is None:
            return None
        rate = _bisected(
            lambda c: solve_vertices(network, c) is not None, _RESOLUTION, 1 / network.time_constants.min()
        )
        high = 2.0
        while high < 1e6 and solve_vertices(network.with_gain(high), _RESOLUTION) is not None:
            high *= 2
        if high >= 1e6:
            return Supremum(rate, float("inf"))
        gain = _bisected(lambda g: solve_vertices(network.with_gain(g), _RESOLUTION) is not None, high / 2, high)
        return Supremum(rate, gain)

    def prove(self, network: Network, rate: float) -> Vertices | None:
        """See `Condition`."""
        return solve_vertices(network, rate)

    def refuted(self, network: Network) -> bool:
        """The dual solution of a few corners."""
        return refute_quadratic(network) is not None

    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
        """See `Condition`."""
        metric, gained = generic_symmetric("P", size), generic("M", size)
        slopes = diagonal("d", size)
        zeros = []
        for form in FORMS:
            total = sp.zeros(size)
            for corner in itertools.product((0, 1), repeat=size):
                weight = sp.prod(slopes[i, i] if on else 1 - slopes[i, i] for i, on in enumerate(corner))
                total += weight * metric * form.sloped(gained, sp.diag(*corner))
            zeros.append((total - metric * form.sloped(gained, slopes)).expand())
        return tuple(zeros)


def _bisected(holds: Callable[[float], bool], low: float, high: float) -> float:
    """The largest value that holds, to a thousandth; `low` holds."""
    if holds(high):
        return high
    while high - low > _RESOLUTION * high:
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
