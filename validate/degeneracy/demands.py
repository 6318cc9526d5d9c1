"""Complexity by what is demanded: a longer delay to bridge, a magnitude to tell beside the sign (Fig. 4)."""

from validate.degeneracy.comparison import compared, drawn
from validate.degeneracy.conditions import FactorLevel, discrimination, usual
from validate.degeneracy.factor import COMPLEXITY, Factor, MeasuredFactor
from validate.degeneracy.settings import Config
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report

UNIT = 8.0
"""Of the magnitude: no target exceeds one then."""


def factors(config: Config) -> tuple[Factor, ...]:
    """On delayed discrimination."""
    delays = tuple(
        FactorLevel(
            f"discrimination, delay {low} to {high}", high, usual(config, discrimination(config, delay=(low, high)))
        )
        for low, high in config.effort.levels.delays
    )
    told = tuple(
        FactorLevel(f"discrimination, {name}", i, usual(config, discrimination(config, magnitude_unit=unit)))
        for i, (name, unit) in enumerate((("sign", None), ("sign and magnitude", UNIT)))
    )
    return (
        Factor("memory demand", "delayed discrimination", "longest delay, steps", delays, COMPLEXITY),
        Factor("auxiliary output", "delayed discrimination", "0 without, 1 with", told, COMPLEXITY),
    )


def checks(config: Config, report: Report, progress: Progress) -> tuple[MeasuredFactor, ...]:
    """Train, measure, compare."""
    return compared(factors(config), config, report, progress)


def figures(config: Config, results: tuple[MeasuredFactor, ...]) -> tuple[Plot, ...]:
    """Degeneracy against the delay, and without and with the auxiliary output."""
    return drawn("demands", results)
