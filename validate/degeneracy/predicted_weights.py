"""Weights up to the order of units, predicted from overlaps: the best coupling of rows, and how it is approached."""

import time
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from scipy.optimize import quadratic_assignment

from simulate.degeneracy.row_matching import RowMatching
from simulate.degeneracy.rows import Rows
from theory.degeneracy import Coupling, coupled
from theory.degeneracy.matched_weights import matched_weights, overlap_of, variances_of
from theory.degeneracy.matching_copies import best_of_turned, best_of_two_signs
from theory.degeneracy.matching_terms import gap_with_next_terms, leading_gap, linear_modes, of_a_product
from theory.overlaps import Shape
from validate.degeneracy.settings import Config
from validate.output import Plot
from validate.plotting import GUIDE, MEASURED, PREDICTED, legend_below, listed, mark_values, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, AtMost, Exact, Reported

ONE, TWO = Shape(), Shape(rank=2)
LEANING = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.6, 0.0], [0.0, 0.6, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
"""Rows of which u and v lean on one another: w = 1, vu = 0.6, n = 0.8."""
APART = np.diag([1.0, 2.0, 1.0, 1.0])
"""w = n = sqrt(2), vu = 0."""
FAQ_NEURONS, FAQ_PAIRS = 128, 3
SEARCH = RowMatching(starts=8)
STANDARD_ERRORS = 4.0


@dataclass(frozen=True)
class DrawnPair:
    """Networks whose rows have these covariances."""

    name: str
    first: Float[np.ndarray, "d d"]
    second: Float[np.ndarray, "d d"]
    shape: Shape

    @cached_property
    def best(self) -> Coupling:
        """The best coupling: beyond rank one a convex problem of a second."""
        return coupled(self.first, self.second, self.shape)

    @property
    def limit(self) -> float:
        """The distance of the best coupling."""
        return self.best.distance

    @property
    def variances(self) -> Float[np.ndarray, " dimensions"]:
        """Of rows in the coordinates in which their squared distances are those of the weights."""
        return variances_of(self.best, self.shape)

    def leading_law(self, neurons: int) -> float:
        """The distance by the leading law of random matching."""
        return float(np.sqrt(self.limit**2 + leading_gap(self.variances, neurons)))

    def beyond(self, neurons: int) -> float:
        """The mean squared distance beyond the limit, by the law of random matching with its next terms.

        Where the covariances differ, each pair is held to its own best coupling, so that modes that are linear in the
        rows are no part of what is beyond it.
        """
        product = of_a_product(gap_with_next_terms(self.variances, neurons), overlap_of(self.best, self.shape))
        copies = (best_of_two_signs if self.shape.rank == 1 else best_of_turned)(self.variances, neurons)
        return product - (copies + (0.0 if self.limit == 0 else linear_modes(self.variances))) / neurons


CASES = (
    DrawnPair("rank one", LEANING, LEANING, ONE),
    DrawnPair("rank one, unequal covariances", LEANING, APART, ONE),
    DrawnPair("rank two", np.eye(TWO.size), np.eye(TWO.size), TWO),
)


@dataclass(frozen=True)
class Matched:
    """Pairs of networks of each size: their distances, and those of the best couplings of their overlaps."""

    case: DrawnPair
    sizes: tuple[int, ...]
    distances: tuple[Float[np.ndarray, " pairs"], ...]
    couplings: tuple[Float[np.ndarray, " pairs"], ...]

    @property
    def square(self) -> Float[np.ndarray, " sizes"]:
        """Mean squared distances."""
        return np.array([(each**2).mean() for each in self.distances])

    @property
    def beyond(self) -> Float[np.ndarray, " sizes"]:
        """Mean squares beyond the limit."""
        return np.array([each.mean() for each in self._beyond])

    @property
    def errors(self) -> Float[np.ndarray, " sizes"]:
        """Standard errors of `beyond`, relative to it."""
        return np.array([each.std(ddof=1) / np.sqrt(len(each)) / each.mean() for each in self._beyond])

    @property
    def _beyond(self) -> list[Float[np.ndarray, " pairs"]]:
        """Of each pair; where covariances differ, beyond its own best coupling, which differs from the limit."""
        if self.case.limit == 0:
            return [d**2 for d in self.distances]
        return [d**2 - c**2 for d, c in zip(self.distances, self.couplings, strict=True)]

    @property
    def beyond_own(self) -> Float[np.ndarray, " pairs"]:
        """Squares of the largest networks beyond the best coupling of their own overlaps."""
        return np.asarray(self.distances[-1] ** 2 - self.couplings[-1] ** 2)

    @property
    def predicted(self) -> Float[np.ndarray, " sizes"]:
        """Of `beyond`."""
        return np.array([self.case.beyond(n) for n in self.sizes])


def effort_of(config: Config) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Neurons, and how many pairs of networks of each."""
    if config.small:
        return (64, 128, 256), (6, 6, 5)
    if config.effort.full_length:
        return (64, 256, 1024, 2048, 4096), (48, 32, 16, 8, 4)
    return (64, 128, 256, 512, 1024), (32, 24, 16, 12, 8)


def checks(config: Config, report: Report, progress: Progress) -> tuple[Matched, ...]:
    """Equal covariances of rank one and two, unequal ones of rank one; the matching of rows beside FAQ."""
    sizes, pairs = effort_of(config)
    drawn = [(case, n, count) for case in CASES for n, count in zip(sizes, pairs, strict=True)]
    found = []
    with progress.task("networks matched", len(drawn)) as advance:
        for k, (case, neurons, count) in enumerate(drawn, 1):
            closed = case.shape.rank == 1 or neurons == sizes[-1] or not config.small
            found.append(_matched(case, neurons, count, np.random.default_rng([config.seed, k]), coupling=closed))
            advance(k)
    results = tuple(
        Matched(case, sizes, *map(tuple, zip(*found[k * len(sizes) : (k + 1) * len(sizes)], strict=True)))
        for k, case in enumerate(CASES)
    )
    for each in results:
        _report(each, report)
    _beside_faq(config, report)
    return results


def _matched(
    case: DrawnPair, neurons: int, pairs: int, rng: np.random.Generator, *, coupling: bool
) -> tuple[Float[np.ndarray, " pairs"], Float[np.ndarray, " pairs"]]:
    """Distances of pairs, and those of the best couplings of their overlaps, nan without `coupling`.

    Beyond rank one a coupling is a convex problem of a second.
    """
    seeds = rng.integers(2**31, size=2).tolist()
    roots = (np.linalg.cholesky(each).T for each in (case.first, case.second))
    drawn = [Rows(root).draw(neurons=neurons, networks=pairs, seed=k) for root, k in zip(roots, seeds, strict=True)]
    distances, couplings = np.full((2, pairs), np.nan)
    for k, (one, other) in enumerate(zip(*drawn, strict=True)):
        distances[k] = SEARCH(_factors(one, case.shape), _factors(other, case.shape)).value
        if coupling:
            couplings[k] = coupled(one.T @ one / neurons, other.T @ other / neurons, case.shape).lower
    return distances, couplings


def _factors(theta: Float[np.ndarray, "neurons d"], shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """u and v."""
    return theta[:, list(shape.columns("u"))], theta[:, list(shape.columns("v"))]


def _report(found: Matched, report: Report) -> None:
    name, rank = found.case.name, found.case.shape.rank
    below = sum(int((d < c * (1 - 1e-9)).sum()) for d, c in zip(found.distances, found.couplings, strict=True))
    report.check(
        f"{name}: pairs nearer than the best coupling of their overlaps",
        predicted=0,
        measured=below,
        tolerance=Exact("permutations are couplings, at every N"),
    )
    n = np.array(found.sizes, float)
    slope, error = _slope(n, found.beyond, found.errors)
    expected, allowed = _expected_slope(n, found)
    report.check(
        f"{name}: exponent of the squared distance beyond the limit",
        predicted=expected,
        measured=slope,
        tolerance=Absolute(
            allowed + STANDARD_ERRORS * error, "the law's share of thin places, and four standard errors"
        ),
    )
    coefficient, error, truncated = _coefficient(n, found)
    report.check(
        f"{name}: N times the squared distance beyond the limit, against the same of the law: slope",
        predicted=1.0,
        measured=coefficient,
        tolerance=Absolute(
            truncated + STANDARD_ERRORS * error,
            "the law's share of thin places, and four standard errors",
        ),
    )
    predicted = matched_weights(found.case.first, found.case.second, found.sizes[-1], found.case.shape).beyond
    own, left_out = found.beyond_own / predicted, float(_thin(n[-1:], rank)[0])
    report.check(
        f"{name}: squared distance beyond the coupling of the pair's overlaps, over the prediction, N = {n[-1]:.0f}",
        predicted=1.0,
        measured=own.mean(),
        tolerance=Absolute(
            left_out + STANDARD_ERRORS * own.std(ddof=1) / np.sqrt(len(own)),
            "the law's share of thin places, and four standard errors",
        ),
    )
    report.quantity(
        f"{name}: distances",
        {
            "neurons": list(found.sizes),
            "root_mean_square": np.sqrt(found.square).tolist(),
            "law": np.sqrt(found.predicted + found.case.limit**2).tolist(),
            "leading_law": [found.case.leading_law(each) for each in found.sizes],
            "pairs": [len(each) for each in found.distances],
            "standard_errors": (np.sqrt(found.square) * found.errors * found.beyond / found.square / 2).tolist(),
            "limit": found.case.limit,
        },
    )


def _slope(n: np.ndarray, values: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
    """Of log values in log n, and its standard error from those of the values (relative)."""
    off = np.log(n) - np.log(n).mean()
    return float(off @ np.log(values) / (off @ off)), float(np.sqrt((off**2) @ errors**2) / (off @ off))


def _expected_slope(n: np.ndarray, found: Matched) -> tuple[float, float]:
    """Of the prediction, and by how much it is off if thin places are not paid at all."""
    slopes = [_slope(n, found.predicted * share, 0 * n)[0] for share in (1.0, 1 - _thin(n, found.case.shape.rank))]
    return slopes[0], abs(slopes[1] - slopes[0])


def _coefficient(n: np.ndarray, found: Matched) -> tuple[float, float, float]:
    """c of N times the measured = c N predicted + a constant, each size weighted by its error; and its standard error.

    Last how far c would be off if thin places were not paid, or paid twice.
    """
    weights = 1 / (n * found.beyond * found.errors)
    design = np.stack([n * found.predicted, np.ones_like(n)], axis=1) * weights[:, None]
    covariance = np.linalg.inv(design.T @ design)
    c, off = (
        float((covariance @ design.T @ (n * each * weights))[0])
        for each in (found.beyond, found.predicted * _thin(n, found.case.shape.rank))
    )
    return c, float(np.sqrt(covariance[0, 0])), abs(off)


def _thin(n: Float[np.ndarray, " sizes"], rank: int) -> Float[np.ndarray, " sizes"]:
    """Share of the law where about one row or fewer is expected in the volume in which a row has its partner.

    The law is derived for many. In four dimensions that is beyond the energy log N, and of the integral of sqrt(rho)
    (1 + log N / 2) / sqrt(N); in the plane the last sqrt(2) of these energies, 2 / (log N)^2 of (log N)^2 / 2.
    """
    return np.asarray(2 / np.log(n) ** 2 if rank == 1 else (1 + np.log(n) / 2) / np.sqrt(n))


def _beside_faq(config: Config, report: Report) -> None:
    """The matching of rows beside SciPy's FAQ on matrices: values, and the seconds of one start of each."""
    rng = np.random.default_rng([config.seed, 0])
    excess, seconds = [], {"rows": 0.0, "faq": 0.0}
    for shape in [ONE, TWO] * FAQ_PAIRS:
        seeds = rng.integers(2**31, size=2).tolist()
        rows = Rows(np.eye(shape.size))
        pair = [_factors(rows.draw(neurons=FAQ_NEURONS, networks=1, seed=k)[0], shape) for k in seeds]
        started = time.perf_counter()
        RowMatching(starts=0)(*pair)
        seconds["rows"] += (time.perf_counter() - started) / 3  # of either sign, and as FAQ does
        A, B = (u @ v.T / FAQ_NEURONS for u, v in pair)
        started = time.perf_counter()
        order = quadratic_assignment(A, B, options={"maximize": True, "rng": np.random.default_rng(0)}).col_ind
        seconds["faq"] += time.perf_counter() - started
        excess.append(SEARCH(*pair).value - float(np.linalg.norm(A - B[np.ix_(order, order)])))
    report.check(
        f"matching of rows beside FAQ, {FAQ_NEURONS} units: largest excess",
        predicted=1e-9,
        measured=max(excess),
        tolerance=AtMost("never worse, but for rounding"),
    )
    report.check(
        f"matching of rows beside FAQ, {FAQ_NEURONS} units: pairs in which it is better",
        predicted=None,
        measured=sum(each < -1e-9 for each in excess),
        tolerance=Reported(f"of {len(excess)}; FAQ from its own start, rows from {SEARCH.starts + 3}"),
    )
    report.check(
        f"matching of rows beside FAQ, {FAQ_NEURONS} units: how many times as fast a start is",
        predicted=None,
        measured=seconds["faq"] / seconds["rows"],
        tolerance=Reported("timed here, on a machine as busy as it is"),
    )


def figures(config: Config, results: tuple[Matched, ...]) -> tuple[Plot, ...]:
    """Distances against N, with the law and its limit."""
    data: dict[str, np.ndarray] = {}
    with style():
        figure, panels = new_panels(len(results), 8.4, 3.6)
        for axes, found in zip(panels, results, strict=True):
            law = np.sqrt(found.case.limit**2 + found.predicted)
            axes.plot(found.sizes, law, **PREDICTED, label="predicted: law of matching")
            if found.case.limit > 0:
                limit = {**GUIDE, "linewidth": 1.4, "label": "its limit: the best coupling"}
                axes.axhline(found.case.limit, **limit)
            for n, distances in zip(found.sizes, found.distances, strict=True):
                each = {**MEASURED, "alpha": 0.35, "markersize": 2.5}
                axes.plot(np.full(len(distances), n), distances, **each, label="a pair of networks")
            measured = np.sqrt(found.square)
            error = [
                (d**2).std(ddof=1) / np.sqrt(len(d)) / (2 * m) for d, m in zip(found.distances, measured, strict=True)
            ]
            axes.errorbar(found.sizes, measured, yerr=error, capsize=2, **MEASURED, label="root mean square of pairs")
            axes.set_xscale("log")
            mark_values(axes, [float(n) for n in found.sizes])
            axes.set_ylim(0.0, 1.1 * max(each.max() for each in found.distances))
            axes.set(title=found.case.name, xlabel=f"neurons {typeset('N')}")
            key = found.case.name.replace(",", "").replace(" ", "_")
            data[f"{key}_neurons"] = np.array(found.sizes, float)
            data[f"{key}_measured"] = measured
            data[f"{key}_standard_error"] = np.array(error)
            data[f"{key}_law"] = law
        panels[0].set_ylabel(r"distance $|W - P\,W' P^T|$, units matched")
        legend_below(figure, 4)
    pairs = [len(each) for each in results[0].distances]
    caption = (
        "How far apart the weights of two low-rank networks with normal rows are, up to the order of units, and the "
        "law of random matching with its next terms, nothing fitted. It tends to zero, and "
        "where covariances differ to the best coupling of these (dotted); a pair of few neurons has overlaps of its "
        f"own, and may be nearer. {listed(pairs)} pairs at {listed(results[0].sizes)} neurons; bars: standard error of "
        f"the root mean square. Seed {config.seed}."
    )
    return (plot("matching_law", caption, figure, data),)
