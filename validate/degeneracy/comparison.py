"""Populations along the levels of a factor: trained or found again, measured, held against what is published."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from simulate.measures.estimate import PopulationEstimate
from simulate.populations.degeneracy import Degeneracy, Probing
from simulate.populations.jobs import MeasuredPopulation, MeasureJob, measured_degeneracy
from simulate.runtime import cache_directory
from simulate.sweep import HERE, Cluster, LocalProcesses, NotStored, NoWorkers, RefusedResult, SchedulerLost, Spread
from simulate.sweep.standing import Standing
from simulate.sweep.store import Store
from simulate.sweep.sweep import sweep
from validate.degeneracy.conditions import FactorLevel
from validate.degeneracy.factor import (
    ARROWS,
    Factor,
    MeasuredFactor,
    PublishedArrow,
    judged,
    null_of,
    raw_of,
    summary,
    units_of,
)
from validate.degeneracy.settings import Config
from validate.options import Refusal
from validate.output import Plot
from validate.plotting import MEASURED, new_grid, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Exact, Reported

NULL: dict[str, Any] = {
    "color": "#777777",
    "linestyle": "none",
    "marker": "s",
    "markersize": 3.5,
    "markerfacecolor": "none",
}
MEASURES = {"dynamics": "DSA", "weights": "weight distance", "behaviour": "spread of loss"}


def store_of(config: Config) -> Store:
    """Where trained populations are kept.

    Raises:
        Refusal: where no directory is named and the user's cache cannot be written.
    """
    if config.store is not None:
        return Store(config.store)
    cache = cache_directory()
    if cache is None:
        raise Refusal("--store", "not given, and the user's cache cannot be written", "a directory for the populations")
    return Store(Path(cache) / "populations")


def spread_of(config: Config) -> Spread:
    """Where populations are trained."""
    if config.scheduler is not None:
        return Cluster(config.scheduler)
    return HERE if config.workers == 1 else LocalProcesses(config.workers)


def populations(levels: Sequence[FactorLevel], config: Config, progress: Progress) -> list[MeasuredPopulation]:
    """What was measured at each level: from the store, or trained now."""
    store = store_of(config)
    jobs = [MeasureJob(level.condition, Probing()) for level in levels]
    with progress.task("populations", 1.0) as advance:

        def show(standing: Standing) -> None:
            advance((standing.done + standing.failed) / max(standing.jobs, 1))

        try:
            sweep(jobs, store, spread=spread_of(config), progress=show)
        except (SchedulerLost, NoWorkers) as error:
            raise Refusal(
                "--scheduler" if config.scheduler else "--workers", str(error), "workers that can be had"
            ) from None
        except (RefusedResult, NotStored) as error:
            raise Refusal("--store", str(error), "a directory of this version's results, with room for more") from None
    return [measured_degeneracy(store.read(job)) for job in jobs]


def compared(
    factors: Sequence[Factor], config: Config, report: Report, progress: Progress
) -> tuple[MeasuredFactor, ...]:
    """Measure every level of some factors; report what each condition gave, and the statements."""
    levels = {level.label: level for factor in factors for level in factor.levels}
    measured = dict(zip(levels, populations(list(levels.values()), config, progress), strict=True))
    found: dict[str, Degeneracy] = {}
    for label, level in levels.items():
        each = measured[label]
        if each.degeneracy is None:
            report.quantity(label, {"networks": each.networks, "converged": each.converged})
        else:
            found[label] = each.degeneracy
            report.quantity(label, summary(each.degeneracy, units_of(level)))
    results = tuple(judged(factor, found) for factor in factors)
    for result in results:
        _report(result, report)
    return results


def _report(result: MeasuredFactor, report: Report) -> None:
    factor = result.factor
    violated = sum(_violations(each) for each in result.found)
    report.check(
        f"{factor.name}, {factor.task}: pairs whose distance is below its bound",
        predicted=0,
        measured=violated,
        tolerance=Exact("a bound is below every value"),
    )
    for each in result.statements:
        name = f"{factor.name}, {factor.task}: {MEASURES[each.measure]}"
        report.check(name, predicted=ARROWS[each.arrow], measured=told(each), tolerance=PUBLISHED)
        report.quantity(
            f"{name}: trend",
            {
                part: {"value": trend.value, "low": trend.low, "high": trend.high, "p": trend.p}
                for part, trend in (("raw", each.raw), ("null", each.null), ("beyond", each.beyond))
            }
            | {"published": ARROWS[each.arrow], "verdict": each.verdict},
        )


PUBLISHED = Reported("the paper's arrow beside the trend of ranks, [-1, 1], and its 99 % interval")


def told(statement: PublishedArrow) -> str:
    """The verdict with the numbers that it rests on."""
    raw, beyond = statement.raw, statement.beyond
    return (
        f"{statement.verdict}: {raw.value:+.2f} [{raw.low:+.2f}, {raw.high:+.2f}], null {statement.null.value:+.2f}, "
        f"beyond {beyond.value:+.2f}"
    )


def _violations(found: Degeneracy) -> int:
    """Pairs with a value below the bound, but for rounding."""
    every = (found.dsa, found.weights, found.weights_group, found.weights_all, found.weights_shuffled)
    return sum(int((each.value < each.lower * (1 - 1e-9) - 1e-9).sum()) for each in every)


def drawn(name: str, results: Sequence[MeasuredFactor]) -> tuple[Plot, ...]:
    """Each kind of degeneracy along the levels, with its null, as in the paper's figures."""
    shown = [result for result in results if len(result.found) > 1]
    if not shown:
        return ()
    data: dict[str, np.ndarray] = {}
    with style():
        figure, rows = new_grid(len(MEASURES), len(shown), 3.2 * len(shown) + 0.8, 6.6)
        for column, result in enumerate(shown):
            widths = [units_of(level) for level in result.levels]
            apart = len(set(widths)) > 1
            values = [float(level.value) for level in result.levels]
            for row, measure in enumerate(MEASURES):
                axes = rows[row][column]
                for label, look, part in (("trained", MEASURED, raw_of), ("null", NULL, null_of)):
                    each = [part(f, n, per_parameter=apart)[measure] for f, n in zip(result.found, widths, strict=True)]
                    _curve(axes, values, each, {**look, "label": label})
                    data |= _columns(f"{result.factor.name}_{result.factor.task}_{measure}_{label}", values, each)
                axes.set_title(
                    f"{MEASURES[measure]}, {result.factor.task}" if row == 0 else MEASURES[measure], fontsize=8
                )
            rows[-1][column].set_xlabel(f"{result.factor.name} ({result.factor.unit})")
        rows[0][0].legend()
    caption = (
        "Degeneracy of trained networks (dots: mean, bars: standard error over networks) and its null: two halves of "
        "one network's trials, shuffled weights, the mean loss out of distribution."
    )
    return (plot(name, caption, figure, data),)


def _curve(axes: Axes, values: Sequence[float], each: Sequence[PopulationEstimate], look: dict[str, Any]) -> None:
    centre, error = [e.value for e in each], [e.standard_error for e in each]
    axes.errorbar(values, centre, yerr=error, capsize=2, **look)
    axes.set_xticks(values)


def _columns(name: str, values: Sequence[float], each: Sequence[PopulationEstimate]) -> dict[str, np.ndarray]:
    clean = name.replace(" ", "_").replace("-", "_")
    return {
        f"{clean}_level": np.asarray(values, float),
        f"{clean}_mean": np.array([e.value for e in each]),
        f"{clean}_standard_error": np.array([e.standard_error for e in each]),
    }
