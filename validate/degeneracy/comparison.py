"""Populations along the levels of a factor: trained or found again, measured, held against what is published."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from simulate.populations.across import AcrossJob, measured_across
from simulate.populations.degeneracy import FEWEST, Degeneracy, Probing
from simulate.populations.jobs import (
    MeasuredPopulation,
    MeasureJob,
    TrainJob,
    measured_degeneracy,
    trained_population,
)
from simulate.populations.population import TrainedPopulation
from simulate.training.outcome import TrainingOutcome
from validate.degeneracy.conditions import FactorLevel
from validate.degeneracy.curves import DEGENERACY, LEARNING, MEASURES, clean, curves
from validate.degeneracy.factor import (
    ARROWS,
    Factor,
    MeasuredFactor,
    PublishedArrow,
    judged,
    summary,
    units_of,
)
from validate.degeneracy.places import places
from validate.degeneracy.settings import Config
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report
from validate.stored import results_of
from validate.tolerance import Exact, Reported


def populations(levels: Sequence[FactorLevel], config: Config, progress: Progress) -> list[MeasuredPopulation]:
    """What was measured at each level: from the store, or trained now."""
    jobs = [MeasureJob(level.condition, Probing()) for level in levels]
    return [measured_degeneracy(stored) for stored in results_of(jobs, config, progress)]


def compared(
    factors: Sequence[Factor], config: Config, report: Report, progress: Progress
) -> tuple[MeasuredFactor, ...]:
    """Measure every level of some factors; report what each condition gave, and the statements."""
    levels = {level.label: level for factor in factors for level in factor.levels}
    measured = dict(zip(levels, populations(list(levels.values()), config, progress), strict=True))
    found: dict[str, Degeneracy] = {}
    for label, level in levels.items():
        each = measured[label]
        demand = {"memory_demand": level.condition.task.memory_demand}
        if each.degeneracy is None:
            report.quantity(label, {**outcomes_of(level, config, progress), **demand})
        else:
            found[label] = each.degeneracy
            report.quantity(label, summary(each.degeneracy, units_of(level)) | demand)
    results = tuple(judged(factor, found) for factor in factors)
    for result in results:
        _report(result, measured, report)
    return results


def population_of(level: FactorLevel, config: Config, progress: Progress) -> TrainedPopulation:
    """The population of a level."""
    (stored,) = results_of([TrainJob(level.condition)], config, progress)
    return trained_population(level.condition, stored)


def outcomes_of(level: FactorLevel, config: Config, progress: Progress) -> dict[str, Any]:
    """How training ended for a population of which too few networks converged, and what to do about it."""
    outcomes = population_of(level, config, progress).outcomes
    return {
        "networks": len(outcomes),
        "converged": sum(each is TrainingOutcome.converged for each in outcomes),
        "outcomes": {
            each.name: f"{count} of {len(outcomes)}: {each.sentence}" for each, count in Counter(outcomes).items()
        },
    }


def _report(result: MeasuredFactor, measured: Mapping[str, MeasuredPopulation], report: Report) -> None:
    factor = result.factor
    populations_of = [measured[level.label] for level in factor.levels]
    report.check(
        f"{factor.name}, {factor.task}: networks that converged",
        predicted=", ".join(str(each.networks) for each in populations_of),
        measured=", ".join(str(each.converged) for each in populations_of),
        tolerance=Reported(
            "others were stopped at the most updates"
            if all(each.enough for each in populations_of)
            else f"levels with fewer than {FEWEST} are left out: they need more updates or a higher threshold"
        ),
    )
    demands = [level.condition.task.memory_demand for level in factor.levels]
    report.check(
        f"{factor.name}, {factor.task}: memory demand, steps",
        predicted=None,
        measured=", ".join("not told" if each is None else str(each) for each in demands),
        tolerance=Reported("of the paper's tasks, delayed discrimination alone is said to need an extended memory"),
    )
    violated = sum(_violations(each) for each in result.found)
    report.check(
        f"{factor.name}, {factor.task}: pairs whose distance is below its bound",
        predicted=0,
        measured=violated,
        tolerance=Exact("a bound is below every value"),
    )
    for each in result.statements:
        name = f"{factor.name}, {factor.task}: {MEASURES[each.measure]}"
        report.check(
            name,
            predicted=ARROWS[each.arrow],
            measured=told(each),
            tolerance=PUBLISHED,
            claim=factor.claim_about(each.measure),
        )
        report.quantity(
            f"{name}: trend",
            {
                part: {
                    "value": trend.value,
                    "low": trend.low,
                    "high": trend.high,
                    "p": trend.p,
                    "p_of_means": trend.p_of_means,
                }
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


def with_distances_across(
    config: Config, results: Sequence[MeasuredFactor], progress: Progress
) -> tuple[MeasuredFactor, ...]:
    """Those of more than one level, which can be drawn, with the distances between networks of all their levels.

    These cost as much as training, and pictures alone need them.
    """
    shown = [result for result in results if len(result.found) > 1]
    jobs = [AcrossJob(tuple(level.condition for level in each.levels), Probing()) for each in shown]
    stored = results_of(jobs, config, progress)
    return tuple(replace(each, across=measured_across(found)) for each, found in zip(shown, stored, strict=True))


def drawn(name: str, shown: Sequence[MeasuredFactor], config: Config) -> tuple[Plot, ...]:
    """Degeneracy along the levels, then what was learned and how alike representations are, then networks as points."""
    parts = {name: shown} if 0 < len(shown) <= ROWS else _by_factor(name, shown)
    return tuple(
        plot
        for part, some in parts.items()
        for plot in (
            curves(part, some, DEGENERACY, f"{CAPTION} {_population(some, config)}"),
            curves(f"{part}_learning", some, LEARNING, f"{LEARNING_CAPTION} {_population(some, config)}"),
            places(f"{part}_places", some, config.seed),
        )
    )


def _by_factor(name: str, shown: Sequence[MeasuredFactor]) -> dict[str, list[MeasuredFactor]]:
    """Figures of one factor each, as one of all would be too long."""
    parts: dict[str, list[MeasuredFactor]] = {}
    for result in shown:
        parts.setdefault(clean(f"{name}_{result.factor.name}"), []).append(result)
    return parts


ROWS = 5
"""Of a figure, at most: a task each."""
CAPTION = (
    "Degeneracy of trained networks (dots) beside its null (squares): two halves of one network's trials, shuffled "
    "weights, the mean loss out of distribution."
)
LEARNING_CAPTION = (
    "How far weights went, how much of the tangent kernel is left, and how unlike representations are (dots), beside "
    "a null (squares): the norm at the start, the kernel of another network's start, representations before training."
)


def _population(shown: Sequence[MeasuredFactor], config: Config) -> str:
    """How many networks, what the bars are, and the seed."""
    counts = sorted({each.converged for result in shown for each in result.found})
    span = f"{counts[0]}" if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]}"
    return (
        f"Means over {span} networks a condition, or over all pairs of them; bars: standard error over networks, of "
        f"pairs by jackknife. Seed {config.seed}."
    )
