"""Verifies a certificate of a complete set of fixed points from scratch: of `theory` it knows nothing.

    python -m validate.universality.set_checker FILE [W.npy]
    python -m validate.universality.set_checker FILE NETWORK.npz [INPUT]

The second compares all that the certificate speaks of with a network: W (or M and N), and the drive with U x + b, x
being the one row of INPUT (npy or text), or zero. Of a UGRNN it speaks of the last rows, those of the candidate.

The format, and why it proves what it says: docs/fixed-point-sets.md. E is taken in rational numbers, and all is decided
in ball arithmetic (python-flint); doubles propose preconditioners and lines. Where a box is not decided at once it is
cut, up to `DEEPEST` times. Standard output says what is claimed, and then `verified` (exit status 0) or `rejected: ...`
(1); what is no certificate is one line on standard error (2).
"""

import json
import re
import sys
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

import flint
import numpy as np

FORMAT = "fixed point set certificate 1"
RECTIFIED = "rectified fixed point set certificate 1"
AROUND = Fraction(5, 4)  # so much larger is the box in which one point at most is to be
DEEPEST = 8  # cuts of one box until it is rejected
PRECISION = 96
LARGEST, MOST_VARIABLES = 2048, 6
HIGHEST = 2**256  # of numbers: doubles hold them, and products of three
ROUNDS, ROOM = 12, 1.1
FAINT = Fraction(1, 2**8)  # sums of |E_ij| below which N is one, and E nothing but these sums
REFINED = 2  # times that chords are taken anew, as wide as what was reached with the ones before
REACHES = (2.0, 3.0, 1.3)  # how much farther than lines alone say the pre-activation is taken to go

Exact = list[Fraction]
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


@cache
def identity(size: int) -> flint.arb_mat:
    """One."""
    return flint.arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])


def row_sums(matrix: flint.arb_mat, bounds: list[Any]) -> list[Any]:
    """Bounds of |M x| for |x| at most these."""
    return [entry.abs_upper() for entry in (matrix * about(bounds)).entries()]


def row_sums_of(matrix: flint.arb_mat) -> list[Any]:
    """Bounds of the sizes in each row, added up."""
    return [sum((x.abs_upper() for x in row), flint.arb(0)).abs_upper() for row in matrix.table()]


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

    @property
    def middle(self) -> Exact:
        """Halfway."""
        return [(a + b) / 2 for a, b in zip(self.lower, self.upper, strict=True)]

    @property
    def radius(self) -> Exact:
        """Half the widths."""
        return [(b - a) / 2 for a, b in zip(self.lower, self.upper, strict=True)]

    def halves(self, axis: int, at: Fraction, guess: np.ndarray) -> "tuple[Box, Box]":
        """Cut at a place."""
        below, above = list(self.upper), list(self.lower)
        below[axis] = above[axis] = at
        return Box(self.lower, below, guess), Box(above, self.upper, guess)

    def holds(self, other: "Box") -> bool:
        """Whether the other one is a part of it."""
        pairs = zip(self.lower, other.lower, other.upper, self.upper, strict=True)
        return all(a <= b <= c <= d for a, b, c, d in pairs)


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

    def _verify_point(self, point: Point, where: str) -> list[Ball]:
        """That it is there, alone in its box, of this index and instability; where its kappa is."""
        A = balls(self.weights if self.weights is not None else self.U)
        L = None if self.weights is not None else balls(transposed(self.V))
        drive = column([flint.arb(number(x)) for x in self.drive])
        size = len(point.state)
        middle = column([flint.arb(number(x)) for x in point.state])
        around = about([flint.arb(number(point.radius))] * size)

        def slope_at(z: flint.arb_mat) -> flint.arb_mat:
            t = [over_tanh(x) for x in (A * z + drive).entries()]
            scaled = flint.arb_mat(
                self.size, size, [(1 - t[i] * t[i]) * A[i, j] for i in range(self.size) for j in range(size)]
            )
            return scaled if L is None else L * scaled

        t = column([x.tanh() for x in (A * middle + drive).entries()])
        off = (t if L is None else L * t) - middle
        slope = slope_at(middle + around)
        guess = middles(slope) - np.eye(size)
        C = doubles(np.linalg.inv(guess))
        inside = (identity(size) - C * (slope - identity(size))) * around - C * off
        reached = [x.abs_upper() < number(point.radius) for x in inside.entries()]
        require(all(reached), f"{where}: Krawczyk's test does not prove a point within its radius")
        determinant = (identity(size) - slope).det()
        sign = 1 if determinant > 0 else -1 if determinant < 0 else 0
        require(sign == point.index, f"{where}: the index is not proved to be {point.index}")
        if point.unstable is not None:
            require(
                beyond_circle(slope) == point.unstable, f"{where}: the unstable directions are not {point.unstable}"
            )
        if L is not None:
            return list((middle + around).entries())
        if not self.rank:
            return []
        return list((balls(transposed(self.V)) * (middle + around)).entries())

    def _verify_boxes(self, latents: list[list[Ball]]) -> None:
        """Every box of the tree, in the order of the file; together they are all |kappa_i| <= sum_j |V_ji|."""
        for i in range(self.rank):
            farthest = sum((abs(row[i]) for row in self.V), Fraction(0))
            require(
                self.box.lower[i] <= -farthest and farthest <= self.box.upper[i], "the box does not hold all states"
            )
        search = Search(self)
        waiting, held = deque([self.box]), set[int]()
        for k, node in enumerate(self.nodes):
            where = f"nodes[{k}]"
            require(bool(waiting), f"{where}: no box is left for it")
            box = waiting.popleft()
            match node:
                case "empty":
                    require(search.empty(box), f"{where}: the box is not proved empty")
                case ["cut", axis, place] if _numbers(axis, self.rank):
                    at = _number(place, where)
                    require(box.lower[axis] <= at <= box.upper[axis], f"{where}: the cut is outside of the box")
                    waiting.extend(box.halves(axis, at, search.solved(box)))
                case ["holds", point] if _numbers(point, len(self.points)):
                    held.add(point)
                    require(
                        search.holds(box, latents[point]), f"{where}: other points than points[{point}] may be in it"
                    )
                case ["within", lower, upper] if self.rank:
                    ends = [_vector(each, self.rank, where) for each in (lower, upper)]
                    part = Box(ends[0], ends[1], search.solved(box))
                    require(box.holds(part), f"{where}: it is no part of its box")
                    require(search.within(box, part), f"{where}: points may be outside")
                    waiting.append(part)
                case _:
                    raise Malformed(f"{where} is {json.dumps(node)[:40]}, which is no node")
        require(not waiting, f"{len(waiting)} boxes are left over: the list of nodes ends too early")
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
    """What boxes hold, by equations (1) and (2) of the format."""

    ball_E: Any

    def __init__(self, of: SetCertificate) -> None:
        """Balls, and the doubles that propose."""
        self.size, self.rank = of.size, of.rank
        if not of.rank:
            return
        self.ball_U, self.ball_Vt = balls(of.U), balls(transposed(of.V))
        self.drive = column([flint.arb(number(x)) for x in of.drive])
        self.U, self.b = floats(of.U), np.array([float(x) for x in of.drive])
        self.ball_E = None if of.E is None else flint.arb_mat(of.E)
        self.E = (
            None if of.E is None else np.array([float(x.mid()) for x in self.ball_E.entries()]).reshape(of.size, -1)
        )
        sums = [] if self.E is None else row_sums_of(self.ball_E)
        self.faint = sums if sums and all(x < number(FAINT) for x in sums) else None

    def solved(self, box: Box) -> np.ndarray:
        """The pre-activation at the middle, roughly."""
        if not self.rank:
            return box.guess
        sent = self.U @ np.array([float(x) for x in box.middle]) + self.b
        if self.E is None or self.faint is not None:
            return sent
        a = box.guess
        for _ in range(ROUNDS):
            t = np.tanh(a)
            step = np.linalg.solve(np.eye(self.size) - self.E * (1 - t * t), self.E @ t + sent - a)
            a = a + step
            if np.abs(step).max() < 1e-9:
                break
        return a

    def empty(self, box: Box, deep: int = DEEPEST) -> bool:
        """Whether no point is in it. Without variables there is one."""
        if not self.rank:
            return False
        local = Local(self, box)
        return local.empty() or (deep > 0 and all(self.empty(half, deep - 1) for half in self._cut(box, local)))

    def holds(self, box: Box, latent: list[Ball], deep: int = DEEPEST) -> bool:
        """Whether there is no point in it but this one.

        Without variables there is one point in any case: the rest contracts.
        """
        if not self.rank:
            return True
        local = Local(self, box)
        near = all(
            abs(x - number(m)) < number(AROUND * r) for x, m, r in zip(latent, box.middle, box.radius, strict=True)
        )
        if local.empty() or (near and local.single()):
            return True
        return deep > 0 and all(self.holds(half, latent, deep - 1) for half in self._cut(box, local))

    def within(self, box: Box, part: Box) -> bool:
        """Whether what is beside the part is empty."""
        pairs = zip(*Local(self, box).zeros(), box.lower, box.upper, part.lower, part.upper, strict=True)
        if all((a == c or x >= number(c)) and (b == d or y <= number(d)) for x, y, a, b, c, d in pairs):
            return True
        for axis in range(self.rank):
            left, rest = box.halves(axis, part.lower[axis], part.guess)
            box, right = rest.halves(axis, part.upper[axis], part.guess)
            for side in (left, right):
                if side.lower[axis] < side.upper[axis] and not self.empty(side):
                    return False
        return True

    def _cut(self, box: Box, local: "Local") -> tuple[Box, Box]:
        axis = local.axis
        return box.halves(axis, box.middle[axis], local.a)


class Local:
    """Lines for tanh about the middle of one box, and what they prove."""

    N: np.ndarray | None
    NE: Any
    R: Any

    def __init__(self, search: Search, box: Box) -> None:
        """Choose a, rho, c and S so that they agree with one another; then N E and so on, in balls."""
        self.search, self.box = search, box
        self.r = [flint.arb(number(x)) for x in box.radius]
        radius = np.array([float(x) for x in box.radius])
        a, E = search.solved(box), search.E
        forced = search.U @ np.array([float(x) for x in box.middle]) + search.b
        if E is None or search.faint is not None:
            s = chords(a, np.abs(search.U) @ radius)
            self.a, self.c, self.s, self.N = a, halfway(a, s, np.abs(search.U) @ radius), s, None
        else:
            for farther in REACHES:
                rho = self._take_lines(E, a, forced, radius * farther)
                if rho is not None:
                    break
            for _ in range(REFINED):
                before = self.a, self.c, self.s, self.N
                rho = None if rho is None else self._take_chords(E, rho, forced, radius)
                if rho is None:
                    self.a, self.c, self.s, self.N = before
                    break
        self._equations()

    def _take_lines(self, E: np.ndarray, a: np.ndarray, forced: np.ndarray, wide: np.ndarray) -> np.ndarray | None:
        """Chords as wide as what follows such radii is long; what the box reaches then, as of `_reached`."""
        N = np.linalg.inv(np.eye(self.search.size) - E * (1 - np.tanh(a) ** 2))
        self.a, self.N = a, N
        for _ in range(2):
            rho = np.abs(self.N @ self.search.U) @ wide
            found = self._take_chords(E, rho, forced, np.array([float(x) for x in self.box.radius]))
        return found

    def _take_chords(self, E: np.ndarray, rho: np.ndarray, forced: np.ndarray, radius: np.ndarray) -> np.ndarray | None:
        """Chords so wide; N is theirs. What the box reaches, as of `_reached`."""
        self.s = chords(self.a, rho)
        self.N = np.linalg.inv(np.eye(self.search.size) - E * self.s)
        self.a = self.a + self.N @ (E @ halfway(self.a, self.s, rho) + forced - self.a)
        self.c = halfway(self.a, self.s, rho)
        return self._reached(E, forced, radius)

    def _reached(self, E: np.ndarray, forced: np.ndarray, radius: np.ndarray) -> np.ndarray | None:
        """rho in doubles, as balls will find it; None where it is not found."""
        felt = np.abs(self.N @ E)
        start = np.abs(self.N @ self.search.U) @ radius + np.abs(self.N @ (E @ self.c + forced - self.a))
        rho = start * ROOM
        for _ in range(ROUNDS):
            off = offs(self.a, self.s, rho)
            came: np.ndarray = start + felt @ np.abs(off - self.c).max(axis=0)
            if (came < rho).all():
                return came
            rho = np.minimum(came * ROOM, 1e3)
        return None

    def _equations(self) -> None:
        search, size = self.search, self.search.size
        middle = column([flint.arb(number(x)) for x in self.box.middle])
        c, at = column(self.c.tolist()), column(self.a.tolist())
        VS = flint.arb_mat(
            search.rank,
            size,
            [search.ball_Vt[i, j] * flint.arb(self.s[j]) for i in range(search.rank) for j in range(size)],
        )
        left = search.ball_U * middle + search.drive - at
        if search.ball_E is not None:
            left = left + search.ball_E * c
        self.NE = self.R = None
        driven, moved, curved = search.ball_U, left, search.ball_Vt
        if self.N is not None:
            N = doubles(self.N)
            self.NE = N * search.ball_E
            s = [flint.arb(x) for x in self.s.tolist()]
            scaled = [x * s[place % size] for place, x in enumerate(self.NE.entries())]  # column by column
            self.R = identity(size) - N + flint.arb_mat(size, size, scaled)
            driven, moved, curved = N * search.ball_U, N * left, curved + VS * self.NE
        value = search.ball_Vt * c - middle + VS * moved
        slope = VS * driven - identity(search.rank)
        self.driven, self.defect = driven, [x.abs_upper() for x in moved.entries()]
        self.plain = value, slope, curved, VS
        guess = middles(slope)
        C = doubles(np.linalg.inv(guess))
        self.turned = C * value, C * slope - identity(search.rank), C * curved, C * VS

    @property
    def axis(self) -> int:
        """Along which the pre-activations that matter move most."""
        driven = np.array([float(x.abs_upper()) for x in self.driven.entries()]).reshape(self.search.size, -1)
        weight = (
            np.array([float(x.abs_upper()) for x in self.plain[2].entries()]).reshape(-1, self.search.size).sum(axis=0)
        )
        return int(np.argmax(weight @ driven * np.array([float(x) for x in self.box.radius])))

    def _reach(self, start: list[Any], kink: Any) -> list[Any] | None:
        """start + |N E| e(rho) + |R| rho where that is less than rho; None where it is not found."""
        rho = [x * ROOM for x in start]
        for _ in range(ROUNDS):
            back = [flint.arb(0)] * len(rho)
            if self.NE is not None:
                felt, remains = row_sums(self.NE, kink(rho)), row_sums(self.R, rho)
                back = [x + y for x, y in zip(felt, remains, strict=True)]
            elif self.search.faint is not None:
                back = self._faintly(kink(rho), rho)
            came = [(x + y).abs_upper() for x, y in zip(start, back, strict=True)]
            if all(x < y for x, y in zip(came, rho, strict=True)):
                return came
            if not all(x < 1e3 for x in came):
                return None
            rho = [x * ROOM + flint.arb(2) ** -80 for x in came]
        return None

    def _faintly(self, e: list[Any], y: list[Any]) -> list[Any]:
        """Bounds of what E e + E S y gives each unit, S being one at most."""
        most = max_of(e) + max_of(y)
        return [(each * most).abs_upper() for each in self.search.faint or []]

    def _start(self, r: list[Any]) -> list[Any]:
        return [x + y for x, y in zip(row_sums(self.driven, r), self.defect, strict=True)]

    def _values(self, rho: list[Any]) -> list[Any]:
        return [farthest(*each) for each in zip(self.a.tolist(), self.c.tolist(), self.s.tolist(), rho, strict=True)]

    @cached_property
    def _rho(self) -> list[Any] | None:
        return self._reach(self._start(self.r), self._values)

    def _beside(self, equation: Any, e: list[Any], y: list[Any], r: list[Any]) -> list[Any]:
        _, slope, curved, VS = equation
        parts = [row_sums(slope, r), row_sums(curved, e)]
        if self.R is not None:
            parts.append(row_sums(VS, row_sums(self.R, y)))
        elif self.search.faint is not None:
            parts.append(row_sums(VS, self._faintly(e, y)))
        return [sum(each[1:], each[0]).abs_upper() for each in zip(*parts, strict=True)]

    def empty(self) -> bool:
        """Whether g is not zero, or what Newton's method leaves is outside of the box."""
        if self._rho is None:
            return False
        e = self._values(self._rho)
        spread = self._beside(self.plain, e, self._rho, self.r)
        if any(v.abs_lower() > s for v, s in zip(self.plain[0].entries(), spread, strict=True)):
            return True
        ends = zip(*self.zeros(), self.box.lower, self.box.upper, strict=True)
        return any(a > number(d) or b < number(c) for a, b, c, d in ends)

    def zeros(self) -> tuple[list[Any], list[Any]]:
        """Between what all zeros of the box are."""
        if self._rho is None:
            return [flint.arb(number(x)) for x in self.box.lower], [flint.arb(number(x)) for x in self.box.upper]
        spread = self._beside(self.turned, self._values(self._rho), self._rho, self.r)
        places = [number(m) - v for m, v in zip(self.box.middle, self.turned[0].entries(), strict=True)]
        return (
            [(x - s).lower() for x, s in zip(places, spread, strict=True)],
            [(x + s).upper() for x, s in zip(places, spread, strict=True)],
        )

    def single(self) -> bool:
        """Whether one zero at most is in the larger box around."""
        wide = [flint.arb(number(AROUND * x)) for x in self.box.radius]
        rho = self._reach(self._start(wide), self._values)
        if rho is None:
            return False
        steep = [steepest(*each) for each in zip(self.a.tolist(), self.s.tolist(), rho, strict=True)]

        def kink(y: list[Any]) -> list[Any]:
            return [x * each for x, each in zip(y, steep, strict=True)]

        y = self._reach(row_sums(self.driven, wide), kink)
        if y is None:
            return False
        beside = self._beside(self.turned, kink(y), y, wide)
        return all(x < r for x, r in zip(beside, wide, strict=True))


def chords(a: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Slopes of tanh between a - rho and a + rho."""
    wide = np.maximum(rho, 1e-8)
    return np.clip((np.tanh(a + wide) - np.tanh(a - wide)) / (2 * wide), 0.0, 1.0)


def offs(a: np.ndarray, s: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """tanh(a + y) - s y where it is farthest up and down for |y| <= rho."""
    turn = np.arctanh(np.sqrt(np.clip(1 - s, 0, 1 - 1e-12)))
    places = (a - rho, a + rho, *(np.clip(x, a - rho, a + rho) for x in (turn, -turn)))
    return np.stack([np.tanh(x) - s * (x - a) for x in places])


def halfway(a: np.ndarray, s: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """The middle of what tanh(a + y) - s y takes."""
    off = offs(a, s, rho)
    return (off.max(axis=0) + off.min(axis=0)) / 2


def over_tanh(x: Ball) -> Ball:
    """Over a ball: it rises."""
    return x.lower().tanh().union(x.upper().tanh())


def farthest(a: float, c: float, s: float, rho: Ball) -> Ball:
    """At least |tanh(a + y) - c - s y| for |y| <= rho: at the ends, or where tanh' = s."""
    ends = [a - rho, a + rho]
    places = list(ends)
    if 0 < s < 1:  # else all of it rises, or all of it falls
        turn = (1 - flint.arb(s)).sqrt().atanh()
        places += [x for x in (turn, -turn) if not (x < ends[0] or x > ends[1])]
    return max_of([(x.tanh() - c - s * (x - a)).abs_upper() for x in places])


def steepest(a: float, s: float, rho: Ball) -> Ball:
    """At least |tanh'(a + y) - s| for |y| <= rho: at the ends, or at zero."""
    ends = [a - rho, a + rho]
    slopes = [1 - x.tanh() * x.tanh() for x in ends]
    if not (ends[0] > 0 or ends[1] < 0):
        slopes.append(flint.arb(1))
    return max_of([(x - s).abs_upper() for x in slopes])


def max_of(values: list[Any]) -> Ball:
    """The largest."""
    largest = values[0]
    for value in values[1:]:
        largest = largest.max(value)
    return largest.abs_upper()


def beyond_circle(matrix: flint.arb_mat) -> int | None:
    """How many eigenvalues all matrices of these balls have outside the unit circle, by Gershgorin's discs; or None."""
    size = matrix.nrows()
    middle = middles(matrix)
    vectors = np.linalg.eig(middle)[1].astype(complex)
    basis = flint.acb_mat(size, size, [flint.acb(x.real, x.imag) for x in vectors.ravel().tolist()])
    try:
        turned = basis.solve(flint.acb_mat(matrix) * basis)
    except ZeroDivisionError:  # too few eigenvectors
        return None
    count = 0
    for i in range(size):
        radius = sum((turned[i, j].abs_upper() for j in range(size) if j != i), flint.arb(0))
        if turned[i, i].abs_lower() > 1 + radius:
            count += 1
        elif not turned[i, i].abs_upper() + radius < 1:
            return None
    return count


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
