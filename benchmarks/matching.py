"""Print how random matchings, and weights of low-rank networks up to the order of units, approach their limit.

    python benchmarks/matching.py [--neurons 64 256 1024] [--pairs 32] [--seed 0]

First the two constants of the law that others measured, on the torus, beside matchings here. Then, for each number of
rows, N times (rank one) or N^1/2 times (rank two) the mean squared distance of partners: by the leading law, by that
with its next terms, of matched normal points, and of networks with such rows, whose units are matched; ± one standard
error. Of rank one u and v lean on one another (w = 1, vu = 0.6, n = 0.8); of rank two all rows are standard normal.
Fewer pairs are matched of many rows.
"""

import argparse
import sys

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from simulate.degeneracy import RowMatching
from theory.degeneracy import matching_terms
from theory.overlaps import Shape

TORUS_NEURONS = 256
ZETA = -4 * np.log(4)
"""Epstein's zeta function of Z^4 at 1: on the torus the mean is beta N^-1/2 + ZETA / (2 pi^2 N)."""


def main(arguments: list[str]) -> None:
    """Print constants and tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neurons", type=int, nargs="+", default=[64, 256, 1024])
    parser.add_argument("--pairs", type=int, default=32, help="of 64 rows; of more, fewer")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    rng = np.random.default_rng(options.seed)
    print(f"constants, {16 * options.pairs} matchings of {TORUS_NEURONS} points on the torus")
    for dimension, quoted in matching_terms.QUOTED.items():
        print(f"  {dimension} dimensions: quoted {quoted}, here {_told(_constant(rng, dimension, 16 * options.pairs))}")
    leaning = np.eye(4)
    leaning[1, 2] = leaning[2, 1] = 0.6
    for rank, covariance in ((1, leaning), (2, np.eye(8))):
        _table(rng, rank, covariance, options.neurons, options.pairs)


def _constant(rng: np.random.Generator, dimension: int, count: int) -> np.ndarray:
    """What each matching of uniform points on the torus says of the constant."""
    means = []
    for x, y in rng.random((count, 2, TORUS_NEURONS, dimension)):
        apart = np.abs(x[:, None] - y)
        means.append(_least((np.minimum(apart, 1 - apart) ** 2).sum(axis=2)))
    n = TORUS_NEURONS
    if dimension == 2:
        return n * np.array(means) - np.log(n) / (2 * np.pi)
    return np.sqrt(n) * (np.array(means) - ZETA / (2 * np.pi**2 * n))


def _table(rng: np.random.Generator, rank: int, covariance: np.ndarray, sizes: list[int], pairs: int) -> None:
    shape = Shape(rank=rank) if rank == 1 else Shape(2, 2, 2)
    those = [*shape.columns("u"), *shape.columns("v")]
    root = np.linalg.cholesky(covariance[np.ix_(those, those)]).T
    variances = np.linalg.eigvalsh(covariance[np.ix_(those, those)])
    search = RowMatching(starts=8)
    print(f"rank {'one' if rank == 1 else 'two'}: {'N' if rank == 1 else 'N^1/2'} times the mean squared distance")
    print(f"  {'N':>6} {'leading':>9} {'next terms':>11} {'points':>16} {'networks':>16} {'pairs':>6}")
    for n in sizes:
        count = max(8, pairs * 64 // n)
        one, other = (rng.normal(size=(count, n, 2 * rank)) @ root for _ in range(2))
        points = np.array([_least(cdist(a, b, "sqeuclidean")) for a, b in zip(one, other, strict=True)])
        factors = [((a[:, :rank], a[:, rank:]), (b[:, :rank], b[:, rank:])) for a, b in zip(one, other, strict=True)]
        networks = np.array([search(*each).value ** 2 for each in factors])
        unit = n ** (1 / rank)
        leading, law = matching_terms.leading_gap(variances, n), matching_terms.gap_with_next_terms(variances, n)
        print(
            f"  {n:6d} {unit * leading:9.2f} {unit * law:11.2f} {_told(unit * points):>16} "
            f"{_told(unit * networks):>16} {count:6d}"
        )


def _least(squares: np.ndarray) -> float:
    """The mean of the matching of least sum."""
    return float(squares[linear_sum_assignment(squares)].mean())


def _told(values: np.ndarray) -> str:
    return f"{values.mean():.3f} ± {values.std(ddof=1) / np.sqrt(len(values)):.3f}"


if __name__ == "__main__":
    main(sys.argv[1:])
