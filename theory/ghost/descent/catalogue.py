"""Every attracting cycle of the training map in a range of rates, by a certified search over words.

Parametrise a cycle by its largest L point u0. Every other point is an L point if it is below u0 and an R point if it
is above, so u0 alone forces the word: a cycle of length n is a root of u_n(u0) = u0. The same roots are the places
where the next letter of an orbit that starts at u0 changes, so a recursion over pieces of the u0 axis on which the
first n letters are constant meets every cycle of every length. A piece is cut at a root, with a splinter around it;
where u_n(u0) - u0 is not certainly monotone the piece is halved. All decisions are made in ball arithmetic.

Where an attracting cycle can be: u0 > (9/16)^(2/5), below which L expands at every L point (and R expands everywhere);
u0 < k for the smallest rate; R points above k for the largest; no point below rho_c u0 < rho_c k.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import flint
import mpmath as mp
from flint import arb

from theory.ghost.descent.cycles import MOVE, SLOPE, Cycle, Limits, refine
from theory.ghost.descent.errors import RateError, WordError
from theory.ghost.descent.training_map import PAPER, Window

BITS = 192
SPLINTER = arb(2) ** -120  # half width of the piece cut out around a root
FINEST = arb(2) ** -60  # a piece narrower than this is handed back as unresolved


@dataclass(frozen=True)
class Catalogue:
    """The attracting cycles met between `a_min` and `a_max`, ordered by decreasing upper limit.

    `unresolved` are intervals of u0 in which a further attracting cycle of length at most `max_length` could not be
    excluded: the list is proved complete when there is none. `pieces` counts the steps of the recursion.
    """

    cycles: tuple[Cycle, ...]
    window: Window
    a_min: float
    a_max: float
    max_length: int
    unresolved: tuple[tuple[float, float], ...]
    pieces: int

    @property
    def complete(self) -> bool:
        """Whether the list is proved complete for words up to `max_length`."""
        return not self.unresolved

    def covered(self) -> float:
        """Fraction of [a_min, a_max] on which at least one of the cycles exists."""
        limits = sorted((c.limits(self.window) for c in self.cycles), key=lambda each: each.lower)
        total, reached = mp.mpf(0), mp.mpf(self.a_min)
        for each in limits:
            low, high = max(each.lower, reached), min(each.upper, mp.mpf(self.a_max))
            if high > low:
                total, reached = total + high - low, high
        return float(total / (mp.mpf(self.a_max) - mp.mpf(self.a_min)))


@cache
def attracting_cycles(
    a_min: float = 0.3, a_max: float = 1.2, max_length: int = 24, window: Window = PAPER
) -> Catalogue:
    """All attracting cycles with words up to `max_length` that exist at some rate ratio in [a_min, a_max].

    Raises `RateError` for a bad range and `WordError` for a length below 2.

    >>> found = attracting_cycles(0.9, 1.2, max_length=6)
    >>> [cycle.word for cycle in found.cycles], found.complete
    (['LRR'], True)
    """
    if max_length < 2:
        raise WordError(f"max_length is {max_length}; a cycle has at least 2 letters")
    if not 0 < window.scaled(a_min) < window.scaled(a_max):
        raise RateError(f"the range [{a_min}, {a_max}] of rate ratios is empty; give a_min < a_max")
    with flint.ctx.workprec(BITS):
        cut = 1 / (1 + arb(window.response_ratio)) ** 2
        kinks = [(4 * (1 - cut) / 3 * arb(a)) ** (-arb(2) / 5) for a in (a_min, a_max)]
        search = _Search(cut, lowest_kink=kinks[1], max_length=max_length)
        start = ((arb(9) / 16) ** (arb(2) / 5)).lower(), kinks[0].upper()
        found = list(search.run(*start))
    cycles = []
    for word, root in found:
        cycle = refine(word, mp.mpf(root.mid().str(50, radius=False)))
        if cycle is None:
            search.unresolved.append((float(root), float(root)))
        else:
            cycles.append(cycle)
    alive = [cycle for cycle in cycles if _lives(cycle.limits(window), a_min, a_max)]
    return Catalogue(
        tuple(sorted(alive, key=lambda c: c.points[0])),
        window,
        a_min,
        a_max,
        max_length,
        tuple(search.unresolved),
        search.pieces,
    )


def _lives(limits: Limits, a_min: float, a_max: float) -> bool:
    return bool(limits.lower < min(limits.upper, a_max) and limits.upper > a_min)


@dataclass(frozen=True)
class _Piece:
    low: arb
    high: arb
    word: str
    root: str = ""  # the word of the cycle this splinter was cut out around


@dataclass(frozen=True)
class _Image:
    """Of a piece under its word: the points visited, the last one's excess over u0, and its derivative."""

    points: tuple[arb, ...]
    excess: arb
    slope: arb


class _Search:
    def __init__(self, cut: arb, lowest_kink: arb, max_length: int) -> None:
        self.cut, self.lowest_kink, self.max_length = cut, lowest_kink, max_length
        self.unresolved: list[tuple[float, float]] = []
        self.pieces = 0

    def run(self, low: arb, high: arb) -> Iterator[tuple[str, arb]]:
        """Words and largest L points of the attracting cycles."""
        stack = [_Piece(low, high, "L")]
        while stack:
            piece = stack.pop()
            self.pieces += 1
            image = _image(piece.word, piece.low, piece.high)
            if self._is_barren(piece, image):
                continue
            letters = self._letters(piece, image)
            if len(letters) == 1 or piece.root:
                if len(letters) > 1:
                    self._judge_splinter(piece, image)
                if len(piece.word) < self.max_length:
                    stack += [replace(piece, word=piece.word + letter) for letter in letters]
                continue
            root = _root(piece) if _certainly_monotone(image) else None
            if root is None:
                stack += self._halve(piece)
                continue
            slope = abs(_image(piece.word, root - SPLINTER, root + SPLINTER).slope)
            if slope < 1:
                yield piece.word, root
            elif not slope > 1:
                self._give_up(piece)
            stack += self._around(piece, root)

    def _letters(self, piece: _Piece, image: _Image) -> str:
        if image.excess < 0:
            return "L"
        if image.excess > 0:
            return "R"
        if not piece.root and _certainly_monotone(image):
            ends = [_image(piece.word, end, end).excess for end in (piece.low, piece.high)]
            if all(end < 0 for end in ends):
                return "L"
            if all(end > 0 for end in ends):
                return "R"
        return "LR"

    def _is_barren(self, piece: _Piece, image: _Image) -> bool:
        """Whether all of the piece is captured, or has an R point below every kink of the range."""
        captured = any(point < self.cut * piece.low for point in image.points)
        visited = zip(image.points[:-1], piece.word, strict=True)
        return captured or any(letter == "R" and point < self.lowest_kink for point, letter in visited)

    def _judge_splinter(self, piece: _Piece, image: _Image) -> None:
        repeats, rest = divmod(len(piece.word), len(piece.root))
        known = rest == 0 and piece.word == piece.root * repeats
        if not known and not abs(image.slope) > 1:
            self._give_up(piece)

    def _halve(self, piece: _Piece) -> list[_Piece]:
        if piece.high - piece.low < FINEST:
            self._give_up(piece)
            return []
        middle = ((piece.low + piece.high) / 2).mid()
        return [_Piece(piece.low, middle, piece.word), _Piece(middle, piece.high, piece.word)]

    def _around(self, piece: _Piece, root: arb) -> list[_Piece]:
        low, high = (root - SPLINTER).mid(), (root + SPLINTER).mid()
        return [
            _Piece(piece.low, low, piece.word),
            _Piece(low, high, piece.word, root=piece.word),
            _Piece(high, piece.high, piece.word),
        ]

    def _give_up(self, piece: _Piece) -> None:
        self.unresolved.append((float(piece.low), float(piece.high)))


def _image(word: str, low: arb, high: arb) -> _Image:
    """Mean-value enclosures for all u0 between two exact numbers."""
    middle = ((low + high) / 2).mid()
    spread = low.union(high) - middle
    thin, points, slope = middle, [middle + spread], arb(1)
    for letter in word:
        slope *= SLOPE[letter](points[-1])
        thin = MOVE[letter](thin)
        points.append(thin + slope * spread)
    return _Image(tuple(points), thin - middle + (slope - 1) * spread, slope)


def _certainly_monotone(image: _Image) -> bool:
    return bool(image.slope > 1 or image.slope < 1)


def _root(piece: _Piece) -> arb | None:
    """The root of the excess in a piece on which it is monotone, or None if its splinter cannot be certified."""
    low, high = piece.low, piece.high
    rising = _image(piece.word, high, high).excess > 0
    for _ in range(24):
        middle = ((low + high) / 2).mid()
        above = _image(piece.word, middle, middle).excess > 0
        low, high = (low, middle) if above == rising else (middle, high)
    root = ((low + high) / 2).mid()
    for _ in range(6):
        there = _image(piece.word, root, root)
        root = (root - there.excess / (there.slope - 1)).mid()
    signs = [_image(piece.word, end, end).excess for end in ((root - SPLINTER).mid(), (root + SPLINTER).mid())]
    crosses = (signs[0] < 0 and signs[1] > 0) or (signs[0] > 0 and signs[1] < 0)
    inside = root - SPLINTER > piece.low and root + SPLINTER < piece.high
    return root if crosses and inside else None
