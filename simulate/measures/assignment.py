"""The search for the relabelling under which two networks have most in common: a quadratic assignment, with signs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from simulate.measures.annealing import Annealing
from simulate.measures.exchange import exchanged
from simulate.measures.exhaustive import best_of_all
from simulate.measures.matching import Matching, Relabelling

Named = tuple[str, Relabelling]
Order = Int[np.ndarray, " n"]
NOISE, NOISE_WITH_SIGNS = 2.0, 5.0
"""Of rough annealing, over what all assignments alike have: large, so that tries end in different places."""
EVERY = "every relabelling"
AGREEMENT = 1e-6
"""Of the largest overlap: ends that differ by less agree."""


@dataclass(frozen=True)
class AssignmentSearch:
    """How units are matched: many rough beginnings, the best of which is annealed and then improved by exchanges.

    The beginnings are units with like rows and columns, and `tries` assignments annealed roughly from different noise,
    since a structure that networks share can be matched in several ways; with signs also as many of squared entries,
    which no sign changes. The best beginning, mixed, `share` of it, with all assignments alike, is annealed by `fine`.
    Exchanges of units then lead to the top; in small networks also from random assignments, `random` over the number of
    units. Of networks of up to `all_of` units every relabelling is tried.

    >>> AssignmentSearch(tries=16).fine.steps
    80
    """

    tries: int = 4
    random: int = 64
    share: float = 0.3
    rough: Annealing = Annealing(hot=1.0, cold=5.0, steps=24, kept=0.5)  # noqa: RUF009
    rough_with_signs: Annealing = Annealing(hot=3.0, cold=8.0, steps=30)  # noqa: RUF009
    fine: Annealing = Annealing()  # noqa: RUF009
    seed: int = 0
    all_of: int = 6

    def run(self, matching: Matching, like_rows: Order) -> "Found":
        """The best relabelling that was found; `like_rows` is the assignment of units by their rows and columns."""
        if matching.n <= self.all_of:
            return Found(best_of_all(matching), EVERY, 1.0)
        rng = np.random.default_rng(self.seed)
        begun = max(self._begun(matching, like_rows, rng), key=lambda each: matching.overlap(each[1]))
        if matching.overlap(begun[1]) >= (1 - 1e-12) * matching.largest:
            return Found(begun[1], begun[0], 1.0)  # a copy
        ends = [(by, exchanged(matching, at)) for by, at in self._annealed(matching, begun, rng)]
        overlaps = np.array([matching.overlap(end) for _, end in ends])
        best = int(overlaps.argmax())
        agree = overlaps >= overlaps[best] - AGREEMENT * matching.largest
        return Found(ends[best][1], ends[best][0], float(agree.mean()))

    def _begun(self, matching: Matching, like_rows: Order, rng: np.random.Generator) -> Iterator[Named]:
        """Beginnings, rough."""
        yield "like rows", with_signs(matching, like_rows)
        if not matching.signed:
            for each in self.rough.from_noise(matching, self.tries, NOISE, rng):
                yield "rough annealing", each
            return
        for each in self.rough.from_noise(matching.squared, self.tries, NOISE, rng):
            yield "rough annealing of squares", with_signs(matching, each.order)
        for each in self.rough_with_signs.from_noise(matching, self.tries, NOISE_WITH_SIGNS, rng):
            yield "rough annealing", each

    def _annealed(self, matching: Matching, begun: Named, rng: np.random.Generator) -> Iterator[Named]:
        """What exchanges start from: the best beginning, annealed; itself, if that lost something; random ones."""
        (annealed,) = self.fine.from_mixture(matching, begun[1], self.share, rng)
        yield "annealing", annealed
        if matching.overlap(begun[1]) > matching.overlap(annealed):
            yield begun
        for _ in range(self.random // matching.n):
            yield "random", with_signs(matching, rng.permutation(matching.n))


@dataclass(frozen=True, eq=False)
class Found:
    """The best relabelling of a search, from which beginning it came, and the share of beginnings that led as far."""

    relabelling: Relabelling
    by: str
    agreed: float

    @property
    def proved(self) -> bool:
        """Whether no other relabelling is better."""
        return self.by == EVERY


def with_signs(matching: Matching, order: Order) -> Relabelling:
    """The assignment with good signs: those of the leading eigenvector of what pairs of units want, then flips.

    The overlap of an assignment is z^T M z / 2 with the signs z, and a one before them for what one sign alone decides.
    With planted signs every entry of M is positive once they are undone, and so is its leading eigenvector.
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
    while True:  # each flip that gains adds to the overlap, of which there is a largest: this ends
        gains = z * (M @ z)
        gains[0] = 0.0
        worst = int(gains.argmin())
        if gains[worst] >= -1e-12 * matching.largest:
            return Relabelling(order, z[1:])
        z[worst] *= -1
