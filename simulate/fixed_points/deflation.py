"""Newton's method on what is left of an equation when its known roots are divided out."""

import numpy as np
from jaxtyping import Float

from simulate.measures.fixed_points.descent import AnyMap, linearised, scales

_LONGEST = 1.0
"""Of a step, relative to the larger of one and the length of the state."""


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
    (Farrell, Birkisson and Funke, SIAM J. Sci. Comput. 37, A2026, 2015). States that left all numbers are left out.
    """
    states = np.array(starts)
    scale = _scale(points)
    for _ in range(steps):
        residuals, slopes = linearised(step, states)
        kept = np.isfinite(residuals).all(axis=1) & np.isfinite(slopes).all(axis=(1, 2))
        states, residuals, slopes = states[kept], residuals[kept], slopes[kept]
        damped = slopes + 1e-12 * np.eye(states.shape[1])
        newton = -np.linalg.solve(damped, residuals[..., None])[..., 0]
        away = (states[:, None] - points) / scale
        square = (away**2).sum(axis=2, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            gradient = np.nan_to_num(-2 * away / (scale * square * (1 + square))).sum(axis=1)
            moved = newton / (1 - (gradient * newton).sum(axis=1))[:, None]
        length = np.linalg.norm(moved, axis=1)
        longest = _LONGEST * scales(states)
        with np.errstate(divide="ignore", invalid="ignore"):
            moved *= np.minimum(1.0, longest / length)[:, None]
        states = states + np.where(np.isfinite(moved), moved, 0.0)
    return states


def _scale(points: Float[np.ndarray, "points size"]) -> float:
    if len(points) < 2:
        return 1.0
    gaps = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(gaps, np.inf)
    return float(np.median(gaps.min(axis=1)) / 2)
