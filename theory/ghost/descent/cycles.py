"""Cycles of the training map in the scaled variable u: points, multiplier, and the rates at which they live.

In u (see `theory.ghost.descent.training_map`) a cycle's points and multiplier know neither of the rate nor of the
window. It lives exactly while the kink k = b^(-2/5) lies above its L points and below its R points, and while none of
its points falls below the cut rho_c k. `theory.ghost.descent.catalogue` finds them all; this file refines one to any
number of digits.
"""

from dataclasses import dataclass

import mpmath as mp

from theory.ghost.descent.errors import WordError
from theory.ghost.descent.training_map import PAPER, Window, branch, branch_slope, lowered, u

MOVE = {letter: lowered(branch(letter), u) for letter in "LR"}
SLOPE = {letter: lowered(branch_slope(letter), u) for letter in "LR"}


@dataclass(frozen=True)
class Limits:
    """The rates at which a cycle exists: open interval of a (lower, upper) and what ends it below."""

    lower: mp.mpf
    upper: mp.mpf
    ended_by_cut: bool


@dataclass(frozen=True)
class Cycle:
    """A cycle of the training map, free of rate and window.

    `word` starts at the largest L point; `points` are its values of u in the same order (30 digits and more);
    `multiplier` is the derivative of the composition, attracting when its modulus is below 1.
    """

    word: str
    points: tuple[mp.mpf, ...]
    multiplier: mp.mpf

    def limits(self, window: Window = PAPER) -> Limits:
        """Between which rate ratios a the cycle exists in this window (30 digits)."""
        with mp.workdps(40):
            cut = 1 / (1 + mp.mpf(window.response_ratio)) ** 2
            per_rate = mp.mpf(4) / 3 * (1 - cut)
            right = [p for p, letter in zip(self.points, self.word, strict=True) if letter == "R"]
            from_kink = min(right) ** mp.mpf("-2.5")
            from_cut = (min(self.points) / cut) ** mp.mpf("-2.5")
            upper = self.points[0] ** mp.mpf("-2.5")
            return Limits(max(from_kink, from_cut) / per_rate, upper / per_rate, bool(from_cut > from_kink))

    def exists_at(self, a: float, window: Window = PAPER) -> bool:
        """Whether the cycle lives at this rate ratio."""
        limits = self.limits(window)
        return bool(limits.lower < a < limits.upper)


def refine(word: str, guess: float | mp.mpf, digits: int = 40) -> Cycle | None:
    """The cycle with this word whose first point is near `guess`; None if Newton's iteration leads to no such cycle.

    The word may start anywhere; the result starts at the largest L point. The letters of the refined points are
    checked against the word (all L points below all R points), so what is returned is a cycle of the map.
    Raises `WordError` for an empty word or other letters.
    """
    if not word or set(word) - {"L", "R"}:
        raise WordError(f"{word!r} is not a cycle word; use the letters L and R, at least one")
    with mp.workdps(digits + 10):
        first = mp.mpf(guess)
        for _ in range(60):
            points, slope = _follow(word, first)
            if points is None or slope == 1:
                return None
            change = (points[-1] - first) / (slope - 1)
            first -= change
            if abs(change) < mp.mpf(10) ** (-digits - 3):
                break
        else:
            return None
        points, slope = _follow(word, first)
        if points is None:
            return None
        return _from_points(word, points[:-1], slope)


def _follow(word: str, first: mp.mpf) -> tuple[list[mp.mpf] | None, mp.mpf]:
    """The points visited and the derivative of the composition; None once a point is not positive."""
    points, slope = [first], mp.mpf(1)
    for letter in word:
        if points[-1] <= 0:
            return None, slope
        slope *= SLOPE[letter](points[-1])
        points.append(MOVE[letter](points[-1]))
    return points, slope


def _from_points(word: str, points: list[mp.mpf], multiplier: mp.mpf) -> Cycle | None:
    left = [p for p, letter in zip(points, word, strict=True) if letter == "L"]
    right = [p for p, letter in zip(points, word, strict=True) if letter == "R"]
    if not left or not right or max(left) >= min(right):
        return None
    turn = points.index(max(left))
    return Cycle(word[turn:] + word[:turn], tuple(points[turn:] + points[:turn]), multiplier)
