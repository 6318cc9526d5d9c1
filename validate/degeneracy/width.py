"""Width at one richness (Fig. 7), and what of the published distance, per parameter, is the width alone."""

import numpy as np

from simulate.measures.estimate import PopulationEstimate
from validate.degeneracy.claims import WIDTH as WIDE
from validate.degeneracy.comparison import compared, drawn, with_distances_across
from validate.degeneracy.conditions import FactorLevel, rich
from validate.degeneracy.factor import WIDTH, Factor, MeasuredFactor, units_of
from validate.degeneracy.settings import Config
from validate.degeneracy.suite import SuiteTask, chosen
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Absolute, Reported

GAMMA = 1.0


def factors(config: Config) -> tuple[Factor, ...]:
    """On every task."""
    return tuple(
        Factor("width", task.name, "units $n$", _levels(config, task), WIDTH, claim=WIDE) for task in chosen(config)
    )


def _levels(config: Config, task: SuiteTask) -> tuple[FactorLevel, ...]:
    return tuple(
        FactorLevel(f"{task.name}, {units} units", units, rich(config, task, gamma=GAMMA, units=units))
        for units in config.effort.levels.widths
    )


def checks(config: Config, report: Report, progress: Progress) -> tuple[MeasuredFactor, ...]:
    """Train, measure, compare; then the exponents of the distance per parameter in n, before training and after."""
    results = compared(factors(config), config, report, progress)
    for result in results:
        if len(result.found) > 1:
            _exponents(result, report)
    return results


def _exponents(result: MeasuredFactor, report: Report) -> None:
    """Of |W|, of the distance of shuffles and of trained networks, all divided by n^2.

    Weights of variance 1 / n, as at the start, have |W|^2 = n (1 +- sqrt(2) / n). So |W| / n^2 falls as n^-3/2, and so
    does any distance that is a fixed share of |W|: from 32 to 512 units 64-fold, whatever was learned.
    """
    n = np.array([units_of(level) for level in result.levels], float)
    at_start = [np.sqrt(np.mean(each.norms_at_start**2)) for each in result.found]
    counts = np.array([len(each.norms_at_start) for each in result.found])
    report.check(
        f"width, {result.factor.task}: exponent of |W| / n^2 before training",
        predicted=-1.5,
        measured=_slope(n, at_start / n**2),
        tolerance=Absolute(_reach(n, counts), "spread of normal weights, four standard errors"),
    )
    for name, matrix in (("trained", "weights"), ("shuffled", "weights_shuffled"), ("untrained", "weights_at_start")):
        centre = [PopulationEstimate.over_pairs(getattr(each, matrix)).value for each in result.found]
        report.check(
            f"width, {result.factor.task}: exponent of the weight distance / n^2, {name}",
            predicted=-1.5,
            measured=_slope(n, np.asarray(centre) / n**2),
            tolerance=Reported("what is beyond -3/2 is not the width alone"),
        )


def _slope(n: np.ndarray, values: np.ndarray) -> float:
    return float(np.polyfit(np.log(n), np.log(values), 1)[0])


def _reach(n: np.ndarray, networks: np.ndarray) -> float:
    """Four standard errors of the slope: log |W| of one network errs by 1 / (sqrt(2) n)."""
    error = 1 / (np.sqrt(2 * networks) * n)
    off = np.log(n) - np.log(n).mean()
    return float(4 * np.sqrt((off**2 * error**2).sum()) / (off**2).sum())


def for_figures(config: Config, results: tuple[MeasuredFactor, ...], progress: Progress) -> tuple[MeasuredFactor, ...]:
    """The distances between networks of different levels."""
    return with_distances_across(config, results, progress)


def figures(config: Config, results: tuple[MeasuredFactor, ...]) -> tuple[Plot, ...]:
    """Degeneracy against the width."""
    return drawn("width", results, config)
