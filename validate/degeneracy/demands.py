"""Complexity by what is demanded: a longer delay to bridge, a magnitude to tell beside the sign (Fig. 4)."""

from validate.degeneracy.claims import DEMANDS
from validate.degeneracy.comparison import compared, drawn, with_distances_across
from validate.degeneracy.conditions import FactorLevel, usual
from validate.degeneracy.factor import COMPLEXITY, Factor, MeasuredFactor
from validate.degeneracy.settings import Config
from validate.degeneracy.suite import DISCRIMINATION, chosen, discrimination
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report

UNIT = (32 / 9) ** 0.5
"""Of the magnitude: to know nothing of it costs one then, as it does of the sign."""


def factors(config: Config) -> tuple[Factor, ...]:
    """On delayed discrimination."""
    task = DISCRIMINATION
    if task not in chosen(config):
        return ()
    channels = task.effort(config).usual
    delays = tuple(
        FactorLevel(
            f"{task.name}, delay {low} to {high}",
            high,
            usual(config, task, discrimination(config, channels, delay=(low, high))),
        )
        for low, high in config.effort.levels.delays
    )
    told = tuple(
        FactorLevel(
            f"{task.name}, {told}",
            i,
            usual(config, task, discrimination(config, channels, magnitude_unit=unit)),
            told.replace("and ", "and\n"),
        )
        for i, (told, unit) in enumerate((("sign", None), ("sign and magnitude", UNIT)))
    )
    return (
        Factor("memory demand", task.name, "longest delay (steps)", delays, COMPLEXITY, claim=DEMANDS),
        Factor("auxiliary output", task.name, "output", told, COMPLEXITY, claim=DEMANDS),
    )


def checks(config: Config, report: Report, progress: Progress) -> tuple[MeasuredFactor, ...]:
    """Train, measure, compare."""
    return compared(factors(config), config, report, progress)


def for_figures(config: Config, results: tuple[MeasuredFactor, ...], progress: Progress) -> tuple[MeasuredFactor, ...]:
    """The distances between networks of different levels."""
    return with_distances_across(config, results, progress)


def figures(config: Config, results: tuple[MeasuredFactor, ...]) -> tuple[Plot, ...]:
    """Degeneracy against the delay, and without and with the auxiliary output."""
    return drawn("demands", results, config)
