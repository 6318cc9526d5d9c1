"""The LMI at the corners of the slopes: exact for constant quadratic metrics, for small networks."""

import itertools
from collections.abc import Callable
from functools import partial

import numpy as np
import scipy.linalg
import sympy as sp
from typing_extensions import override

from theory.contraction.conditions.condition import Condition, Supremum, diagonal, generic, generic_symmetric
from theory.contraction.form import FORMS
from theory.contraction.network import Matrix, Network, Vector
from theory.contraction.search.vertex_dual import refute_quadratic
from theory.contraction.search.vertex_lmi import AtCorners, solve_vertices

_RESOLUTION = 1e-3
_LARGEST_GAIN = 1e6


class VertexCondition(Condition):
    """One P > 0 with P J + J^T P + 2 c P < 0 at all 2^n corners of the slopes.

    P J + J^T P is affine in the slopes: at any slopes it is the average of its values at the corners, with weights
    prod_i (d_i or 1 - d_i) (identity). So the corners decide, and no other constant quadratic metric exists.
    """

    name = "vertices"
    asks = "one P > 0 satisfies P J + J^T P < 0 at all 2^n corners of the slopes"
    source = "quadratic stability of a polytope of matrices; the identity is checked here"

    @override
    def supremum(self, network: Network) -> Supremum | None:
        """The best rate and gain of any constant quadratic metric, approached from below to a thousandth.

        Metrics are proved at one rate or gain after another. Each reaches further than it was asked to, and where it
        ends, found from its eigenvalues at the corners, the next is asked to begin.
        """
        first = solve_vertices(network, _RESOLUTION)
        if first is None:
            return None
        rate = _climbed(first, partial(solve_vertices, network), partial(_rate_in, network), network.slowest_leak)

        def at_gain(gain: float) -> AtCorners | None:
            return solve_vertices(network.with_gain(gain), _RESOLUTION)

        gain = _climbed(first, at_gain, partial(_gain_in, network), _LARGEST_GAIN)
        return Supremum(rate, float("inf") if gain >= _LARGEST_GAIN else gain)

    @override
    def prove(self, network: Network, rate: float) -> AtCorners | None:
        return solve_vertices(network, rate)

    @override
    def refuted(self, network: Network) -> bool:
        """The dual solution of a few corners."""
        return refute_quadratic(network) is not None

    @override
    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
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


def _climbed(
    first: AtCorners, prove: Callable[[float], AtCorners | None], reach: Callable[[Matrix], float], top: float
) -> float:
    """Where the metrics end that are proved at ever higher values, in long steps and then in short ones."""
    value = reach(first.metric.approximate())
    for factor in (4.0, 1 + _RESOLUTION):
        while value < top and (found := prove(min(factor * value, top))) is not None:
            value = max(reach(found.metric.approximate()), min(factor * value, top))
    return min(value, top)


def _rate_in(network: Network, metric: Matrix) -> float:
    """The rate at which this metric contracts at all corners, in floating point."""
    growth = [metric @ network.jacobian(corner) for corner in _corners(network)]
    return min(-float(scipy.linalg.eigvalsh(each + each.T, metric)[-1]) / 2 for each in growth)


def _gain_in(network: Network, metric: Matrix) -> float:
    """The largest factor of all slopes at which this metric contracts at all corners, in floating point."""
    leaking = metric / network.time_constants
    driven = [
        leaking @ (network.jacobian(c) * network.time_constants[:, None] + np.eye(network.size))
        for c in _corners(network)
    ]
    largest = max(float(scipy.linalg.eigvalsh(each + each.T, leaking + leaking.T)[-1]) for each in driven)
    return 1 / largest if largest > 1 / _LARGEST_GAIN else _LARGEST_GAIN


def _corners(network: Network) -> list[Vector]:
    return [np.array(corner, dtype=float) for corner in itertools.product((0, 1), repeat=network.size)]
