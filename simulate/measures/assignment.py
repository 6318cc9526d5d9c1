"""The search for the relabelling under which two networks have most in common: a quadratic assignment, with signs."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from simulate.measures.exchange import exchanged
from simulate.measures.matching import Matching, Matrix, Relabelling

STILL = 0.03
"""A Frank-Wolfe step shorter than this, per root of the number of units, is the last (SciPy's default)."""


@dataclass(frozen=True)
class AssignmentSearch:
    """How units are matched: from the assignment of like rows, and by Frank-Wolfe from the centre of all assignments.

    With signs, the second is made for squared entries first, and signs follow from the assignment. Then come random
    assignments, `fresh` over the number of units, since small networks need more; then `rounds` times the best of all,
    of which `share` is mixed with a random one, and a better one takes its place. From each, at most `steps`
    Frank-Wolfe steps are climbed, and then exchanges of two units.

    >>> AssignmentSearch(rounds=0).steps
    30
    """

    fresh: float = 64.0
    rounds: int = 8
    share: float = 0.2
    steps: int = 30
    seed: int = 0

    def run(self, matching: Matching, alike: Matrix) -> tuple[Relabelling, str]:
        """The best relabelling found, and where it was found from.

        `alike` bounds what each pair of units can have in common, given any assignment of the others.
        """
        found, best, by = self._begun(matching, alike)
        rng, n = np.random.default_rng(self.seed), matching.n
        centre = _Point.centre(matching)
        fresh = int(self.fresh / n)
        for tries in range(fresh + self.rounds):
            if matching.largest - best <= 1e-12 * matching.largest:
                break
            signs = rng.choice([-1.0, 1.0], n) if matching.signed else np.ones(n)
            random = _Point.vertex(matching, Relabelling(rng.permutation(n), signs))
            start = centre.towards(random, 0.5)
            if tries >= fresh:
                start = start.towards(_Point.vertex(matching, found), self.share)
            tried = exchanged(matching, climbed(matching, start, self.steps))
            overlap = matching.overlap(tried)
            if overlap > best:
                found, best, by = tried, overlap, "a random one" if tries < fresh else "the best of before, mixed"
        return found, by

    def _begun(self, matching: Matching, alike: Matrix) -> tuple[Relabelling, float, str]:
        """The better of the two beginnings, with its overlap."""
        order = linear_sum_assignment(alike, maximize=True)[1]
        by_rows = signed(matching, order)
        plain = matching.squared if matching.signed else matching
        by_climb = climbed(plain, _Point.centre(plain), self.steps)
        if matching.signed:
            by_climb = signed(matching, by_climb.order)
        tops = [exchanged(matching, each) for each in (by_rows, by_climb)]
        overlaps = [matching.overlap(each) for each in tops]
        better = int(np.argmax(overlaps))
        return tops[better], overlaps[better], ("like rows", "the centre")[better]


@dataclass(frozen=True, eq=False)
class _Point:
    """A point in the hull of the signed permutations, X = P sign within it, with the slopes of the overlap there."""

    X: Matrix
    P: Matrix
    of_X: Matrix
    of_P: Matrix

    @staticmethod
    def vertex(matching: Matching, at: Relabelling) -> "_Point":
        X, P = np.zeros((2, matching.n, matching.n))
        here = np.arange(matching.n), at.order
        X[here], P[here] = at.signs, 1.0
        return _Point(X, P, *matching.slopes(at))

    @staticmethod
    def centre(matching: Matching) -> "_Point":
        """The mean of all permutations; of signed ones X is zero in the mean."""
        P = np.full((matching.n, matching.n), 1 / matching.n)
        X = np.zeros_like(P) if matching.signed else P
        return _Point(X, P, *matching.slopes_inside(X, P))

    def towards(self, other: "_Point", share: float) -> "_Point":
        """The point `share` of the way to another: slopes are affine."""
        mine = self.X, self.P, self.of_X, self.of_P
        theirs = other.X, other.P, other.of_X, other.of_P
        return _Point(*((1 - share) * a + share * b for a, b in zip(mine, theirs, strict=True)))

    def along(self, X: Matrix, P: Matrix) -> float:
        """What is gained to first order in this direction."""
        return float(np.vdot(self.of_X, X) + np.vdot(self.of_P, P))


def climbed(matching: Matching, point: _Point, steps: int) -> Relabelling:
    """Frank-Wolfe steps, each to the best point on the way to the best vertex; then the vertex nearest to the end.

    Vogelstein et al., PLoS ONE 10, e0121002, 2015 (FAQ); with signs the hull is that of the signed permutations.
    """
    for _ in range(steps):
        vertex = _Point.vertex(matching, _best_vertex(point.of_X, point.of_P, matching.signed))
        X, P = vertex.X - point.X, vertex.P - point.P
        slope = point.along(X, P)
        if slope <= 0:
            break
        curvature = vertex.along(X, P) - slope
        share = 1.0 if curvature >= 0 else min(1.0, -slope / curvature)
        point = point.towards(vertex, share)
        if share * np.linalg.norm(P) < STILL * np.sqrt(matching.n):
            break
    return _best_vertex(point.X, point.P, matching.signed)


def signed(matching: Matching, order: np.ndarray) -> Relabelling:
    """The assignment with good signs: those of the leading eigenvector of what pairs of units want, then flips.

    The overlap of an assignment is z^T M z / 2 with the signs z and a one, for what no sign or one sign decides, in
    front. With planted signs every entry of M is positive once they are undone, and so is its leading eigenvector.
    """
    n = matching.n
    if not matching.signed:
        return Relabelling(order, np.ones(n))
    M = np.zeros((n + 1, n + 1))
    alone = np.diagonal(matching.constant[0][:, order]).copy()
    for A, B in matching.both:
        M[1:, 1:] += A * B[np.ix_(order, order)]
    for A, B in matching.sources:
        alone += (A * B[np.ix_(order, order)]).sum(axis=0)
    np.fill_diagonal(M, 0.0)
    M += M.T
    M[0, 1:] = M[1:, 0] = alone
    z = np.where(np.linalg.eigh(M)[1][:, -1] < 0, -1.0, 1.0)
    z *= z[0]
    while True:  # each flip that gains adds to the overlap, which has a largest value: this ends
        gains = z * (M @ z)
        gains[0] = 0.0
        worst = int(gains.argmin())
        if gains[worst] >= -1e-12 * matching.largest:
            return Relabelling(order, z[1:])
        z[worst] *= -1


def _best_vertex(of_X: Matrix, of_P: Matrix, signed: bool) -> Relabelling:
    """The signed permutation of largest inner product with the slopes: a linear assignment."""
    order = linear_sum_assignment((np.abs(of_X) if signed else of_X) + of_P, maximize=True)[1]
    chosen = of_X[np.arange(len(order)), order]
    return Relabelling(order, np.where(signed & (chosen < 0), -1.0, 1.0))
