"""Above the failure ratio almost every start gets stuck: the threshold and a machine-checked proof, for every window.

Setting. In the scaled variable let w1 = L(u), w2 = R(w1), w3 = R(w2), w4 = R(w3), let u* be the fixed point of LRR
(u -> w3) and D(u) = |L'(u)| R'(w1) R'(w2) R'(w3). The failure ratio is where the kink k meets u*.

1. L decreases and R increases below (9/8)^(2/5) > u*, so for k <= u* every L point u < k has w3 > u* >= k: an orbit
   that leaves the L region stays away for at least three R points, and its return word is L R^j with j >= 3. As
   R' > 1, the return map's derivative is at least D(u).
2. (claim `longer`) D > 1 wherever w4 > u. So words with j >= 4, for which w4 >= k > u, expand.
3. (claim `twice`) D(u) D(w4) > 1 wherever 0 < w4 < u*. So two returns expand when the first has j = 3.
   Hence, stopping after two returns for the word LRRR and after one for all others, the return map G to the L region
   [cut, k) is piecewise C2 and expanding, with finitely many branches that end at pre-images of the kink or the cut.
4. If the survivors had positive measure, they would carry an invariant density of bounded variation (Lasota and
   Yorke), so that they would fill some interval J up to measure zero. Images of J under G grow until one has the end
   of a branch in its interior, hence a later image of J under the map has the kink or the cut in its interior. Left
   of the cut orbits are stuck; just right of the kink they land below the cut, as a > 1. Both contradict the choice
   of J.

Just below the threshold (claim `absorbed`), for u* < k <= (9/8)^(2/5), LRR takes its own cylinder left of the kink
into itself and draws it to the cycle. The same argument, with that cylinder as a second way out, shows that almost
every start is captured or ends on the cycle LRR, and that none is captured if a <= 1. Where the cut lies is never
used, so all of it holds for every response window. Derived here; the claims are certified in ball arithmetic.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import flint
import mpmath as mp
from flint import arb

from theory.ghost.descent.cycles import MOVE, SLOPE, Cycle, refine
from theory.ghost.descent.training_map import PAPER, Window

BITS = 128
FINEST = 2.0**-30


@dataclass(frozen=True)
class IntervalClaim:
    """A statement about all u in [low, high], checked box by box.

    `weakest` is the smallest lower bound met (it must exceed 1), `uncertified` lists the boxes that failed.
    """

    name: str
    low: float
    high: float
    boxes: int
    weakest: float
    uncertified: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class CaptureCertificate:
    """The claims of the proof in this module's description, and the enclosure of u* they were checked with."""

    claims: tuple[IntervalClaim, ...]
    fixed_point: tuple[float, float]
    preliminaries: bool

    @property
    def holds(self) -> bool:
        """Whether every claim was certified everywhere."""
        return self.preliminaries and not any(claim.uncertified for claim in self.claims)


@cache
def last_cycle() -> Cycle:
    """The cycle LRR, whose largest L point is u*: the last attracting cycle as the rate grows."""
    cycle = refine("LRR", 1.0)
    assert cycle is not None
    return cycle


@cache
def failure_ratio(window: Window = PAPER) -> mp.mpf:
    """a_fail, the smallest rate ratio above which almost every start ends stuck (30 digits).

    It is where the cycle LRR ends, unless a = 1 is later: in windows longer than about 1.093 delays nothing gets stuck
    up to the critical rate itself, and almost everything beyond it. In the paper's window some starts learn at every
    rate below; in windows shorter than about 0.2 delays almost every start is captured at some rates below as well.

    >>> mp.nstr(failure_ratio(), 30)
    '1.02904346942964863699940214125'
    """
    with mp.workdps(40):
        return max(mp.mpf(1), last_cycle().limits(window).upper)


def capture_certificate() -> CaptureCertificate:
    """Check every claim of the proof that almost every start is captured above `failure_ratio`; well under a second.

    >>> certificate = capture_certificate()
    >>> certificate.holds, [claim.name for claim in certificate.claims]
    (True, ['longer', 'twice', 'absorbed'])
    """
    with flint.ctx.workprec(BITS):
        centre = arb(mp.nstr(last_cycle().points[0], 36))
        low, high = (centre - arb(10) ** -28).mid(), (centre + arb(10) ** -28).mid()
        expanding = (arb(9) / 16) ** (arb(2) / 5)  # L' = -1: below it D > 1 without further ado
        turning = (arb(9) / 8) ** (arb(2) / 5)  # L' = 0
        crossing = _path(low, low)[2] > low and _path(high, high)[2] < high
        far = _path(arb(0.5), arb(0.5))[3] > high  # w4 decreases in u, so w4 > u* for all smaller u
        claims = (
            _check("longer", _longer, expanding.lower(), high),
            _check("twice", lambda box: _twice(box, high), arb(0.5), high),
            _check("absorbed", lambda box: _absorbed(box, low), low, turning.upper()),
        )
        return CaptureCertificate(claims, (float(low), float(high)), bool(crossing and far and high < turning))


Bound = Callable[[tuple[arb, arb]], arb | None]


def _check(name: str, bound: Bound, low: arb, high: arb) -> IntervalClaim:
    """Halve boxes until the bound on each exceeds 1 (None: the claim says nothing there)."""
    stack, boxes, weakest, failed = [(low, high)], 0, float("inf"), []
    while stack:
        left, right = stack.pop()
        boxes += 1
        value = bound((left, right))
        if value is None:
            continue
        if value > 1:
            weakest = min(weakest, float(value.lower()))
        elif right - left < FINEST:
            failed.append((float(left), float(right)))
        else:
            middle = ((left + right) / 2).mid()
            stack += [(left, middle), (middle, right)]
    return IntervalClaim(name, float(low), float(high), boxes, weakest, tuple(failed))


def _path(left: arb, right: arb) -> tuple[arb, arb, arb, arb]:
    """Enclosures of w1 to w4 over a box below the turning point, where all are decreasing in u."""
    ends = []
    for point in (left, right):
        visited = [MOVE["L"](point)]
        for _ in range(3):
            visited.append(MOVE["R"](visited[-1]))
        ends.append(visited)
    w1, w2, w3, w4 = (a.union(b) for a, b in zip(*ends, strict=True))
    return w1, w2, w3, w4


def _growth(left: arb, right: arb) -> arb:
    """D over a box, its lower end rigorous."""
    w1, w2, w3, _ = _path(left, right)
    first = -SLOPE["L"](left).union(SLOPE["L"](right))
    return first * SLOPE["R"](w1) * SLOPE["R"](w2) * SLOPE["R"](w3)


def _longer(box: tuple[arb, arb]) -> arb | None:
    left, right = box
    return None if _path(left, right)[3] < left else _growth(left, right)


def _twice(box: tuple[arb, arb], fixed: arb) -> arb | None:
    left, right = box
    w4 = _path(left, right)[3]
    if w4 < 0 or w4 > fixed:
        return None
    bottom, top = w4.lower(), min(w4.upper(), fixed)
    # where w4 may be as small as zero, |L'| at its upper end is a lower bound on D, since R' > 1 and |L'| decreases
    second = _growth(bottom, top) if bottom > 0 else -SLOPE["L"](top)
    return _growth(left, right) * second


def _absorbed(box: tuple[arb, arb], fixed: arb) -> arb | None:
    """2 - S'(u), or 1 + (u - S(u)), S two turns of LRR: either above 1 everywhere right of u* makes S(u) < u there.

    The first serves in a neighbourhood of u*, where S(u) - u vanishes, the second elsewhere.
    """
    left, right = box
    near = right - fixed < arb(0.02)
    w1, w2, w3, _ = _path(left, right)
    if not near:
        _, _, again, _ = _path(w3.lower(), w3.upper())
        return 1 + left - again
    slope = _turn_slope(left.union(right), w1, w2) * _turn_slope(w3, *_path(w3.lower(), w3.upper())[:2])
    return 2 - slope


def _turn_slope(start: arb, w1: arb, w2: arb) -> arb:
    return SLOPE["L"](start) * SLOPE["R"](w1) * SLOPE["R"](w2)
