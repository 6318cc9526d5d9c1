"""The search for the relabelling under which two networks have most in common: a quadratic assignment, with signs."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Int
from scipy.optimize import linear_sum_assignment

from simulate.measures.annealing import Annealing
from simulate.measures.exchange import exchanged
from simulate.measures.matching import Matching, Matrix, Relabelling

AGREEMENT = 1e-6
"""Of the largest overlap: ends that differ by less agree."""


@dataclass(frozen=True)
class AssignmentSearch:
    """How units are matched: from several beginnings, each improved by exchanges of units until none gains.

    The beginnings: units with like rows and columns; `anneals` assignments annealed (with signs also one of squared
    entries, which no sign changes; signs follow); and, since small networks can afford it, `random` ones over the
    number of units.

    >>> AssignmentSearch(anneals=4).annealing.steps
    150
    """

    anneals: int = 1
    random: int = 64
    annealing: Annealing = field(default_factory=Annealing)
    seed: int = 0

    def run(self, matching: Matching, alike: Matrix) -> "Found":
        """The best relabelling that was found.

        `alike` bounds what each pair of units can have in common, whatever the assignment of the others.
        """
        overlaps, best, by = [-np.inf], Relabelling.none(matching.n), ""
        for name, start in self._beginnings(matching, alike):
            end = exchanged(matching, start)
            overlap = matching.overlap(end)
            if overlap > max(overlaps):
                best, by = end, name
            overlaps.append(overlap)
            if overlap >= (1 - 1e-12) * matching.largest:  # a copy
                break
        agree = np.array(overlaps[1:]) >= max(overlaps) - AGREEMENT * matching.largest
        return Found(best, by, float(agree.mean()))

    def _beginnings(self, matching: Matching, alike: Matrix) -> Iterator[tuple[str, Relabelling]]:
        yield "like rows", with_signs(matching, linear_sum_assignment(alike, maximize=True)[1])
        rng, n = np.random.default_rng(self.seed), matching.n
        if matching.signed and self.anneals:
            yield "annealed squares", with_signs(matching, self.annealing.run(matching.squared, rng).order)
        for _ in range(self.anneals):
            yield "annealed", self.annealing.run(matching, rng)
        for _ in range(self.random // n):
            yield "random", with_signs(matching, rng.permutation(n))


@dataclass(frozen=True, eq=False)
class Found:
    """The best relabelling of a search, from which beginning it came, and the share of beginnings that led as far."""

    relabelling: Relabelling
    by: str
    agreed: float


def with_signs(matching: Matching, order: Int[np.ndarray, " n"]) -> Relabelling:
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
