"""The attracting cycle that orbits meet at one rate: iterate, read off the word, refine, and check the cycle."""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import sympy as sp
from jaxtyping import Float

from theory.ghost.descent.capture import last_cycle
from theory.ghost.descent.cycles import MOVE, Cycle, refine
from theory.ghost.descent.training_map import PAPER, Window, advance, branch_slope, orbit, u

LONGEST_WORD = 200
STARTS = 64  # spread over the attracting interval where several attractors are possible
SETTLE = 5000  # steps in which slow capture just above the critical rate leaves fewer than one start in 10^8
CLOSE = 1e-6  # in units of a step: a return this close is a candidate that Newton's iteration confirms or rejects


@dataclass(frozen=True)
class CyclesMet:
    """`reached` is the cycle met from the start asked for (None: none found, or captured); `others` coexist with it.

    `captured` tells whether the orbit from that start gets stuck.
    """

    reached: Cycle | None
    others: tuple[Cycle, ...]
    captured: bool


def is_rotation(b: float) -> bool:
    """Whether the map is an increasing injection between its attracting interval and itself, up to one jump.

    Then it is a rotation with gaps: all orbits share one rotation number, and at most one cycle attracts. The
    conditions: L increases on [R(k+), k), and the images R(k, L(k-)] and L[R(k+), k) do not overlap.
    """
    kink = b**-0.4
    bottom, top = MOVE["R"](kink), MOVE["L"](kink)
    return bool(bottom > _turning_point() and MOVE["R"](top) < MOVE["L"](bottom))


@cache
def _turning_point() -> float:
    """Where L turns from decreasing to increasing, (9/8)^(2/5)."""
    return float(sp.nsolve(branch_slope("L"), u, 1))


def turn_length(b: float) -> float:
    """Steps in a turn of the rotation at a small scaled rate, 16 / (9 b); derived with the small-rate law of the floor.

    >>> turn_length(0.02)
    88.88888888888889
    """
    return 16 / (9 * b)


def find_cycles(a: float, window: Window = PAPER, start: float = 10.0, max_length: int = LONGEST_WORD) -> CyclesMet:
    """Attracting cycles with words up to `max_length` at the rate ratio `a`, refined to 30 digits.

    Orbits from `start` and, where several attractors are possible or starts get captured (a > 1), from starts spread
    over the attracting interval.
    Raises `RateError` for a bad rate and `StartError` for a start that is not finite.
    """
    b = window.scaled(a)
    starts = np.array([start])
    if a > 1 or not is_rotation(b):
        if last_cycle().exists_at(a, window):
            starts = np.append(starts, float(last_cycle().points[0]) * b**0.4)
        spread = np.linspace(window.cut, 1 + 0.75 * b, STARTS + 1, endpoint=False)[1:]
        starts = np.concatenate([starts, spread])
    settled = _settle(starts, a, window, max_length)
    captured = settled < window.cut
    found: list[Cycle | None] = []
    for state, stuck in zip(settled, captured, strict=True):
        known = [c for c in found if c is not None and _is_on(c, float(state), b)]
        if stuck:
            found.append(None)
        else:
            found.append(known[0] if known else _read(float(state), a, window, max_length))
    others = {c.word: c for c in found[1:] if c is not None and (found[0] is None or c.word != found[0].word)}
    return CyclesMet(found[0], tuple(others.values()), bool(captured[0]))


def _settle(
    starts: Float[np.ndarray, " starts"], a: float, window: Window, max_length: int
) -> Float[np.ndarray, " starts"]:
    """Where the starts are after the transient.

    At small rates a turn of the rotation (`turn_length` steps) contracts by 15 b / 8, which is about b^2 a step;
    40 / b^2 steps forget the start to rounding. A rate whose turn is longer than `max_length` has no word to read.
    """
    b = window.scaled(a)
    if turn_length(b) > 1.2 * max_length:
        return starts
    plateau = 0.6 * max(float(starts.max()), 1.0) ** 2.5 / b
    steps = math.ceil(plateau + min(max(40 / b**2, SETTLE), 500_000))
    if len(starts) == 1:  # plain floats are faster than arrays of one
        return orbit(float(starts[0]), a, steps, window)[-1:]
    return advance(starts, a, steps, window)


def _is_on(cycle: Cycle, state: float, b: float) -> bool:
    points = np.array([float(p) for p in cycle.points]) * b**0.4
    return bool(np.abs(points - state).min() < CLOSE * b)


def _read(state: float, a: float, window: Window, max_length: int) -> Cycle | None:
    b = window.scaled(a)
    values = orbit(state, a, max_length + 1, window)
    for length in np.flatnonzero(np.abs(values[1:] - state) < CLOSE * b) + 1:
        word = "".join("L" if value < 1 else "R" for value in values[:length])
        cycle = refine(word, state * b**-0.4)
        if cycle is not None and abs(cycle.multiplier) < 1 and cycle.exists_at(a, window):
            return cycle
    return None
