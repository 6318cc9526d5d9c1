"""In the plane, the slopes that let a displacement grow most while it turns once round, angle by angle.

With u the unit vector at angle theta, A = J + c I and v the vector a quarter turn ahead, ln r' = u^T A u and
theta' = v^T A u are affine in the slopes, so d ln r / d theta is a quotient of affine functions: over the corners that
turn the right way its largest value is the most that any slopes reach. If the integral over half a turn is negative
both ways round, no slopes make a displacement grow by turning (derived here; `test_switching.py`).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class HalfTurn:
    """The corners that are used one after the other, for how long, and the growth of ln r over half a turn."""

    corners: list[int]
    times: list[float]
    growth: float


def best_half_turn(
    drifts: Float[np.ndarray, "corners 2 2"], sense: int, start: float = 0.0, steps: int = 4000
) -> HalfTurn | None:
    """The most growth over half a turn from angle `start`, in the sense 1 or -1; None where some angle is not passed.

    The midpoint rule on `steps` angles: errors of growth and times fall as steps^-2 but for the angles at which corners
    change, which are found to one step.
    """
    angles = sense * np.pi * (np.arange(steps) + 0.5) / steps
    slopes, best, turning = greatest_slope(drifts, angles, sense)
    if not np.isfinite(slopes).all():
        return None
    share = np.pi / steps
    ends = np.flatnonzero(np.diff(best, append=-1))
    lasting = np.diff(np.cumsum(share / turning)[ends], prepend=0.0)
    return HalfTurn(best[ends].tolist(), lasting.tolist(), float(slopes.sum() * share))


def greatest_slope(
    drifts: Float[np.ndarray, "corners 2 2"], angles: Float[np.ndarray, " angles"], sense: int
) -> tuple[Float[np.ndarray, " angles"], Int[np.ndarray, " angles"], Float[np.ndarray, " angles"]]:
    """The largest d ln r / d (angle turned) at each angle, the corner that has it, and its turning rate.

    Minus infinity at angles where no corner turns in this sense.
    """
    radial, turning = polar_rates(drifts, angles)
    turning = sense * turning
    slope = np.where(turning > 0, radial / np.where(turning > 0, turning, 1.0), -np.inf)
    best = slope.argmax(axis=0)
    return slope.max(axis=0), best, np.take_along_axis(turning, best[None], axis=0)[0]


def polar_rates(
    drifts: Float[np.ndarray, "corners 2 2"], angles: Float[np.ndarray, " angles"]
) -> tuple[Float[np.ndarray, "corners angles"], Float[np.ndarray, "corners angles"]]:
    """ln r' and theta' for each matrix at each angle."""
    ahead = np.stack([np.cos(angles), np.sin(angles)])
    aside = np.stack([-np.sin(angles), np.cos(angles)])
    moved = drifts @ ahead
    return (moved * ahead).sum(axis=1), (moved * aside).sum(axis=1)
