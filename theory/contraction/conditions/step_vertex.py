"""The LMI at the corners of a map's slopes: exact for constant quadratic metrics, for small networks."""

import itertools

import numpy as np
import scipy.linalg
import sympy as sp
from typing_extensions import override

from theory.contraction.claims.claim import Claim
from theory.contraction.conditions.condition import diagonal, generic, generic_symmetric
from theory.contraction.conditions.step_condition import StepCondition, as_map, last_gain
from theory.contraction.form import MAPS
from theory.contraction.network import LeakyMap, Matrix, Network
from theory.contraction.search.vertex_dual import refute_quadratic
from theory.contraction.search.vertex_lmi import solve_vertices

_RESOLUTION = 1e-3


class StepVertexCondition(StepCondition):
    """One P > 0 with F^T P F < rho^2 P at all 2^n corners of the slopes.

    |F x|_P^2 is convex in the slopes: with the weights prod_i (d_i or 1 - d_i) of the corners, F is the mean of those
    at the corners, and the mean of (F x)^2 is (F x)^2 and a mean of squares more (identities). So the corners decide,
    and no other constant quadratic metric exists.
    """

    name = "vertices"
    asks = "one P > 0 satisfies F^T P F < P at all 2^n corners of the slopes"
    source = "quadratic stability of a polytope of matrices; the identity is checked here"

    @override
    def rate(self, asked: LeakyMap) -> float | None:
        """Approached from below to a thousandth; each metric serves a higher rate than it was asked for."""
        low, high = 0.0, asked.slowest_leak
        if solve_vertices(asked, _RESOLUTION) is None:
            return None
        while high - low > _RESOLUTION * high:
            middle = (low + high) / 2
            found = solve_vertices(asked, middle)
            if found is None:
                high = middle
            else:
                low = max(middle, 1 - _factor_in(asked, found.metric.approximate()))
        return low

    @override
    def reach(self, asked: LeakyMap, rate: float) -> float:
        return last_gain(lambda gain: solve_vertices(asked.with_gain(gain), max(rate, _RESOLUTION)) is not None)

    @override
    def prove_step(self, asked: LeakyMap, rate: float) -> Claim | None:
        return solve_vertices(asked, rate)

    @override
    def refuted(self, network: Network) -> bool:
        """The dual solution of a few corners."""
        return refute_quadratic(as_map(network)) is not None

    @override
    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
        metric, gained = generic_symmetric("P", size), generic("M", size)
        slopes, leaks = diagonal("d", size), diagonal("a", size)
        zeros = []
        for form in MAPS:
            keep = sp.eye(size) - leaks
            whole = keep + leaks * form.sloped(gained, slopes)
            mean, squares, spread = sp.zeros(size), sp.zeros(size), sp.zeros(size)
            for corner in itertools.product((0, 1), repeat=size):
                weight = sp.prod(slopes[i, i] if on else 1 - slopes[i, i] for i, on in enumerate(corner))
                step = keep + leaks * form.sloped(gained, sp.diag(*corner))
                mean += weight * step
                squares += weight * step.T * metric * step
                spread += weight * (step - whole).T * metric * (step - whole)
            zeros += [(mean - whole).expand(), (squares - whole.T * metric * whole - spread).expand()]
        return tuple(zeros)


def _factor_in(asked: LeakyMap, metric: Matrix) -> float:
    """The factor by which this metric contracts at all corners, in floating point."""
    steps = [asked.step(np.array(corner, dtype=float)) for corner in itertools.product((0, 1), repeat=asked.size)]
    largest = max(float(scipy.linalg.eigvalsh(step.T @ metric @ step, metric)[-1]) for step in steps)
    return float(np.sqrt(max(largest, 0.0)))
