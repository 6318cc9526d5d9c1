"""Absolute values of maps in floating point: one positive vector tells whether they contract.

K is the bound of |F|, a matrix without negative entries; it has a positive v with K v < rho v just where its spectral
radius is below rho, v = (rho I - K)^-1 1.
"""

from collections.abc import Callable

import numpy as np

from theory.contraction.conditions.metzler import Bounds, positive_vector, spectral_abscissa, worst_rows
from theory.contraction.conditions.step_condition import last_gain
from theory.contraction.network import LeakyMap, Matrix, Vector

Lines = Callable[[LeakyMap], Bounds]
"""The bounds of a map, their rows being the sums that are asked about."""


def approximate_bounds(asked: LeakyMap, *, joint: bool) -> Bounds:
    """K in floating point: those of `claims.step_majorant`."""
    if asked.lowest is not None:
        ends = [np.abs(asked.step(np.full(asked.size, end))) for end in (0.0, 1.0)]
        return (ends[0], ends[1]) if joint else (np.maximum(*ends),)
    bound: Matrix = asked.leaks[:, None] * np.abs(asked.gained)
    steep = np.abs(asked.keep + asked.leaks * np.diag(asked.gained))
    np.fill_diagonal(bound, steep if joint else np.maximum(steep, asked.keep))
    return (bound,)


def least_bound(asked: LeakyMap, lines: Lines) -> float:
    """The least factor: the spectral radius of K, or that of slopes of zero where that is more."""
    radius = spectral_abscissa(worst_rows(lines(asked)))
    return max(radius, float(asked.keep.max())) if asked.from_zero else radius


def reach_of_bound(asked: LeakyMap, rate: float, lines: Lines) -> float:
    """The largest factor on all slopes at which the least factor is below 1 - rate."""
    factor, leak = 1 - rate, float(asked.leaks[0])
    if asked.from_zero and factor <= asked.keep.max():
        return 0.0
    if asked.from_zero and asked.uniform and (leak == 1 or (np.diag(asked.gained) >= 0).all()):  # K = k I + a g |M|
        radius = spectral_abscissa(np.abs(asked.gained))
        return (factor - 1 + leak) / (leak * radius) if radius > 0 else np.inf
    return last_gain(lambda gain: least_bound(asked.with_gain(gain), lines) < factor)


def step_vector(bounds: Bounds, factor: float) -> Vector | None:
    """(rho I - K)^-1 1 in short numbers, or None where it is not positive."""
    return positive_vector(factor * np.eye(len(bounds[0])), bounds)
