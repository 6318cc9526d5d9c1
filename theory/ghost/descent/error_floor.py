"""The mean loss that training settles to, as a function of the learning rate: no free parameter.

On an attracting cycle it is the mean of |1 - rho^(-1/2)| over the cycle, times the delay. Without a cycle that can be
written down it is the average over the attractor, with a bound on the error that says what it rests on.
"""

import math
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import mpmath as mp
import numpy as np
from jaxtyping import Float

from theory.ghost.descent.capture import failure_ratio
from theory.ghost.descent.cycles import Cycle
from theory.ghost.descent.itinerary import CyclesMet, find_cycles, is_rotation
from theory.ghost.descent.training_map import PAPER, Window, advance, jump_length, loss, lowered, orbit, rho

SMALLEST_ITERATED = 1e-4  # scaled rate below which the small-rate law is more accurate than any orbit of a second
CLOSED = 1e-13
ONLY_LAST = (
    8 / 9
)  # scaled rate above which `theory.ghost.descent.capture` proves that nothing but the cycle LRR attracts
_loss = lowered(loss().args[0], rho)


class FloorOutcome(Enum):
    """How the floor was obtained; the text says what the error bound rests on."""

    CYCLE = "mean over an attracting cycle known to 30 digits; the bound is rounding"
    ROTATION = "mean over a closest return of a rotation with gaps; the bound is Denjoy and Koksma's, proved"
    LONG_CYCLE = "mean over an attracting cycle too long to spell; the bound is the contraction of its last turn"
    SMALL_RATE = "the law 3 b / 16 of small rates; the bound b^3 is six times the largest deviation measured"
    AVERAGE = "mean over many orbits on an attractor without a cycle; the bound is 5 standard errors"
    CAPTURED = "almost every start gets stuck at this rate; up to the critical rate none does"


@dataclass(frozen=True)
class ErrorFloor:
    """Mean loss on the attractor in units of the delay (times T: the integral of the squared error).

    `value` and `error_bound` are None when almost every start is captured. `conditional` tells that some starts are
    captured, and that the value is the mean over those that are not. `cycle` is the one averaged over, None if none
    with a word of at most 200 letters was met; `others` are the floors of coexisting cycles, reached from other starts.
    """

    value: float | None
    error_bound: float | None
    outcome: FloorOutcome
    cycle: Cycle | None
    others: tuple[tuple[Cycle, float], ...]
    conditional: bool

    @property
    def word(self) -> str | None:
        """The cycle's word, in the letters L and R."""
        return None if self.cycle is None else self.cycle.word


def small_rate_law(b: float) -> float:
    """Leading law of the floor in units of the delay, 3 b / 16; the next order, b^2, vanishes.

    Derived here: with e = 3 b / 4 and rho = 1 + e y a turn alternates R and L from y = 0+ up to y = 1. A pair of steps
    costs e/2 + (3/8 - 3 y / 2) e^2, in the mean e/2 - (3/8) e^2, and moves y up by 3 e / 2, so that a turn is
    4 / (3 e) steps and one further R of cost e/2. The two corrections of order e^2 cancel, leaving e/4 + O(e^3).
    `tests/theory/ghost/descent/test_error_floor.py` measures the order of what remains.
    """
    return 3 * b / 16


def cycle_floor(cycle: Cycle, a: float, window: Window = PAPER) -> float:
    """Mean loss over a cycle at the rate ratio a, in units of the delay."""
    with mp.workdps(40):
        stretch = mp.mpf(window.scaled(a)) ** mp.mpf("0.4")
        return float(mp.fsum(abs(_loss(stretch * point)) for point in cycle.points) / len(cycle.points))


def error_floor(a: float, window: Window = PAPER, start: float = 10.0) -> ErrorFloor:
    """The floor reached from `start` (the paper's is 10) at the rate ratio a.

    Raises `RateError` for a bad rate and `StartError` for a start that is not finite.

    >>> floor = error_floor(0.6)
    >>> floor.word, f"{floor.value:.6f}"
    ('LRR', '0.116752')
    """
    b = window.scaled(a)
    if a > failure_ratio(window):
        return ErrorFloor(None, None, FloorOutcome.CAPTURED, None, (), conditional=False)
    if b < SMALLEST_ITERATED:
        return ErrorFloor(small_rate_law(b), b**3, FloorOutcome.SMALL_RATE, None, (), conditional=False)
    met = find_cycles(a, window, start)
    conditional = a > 1
    cycle = met.reached
    if cycle is None and met.others and (met.captured or b > ONLY_LAST):
        cycle = met.others[0]
    if cycle is not None:
        others = tuple((c, cycle_floor(c, a, window)) for c in met.others if c is not cycle)
        value = cycle_floor(cycle, a, window)
        return ErrorFloor(value, 1e-13 * value, FloorOutcome.CYCLE, cycle, others, conditional)
    if a <= 1 and is_rotation(b):
        return _rotation_mean(a, window)
    return _average(a, window, met, conditional)


def _rotation_mean(a: float, window: Window) -> ErrorFloor:
    """Mean over q steps, q the longest closest return met.

    If the orbit has closed to rounding it is a cycle: by the contraction mapping theorem the cycle is within
    closing / (1 - multiplier) of it, and partial turns stretch by less than 2. Otherwise, Denjoy and Koksma: for an
    order-preserving circle map and a denominator q of a convergent of its rotation number, the sum over q steps of a
    function of variation Var differs from q times its mean by at most Var, from any start. The denominators are
    read off the order of the orbit: a closest return from one side that is the last before one from the other side.
    """
    b = window.scaled(a)
    transient = math.ceil(min(40 / b**2, 500_000))
    values = orbit(1 + 0.3 * b, a, transient + math.ceil(min(6e5, max(2e4, 60 / b))), window)[transient:]
    closed = np.flatnonzero(np.abs(values[1:] - values[0]) < CLOSED)
    if len(closed):
        cycle = values[: closed[0] + 1]
        signs = np.sign(cycle - 1)
        multiplier = float(np.exp(np.sum(np.log1p(signs * 1.5 * jump_length(cycle, b) / cycle))))
        value = float(np.mean(np.abs(_loss(cycle))))
        if multiplier < 1:
            bound = 2 * CLOSED / (1 - multiplier)
            return ErrorFloor(value, bound, FloorOutcome.LONG_CYCLE, None, (), conditional=a > 1)
    length = _longest_return(values - values[0])
    value = float(np.mean(np.abs(_loss(values[:length]))))
    variation = 2 * (abs(_loss(1 + 0.75 * b)) + abs(_loss(1 - 0.75 * b)))  # there and back on the closed circle
    return ErrorFloor(value, float(variation / length), FloorOutcome.ROTATION, None, (), conditional=a > 1)


def _longest_return(offset: Float[np.ndarray, " steps"]) -> int:
    above = np.where(offset > 0, offset, 2.0)
    below = np.where(offset <= 0, -offset, 2.0)
    below[0] = 2.0
    records = []
    for side, distance in enumerate((above, below)):
        times = np.flatnonzero(np.diff(np.minimum.accumulate(distance)) < 0) + 1
        records += [(int(time), side) for time in times]
    records.sort()
    turns = [now[0] for now, after in pairwise(records) if now[1] != after[1]]
    return turns[-1] if turns else 1


def _average(a: float, window: Window, met: CyclesMet, conditional: bool) -> ErrorFloor:
    """Mean over independent orbits, started evenly over the attracting interval, after a transient."""
    b = window.scaled(a)
    lanes, transient, steps = 400, 2000, 2000
    state = advance(np.linspace(window.cut, 1 + 0.75 * b, lanes + 2)[1:-1], a, transient, window)
    total = np.zeros(lanes)
    for _ in range(steps):
        total += np.abs(_loss(state))
        state = advance(state, a, 1, window)
    means = (total / steps)[state >= window.cut]
    if len(means) < 2:
        return ErrorFloor(None, None, FloorOutcome.CAPTURED, None, (), conditional)
    bound = 5 * float(np.std(means, ddof=1)) / len(means) ** 0.5
    others = tuple((c, cycle_floor(c, a, window)) for c in met.others)
    return ErrorFloor(float(np.mean(means)), bound, FloorOutcome.AVERAGE, None, others, conditional)
