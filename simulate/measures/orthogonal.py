"""How far two matrices are apart when one may be rotated and reflected: min over O(n) of ||A - C B C^T||_F."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from simulate.measures.descent import RESOLVED, Matrices, Matrix, descend
from simulate.measures.measure import Distance, Measure, beyond_rounding
from simulate.measures.operator import Operator, matrix_of
from simulate.measures.samples import require_one_size
from simulate.measures.starts import (
    Decomposed,
    aligned,
    at_random,
    by_eigenvalues,
    by_skew_parts,
    reflected,
)
from simulate.runtime import available_cores

AT_ONCE = 256
"""Descents that one core does at once: what they remember then stays in its cache."""
FEWEST = 16
"""Descents of a batch of small operators."""
SAME = 1e-6
"""Relative difference below which two descents have ended at the same value."""


class NoStarts(ValueError):
    """A search with no starts."""


class NoDirection(ValueError):
    """An operator that is zero was to be compared by its angle."""


@dataclass(frozen=True)
class OperatorDistance(Measure[Operator | ArrayLike, Matrix]):
    """The distance between two linear operators up to rotation and reflection, min over C in O(n) of ||A - C B C^T||_F.

    It is that of Dynamical Similarity Analysis (Ostrow et al., Beyond geometry, 2023, equation 6, with the Frobenius
    norm), and is a metric on operators up to orthogonal change of coordinates. The minimum is not convex, so it is
    given as an interval: the least value that descents from several starts reach, and below it a bound.

    **The bound.** Let S and K be the symmetric and skew parts. Both kinds are orthogonal to one another and are kept by
    C: ||A - C B C^T||^2 = ||S_A - C S_B C^T||^2 + ||K_A - C K_B C^T||^2. By the theorem of Hoffman and Wielandt the
    Frobenius distance between two Hermitian matrices is at least that between their sorted eigenvalues. C S_B C^T
    has the eigenvalues of S_B; i K_A and i C K_B C^T are Hermitian and have eigenvalues mu. Hence

        ||A - C B C^T||^2 >= ||lam(S_A) - lam(S_B)||^2 + ||mu(K_A) - mu(K_B)||^2  for every C.

    Each term alone can be reached, not always both by the same C. They are for symmetric matrices, for skew ones, and
    for all 2 x 2: there S is half the trace t and a traceless part with eigenvalues +-s, K is a turn by a, and some C
    gives the former any direction and the latter either sense. The squared distance is then
    2 [(t_A - t_B)^2 + (|a_A| - |a_B|)^2 + (s_A - s_B)^2]. Singular values give a second bound,
    ||sigma(A) - sigma(B)|| (Mirsky); the larger is taken.

    **The search** starts where eigenvectors correspond, of the symmetric parts, of the skew parts, of A itself, of
    A^T A and A A^T, with signs or phases that agree best, at the given coordinates, and at random over O(n), of either
    determinant. From each a quasi-Newton method descends over O(n). For a rotated copy several starts are
    exact, and what rounding leaves there, below 2e-15 of both norms a dimension, is told as zero.

    Attributes:
        starts: descents of a batch, for each dimension of the operators, and `FEWEST` at least. In the first batch
            seven start where eigenvectors correspond, all others at random.
        agreeing: a pair gets another batch until so many descents have ended at its value.
        batches: at most.
        seed: of the random starts. The same pair gets the same starts wherever it stands in a list.
        rounds: steps of a descent at most.

    Raises:
        NoStarts: without starts or batches.

    >>> import numpy as np
    >>> from simulate.measures import OperatorDistance
    >>> A, B = np.array([[0.9, -0.4], [0.4, 0.9]]), np.array([[0.8, 0.3], [0.1, 0.8]])
    >>> found = OperatorDistance()(A, B)
    >>> round(found.value, 6), round(found.gap, 6)  # half traces .9, .8; turns .4, -.1; radii 0, .2
    (0.52915, 0.0)
    >>> turn = np.linalg.qr(np.random.default_rng(0).normal(size=(2, 2)))[0]
    >>> OperatorDistance()(B, turn @ B @ turn.T).value
    0.0
    """

    starts: int = 2
    agreeing: int = 4
    batches: int = 4
    seed: int = 0
    rounds: int = 500

    def __post_init__(self) -> None:
        if self.starts < 1 or self.batches < 1:
            raise NoStarts(f"{self.batches} batches of {self.starts} starts a dimension: give at least one of each")

    def prepare(self, item: Operator | ArrayLike) -> Matrix:
        """The operator's matrix.

        Raises:
            WrongShape: if it is not square.
            NotFinite: if it has entries that are not finite.
        """
        return matrix_of(item)

    def between(self, first: Sequence[Matrix], second: Sequence[Matrix]) -> list[Distance]:
        """The distances of all pairs, in one batch.

        Raises:
            DifferentSizes: if not all operators have the same size.
        """
        if not first:
            return []
        require_one_size([*first, *second])
        matrices, which = _distinct([*first, *second])
        known = Decomposed.of(matrices)
        # A pair has one distance, in whatever order it is given: the search is always from the same of the two.
        rank = np.array(sorted(range(len(matrices)), key=lambda k: matrices[k].tobytes())).argsort()
        halves = which[: len(first)], which[len(first) :]
        swapped = rank[halves[0]] > rank[halves[1]]
        at = np.where(swapped, *halves[::-1])
        one, other = known[at], known[np.where(swapped, *halves)]
        values, names = self._searched(matrices, at, one, other)
        rounding = RESOLVED * one.matrices.shape[-1] * _sizes(one, other)
        best = [beyond_rounding(*each) for each in zip(values.min(axis=0), rounding, strict=True)]
        lower = lower_bound(one, other)
        agree = _agreeing(values, one, other)
        shares = agree.sum(axis=0) / np.isfinite(values).sum(axis=0)
        return [
            Distance(float(value), float(min(bound, value)), names[first_of_them], float(share))
            for value, bound, first_of_them, share in zip(best, lower, agree.argmax(axis=0), shares, strict=True)
        ]

    def _searched(
        self, matrices: Matrices, at: Int[np.ndarray, " pairs"], one: Decomposed, other: Decomposed
    ) -> tuple[Float[np.ndarray, "starts pairs"], list[str]]:
        """The values that each pair reached from each start, infinite where it was not tried, and the starts' names."""
        rows: list[Float[np.ndarray, "starts pairs"]] = []
        names: list[str] = []
        pending = np.arange(len(at))
        for batch in range(self.batches):
            starts = self._starts(one[pending], other[pending], batch)
            reached = np.full((len(starts), len(at)), np.inf)
            reached[:, pending] = _descend_all(
                matrices, at[pending], other.matrices[pending], list(starts.values()), self.rounds
            )
            rows.append(reached)
            names += starts
            pending = np.flatnonzero(_agreeing(np.concatenate(rows), one, other).sum(axis=0) < self.agreeing)
            if not len(pending):
                break
        return np.concatenate(rows), names

    def _starts(self, one: Decomposed, other: Decomposed, batch: int) -> dict[str, Matrices]:
        A, B = one.matrices, other.matrices
        derived: dict[str, Matrices] = {}
        if batch == 0:
            symmetric, given = (
                aligned(A, B, one.symmetric[1], other.symmetric[1]),
                np.broadcast_to(np.eye(A.shape[-1]), A.shape),
            )
            derived = {
                "symmetric parts": symmetric,
                "symmetric parts, reflected": reflected(A, B, symmetric),
                "skew parts": by_skew_parts(one, other),
                "eigenvalues": by_eigenvalues(one, other),
                "inner directions": aligned(A, B, one.inner, other.inner),
                "outer directions": aligned(A, B, one.outer, other.outer),
                "coordinates as given": aligned(A, B, given, given),
            }
        count = max(self.starts * A.shape[-1], FEWEST)
        drawn = at_random(count, A.shape[-1], np.random.default_rng([self.seed, batch]))
        random = {
            f"random start {count * batch + k}": np.broadcast_to(C, A.shape)
            for k, C in enumerate(drawn[len(derived) :])
        }
        return derived | random


@dataclass(frozen=True)
class OperatorAngle(Measure[Operator | ArrayLike, Matrix]):
    """The angle between two operators up to rotation and reflection, arccos of the largest tr(A^T C B C^T) / |A| |B|.

    It is what the authors of Dynamical Similarity Analysis report, in radians from 0 to pi; a metric on operators up to
    orthogonal change of coordinates and positive factors. One C gives it and the distance d of `OperatorDistance`: the
    chord between A / |A| and C B C^T / |B| is 2 sin(angle / 2), and its square (d^2 - (|A| - |B|)^2) / |A| |B|.

    Attributes:
        distance: how d is searched for.

    >>> import numpy as np
    >>> from simulate.measures import OperatorAngle
    >>> A, B = np.diag([1.0, 0.0]), np.diag([2.0, 2.0])
    >>> round(OperatorAngle()(A, B).value / np.pi, 6)
    0.25
    """

    distance: OperatorDistance = OperatorDistance()

    def prepare(self, item: Operator | ArrayLike) -> Matrix:
        """The operator's matrix, over its norm.

        Raises:
            WrongShape, NotFinite: if it is not square; if it has entries that are not finite.
            NoDirection: if it is zero.
        """
        matrix = self.distance.prepare(item)
        size = float(np.linalg.norm(matrix))
        if size == 0:
            raise NoDirection("an operator that is zero has no angle with another: leave silent networks out")
        return matrix / size

    def between(self, first: Sequence[Matrix], second: Sequence[Matrix]) -> list[Distance]:
        """The angles of all pairs, in one batch.

        Raises:
            DifferentSizes: if not all operators have the same size.
        """
        return [
            replace(chord, value=_angle(chord.value), lower=_angle(chord.lower))
            for chord in self.distance.between(first, second)
        ]


def _angle(chord: float) -> float:
    return float(2 * np.arcsin(min(chord / 2, 1.0)))


def lower_bound(one: Decomposed, other: Decomposed) -> Float[np.ndarray, " batch"]:
    """What no orthogonal matrix can pass: see `OperatorDistance`."""
    parts = ((one.symmetric[0] - other.symmetric[0]) ** 2 + (one.skew[0] - other.skew[0]) ** 2).sum(axis=1)
    return np.maximum(np.sqrt(parts), np.linalg.norm(one.singular - other.singular, axis=1))


def _agreeing(
    values: Float[np.ndarray, "starts pairs"], one: Decomposed, other: Decomposed
) -> Bool[np.ndarray, "starts pairs"]:
    """Which of the values are their pair's best, to `SAME` or to rounding."""
    return values <= values.min(axis=0) * (1 + SAME) + 1e-12 * _sizes(one, other)


def _sizes(one: Decomposed, other: Decomposed) -> Float[np.ndarray, " pairs"]:
    """The norms of both operators, added."""
    return np.linalg.norm(one.matrices, axis=(1, 2)) + np.linalg.norm(other.matrices, axis=(1, 2))


def _distinct(matrices: Sequence[Matrix]) -> tuple[Matrices, np.ndarray]:
    """Each array once, and which of them stands where: of a matrix of pairs, each item is decomposed once."""
    places: dict[int, int] = {}
    which = np.array([places.setdefault(id(matrix), len(places)) for matrix in matrices])
    firsts = np.unique(which, return_index=True)[1]
    return np.stack([matrices[k] for k in firsts]), which


def _descend_all(
    A: Matrices, which: Int[np.ndarray, " pairs"], B: Matrices, starts: Sequence[Matrices], rounds: int
) -> Float[np.ndarray, "starts pairs"]:
    """What all pairs A[which], B reach from all starts; pairs with one A together, shared out among cores."""
    values = np.zeros((len(starts), len(B)))

    def work(group: Int[np.ndarray, " some"]) -> None:
        C = np.concatenate([each[group] for each in starts])
        found = descend(A[which[group[0]]], np.tile(B[group], (len(starts), 1, 1)), C, rounds=rounds)
        values[:, group] = found.values.reshape(len(starts), -1)

    # Each core has a share already, in which BLAS is not to open threads of its own.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(available_cores()) as pool:
        deque(pool.map(work, _shares(which, max(1, AT_ONCE // len(starts)))), maxlen=0)
    return values


def _shares(which: Int[np.ndarray, " pairs"], most: int) -> Iterator[Int[np.ndarray, " some"]]:
    """The places of each number of `which`, in parts of so many at most."""
    for k in np.unique(which):
        places = np.flatnonzero(which == k)
        yield from np.array_split(places, -(-len(places) // most))
