"""How long a latent flow tau kappa' = f(kappa) takes to a threshold: the integral, and the Euler map's count."""

import enum
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import sympy
from scipy.integrate import quad

from theory.ghost.circuit.normal_form import NormalForm
from theory.ghost.circuit.roots import CertifiedRoots
from theory.ghost.toy import euler


class PassageOutcome(enum.Enum):
    """How a passage ended, and what to do about it."""

    REACHED = "the threshold is reached"
    ALREADY_PAST = "the start is at or past the threshold: the passage takes no time"
    BLOCKED = "a fixed point lies between start and threshold: the output never switches"
    LEADS_AWAY = "the flow at the start points away from the threshold: the output never switches"
    UNDECIDED = "a double root, or nearly one, lies on the way and cannot be resolved: look at fixed_points().undecided"
    STEPS_EXHAUSTED = "the threshold was not reached within the steps allowed: allow more"


@dataclass(frozen=True)
class Delay:
    """A predicted passage time, in the unit of tau; infinite when the threshold is never reached.

    `error` is the quadrature's own estimate plus a bound of what rounding of f does to the integral.
    """

    value: float
    error: float
    outcome: PassageOutcome


@dataclass(frozen=True)
class Passage:
    """The Euler map's passage: `count` is the first k with kappa_k >= threshold (None if it is not reached).

    `time` (unit of tau; infinite if not reached) replaces the last whole step by the part of it that the flow itself
    needs to the threshold, which removes the staircase and leaves Euler's own error.
    """

    count: int | None
    time: float
    outcome: PassageOutcome


def travel_time(
    flow: Callable[[float], float],
    flow_error: Callable[[float], float],
    start: float,
    threshold: float,
    *,
    fixed_points: CertifiedRoots,
    turning_points: Sequence[NormalForm],
    tau: float,
) -> Delay:
    """tau times the integral of d kappa / f from `start` up to `threshold`, with f's slow places as break points."""
    if start >= threshold:
        return Delay(0.0, 0.0, PassageOutcome.ALREADY_PAST)
    if _meets(start, threshold, [(x - d, x + d) for x, d in zip(fixed_points.roots, fixed_points.radii, strict=True)]):
        return Delay(math.inf, 0.0, PassageOutcome.BLOCKED)
    if _meets(start, threshold, [(low, high) for low, high in fixed_points.undecided]):
        return Delay(math.inf, 0.0, PassageOutcome.UNDECIDED)
    if flow(start) < 0:
        return Delay(math.inf, 0.0, PassageOutcome.LEADS_AWAY)
    value, error = _integral(flow, start, threshold, turning_points)
    slowest = [start, threshold, *(p.location for p in turning_points if start < p.location < threshold)]
    relative = max(flow_error(place) / flow(place) for place in slowest)
    return Delay(tau * value, tau * (error + relative * value), PassageOutcome.REACHED)


def with_euler_correction(exact: Delay, start_speed: float, end_speed: float, step: float, tau: float) -> Delay:
    """The passage time of Euler's map with D = `step`, to first order in D, from that of the flow."""
    if exact.outcome is not PassageOutcome.REACHED:
        return exact
    added = tau * _lowered_correction()(step, start_speed, end_speed)
    return Delay(exact.value + added, exact.error, exact.outcome)


@cache
def _lowered_correction() -> Callable[[float, float, float], float]:
    return sympy.lambdify((euler.step, euler.start_speed, euler.end_speed), euler.passage_correction(), "math")


def _meets(start: float, threshold: float, intervals: Sequence[tuple[float, float]]) -> bool:
    return any(low <= threshold and high >= start for low, high in intervals)


def _integral(
    flow: Callable[[float], float], start: float, end: float, turning_points: Sequence[NormalForm]
) -> tuple[float, float]:
    """The integral of 1 / f, broken up about every turning point, and quad's error estimate.

    Break points lie 1, 4, 16, ... of a ghost's own widths from it, as far as the way goes: 1 / f is its peak there, or
    falls as the square of the distance, and no piece is more than four times as far as it begins.
    """
    places: list[float] = []
    for point in turning_points:
        width = math.sqrt(abs(point.effective_r / point.curvature)) if point.curvature else 0.0
        places.append(point.location)
        while 0.0 < width < max(abs(end - point.location), abs(point.location - start)):
            places += [point.location - width, point.location + width]
            width *= 4.0
    inner = sorted({place for place in places if start < place < end})
    answer = quad(
        lambda place: 1.0 / flow(place),
        start,
        end,
        points=inner or None,
        limit=200 + 4 * len(inner),
        epsabs=0.0,
        epsrel=1e-12,
        full_output=1,  # accuracy it could not reach is in the error estimate; no warning
    )
    return float(answer[0]), float(answer[1])


def euler_passage(
    flow: Callable[[float], float], start: float, threshold: float, *, step: float, tau: float, most_steps: int
) -> Passage:
    """Iterate kappa -> kappa + step f(kappa), step = dt / tau, until the threshold is reached."""
    if start >= threshold:
        return Passage(0, 0.0, PassageOutcome.ALREADY_PAST)
    latent = start
    for count in range(1, most_steps + 1):
        previous, latent = latent, latent + step * flow(latent)
        if latent >= threshold:
            fraction = _integral(flow, previous, threshold, ())[0] / _integral(flow, previous, latent, ())[0]
            return Passage(count, tau * step * (count - 1 + fraction), PassageOutcome.REACHED)
        if latent == previous:
            return Passage(None, math.inf, PassageOutcome.BLOCKED)
    return Passage(None, math.inf, PassageOutcome.STEPS_EXHAUSTED)
