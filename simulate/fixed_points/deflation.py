"""Newton's method on what is left of an equation when its known roots are divided out."""

import numpy as np
from jaxtyping import Float

from simulate.measures.fixed_points.descent import ROUNDING, AnyMap, at_once, lengths, linearised, scales, solved

_LONGEST = 1.0
"""Of a step, relative to the larger of one and the length of the state."""
_SHIFT = 1e-12
"""Added to the Jacobian's diagonal: few are singular then; but it is lost in slopes beyond 1e4."""


def deflated(
    step: AnyMap,
    points: Float[np.ndarray, "points size"],
    starts: Float[np.ndarray, "starts size"],
    *,
    steps: int = 60,
) -> Float[np.ndarray, "ends size"]:
    """Where Newton's method goes from these starts on M(h) (F(h) - h), M being large next to each known point.

    M is the product of 1 + (s / |h - p|)^2 over the points p, with s half the usual distance of neighbours. The step is
    Newton's own, d, divided by 1 - d . grad M / M: the deflated Jacobian differs from M times the plain one in rank one
    (Farrell, Birkisson and Funke, SIAM J. Sci. Comput. 37, A2026, 2015). States rest where the residual is rounding;
    those that left all numbers are left out.
    """
    states, scale = np.array(starts), _scale(points)
    taken, kept = np.zeros(len(states), dtype=int), np.ones(len(states), dtype=bool)
    while (these := np.flatnonzero(taken < steps)[: at_once(states.shape[1])]).size:
        residuals, slopes = linearised(step, states[these])
        kept[these] = np.isfinite(residuals).all(axis=1) & np.isfinite(slopes).all(axis=(1, 2))
        on = kept[these] & ~(lengths(residuals) <= ROUNDING * scales(states[these]))
        taken[these] = np.where(on, taken[these] + 1, steps)
        if on.all():
            states[these] += _moved(states[these], residuals, slopes, points, scale=scale)
        elif on.any():
            states[these[on]] += _moved(states[these[on]], residuals[on], slopes[on], points, scale=scale)
    return states[kept]


def _moved(
    states: np.ndarray, residuals: np.ndarray, slopes: np.ndarray, points: np.ndarray, *, scale: float
) -> np.ndarray:
    newton = -solved(slopes + _SHIFT * np.eye(states.shape[1]), residuals)
    away = (states[:, None] - points) / scale
    square = np.einsum("kpi,kpi->kp", away, away)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        along = -2 * (away @ newton[..., None])[..., 0] / (scale * square * (1 + square))  # d . grad M / M
        moved = newton / (1 - np.nan_to_num(along).sum(axis=1))[:, None]
        moved *= np.minimum(1.0, _LONGEST * scales(states) / np.linalg.norm(moved, axis=1))[:, None]
    return np.where(np.isfinite(moved), moved, 0.0)


def _scale(points: Float[np.ndarray, "points size"]) -> float:
    if len(points) < 2:
        return 1.0
    gaps = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(gaps, np.inf)
    return float(np.median(gaps.min(axis=1)) / 2)
