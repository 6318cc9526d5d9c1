"""Complexity by size: more bits to hold, more pulses to compare, more waves, dimensions or sites (Fig. 3)."""

from validate.degeneracy.claims import CHANNELS
from validate.degeneracy.comparison import compared, drawn, with_distances_across
from validate.degeneracy.conditions import FactorLevel, usual
from validate.degeneracy.factor import COMPLEXITY, Factor, MeasuredFactor
from validate.degeneracy.settings import Config
from validate.degeneracy.suite import SuiteTask, chosen
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report


def factors(config: Config) -> tuple[Factor, ...]:
    """On every task."""
    return tuple(
        Factor("channels", task.name, f"number of {task.unit}", _levels(config, task), COMPLEXITY, claim=CHANNELS)
        for task in chosen(config)
    )


def _levels(config: Config, task: SuiteTask) -> tuple[FactorLevel, ...]:
    return tuple(
        FactorLevel(f"{task.name}, {count} {task.unit}", count, usual(config, task, task.at(config, count)))
        for count in task.effort(config).complexity
    )


def checks(config: Config, report: Report, progress: Progress) -> tuple[MeasuredFactor, ...]:
    """Train, measure, compare."""
    return compared(factors(config), config, report, progress)


def for_figures(config: Config, results: tuple[MeasuredFactor, ...], progress: Progress) -> tuple[MeasuredFactor, ...]:
    """The distances between networks of different levels."""
    return with_distances_across(config, results, progress)


def figures(config: Config, results: tuple[MeasuredFactor, ...]) -> tuple[Plot, ...]:
    """Degeneracy against the number of channels."""
    return drawn("channels", results, config)
