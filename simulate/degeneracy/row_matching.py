"""How far the weights of two low-rank networks are from each other, whatever the order of their units.

Of W = u v^T / N the overlap of two networks is tr(K_u K_v^T), K_u = u1^T P u2 / N and K_v = v1^T P v2 / N: of the whole
permutation P it feels 2 R^2 numbers, and its slope, in which unit i of the first is unit j of the second, is
(u1_i K_v u2_j + v1_i K_u v2_j) / N. So the search that `scipy.optimize.quadratic_assignment` makes among N x N matrices
(FAQ, Vogelstein et al., PLOS ONE 10, e0121002, 2015: Frank and Wolfe's steps, linear assignments and line searches) is
one among pairs K, with one linear assignment of rows a step. With B = diag(K_v, K_u) = U D V^T that is of points
x1 U D^1/2 to points x2 V D^1/2, the least sum of squared distances, which is solved the faster the closer they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from simulate.measures.blocks import NotWeights
from simulate.measures.measure import Measure
from simulate.measures.orthogonal import lower_bound
from simulate.measures.starts import Decomposed, at_random
from simulate.measures.weights import WeightDistance

Rows = Float[np.ndarray, "neurons d"]
Order = Int[np.ndarray, " neurons"]
Overlaps = tuple[Float[np.ndarray, "rank rank"], Float[np.ndarray, "rank rank"]]
ENDED = 1e-7
"""What a step may still gain, relative to the overlap that there can be, where a search ends."""
MEANS = "all permutations at once"
"""The start of FAQ."""


@dataclass(frozen=True, eq=False)
class PreparedRows:
    """Rows (u, v) of a network, their triangular factor over sqrt(N), and W in their span."""

    rows: Rows
    root: Float[np.ndarray, "d d"]
    span: Float[np.ndarray, "d d"]

    @property
    def rank(self) -> int:
        """R."""
        return self.rows.shape[1] // 2


@dataclass(frozen=True)
class RowMatching(Measure[tuple[ArrayLike, ArrayLike], PreparedRows]):
    """min |W1 - P W2 P^T| of low-rank weights W = u v^T / N, each given as (u, v), N x R both.

    It is `WeightsUpTo` for networks of thousands of units: no matrix of weights is formed, and each step is one
    assignment of rows. The search starts at the rows as they are, with either sign, and at random couplings of both
    (orthogonal turns of the rows); these are compared on a `sample` of the rows, and the best `refined` of them go on
    with all. So does FAQ's own start, all permutations at once. The value was reached by a permutation, and `lower` is
    below all of them (sorted eigenvalues, see `OperatorDistance`): for rank one it is the distance up to rotation.

    Attributes:
        starts: random couplings.
        sample: rows on which starts are compared.
        refined: starts that are then continued on all rows.
        rounds: assignments at most, of each.
        seed: of the starts and the sample.

    Raises:
        NotWeights: on factors that are not finite, or of different sizes.

    >>> import numpy as np
    >>> from simulate.degeneracy import RowMatching
    >>> u, v, other = np.random.default_rng(0).normal(size=(3, 40, 1))
    >>> order = np.random.default_rng(1).permutation(40)
    >>> RowMatching()((u, v), (-2.0 * u[order], -0.5 * v[order])).value < 1e-9  # the same weights
    True
    >>> found = RowMatching()((u, v), (u, other))
    >>> 0 < found.lower < found.value < found.size
    True
    """

    starts: int = 32
    sample: int = 128
    refined: int = 2
    rounds: int = 30
    seed: int = 0

    def prepare(self, item: tuple[ArrayLike, ArrayLike]) -> PreparedRows:
        """Rows with u and v of one size (u g, v / g are the same weights), and W in the span of its vectors."""
        u, v = (np.array(each, dtype=np.float64) for each in item)
        if u.ndim != 2 or u.shape != v.shape or not u.size:
            raise NotWeights(f"factors of shapes {u.shape} and {v.shape}: give u and v, N x R both")
        if not (np.isfinite(u).all() and np.isfinite(v).all()):
            raise NotWeights("factors that are not finite: leave out networks whose training diverged")
        sizes = np.linalg.norm(u), np.linalg.norm(v)
        scale = np.sqrt(sizes[1] / sizes[0]) if min(sizes) > 0 else 1.0
        rows = np.hstack([u * scale, v / scale])
        root = _triangular(rows) / np.sqrt(len(rows))
        root = np.pad(root, ((0, rows.shape[1] - len(root)), (0, 0)))
        R = u.shape[1]
        return PreparedRows(rows, root, root[:, :R] @ root[:, R:].T)

    def between(self, first: Sequence[PreparedRows], second: Sequence[PreparedRows]) -> list[WeightDistance]:
        """The distance of each of `first` from its partner in `second`, one pair after another."""
        return [self._distance(one, other) for one, other in zip(first, second, strict=True)]

    def _distance(self, one: PreparedRows, other: PreparedRows) -> WeightDistance:
        if one.rows.shape != other.rows.shape:
            raise NotWeights(f"{one.rows.shape} and {other.rows.shape} rows: compare networks of one size and rank")
        sizes = [float(np.linalg.norm(each.span)) for each in (one, other)]
        ends = self._ends(one, other, sizes[0] * sizes[1])
        best = max(ends, key=lambda end: end.overlap)
        # In a span permutations are contractions; as parts of W have R eigenvalues of either sign at most, zeros beside
        # them stay in the middle of the order, and the bound of rotations is one of contractions too.
        bound = float(lower_bound(*(Decomposed.of(each.span[None]) for each in (one, other)))[0])
        value = _apart(one, other, best.order)
        agree = np.mean([end.overlap >= best.overlap - 1e-6 * sizes[0] * sizes[1] for end in ends])
        return WeightDistance(
            value,
            min(bound, value),
            best.by,
            float(agree),
            size=float(np.hypot(sizes[0], sizes[1])),
            parameters=len(one.rows) ** 2,
            order=tuple(best.order.tolist()),
            signs=(1,) * len(one.rows),
        )

    def _ends(self, one: PreparedRows, other: PreparedRows, most: float) -> "list[_End]":
        rng = np.random.default_rng(self.seed)
        starts, rows = list(self._starts(one, other, rng)), (one.rows, other.rows)
        if len(one.rows) > self.sample:
            some, others = (each.rows[rng.permutation(len(each.rows))[: self.sample]] for each in (one, other))
            tried = [
                (_climbed((some, others), start, by=by, most=most, rounds=self.rounds), by, start)
                for by, start in starts
            ]
            tried.sort(key=lambda each: -each[0].overlap)
            starts = [(by, end.at) for end, by, _ in tried[: self.refined]]
        ends = [_climbed(rows, start, by=by, most=most, rounds=self.rounds) for by, start in starts]
        return [*ends, _climbed(rows, _of_means(*rows), by=MEANS, most=most, rounds=self.rounds)]

    def _starts(
        self, one: PreparedRows, other: PreparedRows, rng: np.random.Generator
    ) -> Iterator[tuple[str, Overlaps]]:
        """Overlaps of both networks' rows: as in the coordinates given, and as couplings by turns of either sense."""
        R = one.rank
        of_u, of_v = np.eye(R) * _size(one, other, slice(None, R)), np.eye(R) * _size(one, other, slice(R, None))
        yield "rows as given", (of_u, of_v)
        yield "rows with opposite signs", (-of_u, -of_v)
        for k, turn in enumerate(at_random(self.starts, 2 * R, rng)):
            cross = one.root.T @ turn @ other.root
            yield f"random coupling {k}", (cross[:R, :R], cross[R:, R:])


@dataclass(frozen=True, eq=False)
class _End:
    """The best permutation of a search, its overlap, from where it came, and the overlaps of rows at the end."""

    order: Order
    overlap: float
    by: str
    at: Overlaps


def _climbed(rows: tuple[Rows, Rows], start: Overlaps, *, by: str, most: float, rounds: int) -> _End:
    """Frank and Wolfe's steps from overlaps of rows; the best of the permutations on the way."""
    (one, other), at, best = rows, start, None
    R, N = one.shape[1] // 2, len(one)
    for _ in range(rounds):
        order = _assigned(one, other, at)
        matched = other[order]
        here = one[:, :R].T @ matched[:, :R] / N, one[:, R:].T @ matched[:, R:] / N
        overlap = _overlap(*here)
        if best is None or overlap > best.overlap:
            best = _End(order, overlap, by, here)
        if at is start and by != MEANS:
            at = here  # what a start says of its own overlaps no permutation need have
            continue
        step = here[0] - at[0], here[1] - at[1]
        slope, curvature = _overlap(step[0], at[1]) + _overlap(at[0], step[1]), _overlap(*step)
        if slope <= ENDED * most:
            break
        share = 1.0 if slope + 2 * curvature >= 0 else -slope / (2 * curvature)
        at = at[0] + share * step[0], at[1] + share * step[1]
    assert best is not None
    return best


def _of_means(one: Rows, other: Rows) -> Overlaps:
    """Overlaps of rows with the mean over all permutations: what FAQ starts from."""
    whole, R = np.outer(one.mean(axis=0), other.mean(axis=0)), one.shape[1] // 2
    return whole[:R, :R], whole[R:, R:]


def _assigned(one: Rows, other: Rows, at: Overlaps) -> Order:
    """The permutation of largest u1 K_v u2 + v1 K_u v2."""
    R = one.shape[1] // 2
    left, right = np.empty_like(one), np.empty_like(other)
    for columns, K in ((slice(None, R), at[1]), (slice(R, None), at[0])):
        U, sizes, V = np.linalg.svd(K)
        left[:, columns] = one[:, columns] @ U * np.sqrt(sizes)
        right[:, columns] = other[:, columns] @ V.T * np.sqrt(sizes)
    squares = cdist(left, right, "sqeuclidean")
    squares -= squares.min(axis=0)  # prices to begin with: the same permutation, sooner
    squares -= squares.min(axis=1)[:, None]
    order: Order = linear_sum_assignment(squares)[1]
    return order


def _overlap(K_u: Float[np.ndarray, "rank rank"], K_v: Float[np.ndarray, "rank rank"]) -> float:
    return float(np.vdot(K_u, K_v))


def _size(one: PreparedRows, other: PreparedRows, columns: slice) -> float:
    return float(np.linalg.norm(one.root[:, columns]) * np.linalg.norm(other.root[:, columns]))


def _apart(one: PreparedRows, other: PreparedRows, order: Order) -> float:
    """|W1 - P W2 P^T|, of rank 2 R: in the span of its vectors, so that equals are no distance apart."""
    R, matched = one.rank, other.rows[order]
    left = np.hstack([one.rows[:, :R], -matched[:, :R]])
    right = np.hstack([one.rows[:, R:], matched[:, R:]])
    if len(left) > 2 * R:
        left, right = _triangular(left), _triangular(right)
    return float(np.linalg.norm(left @ right.T) / len(one.rows))


def _triangular(columns: Rows) -> Float[np.ndarray, "_ d"]:
    """R of Q R."""
    return np.asarray(np.linalg.qr(columns, mode="r"))
