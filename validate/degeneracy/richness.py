"""Feature learning: networks of the maximal-update parametrisation, of one width, ever richer (Fig. 6)."""

from validate.degeneracy.comparison import compared, drawn
from validate.degeneracy.conditions import FactorLevel, discrimination, flip_flop, rich
from validate.degeneracy.factor import FEATURE_LEARNING, Factor, MeasuredFactor
from validate.degeneracy.settings import Config
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report

BITS = 2


def factors(config: Config) -> tuple[Factor, ...]:
    """On the flip-flop and on delayed discrimination."""
    tasks = {"flip-flop": flip_flop(config, BITS), "delayed discrimination": discrimination(config)}
    return tuple(
        Factor(
            "richness",
            name,
            "gamma",
            tuple(
                FactorLevel(f"{name}, gamma {gamma:g}", gamma, rich(config, task, gamma=gamma))
                for gamma in config.effort.levels.richness
            ),
            FEATURE_LEARNING,
        )
        for name, task in tasks.items()
    )


def checks(config: Config, report: Report, progress: Progress) -> tuple[MeasuredFactor, ...]:
    """Train, measure, compare."""
    return compared(factors(config), config, report, progress)


def figures(config: Config, results: tuple[MeasuredFactor, ...]) -> tuple[Plot, ...]:
    """Degeneracy against the richness."""
    return drawn("richness", results)
