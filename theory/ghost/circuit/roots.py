"""Certified roots of many scalar functions at once: how many there are, where, and what could not be decided.

An interval is cut into cells. A cell is *clear* when a Taylor bound keeps the function away from zero on all of it,
*monotone* when a Taylor bound keeps the derivative away from zero, and is halved otherwise. A run of monotone cells
between two clear ones holds exactly one root if the signs on its two sides differ, and none if they agree. Nothing is
ever read off at the border of a cell, so a root that lies exactly on one is counted once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

SLACK = 64 * np.finfo(np.float64).eps  # for the dozen roundings in the tests themselves
DEEPEST = 60  # halvings; double precision separates no more
MOST_CELLS = 20_000  # a member, per depth; beyond that its cells are left undecided


@dataclass(frozen=True)
class Jet:
    """What a certificate needs to know of a function on one cell (all arrays of one shape, one entry a cell).

    `derivatives` are the function, its first and its second derivative at the cell's centre, `errors` bound their
    rounding errors, and `third` bounds the absolute third derivative over the whole cell.
    """

    derivatives: tuple[Float[np.ndarray, " cells"], Float[np.ndarray, " cells"], Float[np.ndarray, " cells"]]
    errors: tuple[Float[np.ndarray, " cells"], Float[np.ndarray, " cells"], Float[np.ndarray, " cells"]]
    third: Float[np.ndarray, " cells"]


JetFunction = Callable[[Int[np.ndarray, " cells"], Float[np.ndarray, " cells"], Float[np.ndarray, " cells"]], Jet]
"""Takes each cell's member of the batch, centre and radius."""


@dataclass(frozen=True)
class CertifiedRoots:
    """The roots of one function, ascending.

    Exactly one root lies within `radii[k]` of `roots[k]`; `slopes[k]` is +1 where the function rises through it and
    -1 where it falls. Every other root, if any, lies in one of the `undecided` intervals (shape (u, 2)): a double
    root, or a pair closer than double precision resolves, is named there and never guessed.
    """

    roots: Float[np.ndarray, " k"]
    radii: Float[np.ndarray, " k"]
    slopes: Int[np.ndarray, " k"]
    undecided: Float[np.ndarray, "u 2"]

    @property
    def certified(self) -> bool:
        """Whether `roots` is proved to be the complete list."""
        return len(self.undecided) == 0


@dataclass(frozen=True)
class Roots:
    """The roots of a batch of functions, sorted by member and then by place; fields as in `CertifiedRoots`."""

    batch: int
    member: Int[np.ndarray, " k"]
    roots: Float[np.ndarray, " k"]
    radii: Float[np.ndarray, " k"]
    slopes: Int[np.ndarray, " k"]
    undecided_member: Int[np.ndarray, " u"]
    undecided: Float[np.ndarray, "u 2"]

    @property
    def counts(self) -> Int[np.ndarray, " batch"]:
        """How many roots of each member were isolated."""
        return np.bincount(self.member, minlength=self.batch)

    @property
    def certified(self) -> Bool[np.ndarray, " batch"]:
        """For which members the list is proved complete."""
        return np.bincount(self.undecided_member, minlength=self.batch) == 0

    def of(self, member: int) -> CertifiedRoots:
        """The roots of one member."""
        mine, open_cells = self.member == member, self.undecided_member == member
        return CertifiedRoots(self.roots[mine], self.radii[mine], self.slopes[mine], self.undecided[open_cells])


@dataclass(frozen=True)
class _Cells:
    member: Int[np.ndarray, " cells"]
    left: Float[np.ndarray, " cells"]
    right: Float[np.ndarray, " cells"]
    sign: Int[np.ndarray, " cells"]  # of the function where the cell is clear, 0 elsewhere
    open: Bool[np.ndarray, " cells"]  # neither clear nor monotone, and not to be halved


def find_roots(
    jet: JetFunction,
    half_width: Float[np.ndarray, " batch"],
    sign_below: int,
    sign_above: int,
    first_cells: int = 16,
) -> Roots:
    """All roots in [-half_width, half_width] of each member of a batch, with a certificate.

    The caller vouches that at and beyond the two ends the functions have the signs `sign_below` and `sign_above`
    (+1 or -1). Derived here; `tests/theory/ghost/circuit/test_roots.py` compares with ball arithmetic.
    """
    runs = _runs(_cut(jet, half_width, first_cells), len(half_width), half_width, sign_below, sign_above)
    member, left, right, before, after, is_open = runs
    single = ~is_open & (before != after)
    place, radius = _polish(jet, member[single], left[single], right[single], before[single])
    return Roots(
        len(half_width),
        member[single],
        place,
        radius,
        after[single],
        member[is_open],
        np.stack([left[is_open], right[is_open]], axis=1),
    )


def _cut(jet: JetFunction, half_width: Float[np.ndarray, " batch"], first_cells: int) -> _Cells:
    """Halve until every cell is clear, monotone or hopeless."""
    batch = len(half_width)
    edges = half_width[:, None] * np.linspace(-1.0, 1.0, first_cells + 1)
    member = np.repeat(np.arange(batch), first_cells)
    left, right = edges[:, :-1].ravel(), edges[:, 1:].ravel()
    finished: list[_Cells] = []
    for depth in range(DEEPEST + 1):
        if not len(member):
            break
        centre, radius = _ball(left, right)
        here = jet(member, centre, radius)
        clear = _stays_from_zero(here, radius)
        sign = np.where(clear, np.sign(here.derivatives[0]), 0).astype(int)
        unsettled = ~clear & ~_is_monotone(here, radius)
        crowded = np.bincount(member[unsettled], minlength=batch) > MOST_CELLS
        halve = unsettled & (left < centre) & (centre < right) & ~crowded[member] & (depth < DEEPEST)
        done = ~halve
        finished.append(_Cells(member[done], left[done], right[done], sign[done], unsettled[done]))
        member = np.concatenate([member[halve], member[halve]])
        left, right = (
            np.concatenate([left[halve], centre[halve]]),
            np.concatenate([centre[halve], right[halve]]),
        )
    every = _Cells(
        np.concatenate([part.member for part in finished]),
        np.concatenate([part.left for part in finished]),
        np.concatenate([part.right for part in finished]),
        np.concatenate([part.sign for part in finished]),
        np.concatenate([part.open for part in finished]),
    )
    order = np.lexsort((every.left, every.member))
    return _Cells(every.member[order], every.left[order], every.right[order], every.sign[order], every.open[order])


def _ball(
    left: Float[np.ndarray, " cells"], right: Float[np.ndarray, " cells"]
) -> tuple[Float[np.ndarray, " cells"], Float[np.ndarray, " cells"]]:
    """Centre, and a radius rounded up so that the ball covers [left, right]."""
    centre = left + 0.5 * (right - left)
    return centre, np.nextafter(np.maximum(right - centre, centre - left), np.inf)


def _stays_from_zero(jet: Jet, radius: Float[np.ndarray, " cells"]) -> Bool[np.ndarray, " cells"]:
    """|f| > 0 on the whole cell: the least value of the Taylor parabola exceeds remainder and rounding."""
    value, slope = np.abs(jet.derivatives[0]), np.abs(jet.derivatives[1])
    bend = np.sign(jet.derivatives[0]) * jet.derivatives[2]
    with np.errstate(divide="ignore", invalid="ignore"):
        lowest = np.where(bend > 0, np.minimum(slope / bend, radius), radius)
    least = value - slope * lowest + 0.5 * bend * lowest**2
    size = value + slope * radius + (np.abs(bend) * radius**2 + jet.third * radius**3)
    error = jet.errors[0] + radius * jet.errors[1] + 0.5 * radius**2 * jet.errors[2]
    return np.asarray(least > error + jet.third * radius**3 / 6 + SLACK * size)


def _is_monotone(jet: Jet, radius: Float[np.ndarray, " cells"]) -> Bool[np.ndarray, " cells"]:
    """|f'| > 0 on the whole cell."""
    variation = radius * (np.abs(jet.derivatives[2]) + jet.errors[2]) + 0.5 * radius**2 * jet.third
    return np.asarray(np.abs(jet.derivatives[1]) > (jet.errors[1] + variation) * (1 + SLACK))


def _runs(
    cells: _Cells, batch: int, half_width: Float[np.ndarray, " batch"], sign_below: int, sign_above: int
) -> tuple[
    Int[np.ndarray, " runs"],
    Float[np.ndarray, " runs"],
    Float[np.ndarray, " runs"],
    Int[np.ndarray, " runs"],
    Int[np.ndarray, " runs"],
    Bool[np.ndarray, " runs"],
]:
    """Maximal runs of cells that are not clear: member, ends, the signs before and after, whether undecided.

    Adjacent monotone cells that are both not clear share a border, so they agree on the direction.
    """
    first = np.searchsorted(cells.member, np.arange(batch))
    last = np.searchsorted(cells.member, np.arange(batch), side="right")
    sign = np.insert(cells.sign, first, sign_below)  # a clear cell before each member's first ...
    sign = np.insert(sign, last + np.arange(1, batch + 1), sign_above)  # ... and one after its last
    origin = np.flatnonzero(sign == 0)
    starts, ends = origin[sign[origin - 1] != 0], origin[sign[origin + 1] != 0]
    index = np.flatnonzero(cells.sign == 0)
    which = np.searchsorted(origin, starts)
    is_open = np.logical_or.reduceat(cells.open[index], which) if len(which) else np.zeros(0, dtype=bool)
    begin, finish = index[which], index[np.searchsorted(origin, ends)]
    return (
        cells.member[begin],
        cells.left[begin],
        cells.right[finish],
        sign[starts - 1],
        sign[ends + 1],
        is_open,
    )


def _polish(
    jet: JetFunction,
    member: Int[np.ndarray, " k"],
    left: Float[np.ndarray, " k"],
    right: Float[np.ndarray, " k"],
    before: Int[np.ndarray, " k"],
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Newton's method kept inside the bracket, then a radius within which the one root is proved to lie."""
    low, high = left.copy(), right.copy()
    place = low + 0.5 * (high - low)
    for iteration in range(3 * DEEPEST):
        here = jet(member, place, np.zeros_like(place))
        value, slope, _ = here.derivatives
        arrived = np.abs(value) <= here.errors[0]
        if arrived.all():
            break
        ahead = np.sign(value) == before
        low, high = np.where(ahead, place, low), np.where(ahead, high, place)
        middle = low + 0.5 * (high - low)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = place - value / slope
        good = (low < step) & (step < high) & (iteration % 4 != 3)  # every fourth step halves, come what may
        place = np.where(arrived, place, np.where(good, step, middle))
    at = jet(member, place, np.zeros_like(place))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        radius = 2.0 * (np.abs(at.derivatives[0]) + at.errors[0]) / np.abs(at.derivatives[1])
    radius = np.where(np.isfinite(radius), radius, right - left)
    around = jet(member, place, radius)
    steep = np.abs(at.derivatives[1])
    lost = at.errors[1] + radius * (np.abs(at.derivatives[2]) + at.errors[2]) + 0.5 * radius**2 * around.third
    inside = (left <= place - radius) & (place + radius <= right)
    proved = inside & (lost < 0.49 * steep)  # the slope keeps half its size, so the root is within the radius
    whole = np.maximum(right - place, place - left)
    return place, np.nextafter(np.where(proved, radius, whole), np.inf)
