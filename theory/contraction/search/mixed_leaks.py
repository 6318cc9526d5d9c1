"""Maps whose leaks differ, beyond the reach of semidefinite programs: multipliers that serve one leak, each with its P.

For given multipliers Q the least factor is where a discrete Riccati equation ceases to have a solution. With N =
D M D^-1, Q = D^2, P = D X D, K = I - A and, in voltage-like form, B = A N, R = 2 I, the equation of `step_riccati`
holds with A_1 = (K + B / 2) / rho, G = -B R^-1 B^T and H = I / (2 rho^2). A rate-like map's F^T is K + (N^T A) D, with
the multiplier A^2 in the place of I: G = -N^T N / 2, H = A^2 / (2 rho^2), and its metric is (rho^2 X)^-1.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from theory.contraction.claims.euler_step import euler_blocks
from theory.contraction.claims.step_multiplier import StepMultiplier
from theory.contraction.exact_matrix import ExactMatrix, rational, to_digits
from theory.contraction.network import LeakyMap, Matrix, Vector
from theory.contraction.search.angles import cholesky
from theory.contraction.search.central_path import rescaled
from theory.contraction.search.riccati import doubled
from theory.contraction.search.scaled_multiplier import SCALING_BITS, rounded_metric
from theory.contraction.search.smallest_step import conic_of, searches

_POWERS = (-0.5, 0.0, 0.5)
"""Of the leaks, by which scalings that serve one leak are multiplied."""
_HALVINGS = 16
_INSIDE = 0.5
"""Where, from the factor that a scaling allows to the asked one, the equation is solved."""


@dataclass(frozen=True)
class MixedScaling:
    """A scaling d, Q = d^2, and the least factor that it allows, to rounding."""

    scaling: Vector
    factor: float


def best_scaling(asked: LeakyMap) -> MixedScaling | None:
    """That of the least factor among those that are tried; None where none allows one below one."""
    best = None
    for scaling in scalings(asked):
        least = 1.0 if best is None else best.factor
        if holds_at(asked, scaling, least, 1.0):
            best = MixedScaling(scaling, _least(asked, scaling, least))
    return best


def holds_at(asked: LeakyMap, scaling: Vector, factor: float, gain: float) -> bool:
    """Whether the scaling allows the factor with all slopes multiplied by `gain`."""
    return step_metric(asked.with_gain(gain), scaling, factor) is not None


def step_metric(asked: LeakyMap, scaling: Vector, factor: float, above: float | None = None) -> Matrix | None:
    """P / (d d^T) for Q = d^2 that is strictly inside at `above`, solved at `factor`; None where there is none."""
    above = factor * (1 + 1e-9) if above is None else above
    scaled, leaks, keep = rescaled(asked.gained, np.log(scaling)), asked.leaks, np.diag(asked.keep)
    identity = np.eye(asked.size)
    if asked.form.power == 1:
        through = leaks[:, None] * scaled
        metric = doubled((keep + through / 2) / factor, -through @ through.T / 2, identity / (2 * factor**2))
    else:
        through = scaled.T * leaks
        solution = doubled((keep + through / 2) / factor, -scaled.T @ scaled / 2, np.diag(leaks**2) / (2 * factor**2))
        metric = None if solution is None else np.linalg.inv(((factor + above) / 2) ** 2 * solution)
    if metric is None:
        return None
    metric = (metric + metric.T) / 2
    top, corner, bottom = euler_blocks(
        keep,
        asked.form.driven(np.diag(leaks), scaled),
        asked.form.sensed(scaled, identity),
        metric=metric,
        multiplier=identity,
        factor=above * (1 + 1e-7),
    )
    return metric if cholesky(np.block([[top, corner], [corner.T, bottom]])) is not None else None


def propose_mixed(asked: LeakyMap, rate: float, found: MixedScaling) -> StepMultiplier | None:
    """A proved claim at this rate with the multipliers of this scaling; None where none was found."""
    factor = 1 - rate
    rounded = to_digits(found.scaling, bits=SCALING_BITS)
    solved_at = found.factor + _INSIDE * (factor - found.factor)
    metric = step_metric(asked, rounded, solved_at, factor * (1 - 1e-9))
    if metric is None:
        return None
    claim = StepMultiplier(
        rational(rate),
        ExactMatrix.of(rounded_metric(metric * np.outer(rounded, rounded))),
        ExactMatrix.diagonal((rounded**2).tolist()),
    )
    return claim if claim.holds(asked.exact) else None


def scalings(asked: LeakyMap) -> Iterator[Vector]:
    """Those that serve one leak, the median, the least or the largest, times powers of the leaks."""
    made = searches(asked.with_gain(1 / float(asked.slopes.max())).gained)
    for leak in dict.fromkeys((float(np.median(asked.leaks)), float(asked.leaks.min()), float(asked.leaks.max()))):
        for power in _POWERS:
            yield made.near(conic_of(1 - leak, 1.0)).scaling * asked.leaks**power


def _least(asked: LeakyMap, scaling: Vector, high: float) -> float:
    """The least factor at which the equation has a solution, from above; `high` where there is none below."""
    low = float(asked.keep.max())
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if step_metric(asked, scaling, middle) is not None else (middle, high)
    return high
