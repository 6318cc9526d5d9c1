"""Absolute values of maps in floating point: one positive vector tells whether they contract.

K is the bound of |F|, a matrix without negative entries; it has a positive v with K v < rho v just where its spectral
radius is below rho, v = (rho I - K)^-1 1.
"""

import numpy as np

from theory.contraction.claims.step_majorant import step_majorant
from theory.contraction.conditions.metzler import spectral_abscissa
from theory.contraction.conditions.step_condition import last_gain
from theory.contraction.exact_matrix import exact_vector, to_digits
from theory.contraction.network import LeakyMap, Matrix, Vector


def approximate_bound(asked: LeakyMap, *, steepest: bool) -> Matrix:
    """K in floating point: that of `claims.step_majorant`."""
    bound: Matrix = asked.leaks[:, None] * np.abs(asked.gained)
    steep = np.abs(asked.keep + asked.leaks * np.diag(asked.gained))
    np.fill_diagonal(bound, steep if steepest else np.maximum(steep, asked.keep))
    return bound


def least_bound(asked: LeakyMap, *, steepest: bool) -> float:
    """The least factor: the spectral radius of K, or that of slopes of zero where that is more."""
    return max(spectral_abscissa(approximate_bound(asked, steepest=steepest)), float(asked.keep.max()))


def reach_of_bound(asked: LeakyMap, rate: float, *, steepest: bool) -> float:
    """The largest factor on all slopes at which the least factor is below 1 - rate."""
    factor, leak = 1 - rate, float(asked.leaks[0])
    if factor <= asked.keep.max():
        return 0.0
    if asked.uniform and (leak == 1 or (np.diag(asked.gained) >= 0).all()):  # K = k I + a g |M|
        radius = spectral_abscissa(np.abs(asked.gained))
        return (factor - 1 + leak) / (leak * radius) if radius > 0 else np.inf
    return last_gain(lambda gain: least_bound(asked.with_gain(gain), steepest=steepest) < factor)


def positive_vector(bound: Matrix, factor: float) -> Vector | None:
    """(rho I - K)^-1 1 in short numbers, or None where it is not positive."""
    try:
        solution = np.linalg.solve(factor * np.eye(len(bound)) - bound, np.ones(len(bound)))
    except np.linalg.LinAlgError:
        return None
    if not (np.isfinite(solution).all() and (solution > 0).all()):
        return None
    return to_digits(solution)


def not_below(asked: LeakyMap, *, steepest: bool) -> bool:
    """Whether some x >= 0, not zero, has K x >= x in rational arithmetic: its spectral radius is then one at least."""
    values, vectors = np.linalg.eig(approximate_bound(asked, steepest=steepest))
    leading = np.abs(vectors[:, np.argmax(values.real)].real)
    exact = step_majorant(asked.exact, steepest=steepest)
    for candidate in (np.where(leading > 1e-9 * leading.max(), leading, 0.0), np.ones(asked.size)):
        entries = exact_vector(candidate)
        if all(image >= entry for image, entry in zip(exact.times(entries), entries, strict=True)):
            return True
    return False
