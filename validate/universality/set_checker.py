"""Verifies a certificate of a complete set of fixed points from scratch: of `theory` it knows nothing.

    python -m validate.universality.set_checker FILE [W.npy]
    python -m validate.universality.set_checker FILE NETWORK.npz [INPUT]

The second compares all that the certificate speaks of with a network: W (or M and N), and the drive with U x + b, x
being the one row of INPUT (npy or text), or zero. Of a UGRNN it speaks of the last rows, those of the candidate.

The format, and why it proves what it says: docs/fixed-point-sets.md. E is taken in rational numbers, what a step moves
a point by in balls (python-flint), boxes and slopes in doubles that bound their own rounding. Where a box is not
decided at once it is cut, up to `DEEPEST` times. Standard output says what is claimed, then `verified` (exit status 0)
or `rejected: ...` (1); what is no certificate is one line on standard error (2).
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import flint
import numpy as np
from threadpoolctl import threadpool_limits

FORMAT = "fixed point set certificate 1"
RECTIFIED = "rectified fixed point set certificate 1"
AROUND = Fraction(5, 4)  # so much larger is the box in which one point at most is to be
DEEPEST = 8  # cuts of one box until it is rejected
PRECISION = 96
LARGEST, MOST_VARIABLES = 2048, 6
HIGHEST = 2**256  # of numbers: doubles hold them, and products of three
ROUNDS, ROOM, FARTHEST = 12, 1.1, 1e3
NEAR = 1e-3  # the last step of Newton's method, which makes the square of it right
AT_ONCE, MOST_AT_ONCE = 2**18, 256  # numbers of a matrix for each of the boxes that are looked at together; boxes
FAINT = Fraction(1, 2**8)  # sums of |E_ij| below which N is one, and E nothing but these sums
REFINED = 2  # times that chords are taken anew, as wide as what was reached with the ones before
LAST = 2.0**-52  # more than one operation in doubles errs by, as a part of its result
TANH = 2.0**-44  # more than tanh errs by
CONVERGENTS = 12
REACHES = (2.0, 3.0, 1.3)  # how much farther than lines alone say the pre-activation is taken to go

Exact = list[Fraction]
Ends = tuple[Exact, Exact]
Ball = flint.arb


class Malformed(ValueError):
    """The file cannot be read; the message says what is wrong, and where."""


class Rejected(ValueError):
    """A well-formed certificate does not prove what it claims; the message says what fails, and where."""


def require(condition: bool, failure: str) -> None:
    """Reject the certificate unless the condition holds."""
    if not condition:
        raise Rejected(failure)


def number(value: Fraction) -> flint.fmpq:
    """For flint."""
    return flint.fmpq(value.numerator, value.denominator)


def column(values: list[Any]) -> flint.arb_mat:
    """A column of balls."""
    return flint.arb_mat(len(values), 1, values)


def about(radii: list[Any]) -> flint.arb_mat:
    """A column of balls about zero."""
    return column([flint.arb(0, radius) for radius in radii])


def doubles(array: np.ndarray) -> flint.arb_mat:
    """The matrix of these doubles."""
    rows, columns = array.shape
    return flint.arb_mat(rows, columns, array.ravel().tolist())


def balls(matrix: list[Exact]) -> flint.arb_mat:
    """The matrix of these numbers, in balls."""
    return flint.arb_mat(len(matrix), len(matrix[0]), [flint.arb(number(x)) for row in matrix for x in row])


def rational(matrix: list[Exact]) -> flint.fmpq_mat:
    """The matrix of these numbers."""
    return flint.fmpq_mat([[number(x) for x in row] for row in matrix])


def transposed(matrix: list[Exact]) -> list[Exact]:
    """Rows become columns."""
    return [list(each) for each in zip(*matrix, strict=True)]


def unit(size: int) -> list[Exact]:
    """One."""
    return [[Fraction(i == j) for j in range(size)] for i in range(size)]


def definite(matrix: flint.arb_mat) -> bool:
    """Whether the diagonal outweighs each row, or elimination without exchanges has positive pivots only."""
    rows = [list(row) for row in matrix.table()]
    if all(2 * row[k] > sum((x.abs_upper() for x in row), flint.arb(0)) for k, row in enumerate(rows)):
        return True
    for k, pivot in enumerate(rows):
        if not pivot[k] > 0:
            return False
        for row in rows[k + 1 :]:
            factor = row[k] / pivot[k]
            for j in range(k + 1, len(rows)):
                row[j] = row[j] - factor * pivot[j]
    return True


def middles(matrix: flint.arb_mat) -> np.ndarray:
    """Doubles in the middle of the balls."""
    return np.array([float(x.mid()) for x in matrix.entries()]).reshape(matrix.nrows(), matrix.ncols())


def floats(matrix: list[Exact]) -> np.ndarray:
    """The nearest doubles."""
    return np.array([[float(x) for x in row] for row in matrix])


@dataclass(frozen=True)
class Point:
    """One point of z = L tanh(A z + b), claimed to be within `radius` of `state`."""

    state: Exact
    radius: Fraction
    unstable: int | None
    index: int


@dataclass(frozen=True)
class Box:
    """From `lower` to `upper`; and a guess of the pre-activation, from which Newton's method begins."""

    lower: Exact
    upper: Exact
    guess: np.ndarray

    @cached_property
    def middle(self) -> Exact:
        """Halfway."""
        return [(a + b) / 2 for a, b in zip(self.lower, self.upper, strict=True)]

    @cached_property
    def radius(self) -> Exact:
        """Half the widths."""
        return [(b - a) / 2 for a, b in zip(self.lower, self.upper, strict=True)]

    def halves(self, axis: int, at: Fraction) -> "list[Ends]":
        """Cut at a place."""
        below, above = list(self.upper), list(self.lower)
        below[axis] = above[axis] = at
        return [(self.lower, below), (above, self.upper)]

    def holds(self, ends: "Ends") -> bool:
        """Whether what is between these ends is a part of it."""
        pairs = zip(self.lower, *ends, self.upper, strict=True)
        return all(a <= b <= c <= d for a, b, c, d in pairs)

    def part(self, ends: "Ends", a: np.ndarray, slope: np.ndarray) -> "Box":
        """What is between these ends, where pre-activations at the middle are `a` and move by `slope`."""
        moved = [float((x + y) / 2 - z) for x, y, z in zip(*ends, self.middle, strict=True)]
        return Box(*ends, a + slope @ np.array(moved))


@dataclass(frozen=True)
class Asked:
    """That a box holds no point, or none but the one with this kappa; and what is said where that is not proved."""

    failure: str
    box: Box
    latent: list[Ball] | None = None

    @property
    def near(self) -> bool:
        """Whether the point is certain to be in the box `AROUND` as large."""
        if self.latent is None:
            return False
        pairs = zip(self.latent, self.box.middle, self.box.radius, strict=True)
        return all(abs(x - number(m)) < number(AROUND * r) for x, m, r in pairs)


class SetCertificate:
    """h = tanh(W h + b), the points that it is said to have, and what became of every box."""

    def __init__(self, value: object) -> None:
        """Read and check the shapes of all."""
        keys = ["format", "drive", "points", "box", "nodes"]
        factored = isinstance(value, dict) and "M" in value
        entries = entries_of(
            value, "the certificate", [*keys, *(("M", "N") if factored else ("weights", "U", "V", "rest"))]
        )
        if entries["format"] != FORMAT:
            raise Malformed(f"the format is not {FORMAT}")
        size = len(_list(entries["drive"], "drive"))
        if not 1 <= size <= LARGEST:
            raise Malformed(f"{size} units: from 1 to {LARGEST} are known")
        self.drive = _vector(entries["drive"], size, "drive")
        columns = _list(entries["M" if factored else "V"], "U, V, M or N")
        self.rank = len(columns[0]) if columns and isinstance(columns[0], list) else -1
        least = 1 if factored else 0
        if not least <= self.rank <= MOST_VARIABLES:
            raise Malformed(f"{self.rank} variables: from {least} to {MOST_VARIABLES} are known")
        self.weights: list[Exact] | None = None
        self.rest: Exact = []
        if factored:
            self.U, self.V = (_matrix(entries[key], size, self.rank, key) for key in ("M", "N"))
        else:
            self.weights = _matrix(entries["weights"], size, size, "weights")
            self.U, self.V = (_matrix(entries[key], size, self.rank, key) for key in ("U", "V"))
            self.rest = _vector(entries["rest"], size, "rest")
        of = self.rank if factored else size
        self.points = [_point(each, of, f"points[{k}]") for k, each in enumerate(_list(entries["points"], "points"))]
        ends = _list(entries["box"], "box")
        if len(ends) != 2:
            raise Malformed("box is not two lists")
        lower, upper = (_vector(each, self.rank, "box") for each in ends)
        self.box = Box(lower, upper, np.array([float(x) for x in self.drive]))
        self.nodes = _list(entries["nodes"], "nodes")

    @property
    def size(self) -> int:
        """Units."""
        return len(self.drive)

    @cached_property
    def E(self) -> flint.fmpq_mat | None:
        """W - U V^T, exactly."""
        if self.weights is None:
            return None
        return (
            rational(self.weights) - rational(self.U) * rational(self.V).transpose()
            if self.rank
            else rational(self.weights)
        )

    def words(self) -> list[str]:
        """What is claimed."""
        kinds = sorted((-1 if each.unstable is None else each.unstable) for each in self.points)
        counted = ", ".join(f"{kinds.count(k)} of {k if k >= 0 else '?'}" for k in sorted(set(kinds)))
        return [
            f"network: h = tanh(W h + b) of {self.size} units, searched in {self.rank} variables",
            f"claim: it has exactly {len(self.points)} fixed points ({counted} unstable directions)",
        ]

    def verify(self) -> None:
        """All of it, until something fails."""
        before, flint.ctx.prec = flint.ctx.prec, PRECISION
        try:
            with threadpool_limits(limits=1, user_api="blas"), np.errstate(all="ignore"):
                self._verify_rest()
                latents = [self._verify_point(point, f"points[{k}]") for k, point in enumerate(self.points)]
                for k, one in enumerate(latents):
                    for j, other in enumerate(latents[:k]):
                        apart = any(not a.overlaps(b) for a, b in zip(one, other, strict=True))
                        require(apart or not self.rank, f"points[{j}] and points[{k}] may be one")
                self._verify_boxes(latents)
        except np.linalg.LinAlgError as error:
            raise Rejected(f"doubles propose no preconditioner: {error}") from error
        finally:
            flint.ctx.prec = before

    def _verify_rest(self) -> None:
        """x = tanh(E x + u) has one solution for every u.

        Two of them, w apart, have w = D E w with D diagonal, from 0 to 1. So w_i ((E w)_i - w_i) >= 0 for each i, and
        w^T Q (1 - E) w <= 0; a definite Q (1 - E) + (1 - E)^T Q leaves w = 0.
        """
        if self.E is None:
            return
        require(all(q > 0 for q in self.rest), "rest is not positive")
        rows = (rational(unit(self.size)) - self.E).table()
        half = flint.fmpq_mat([[number(q) * x for x in row] for q, row in zip(self.rest, rows, strict=True)])
        require(definite(flint.arb_mat(half + half.transpose())), "Q (1 - E) + (1 - E)^T Q is not proved definite")

    @cached_property
    def _map(self) -> tuple[flint.arb_mat, flint.arb_mat, flint.arb_mat | None]:
        """A, b and, where it is not one, L."""
        drive = column([flint.arb(number(x)) for x in self.drive])
        if self.weights is not None:
            return balls(self.weights), drive, None
        return balls(self.U), drive, balls(transposed(self.V))

    @cached_property
    def _spans(self) -> "tuple[Span, Span | None]":
        """A and L in doubles."""
        A, _, L = self._map
        return Span.of(A), None if L is None else Span.of(L)

    def _verify_point(self, point: Point, where: str) -> list[Ball]:
        """That it is there, alone in its box, of this index and instability; where its kappa is.

        With C near the inverse of F' - 1, Krawczyk's test says of all F' of the box that the rows of 1 - C (F' - 1) sum
        to less than one. So no matrix between 1 and C (F' - 1) is singular, and det(F' - 1) has the sign of det C.
        """
        A, drive, L = self._map
        middle = column([flint.arb(number(x)) for x in point.state])
        around = middle + about([flint.arb(number(point.radius))] * len(point.state))
        t = column([x.tanh() for x in (A * middle + drive).entries()])
        off = Span.of((t if L is None else L * t) - middle)
        over = [over_tanh(x) for x in (A * around + drive).entries()]
        slopes = [1 - t * t for t in over]  # a power of a ball about zero is NaN
        wide, narrow = self._spans
        slope = Span.of(column(slopes)) * wide
        if narrow is not None:
            slope = narrow @ slope
        one = Span(np.eye(len(point.state)))
        C = np.linalg.inv((slope - one).middle)
        radius = np.full(len(C), np.nextafter(float(point.radius), 0.0))
        reached = (one - Span(C) @ (slope - one)).times(radius) + (Span(C) @ off).size[:, 0]
        require(
            bool((above(reached) < radius).all()), f"{where}: Krawczyk's test does not prove a point within its radius"
        )
        determinant = doubles(-C).det()
        sign = 1 if determinant > 0 else -1 if determinant < 0 else 0
        require(sign == point.index, f"{where}: the index is not proved to be {point.index}")
        if point.unstable is not None:
            require(
                beyond_circle(slope) == point.unstable, f"{where}: the unstable directions are not {point.unstable}"
            )
        if L is not None:
            return list(around.entries())
        if not self.rank:
            return []
        return list((balls(transposed(self.V)) * around).entries())

    def _verify_boxes(self, latents: list[list[Ball]]) -> None:
        """Every box of the tree, in the order of the file; together they are all |kappa_i| <= sum_j |V_ji|."""
        for i in range(self.rank):
            farthest = sum((abs(row[i]) for row in self.V), Fraction(0))
            require(
                self.box.lower[i] <= -farthest and farthest <= self.box.upper[i], "the box does not hold all states"
            )
        search, waiting, held, first = Search(self), [self.box], set[int](), 0
        while waiting:
            nodes = self.nodes[first : first + len(waiting)]
            require(len(nodes) == len(waiting), f"{len(waiting)} boxes wait: the list of nodes ends too early")
            asked, parts = list[Asked](), list[tuple[Box, list[Ends]]]()
            narrowed = list[tuple[str, Box, Box]]()
            for k, (box, node) in enumerate(zip(waiting, nodes, strict=True), first):
                where = f"nodes[{k}]"
                match node:
                    case "empty":
                        asked.append(Asked(f"{where}: the box is not proved empty", box))
                    case ["cut", axis, place] if _numbers(axis, self.rank):
                        at = _number(place, where)
                        require(box.lower[axis] <= at <= box.upper[axis], f"{where}: the cut is outside of the box")
                        parts.append((box, box.halves(axis, at)))
                    case ["holds", point] if _numbers(point, len(self.points)):
                        held.add(point)
                        failure = f"{where}: other points than points[{point}] may be in it"
                        asked.append(Asked(failure, box, latents[point]))
                    case ["within", lower, upper] if self.rank:
                        ends = _vector(lower, self.rank, where), _vector(upper, self.rank, where)
                        require(box.holds(ends), f"{where}: it is no part of its box")
                        narrowed.append((where, box, Box(*ends, box.guess)))
                        parts.append((box, [ends]))
                    case _:
                        raise Malformed(f"{where} is {json.dumps(node)[:40]}, which is no node")
            search.prove(search.beside(narrowed) + asked)
            waiting, first = search.parts(parts), first + len(nodes)
        require(first == len(self.nodes), f"nodes[{first}]: no box is left for it")
        require(len(held) == len(self.points), "a point is in no box")


class RectifiedSet:
    """h = relu(W h + b), how many points it is said to have up to a bound, what became of every pattern of units."""

    def __init__(self, value: object) -> None:
        """Read and check the shapes of all."""
        entries = entries_of(value, "the certificate", ["format", "weights", "drive", "bound", "points", "nodes"])
        self.size = len(_list(entries["drive"], "drive"))
        if not 1 <= self.size <= LARGEST:
            raise Malformed(f"{self.size} units: from 1 to {LARGEST} are known")
        self.drive = _vector(entries["drive"], self.size, "drive")
        self.weights = _matrix(entries["weights"], self.size, self.size, "weights")
        self.bound = _number(entries["bound"], "bound")
        self.count, self.nodes = entries["points"], _list(entries["nodes"], "nodes")
        if type(self.count) is not int:
            raise Malformed("points is no number")

    def words(self) -> list[str]:
        """What is claimed."""
        return [
            f"network: h = relu(W h + b) of {self.size} units",
            f"claim: it has exactly {self.count} fixed points with all h from 0 to {self.bound}",
        ]

    def verify(self) -> None:
        """A tree of patterns, in the order of the file: of two that wait the one that came last is next."""
        W, b = rational(self.weights), rational([[x] for x in self.drive])
        up, down = (rational([[max(sign * x, Fraction(0)) for x in row] for row in self.weights]) for sign in (1, -1))
        waiting: list[dict[int, bool]] = [{}]
        found = set[tuple[Any, ...]]()
        for k, node in enumerate(self.nodes):
            where = f"nodes[{k}]"
            require(bool(waiting), f"{where}: no pattern is left for it")
            active = waiting.pop()
            match node:
                case ["unit", unit] if _numbers(unit, self.size) and unit not in active:
                    waiting += [{**active, unit: False}, {**active, unit: True}]
                case "solved":
                    require(len(active) == self.size, f"{where}: not all units are decided")
                    found |= self._point(W, b, [unit for unit in range(self.size) if active[unit]], where)
                case ["none", rows]:
                    most = rational([[self.bound if active.get(i, True) else Fraction(0)] for i in range(self.size)])
                    ends = (b - down * most).entries(), (b + up * most).entries()
                    self._exclude(_list(rows, where), active, ends, most.entries(), where)
                case _:
                    raise Malformed(f"{where} is {json.dumps(node)[:40]}, which is no node")
        require(not waiting, f"{len(waiting)} patterns are left over: the list of nodes ends too early")
        require(len(found) == self.count, f"there are {len(found)} points, not {self.count}")

    def _point(self, W: flint.fmpq_mat, b: flint.fmpq_mat, on: list[int], where: str) -> set[tuple[Any, ...]]:
        """The solution of the equations of these active units, if it is a point."""
        state = [flint.fmpq(0)] * self.size
        if on:
            left = rational([[Fraction(i == j) - self.weights[i][j] for j in on] for i in on])
            require(bool(left.det() != 0), f"{where}: its equations are singular")
            for i, x in zip(on, left.solve(rational([[self.drive[i]] for i in on])).entries(), strict=True):
                state[i] = x
        sent = (W * flint.fmpq_mat([[x] for x in state]) + b).entries()
        most = number(self.bound)
        is_point = all(0 <= h <= most and h == max(a, flint.fmpq(0)) for h, a in zip(state, sent, strict=True))
        return {tuple((int(x.p), int(x.q)) for x in state)} if is_point else set()

    def _exclude(
        self, rows: list[Any], active: dict[int, bool], ends: tuple[list[Any], list[Any]], most: list[Any], where: str
    ) -> None:
        """The rows, times what stands beside them, add up to one that no h from 0 to `most` obeys."""
        left, right = [flint.fmpq(0)] * self.size, flint.fmpq(0)
        for each in rows:
            match each:
                case [str(kind), unit, value] if _numbers(unit, self.size):
                    y = number(_number(value, where))
                case _:
                    raise Malformed(f"{where}: {json.dumps(each)[:40]} is no row")
            low, high = ends[0][unit], ends[1][unit]
            require(bool(y >= 0), f"{where}: a multiplier is negative")
            sent, shift = [number(x) for x in self.weights[unit]], number(self.drive[unit])
            match kind:
                case "least":  # W h + b <= h
                    of_sent, of_h, limit = y, -y, -y * shift
                case "most" if active.get(unit, False):  # h <= W h + b
                    of_sent, of_h, limit = -y, y, y * shift
                case "chord" if unit not in active and low < 0 < high:  # h <= s (W h + b - low)
                    s = high / (high - low)
                    of_sent, of_h, limit = -y * s, y, y * s * (shift - low)
                case _:
                    raise Rejected(f"{where}: unit {unit} has no row {kind}")
            left = [x + of_sent * w for x, w in zip(left, sent, strict=True)]
            left[unit] += of_h
            right += limit
        least = sum((min(x, flint.fmpq(0)) * m for x, m in zip(left, most, strict=True)), flint.fmpq(0))
        require(bool(least > right), f"{where}: the rows do not exclude the pattern")


class Search:
    """What boxes hold, by equations (1) and (2) of the format: of as many boxes at once as fit near the processor."""

    E: "Span | None"

    def __init__(self, of: SetCertificate) -> None:
        """What is exact in the file, next to doubles."""
        self.size, self.rank, self.inverts = of.size, of.rank, False
        if not of.rank:
            return
        self.U, self.Vt = Span.of(balls(of.U)), Span.of(balls(transposed(of.V)))
        self.drive = Span.of(column([flint.arb(number(x)) for x in of.drive]))
        self.E = None if of.E is None else Span.of(flint.arb_mat(of.E))
        sums = np.ones(self.size) if self.E is None else above(self.E.size.sum(axis=1))
        self.faint = sums if (sums < float(FAINT)).all() else None
        self.inverts = self.E is not None and self.faint is None

    def batches(self, listed: list[Any]) -> Iterator[list[Any]]:
        """Of a list, so many at once."""
        count = max(1, min(MOST_AT_ONCE, AT_ONCE // self.size**2)) if self.inverts else MOST_AT_ONCE
        return (listed[k : k + count] for k in range(0, len(listed), count))

    def forced(self, boxes: list[Box]) -> np.ndarray:
        """U kappa_0 + b, roughly."""
        middles_of = np.array([rounded(box.middle) for box in boxes])
        return np.asarray(middles_of @ self.U.middle.T + self.drive.middle[:, 0])

    def solved(self, boxes: list[Box]) -> tuple[np.ndarray, np.ndarray]:
        """The pre-activations at the middles, and how they move with the variables, roughly."""
        sent, driven = self.forced(boxes), np.broadcast_to(self.U.middle, (len(boxes), self.size, self.rank))
        if self.E is None or not self.inverts:
            return sent, driven
        a, E = np.array([box.guess for box in boxes]), self.E.middle
        for _ in range(ROUNDS):
            t = np.tanh(a)
            sides = np.concatenate([(t @ E.T + sent - a)[..., None], driven], axis=2)
            step = np.linalg.solve(np.eye(self.size) - E * (1 - t * t)[:, None, :], sides)
            a = a + step[..., 0]
            if np.abs(step[..., 0]).max() < NEAR:
                break
        return a, step[..., 1:]

    def parts(self, of: "list[tuple[Box, list[Ends]]]") -> list[Box]:
        """What is between the ends in each box, one after another."""
        found = list[Box]()
        for some in self.batches(of):
            for (box, each), a, slope in zip(some, *self.solved([box for box, _ in some]), strict=True):
                found += [box.part(ends, a, slope) for ends in each]
        return found

    def beside(self, narrowed: list[tuple[str, Box, Box]]) -> list[Asked]:
        """What is beside the part of each box, and is not excluded at once: to be proved empty."""
        sides = list[Asked]()
        for some in self.batches(narrowed):
            local = Local(self, [box for _, box, _ in some])
            for (where, box, part), lowest, highest in zip(some, *local.zeros, strict=True):
                pairs = zip(
                    lowest.tolist(), highest.tolist(), box.lower, box.upper, part.lower, part.upper, strict=True
                )
                if all((a == c or x >= c) and (b == d or y <= d) for x, y, a, b, c, d in pairs):
                    continue
                lower, upper = list(box.lower), list(box.upper)
                for axis in range(self.rank):
                    near, far = list(upper), list(lower)
                    near[axis], far[axis] = part.lower[axis], part.upper[axis]
                    for ends in ((list(lower), near), (far, list(upper))):
                        if ends[0][axis] < ends[1][axis]:
                            sides.append(Asked(f"{where}: points may be outside", Box(*ends, box.guess)))
                    lower[axis], upper[axis] = part.lower[axis], part.upper[axis]
        return sides

    def prove(self, asked: list[Asked], deep: int = DEEPEST) -> None:
        """All of it, or reject. A box that is not decided is cut, so many times.

        Without variables there is one point in any case: the rest contracts.
        """
        if not self.rank:
            require(all(each.latent is not None for each in asked), "nodes[0]: the box is not proved empty")
            return
        halves = list[Asked]()
        for some in self.batches(sorted(asked, key=lambda each: each.latent is None)):
            for coarse in (True, False) if self.inverts else (False,):
                local = Local(self, [each.box for each in some], coarse=coarse)
                decided, near = local.empty, np.array([each.near for each in some])
                if near.any():
                    decided = decided | (near & local.single())
                left = np.flatnonzero(~decided)
                some, axes, slopes = [some[k] for k in left], local.axis[left], local.driven.middle
                slopes = np.broadcast_to(slopes, (len(decided), self.size, self.rank))[left]
                if not some:
                    break
            for each, axis, a, slope in zip(some, axes.tolist(), local.a[left], slopes, strict=True):
                require(deep > 0, each.failure)
                box = each.box
                parts = [box.part(ends, a, slope) for ends in box.halves(axis, box.middle[axis])]
                halves += [Asked(each.failure, part, each.latent) for part in parts]
        if halves:
            self.prove(halves, deep - 1)


@dataclass(frozen=True, eq=False)
class Lines:
    """Of some boxes, lines a + y -> c + s y for tanh, N near (1 - E S)^-1, and what |y| reaches, NaN if not known."""

    a: np.ndarray
    c: np.ndarray
    s: np.ndarray
    N: np.ndarray
    reached: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Of which it is known."""
        return np.isfinite(self.reached).all(axis=1)

    def __getitem__(self, rows: np.ndarray) -> "Lines":
        """Those of some of the boxes."""
        return Lines(*(value[rows] for value in vars(self).values()))

    def put(self, rows: np.ndarray, others: "Lines") -> None:
        """These in the place of those."""
        for mine, its in zip(vars(self).values(), vars(others).values(), strict=True):
            mine[rows] = its


class Local:
    """Lines for tanh about the middles of some boxes, and what they prove of each."""

    def __init__(self, search: Search, boxes: list[Box], *, coarse: bool = False) -> None:
        """Choose a, rho, c and S so that they agree with one another; then N E and so on, with bounds of rounding.

        Most boxes are decided by a coarse choice, which takes fewer inverses.
        """
        self.search, self.boxes = search, boxes
        self.radius, self.forced = np.array([rounded(box.radius) for box in boxes]), search.forced(boxes)
        self.r = above(self.radius)
        a, slope = search.solved(boxes)
        if search.E is None or not search.inverts:
            rho = self.radius @ np.abs(search.U.middle).T
            self.s, self.a = chords(a, rho), a
            self.c, N = halfway(a, self.s, rho), None
        else:
            choose = self._coarse if coarse else self._refined
            lines = choose(search.E.middle, a, slope)
            self.a, self.c, self.s, N = lines.a, lines.c, lines.s, lines.N
        self._equations(N)

    def _coarse(self, E: np.ndarray, a: np.ndarray, slope: np.ndarray) -> Lines:
        rows = np.arange(len(a))
        return self._along(E, a, times(np.abs(slope), REACHES[0] * self.radius), rows)

    def _refined(self, E: np.ndarray, a: np.ndarray, slope: np.ndarray) -> Lines:
        """Chords as wide as what follows such radii is long; then as wide as what was reached with these."""

        def first(farther: float, rows: np.ndarray) -> Lines:
            wide = farther * self.radius[rows]
            lines = self._along(E, a[rows], times(np.abs(slope[rows]), wide), rows)
            rho = times(np.abs(lines.N @ self.search.U.middle), wide)
            return self._reaching(E, self._along(E, lines.a, rho, rows), rows)

        best = first(REACHES[0], np.arange(len(a)))
        for farther in REACHES[1:]:
            rows = np.flatnonzero(~best.known)
            best.put(rows, first(farther, rows))
        rows = np.flatnonzero(best.known)
        for _ in range(REFINED):
            lines = self._reaching(E, self._along(E, best.a[rows], best.reached[rows], rows), rows)
            rows, lines = rows[lines.known], lines[np.flatnonzero(lines.known)]
            best.put(rows, lines)
        return best

    def _along(self, E: np.ndarray, a: np.ndarray, rho: np.ndarray, rows: np.ndarray) -> Lines:
        """Chords so wide about a, and where a is then; of these boxes."""
        s = chords(a, rho)
        N = np.linalg.inv(np.eye(len(E)) - E * s[:, None, :])
        a = a + times(N, halfway(a, s, rho) @ E.T + self.forced[rows] - a)
        return Lines(a, halfway(a, s, rho), s, N, np.full_like(a, np.nan))

    def _reaching(self, E: np.ndarray, lines: Lines, rows: np.ndarray) -> Lines:
        """With what is reached, roughly."""
        felt, off = np.abs(lines.N @ E), lines.c @ E.T + self.forced[rows] - lines.a
        start = times(np.abs(lines.N @ self.search.U.middle), self.radius[rows]) + np.abs(times(lines.N, off))

        def came(rho: np.ndarray) -> np.ndarray:
            return start + times(felt, np.abs(offs(lines.a, lines.s, rho) - lines.c).max(axis=0))

        return replace(lines, reached=closed(start * ROOM, came))

    def _equations(self, N: np.ndarray | None) -> None:
        """What stands beside d, e(y) and y in (1) and (2), and (2) times a rough inverse of its slope."""
        search, E = self.search, self.search.E
        middle = Span.near([box.middle for box in self.boxes])
        c, at, across = Span(self.c[..., None]), Span(self.a[..., None]), Span(self.s[:, None, :])
        VS = search.Vt * across
        left = search.U @ middle + search.drive - at
        if E is not None:
            left = left + E @ c
        self.NE = self.R = None
        driven, moved, curved = search.U, left, search.Vt
        if N is not None and E is not None:
            self.NE = Span(N) @ E
            self.R = Span(np.eye(search.size)) - Span(N) + self.NE * across
            driven, moved, curved = Span(N) @ search.U, Span(N) @ left, curved + VS @ self.NE
        value = search.Vt @ c - middle + VS @ moved
        slope = VS @ driven - Span(np.eye(search.rank))
        self.driven, self.defect = driven, moved.size[..., 0]
        self.plain = value, slope, curved, VS
        C = Span(np.linalg.inv(slope.middle))
        self.turned = C @ value, C @ slope - Span(np.eye(search.rank)), C @ curved, C @ VS

    @property
    def axis(self) -> np.ndarray:
        """Along which the pre-activations that matter move most."""
        weight = np.broadcast_to(self.plain[2].size.sum(axis=-2), self.a.shape)
        return np.asarray(np.argmax(times(np.swapaxes(self.driven.size, -1, -2), weight) * self.r, axis=1))

    def _reach(self, start: np.ndarray, kink: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """start + |N E| e(rho) + |R| rho where that is less than rho; NaN where it is not found."""
        return closed(start * ROOM, lambda rho: above(start + self._back(kink(rho), rho)))

    def _back(self, e: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Bounds of what e and y give back in (1)."""
        if self.NE is not None and self.R is not None:
            return above(self.NE.times(e) + self.R.times(y))
        return self._faintly(e, y)

    def _faintly(self, e: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Bounds of what E e + E S y gives each unit, S being one at most; nothing where there is no E."""
        faint = self.search.faint
        if faint is None:
            return np.zeros_like(e)
        return above(faint * (e.max(axis=1) + y.max(axis=1))[:, None])

    def _values(self, rho: np.ndarray) -> np.ndarray:
        return farthest(self.a, self.c, self.s, rho)

    @cached_property
    def _off(self) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of y and e(y) in the boxes."""
        rho = self._reach(above(self.driven.times(self.r) + self.defect), self._values)
        return rho, self._values(rho)

    def _beside(self, equation: "tuple[Span, ...]", e: np.ndarray, y: np.ndarray, r: np.ndarray) -> np.ndarray:
        """Bounds of what d, e and y add to an equation; infinite where y is not known."""
        _, slope, curved, VS = equation
        remains = self._faintly(e, y) if self.R is None else self.R.times(y)
        known = np.isfinite(y).all(axis=1)[:, None]
        return np.where(known, above(slope.times(r) + curved.times(e) + VS.times(remains)), np.inf)

    @property
    def empty(self) -> np.ndarray:
        """Whether g is not zero, or what Newton's method leaves is outside of the box."""
        rho, e = self._off
        value, spread = self.plain[0], self._beside(self.plain, e, rho, self.r)
        nowhere = np.abs(value.middle[..., 0]) > above(np.asarray(value.radius)[..., 0] + spread)
        lowest, highest = self.zeros
        lower, upper = (np.array([rounded(each) for each in ends]) for ends in zip(*self._ends, strict=True))
        outside = (lowest > np.nextafter(upper, np.inf)) | (highest < np.nextafter(lower, -np.inf))
        return np.asarray((nowhere | outside).any(axis=1))

    @property
    def _ends(self) -> list[Ends]:
        return [(box.lower, box.upper) for box in self.boxes]

    @cached_property
    def zeros(self) -> tuple[np.ndarray, np.ndarray]:
        """Between what all zeros of the boxes are; infinite where nothing is known."""
        rho, e = self._off
        places = Span.near([box.middle for box in self.boxes]) - self.turned[0]
        middle = places.middle[..., 0]
        away = above(np.asarray(places.radius)[..., 0] + self._beside(self.turned, e, rho, self.r))
        known = np.isfinite(away + middle)
        ends = np.nextafter(middle - away, -np.inf), np.nextafter(middle + away, np.inf)
        return np.where(known, ends[0], -np.inf), np.where(known, ends[1], np.inf)

    def single(self) -> np.ndarray:
        """Whether one zero at most is in the larger boxes around."""
        wide = above(float(AROUND) * self.r)
        rho = self._reach(above(self.driven.times(wide) + self.defect), self._values)
        steep = steepest(self.a, self.s, rho)
        y = self._reach(self.driven.times(wide), lambda y: above(steep * y))
        return np.asarray((self._beside(self.turned, above(steep * y), y, wide) < wide).all(axis=1))


def closed(rho: np.ndarray, came: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """came(rho) where that is less than rho, for some rho that is found box by box; NaN where none is."""
    found = np.full_like(rho, np.nan)
    open_ = np.ones(len(rho), dtype=bool)
    for _ in range(ROUNDS):
        reached = came(rho)
        inside = open_ & (reached < rho).all(axis=1)
        found[inside], open_ = reached[inside], open_ & ~inside
        if not open_.any():
            break
        rho = np.where(open_[:, None], np.minimum(reached * ROOM, FARTHEST) + 2.0**-80, rho)
    return found


def times(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The products of each."""
    return np.asarray((matrices @ vectors[..., None])[..., 0])


@dataclass(frozen=True, eq=False)
class Span:
    """All arrays within `radius` of `middle`: doubles, with what rounding did in the radius.

    One operation errs by 2^-53 of its result at most, a sum of m products by m 2^-53 of their sizes' sum, in any order.
    """

    middle: np.ndarray
    radius: np.ndarray | float = 0.0

    @staticmethod
    def of(matrix: flint.arb_mat) -> "Span":
        """What holds these balls."""
        middle = middles(matrix)
        off = [(x - m).abs_upper() for x, m in zip(matrix.entries(), middle.ravel().tolist(), strict=True)]
        return Span(middle, above(np.array([float(x) for x in off]).reshape(middle.shape)))

    @staticmethod
    def near(values: list[Exact]) -> "Span":
        """What holds these numbers, columns of them."""
        middle = np.array([rounded(each) for each in values])[..., None]
        return Span(middle, above(LAST * np.abs(middle)))

    def __getitem__(self, which: Any) -> "Span":
        """A part of it."""
        return Span(self.middle[which], np.broadcast_to(self.radius, self.middle.shape)[which])

    @cached_property
    def size(self) -> np.ndarray:
        """The largest sizes."""
        return above(np.abs(self.middle) + self.radius)

    def times(self, bounds: np.ndarray) -> np.ndarray:
        """Bounds of what these matrices make of vectors of sizes up to the bounds."""
        return above(times(self.size, bounds))

    def __add__(self, other: "Span") -> "Span":
        """The sums."""
        middle = self.middle + other.middle
        return Span(middle, above(self.radius + other.radius + LAST * np.abs(middle)))

    def __sub__(self, other: "Span") -> "Span":
        """The differences."""
        return self + Span(-other.middle, other.radius)

    def __mul__(self, other: "Span") -> "Span":
        """Products, entry by entry."""
        middle = self.middle * other.middle
        return Span(
            middle, above(self.radius * other.size + np.abs(self.middle) * other.radius + LAST * np.abs(middle))
        )

    def __matmul__(self, other: "Span") -> "Span":
        """The product of matrices."""
        err = other.radius + other.middle.shape[-2] * LAST * np.abs(other.middle)
        radius = np.abs(self.middle) @ above(err)
        if not isinstance(self.radius, float):
            radius = radius + self.radius @ other.size
        middle = self.middle @ other.middle  # that overflows where the bound does not, it is a part of it
        return Span(middle, above(radius + LAST * np.abs(middle)))


def above(bound: Any) -> Any:
    """At least what the expression of numbers that are not negative is, of which rounding made this."""
    return bound * (1 + 2.0**-40) + 2.0**-960


def rounded(values: Exact) -> np.ndarray:
    """The nearest doubles."""
    return np.array([float(x) for x in values])


def chords(a: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Slopes of tanh between a - rho and a + rho."""
    wide = np.maximum(rho, 1e-8)
    return np.maximum(np.minimum((np.tanh(a + wide) - np.tanh(a - wide)) / (2 * wide), 1.0), 0.0)


def offs(a: np.ndarray, s: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """tanh(a + y) - s y where it is farthest up and down for |y| <= rho."""
    turn, low, high = turning(s), a - rho, a + rho
    x = np.stack([low, high, *(np.maximum(np.minimum(place, high), low) for place in (turn, -turn))])
    return np.asarray(np.tanh(x) - s * (x - a))


def turning(s: np.ndarray) -> np.ndarray:
    """Where tanh' is s, roughly."""
    return np.asarray(np.arctanh(np.sqrt(np.maximum(np.minimum(1 - s, 1 - 1e-12), 0.0))))


def halfway(a: np.ndarray, s: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """The middle of what tanh(a + y) - s y takes."""
    off = offs(a, s, rho)
    return (off.max(axis=0) + off.min(axis=0)) / 2


def over_tanh(x: Ball) -> Ball:
    """Over a ball: it rises."""
    return x.lower().tanh().union(x.upper().tanh())


def tanh(x: np.ndarray) -> np.ndarray:
    """tanh to `TANH`, by Lambert's continued fraction of x / 16, and 2 t / (1 + t^2) four times.

    Nothing is subtracted: rounding makes less than 2^-47. The fraction's convergents are on both sides in turn, and the
    last two 2^-64 apart. Beyond 20, tanh is one to 2^-56.
    """
    y = np.minimum(np.maximum(x, -20.0), 20.0) / 16
    below = np.full_like(y, 2.0 * CONVERGENTS + 1)
    for k in range(CONVERGENTS, 0, -1):
        below = 2.0 * k - 1 + y * y / below
    t = y / below
    for _ in range(4):
        t = 2 * t / (1 + t * t)
    return np.asarray(t)


def farthest(a: np.ndarray, c: np.ndarray, s: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """At least |tanh(a + y) - c - s y| for |y| <= rho."""
    wide = above(rho + LAST * (np.abs(a) + rho))
    k = c - s * a
    highest, lowest = _highest(a - wide, a + wide, s), -_highest(-(a + wide), wide - a, s)
    off = np.maximum(np.abs(highest - k), np.abs(lowest - k))
    return np.asarray(above(off + 8 * LAST * (1 + np.abs(c) + np.abs(a) + wide)))


def _highest(low: np.ndarray, high: np.ndarray, s: np.ndarray) -> np.ndarray:
    """At least tanh(x) - s x from low to high, s from 0 to 1: convex below zero, and concave above.

    Where it is convex the ends are highest; where it is concave, no tangent is below it.
    """

    def value(x: np.ndarray, t: np.ndarray) -> np.ndarray:
        return np.asarray(t - s * x + TANH + 4 * LAST * np.abs(x))

    first = np.maximum(low, 0.0)
    place = np.maximum(np.minimum(turning(s), high), first)
    t = tanh(place)
    slope = 1 - t**2 - s
    rise = np.maximum(slope * (high - place), slope * (first - place)) + 8 * TANH * np.abs(high - first)
    tangent = np.where(high > 0, value(place, t) + np.maximum(rise, 0.0), -np.inf)
    return np.maximum(np.maximum(value(low, tanh(low)), value(high, tanh(high))), tangent)


def steepest(a: np.ndarray, s: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """At least |tanh'(a + y) - s| for |y| <= rho: at the ends, or at zero."""
    wide = above(rho + LAST * (np.abs(a) + rho))
    nearest, farthest_off = np.maximum(np.abs(a) - wide, 0.0), np.abs(a) + wide
    ends = np.stack([1 - tanh(x) ** 2 for x in (nearest, farthest_off)])
    return np.asarray(above(np.abs(ends - s).max(axis=0) + 8 * TANH))


def beyond_circle(matrix: Span) -> int | None:
    """How many eigenvalues all these matrices M have outside the unit circle, by Gershgorin's discs; or None.

    V are eigenvectors, roughly, Y any matrix. Let sizes in each row of 1 - Y V sum to d < 1/2 at most, and of T = Y M V
    to t. Then neither V nor Y is singular, sizes in each row of (Y V)^-1 - 1 sum to less than 2 d, and V^-1 M V = (Y
    V)^-1 T has its eigenvalues in discs about T_ii, as large as what row i of T has besides, and 2 d t.
    """
    V = np.linalg.eig(matrix.middle)[1].astype(complex)
    Y = np.linalg.inv(V)
    right = Span(np.hstack([V.real, V.imag]))

    def turned(inner: Span) -> tuple[Span, Span]:
        """Y times this, real and imaginary."""
        a, b, real, imaginary = Span(Y.real), Span(Y.imag), inner[:, : len(V)], inner[:, len(V) :]
        return a @ real - b @ imaginary, a @ imaginary + b @ real

    T, B = turned(matrix @ right), turned(right)
    d = above(((B[0] - Span(np.eye(len(V)))).size + B[1].size).sum(axis=1)).max()
    sizes = T[0].size + T[1].size
    if not d < 0.5:
        return None
    t = above(sizes.sum(axis=1)).max()
    np.fill_diagonal(sizes, 0.0)
    disc = above(sizes.sum(axis=1) + above(2 * d * t))
    x, y = (np.diag(part.middle) for part in T)
    off = above(disc + sum(np.diag(np.broadcast_to(part.radius, V.shape)) for part in T))
    modulus = np.hypot(x, y)
    outside, inside = modulus * (1 - 2.0**-40) > above(1 + off), above(modulus + off) < 1
    return int(outside.sum()) if (outside | inside).all() else None


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise Malformed(f"{where} is {json.dumps(value)[:40]}, not a list")
    return value


def _vector(value: object, size: int, where: str) -> Exact:
    entries = [_number(each, where) for each in _list(value, where)]
    if len(entries) != size:
        raise Malformed(f"{where} has {len(entries)} entries, not {size}")
    return entries


def _matrix(value: object, rows: int, columns: int, where: str) -> list[Exact]:
    matrix = [_vector(row, columns, where) for row in _list(value, where)]
    if len(matrix) != rows:
        raise Malformed(f"{where} has {len(matrix)} rows, not {rows}")
    return matrix


def _number(value: object, where: str) -> Fraction:
    """An integer, or "p/q" with q > 1."""
    if type(value) is int or (
        isinstance(value, str) and re.fullmatch("-?[1-9][0-9]{0,2000}/[1-9][0-9]{0,2000}", value)
    ):
        found = Fraction(value)
        if abs(found) > HIGHEST:
            raise Malformed(f"{where}: a number beyond 2^{HIGHEST.bit_length() - 1}")
        return found
    raise Malformed(f'{where}: {json.dumps(value)[:40]} is neither an integer nor a "p/q"')


def entries_of(value: object, where: str, keys: list[str]) -> dict[str, Any]:
    """An object with these keys and no others."""
    if not isinstance(value, dict) or set(value) != set(keys):
        raise Malformed(f"{where} is no object of {', '.join(keys)}")
    return value


def _numbers(value: object, count: int) -> bool:
    """Whether it is the number of one of so many; JSON's true is none."""
    return type(value) is int and 0 <= value < count


def _point(value: object, size: int, where: str) -> Point:
    entries = entries_of(value, where, ["state", "radius", "unstable", "index"])
    unstable, index = entries["unstable"], entries["index"]
    if not (unstable is None or type(unstable) is int) or type(index) is not int or index not in (1, -1):
        raise Malformed(f"{where}: unstable is a number or null, and index 1 or -1")
    state, radius = _vector(entries["state"], size, where), _number(entries["radius"], where)
    return Point(state, radius, unstable, index)


def main(argv: list[str]) -> int:
    """Say what is claimed and whether it is proved."""
    try:
        if len(argv) not in (1, 2, 3):
            raise Malformed("usage: FILE [W.npy], or FILE NETWORK.npz [INPUT]")
        certificate = certificate_of(read(argv[0]))
        compared = [same_network(certificate, *argv[1:])] if argv[1:] else []
        for line in [*certificate.words(), *compared]:
            print(line, flush=True)
        certificate.verify()
    except Malformed as error:
        print(f"set checker: {error}", file=sys.stderr)
        return 2
    except Rejected as error:
        print(f"rejected: {error}")
        return 1
    print("verified")
    return 0


def certificate_of(value: object) -> SetCertificate | RectifiedSet:
    """By its format."""
    rectified = isinstance(value, dict) and value.get("format") == RECTIFIED
    return RectifiedSet(value) if rectified else SetCertificate(value)


def same_network(certificate: SetCertificate | RectifiedSet, file: str, given: str | None = None) -> str:
    """What of the network in a file the certificate speaks of.

    Raises:
        Malformed: if it speaks of another.
    """
    arrays, size = arrays_in(file), certificate.size
    other = _another(certificate, arrays)
    if other is not None:
        raise Malformed(f"{file} does not hold the weights of the certificate: its {other} is another, or not there")
    height = len(arrays["W"] if "W" in arrays and certificate.weights is not None else arrays["M"])
    if file.endswith(".npy"):
        return f"network: of {file} it has the weights; the drive, U x + b, has not been compared"
    U, b = arrays.get("U", np.zeros((height, 0))), arrays.get("b", np.zeros((height, 1))).reshape(-1, 1)
    x = np.zeros(U.shape[1]) if given is None else np.ravel(numbers_in(given))
    if not len(U) == len(b) == height or len(x) != U.shape[1]:
        raise Malformed(f"U of {U.shape}, b of {len(b)} and an input of {len(x)} numbers: of {size} units no drive")
    row = [Fraction(each) for each in x.tolist()]
    for told, weights, bias in zip(certificate.drive, fractions(U)[-size:], fractions(b)[-size:], strict=True):
        if not _rounded(told, [*bias, *(w * each for w, each in zip(weights, row, strict=True))]):
            raise Malformed(f"the drive of the certificate is not U x + b of {file} at this input")
    return f"network: that of {file}, weights and drive, at the input {', '.join(f'{each:g}' for each in x) or 'zero'}"


def _another(certificate: SetCertificate | RectifiedSet, arrays: dict[str, np.ndarray]) -> str | None:
    """The name of an array that is not the certificate's; the last rows count, where those of gates are above."""
    size, own = certificate.size, certificate.weights
    M, N = (fractions(arrays.get(name, np.zeros((0, 0)))) for name in ("M", "N"))
    if isinstance(certificate, SetCertificate) and own is None:
        return None if (M, N) == (certificate.U, certificate.V) else "M" if certificate.U != M else "N"
    rows = fractions(arrays["W"]) if "W" in arrays else M
    if own is None or len(rows) not in (size, 2 * size):
        return "W"
    if "W" in arrays:
        return None if rows[-size:] == own else "W"
    if len(N) != size or len(M[0]) != len(N[0]):
        return "N"
    products = ([[m * n for m, n in zip(row, each, strict=True)] for each in N] for row in rows[-size:])
    same = all(all(map(_rounded, told, terms)) for told, terms in zip(own, products, strict=True))
    return None if same else "M N^T"


def _rounded(told: Fraction, terms: list[Fraction]) -> bool:
    """Whether it may be the sum of these, computed in doubles."""
    return abs(told - sum(terms)) <= 2 * len(terms) * Fraction(1, 2**53) * sum(map(abs, terms))


def arrays_in(file: str) -> dict[str, np.ndarray]:
    """By name; what an npy file holds is W."""
    try:
        loaded = np.load(file)
        named = {"W": loaded} if isinstance(loaded, np.ndarray) else {name: loaded[name] for name in loaded.files}
    except (OSError, ValueError, EOFError, TypeError) as error:
        raise Malformed(f"{file}: {error}") from error
    return {name: finite(named[name], f"{name} of {file}") for name in ("W", "U", "b", "M", "N") if name in named}


def numbers_in(file: str) -> np.ndarray:
    """Those of an npy file, or of text."""
    try:
        return finite(np.load(file) if file.endswith(".npy") else np.loadtxt(file, delimiter=","), file)
    except (OSError, ValueError, EOFError, TypeError) as error:
        raise Malformed(f"{file}: {error}") from error


def finite(array: np.ndarray, where: str) -> np.ndarray:
    """As doubles, a column where it was a list."""
    numbers = np.asarray(array, dtype=np.float64)
    if numbers.ndim not in (1, 2) or not np.isfinite(numbers).all():
        raise Malformed(f"{where} is no matrix of finite numbers")
    return numbers if numbers.ndim == 2 else numbers[:, None]


def fractions(matrix: np.ndarray) -> list[Exact]:
    """Exactly."""
    return [[Fraction(x) for x in row] for row in matrix.tolist()]


def read(file: str) -> object:
    """What JSON the file holds."""
    try:
        with open(file, encoding="ascii") as stream:
            return json.load(stream)
    except (OSError, ValueError, RecursionError) as error:
        raise Malformed(f"{file}: {error}") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
