"""The polygon with the fewest vertices that flows of the plane lead into: chords of the worst displacement's curve.

Let r(theta) be the radius of the displacement that grows most while it turns (`revolution`), on top of the rate c* at
which it comes back to its radius after half a turn: a closed convex curve. From a point v of it, (J + c I) v points
inside for c < c*, and the chord along the outermost of these directions, over all corners, is the longest that keeps
all of them inside. The number of vertices grows as 1 / (c* - c).
"""

import numpy as np
import scipy.optimize
from jaxtyping import Float

from theory.contraction.search.revolution import greatest_slope, polar_rates

_STEPS = 40_000
_SHARE = 0.05
"""Of the way from c to c* the rate that chords are drawn for: the rest is for rounding and for the last chord."""


def half_polygon(drifts: Float[np.ndarray, "corners 2 2"], most: int) -> Float[np.ndarray, "vertices 2"] | None:
    """Vertices over half a turn of a polygon whose norm contracts, `drifts` being J + c I at the corners.

    None where there is none, or no displacement turns, or `most` vertices do not do.
    """
    found = [(rate, sense) for sense in (1, -1) if (rate := slowest_decay(drifts, sense)) is not None]
    if not found:
        return None
    rate, sense = min(found)
    if rate <= 0:
        return None
    identity = np.eye(2)
    angles = sense * np.pi * np.arange(_STEPS + 1) / _STEPS
    middles = (angles[1:] + angles[:-1]) / 2
    slopes = greatest_slope(drifts + rate * identity, middles, sense)[0]
    radii = np.exp(np.concatenate([[0.0], np.cumsum(slopes) * np.pi / _STEPS]))
    radii *= np.exp(-np.log(radii[-1]) * np.arange(_STEPS + 1) / _STEPS)  # closed to rounding
    return _chords(drifts + _SHARE * rate * identity, angles, radii, sense, most)


def slowest_decay(drifts: Float[np.ndarray, "corners 2 2"], sense: int) -> float | None:
    """c*, to be added to `drifts` for the worst displacement to come back to its radius; None if it does not turn."""
    angles = sense * np.pi * (np.arange(4000) + 0.5) / 4000

    def mean(rate: float) -> float:
        return float(greatest_slope(drifts + rate * np.eye(2), angles, sense)[0].mean())

    if not np.isfinite(mean(0.0)):
        return None
    size = float(np.abs(drifts).sum(axis=2).max())
    return float(scipy.optimize.brentq(mean, -2 * size - 1, 2 * size + 1, xtol=1e-12))


def _chords(
    drifts: Float[np.ndarray, "corners 2 2"],
    angles: Float[np.ndarray, " angles"],
    radii: Float[np.ndarray, " angles"],
    sense: int,
    most: int,
) -> Float[np.ndarray, "vertices 2"] | None:
    here, found = 0, list[Float[np.ndarray, "2"]]()
    while here < len(angles) - 1:
        if len(found) == most:
            return None
        radial, turning = (rates[:, 0] for rates in polar_rates(drifts, angles[here : here + 1]))
        turning = sense * turning
        if not (turning > 0).any():
            return None
        found.append(radii[here] * np.array([np.cos(angles[here]), np.sin(angles[here])]))
        steepest = float(np.max(radial[turning > 0] / turning[turning > 0]))
        # b, the chord's angle to the radius: its own radius, r sin b / sin(b - turned), is to stay below r(theta)
        direction = np.arctan2(1.0, steepest)
        turned = sense * (angles[here + 1 :] - angles[here])
        crossed = (turned >= direction) | (
            np.sin(direction) * radii[here] > np.sin(np.maximum(direction - turned, 1e-300)) * radii[here + 1 :]
        )
        beyond = int(crossed.argmax()) if crossed.any() else len(crossed)
        if beyond == 0:
            return None
        here += beyond
    return np.array(found)
