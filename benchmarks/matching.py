"""Print how random matchings, and weights of low-rank networks up to the order of units, approach their limit.

    python benchmarks/matching.py [--neurons 64 256 1024] [--pairs 32] [--ranks 1 2] [--faq 64 128 256] [--seed 0]

First the two constants of the law that others measured, on the torus, beside matchings here. Then, for each number of
rows, N times (rank one) or N^1/2 times (rank two) the mean squared distance of partners: by the leading law, by that
with its next terms, of matched normal points; and of networks with such rows, whose units are matched, predicted and
measured; ± one standard error. Of rank one u and v lean on one another (w = 1, vu = 0.6, n = 0.8); of rank two all rows
are standard normal. Fewer pairs are matched of many rows; a pair of 4,096 takes half a minute of processor time at
rank one, nearly two at rank two.

Last the search beside SciPy's FAQ on matrices, for each number of units of `--faq`: pairs in which it is better, the
same, and worse, beyond rounding; processor time of FAQ from its one start, over that of the whole search, and over that
of one start of it: medians over pairs, with the least and largest ratio.
"""

import argparse
import sys
import time

import numpy as np
from scipy.optimize import linear_sum_assignment, quadratic_assignment
from scipy.spatial.distance import cdist

from simulate.degeneracy import RowMatching
from theory.degeneracy import matched_distance, matching_terms
from theory.overlaps import Shape

TORUS_NEURONS = 256
FEWEST = {1: 12, 2: 3}
"""Pairs of networks of any size, by rank."""
FAQ_PAIRS = 8
STARTS = 3
"""Of a search without random couplings: rows of either sign, and all permutations at once."""
ROUNDING = 1e-9
ZETA = -4 * np.log(4)
"""Epstein's zeta function of Z^4 at 1: on the torus the mean is beta N^-1/2 + ZETA / (2 pi^2 N)."""


def main(arguments: list[str]) -> None:
    """Print constants and tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neurons", type=int, nargs="*", default=[64, 256, 1024])
    parser.add_argument("--pairs", type=int, default=32, help="of 64 rows; of more, fewer")
    parser.add_argument("--ranks", type=int, nargs="+", choices=[1, 2], default=[1, 2])
    parser.add_argument("--faq", type=int, nargs="*", default=[64, 128, 256], help="units of networks beside FAQ")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    rng = np.random.default_rng(options.seed)
    print(f"constants, {16 * options.pairs} matchings of {TORUS_NEURONS} points on the torus")
    for dimension, quoted in matching_terms.QUOTED.items():
        measured = _told(_constant(rng, dimension, 16 * options.pairs), 3)
        print(f"  {dimension} dimensions: quoted {quoted}, here {measured}", flush=True)
    leaning = np.eye(4)
    leaning[1, 2] = leaning[2, 1] = 0.6
    if 1 in options.ranks:
        _table(rng, 1, leaning, options.neurons, options.pairs)
    if 2 in options.ranks:
        _table(np.random.default_rng([options.seed, 2]), 2, np.eye(8), options.neurons, options.pairs)
    print("beside SciPy's FAQ: pairs better / same / worse; FAQ's time over that of the search, and of one start of it")
    for rank in options.ranks:
        for n in options.faq:
            _beside_faq(np.random.default_rng([options.seed, rank, n]), rank, n)


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
    print(
        f"  {'N':>6} {'leading':>8} {'next terms':>10} {'points':>15} | {'predicted':>9} {'networks':>15} {'pairs':>5}"
    )
    for n in sizes:
        count = max(FEWEST[rank], pairs * 64 // n)
        one, other = (rng.normal(size=(count, n, 2 * rank)) @ root for _ in range(2))
        points = np.array([_least(cdist(a, b, "sqeuclidean")) for a, b in zip(one, other, strict=True)])
        factors = [((a[:, :rank], a[:, rank:]), (b[:, :rank], b[:, rank:])) for a, b in zip(one, other, strict=True)]
        networks = np.array([search(*each).value ** 2 for each in factors])
        unit = n ** (1 / rank)
        leading, law = matching_terms.leading_gap(variances, n), matching_terms.gap_with_next_terms(variances, n)
        # overlaps of networks that are drawn differ, and what is linear in the rows is paid
        given = matched_distance(covariance, covariance, n, shape) ** 2
        predicted = given + matching_terms.linear_modes(variances) / n
        print(
            f"  {n:6d} {unit * leading:8.2f} {unit * law:10.2f} {_told(unit * points):>15} | "
            f"{unit * predicted:9.2f} {_told(unit * networks):>15} {count:5d}",
            flush=True,
        )


def _beside_faq(rng: np.random.Generator, rank: int, n: int) -> None:
    """Values and processor time of both, on the same pairs of independent networks."""
    excess, whole, single = np.empty((3, FAQ_PAIRS))
    for k, rows in enumerate(rng.normal(size=(FAQ_PAIRS, 2, n, 2 * rank))):
        factors = [(each[:, :rank], each[:, rank:]) for each in rows]
        A, B = (u @ v.T / n for u, v in factors)
        times = [time.process_time()]
        order = quadratic_assignment(A, B, options={"maximize": True, "rng": np.random.default_rng(0)}).col_ind
        times.append(time.process_time())
        found = RowMatching(starts=8)(*factors).value
        times.append(time.process_time())
        RowMatching(starts=0)(*factors)
        times.append(time.process_time())
        faq, whole[k], single[k] = np.diff(times)
        whole[k], single[k] = faq / whole[k], STARTS * faq / single[k]
        excess[k] = found - np.linalg.norm(A - B[np.ix_(order, order)])
    better, worse = int((excess < -ROUNDING).sum()), int((excess > ROUNDING).sum())
    told = [f"{np.median(each):6.2f} ({each.min():.2f} to {each.max():.2f})" for each in (whole, single)]
    words = "one" if rank == 1 else "two"
    print(f"  rank {words}, {n:5d} units: {better} / {FAQ_PAIRS - better - worse} / {worse}; {' and '.join(told)}")


def _least(squares: np.ndarray) -> float:
    """The mean of the matching of least sum."""
    return float(squares[linear_sum_assignment(squares)].mean())


def _told(values: np.ndarray, digits: int = 2) -> str:
    return f"{values.mean():.{digits}f} ± {values.std(ddof=1) / np.sqrt(len(values)):.{digits}f}"


if __name__ == "__main__":
    main(sys.argv[1:])
