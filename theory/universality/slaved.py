"""What is certain of the fixed points of a network whose rest is slaved to few variables, box by box.

With W = E + U V^T and kappa = V^T h, the fixed points of h = tanh(W h + b) are those of h = tanh(E h + U kappa + b). If
for every kappa that has exactly one solution, of pre-activation a(kappa), they are the zeros of

    g(kappa) = V^T tanh a(kappa) - kappa,

R equations. In a box kappa_0 + d, |d| <= r, take lines for tanh, tanh(a_0 + y) = c + S y + e(y), with any a_0, c, S and
any N near (1 - E S)^-1. With y = a(kappa) - a_0,

    y = N U d + N E e(y) + (1 - N + N E S) y + N (E c + U kappa_0 + b - a_0)                                        (1)
    g = (V^T S N U - 1) d + (V^T + V^T S N E) e(y) + V^T S (1 - N + N E S) y
        + V^T c - kappa_0 + V^T S N (E c + U kappa_0 + b - a_0)                                                     (2)

exactly. If |y| <= rho makes the right-hand side of (1) less than rho, for all d, then N is not singular, and (1) has a
solution there (Brouwer), which is a(kappa) - a_0, as there is no other. Then (2) bounds g over the box: where a bound
is not zero the box is empty, and what can be zero lies in a narrower one. Of two zeros, y and d in (1) and (2) are
differences, and e at most its steepest slope times that of y: where that makes d less than itself, one zero at most is
in the box. N E is taken with its signs: with |N| |E| in its place next to nothing is excluded.

Derived here, after Krawczyk and Rump, as in `krawczyk.py`; all bounds hold for exact numbers (`bounded.py`). Tests:
`tests/theory/universality/test_fixed_point_set.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from theory.universality.bounded import Bounded, above
from theory.universality.line import Line

_GROWTH, _ROUNDS = 1.1, 8
"""By how much a radius is taken larger than it came out, and how often."""
_GUESSES, _FARTHEST = 3, 3.0
"""How often a reach is guessed, and how much farther than lines alone say it is taken to be at most."""
_FAINT = 2.0**-8
"""What E gives back at most where N is taken to be one, which is faster."""
AROUND = 1.25
"""How much larger than a box is the one in which one zero at most is sought, so that zeros on a face are in one."""

_SPARED = 1 / 32
"""Part of a box that is left on either side where it is narrowed, so that others can prove the same another way."""

Many = Float[np.ndarray, "boxes variables"]
States = Float[np.ndarray, "boxes size"]
Which = Int[np.ndarray, " some"]


@dataclass(frozen=True, eq=False)
class Slaved:
    """W = E + U V^T, of n units and R variables, and the drive b; `rest` is E, to rounding, None where it is zero."""

    U: Float[np.ndarray, "size variables"]
    V: Float[np.ndarray, "size variables"]
    drive: Float[np.ndarray, " size"]
    rest: Bounded | None

    @property
    def felt(self) -> float:
        """What E gives back to a unit at most, of activities up to one."""
        return 0.0 if self.rest is None else float(above(self.rest.size().sum(axis=1)).max())

    @property
    def faint(self) -> bool:
        """Whether that is so little that 1 is near enough to (1 - E S)^-1: what weights of low rank leave."""
        return self.felt < _FAINT


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes of the variables, with a proposal for each: the pre-activation at the middle, and how far it reaches."""

    lower: Many
    upper: Many
    guess: States
    reach: States

    def __len__(self) -> int:
        """How many."""
        return len(self.lower)

    def __getitem__(self, which: "Which | slice") -> "Boxes":
        """Some of them."""
        return Boxes(self.lower[which], self.upper[which], self.guess[which], self.reach[which])

    @property
    def middle(self) -> Many:
        """Next to halfway."""
        return self.lower + (self.upper - self.lower) / 2

    @property
    def radius(self) -> Many:
        """How far from there the farther end is, or more."""
        return above(np.maximum(self.upper - self.middle, self.middle - self.lower))


@dataclass(frozen=True, eq=False)
class Examined:
    """What was found of each box.

    `empty`: no zero is in it. `single`: the larger box around (`AROUND`) has one at most. All zeros of the box are from
    `lower` to `upper`. `newton` is where Newton's step leads, and `axis` along which the box is best cut.
    """

    boxes: Boxes
    empty: Bool[np.ndarray, " boxes"]
    single: Bool[np.ndarray, " boxes"]
    lower: Many
    upper: Many
    newton: Many
    axis: Int[np.ndarray, " boxes"]
    _at: States
    _reaching: Float[np.ndarray, "boxes size variables"]
    _farther: States

    def parts(self, which: Which, lower: Many, upper: Many) -> Boxes:
        """These parts of these boxes, one of each, with proposals."""
        parts = Boxes(lower, upper, self._at[which], self._farther[which])
        driven = self._reaching[which]
        moved = parts.middle - self.boxes.middle[which]
        guess = parts.guess + np.einsum("bnr,br->bn", driven, moved)
        return Boxes(lower, upper, guess, parts.reach * np.einsum("bnr,br->bn", np.abs(driven), parts.radius))

    def activity(self, which: int) -> Float[np.ndarray, " size"]:
        """h at Newton's step, roughly."""
        moved = self.newton[which] - self.boxes.middle[which]
        return np.tanh(self._at[which] + self._reaching[which] @ moved)


def examine(network: Slaved, boxes: Boxes) -> Examined:
    """Decide what can be decided of each box; where a test fails nothing is said."""
    with np.errstate(all="ignore"):
        local, radius = _Local.of(network, boxes), boxes.radius
        rho = local.reached(radius)
        left, right = local.zeros(radius, rho)
        lower = np.fmax(boxes.lower, _down(boxes.middle + left - _SPARED * radius))
        upper = np.fmin(boxes.upper, _up(boxes.middle + right + _SPARED * radius))
        empty = local.nowhere_zero(radius, rho) | (lower > upper).any(axis=1)
        single = np.zeros(len(boxes), dtype=bool)
        rest = np.flatnonzero(~empty & np.isfinite(rho).all(axis=1))
        if len(rest):
            single[rest] = local[rest].single(above(AROUND * radius[rest]))
        farther = local.farther(radius)
    newton = boxes.middle - local.turned.value.middle[..., 0]
    return Examined(
        boxes, empty, single, lower, upper, newton, local.axis(radius), local.line.a, local.driven.middle, farther
    )


@dataclass(frozen=True, eq=False)
class _Reduced:
    """(2), or a multiple of it: g = `value` + `slope` d + `curved` e(y) + `leaning` (1 - N + N E S) y."""

    value: Bounded
    slope: Bounded
    curved: Bounded
    leaning: Bounded

    def __getitem__(self, which: Which) -> "_Reduced":
        return _Reduced(self.value[which], self.slope[which], self.curved[which], self.leaning[which])

    def multiplied(self, factor: Bounded) -> "_Reduced":
        """By a matrix, from the left."""
        return _Reduced(factor @ self.value, factor @ self.slope, factor @ self.curved, factor @ self.leaning)

    def beside(self, e: States, y: States) -> Many:
        """At most what e and (1 - N + N E S) y add."""
        return above(self.curved.times(e) + self.leaning.times(y))


@dataclass(frozen=True, eq=False)
class _Local:
    """Equations (1) and (2) about each box.

    `driven` is N U, `felt` N E, `remaining` 1 - N + N E S, `defect` bounds the last term of (1). `turned` is (2) times
    an approximate inverse of its slope, of which one is then taken away.
    """

    line: Line
    driven: Bounded
    felt: Bounded | None
    remaining: Bounded | None
    defect: States
    plain: _Reduced
    turned: _Reduced

    @staticmethod
    def of(network: Slaved, boxes: Boxes) -> "_Local":
        U, Vt, one = Bounded(network.U), Bounded(network.V.T), Bounded(np.eye(network.U.shape[1]))
        E, forced = network.rest, boxes.middle @ network.U.T + network.drive
        felt = remaining = None
        if E is None or network.faint:
            line = Line.along(forced, boxes.reach)
            left = _forced(network, boxes) - _column(line.a)
            driven, moved = Bounded(_repeated(network.U, len(boxes))), left
            if E is not None:
                moved = left + E @ _column(line.c)
                felt = Bounded(_repeated(E.middle, len(boxes)), _repeated(above(E.radius + 0 * E.middle), len(boxes)))
                remaining = felt * Bounded(line.s[:, None, :])
        else:
            size = np.eye(len(network.U))
            guessed = Line.along(boxes.guess, boxes.reach)
            inverse = _inverses(size - E.middle * guessed.s[:, None, :])
            sent = (guessed.c - guessed.s * guessed.a) @ E.middle.T + forced
            line = Line((inverse @ sent[..., None])[..., 0], guessed.c, guessed.s).centred(boxes.reach)
            N = Bounded(inverse)
            left = E @ _column(line.c) + _forced(network, boxes) - _column(line.a)
            felt, driven, moved = N @ E, N @ U, N @ left
            remaining = Bounded(size) - N + felt * Bounded(line.s[:, None, :])
        leaning = Vt * Bounded(line.s[:, None, :])
        plain = _Reduced(
            value=Vt @ _column(line.c) - _column(boxes.middle) + leaning @ moved,
            slope=leaning @ driven - one,
            curved=Bounded(np.broadcast_to(network.V.T, leaning.middle.shape)) if felt is None else Vt + leaning @ felt,
            leaning=leaning,
        )
        turned = plain.multiplied(Bounded(_inverses(plain.slope.middle)))
        turned = _Reduced(turned.value, turned.slope - one, turned.curved, turned.leaning)
        return _Local(line, driven, felt, remaining, moved.size()[..., 0], plain, turned)

    def __getitem__(self, which: Which) -> "_Local":
        line = Line(self.line.a[which], self.line.c[which], self.line.s[which])
        felt, remaining = (None if each is None else each[which] for each in (self.felt, self.remaining))
        driven, defect = self.driven[which], self.defect[which]
        return _Local(line, driven, felt, remaining, defect, self.plain[which], self.turned[which])

    def reached(self, radius: Many) -> States:
        """rho, which a(kappa) keeps to; NaN where none was found."""
        start = above(self.driven.times(radius) + self.defect)
        return _closed(start, lambda rho: self._back(self.line.value(rho), rho))

    def farther(self, radius: Many) -> States:
        """How much farther the pre-activation seems to reach than lines alone say: a proposal."""
        alone = above(self.driven.times(radius) + self.defect)
        rho = alone
        for _ in range(_GUESSES):
            rho = np.fmin(alone + self._back(self.line.value(rho), rho), _FARTHEST * alone)
        return rho / alone

    def nowhere_zero(self, radius: Many, rho: States) -> Bool[np.ndarray, " boxes"]:
        """Whether g has a component that is not zero anywhere in the box."""
        beside = self.plain.beside(self.line.value(rho), self._remains(rho))
        spread = above(self.plain.slope.times(radius) + beside)
        return np.asarray((self.plain.value.least_size()[..., 0] > spread).any(axis=1))

    def zeros(self, radius: Many, rho: States) -> tuple[Many, Many]:
        """Between which d all zeros are; NaN where nothing is known."""
        beside = self.turned.beside(self.line.value(rho), self._remains(rho))
        spread = above(self.turned.slope.times(radius) + beside + _away(self.turned.value))
        newton = -self.turned.value.middle[..., 0]
        return _down(newton - spread), _up(newton + spread)

    def single(self, radius: Many) -> Bool[np.ndarray, " boxes"]:
        """Whether one zero at most is in the boxes of these radii."""
        slope = self.line.slope(self.reached(radius))
        apart = _closed(self.driven.times(radius), lambda y: self._back(above(slope * y), y))
        beside = self.turned.beside(above(slope * apart), self._remains(apart))
        return np.asarray((above(self.turned.slope.times(radius) + beside) < radius).all(axis=1))

    def axis(self, radius: Many) -> Int[np.ndarray, " boxes"]:
        """Along which the pre-activations that matter move most."""
        weight = np.abs(self.plain.curved.middle).sum(axis=1)
        return np.argmax(np.einsum("bn,bnr->br", weight, np.abs(self.driven.middle)) * radius, axis=1)

    def _back(self, e: States, y: States) -> States:
        """At most what e and y give back in (1)."""
        return np.zeros_like(e) if self.felt is None else above(self.felt.times(e) + self._remains(y))

    def _remains(self, y: States) -> States:
        return np.zeros_like(y) if self.remaining is None else self.remaining.times(y)


def _closed(start: States, back: Callable[[States], States]) -> States:
    """rho with start + back(rho) < rho, or rather that left-hand side; NaN where none was found."""
    rho, after, proved = start * _GROWTH, start, np.zeros(len(start), dtype=bool)
    for _ in range(_ROUNDS):
        came = above(start + back(rho))
        after = np.where(proved[:, None], after, came)
        proved |= (came < rho).all(axis=1)
        if proved.all():
            break
        rho = np.where(proved[:, None], rho, _GROWTH * came)
    return np.where(proved[:, None], after, np.nan)


def _forced(network: Slaved, boxes: Boxes) -> Bounded:
    """U kappa_0 + b."""
    return Bounded(network.U) @ _column(boxes.middle) + Bounded(network.drive[:, None])


def _repeated(matrix: Float[np.ndarray, "rows columns"], times: int) -> Float[np.ndarray, "times rows columns"]:
    return np.broadcast_to(matrix, (times, *matrix.shape))


def _column(vectors: Float[np.ndarray, "..."]) -> Bounded:
    return Bounded(vectors[..., None])


def _inverses(matrices: Float[np.ndarray, "boxes n n"]) -> Float[np.ndarray, "boxes n n"]:
    """Nearly so: a proposal, which no proof relies on."""
    matrices = np.where(np.isfinite(matrices), matrices, 0.0)
    try:
        return np.linalg.inv(matrices)
    except np.linalg.LinAlgError:
        return np.linalg.pinv(matrices)


def _away(column: Bounded) -> Many:
    """The radii, without the axis of columns."""
    return np.broadcast_to(column.radius, column.middle.shape)[..., 0]


def _down(values: Many) -> Many:
    return np.nextafter(values, -np.inf)


def _up(values: Many) -> Many:
    return np.nextafter(values, np.inf)
