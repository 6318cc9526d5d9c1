"""Complexity by channels: more bits to hold, more pairs of pulses to compare (Fig. 3)."""

from validate.degeneracy.comparison import compared, drawn
from validate.degeneracy.conditions import FactorLevel, discrimination, flip_flop, usual
from validate.degeneracy.factor import COMPLEXITY, Factor, MeasuredFactor
from validate.degeneracy.settings import Config
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report


def factors(config: Config) -> tuple[Factor, ...]:
    """On the flip-flop and on delayed discrimination."""
    levels = config.effort.levels
    of_bits = tuple(
        FactorLevel(f"flip-flop, {bits} bits", bits, usual(config, flip_flop(config, bits))) for bits in levels.bits
    )
    of_channels = tuple(
        FactorLevel(f"discrimination, {count} channels", count, usual(config, discrimination(config, channels=count)))
        for count in levels.channels
    )
    return (
        Factor("channels", "flip-flop", "number", of_bits, COMPLEXITY),
        Factor("channels", "delayed discrimination", "number", of_channels, COMPLEXITY),
    )


def checks(config: Config, report: Report, progress: Progress) -> tuple[MeasuredFactor, ...]:
    """Train, measure, compare."""
    return compared(factors(config), config, report, progress)


def figures(config: Config, results: tuple[MeasuredFactor, ...]) -> tuple[Plot, ...]:
    """Degeneracy against the number of channels."""
    return drawn("channels", results)
