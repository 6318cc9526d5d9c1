"""Feature learning: networks of the maximal-update parametrisation, of one width, ever richer (Fig. 6)."""

from validate.degeneracy.claims import RICHNESS
from validate.degeneracy.comparison import compared, drawn, with_distances_across
from validate.degeneracy.conditions import FactorLevel, rich
from validate.degeneracy.factor import FEATURE_LEARNING, Factor, MeasuredFactor
from validate.degeneracy.settings import Config
from validate.degeneracy.suite import SuiteTask, chosen
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset


def factors(config: Config) -> tuple[Factor, ...]:
    """On every task."""
    return tuple(
        Factor(
            "richness",
            task.name,
            f"richness {typeset('gamma')}",
            _levels(config, task),
            FEATURE_LEARNING,
            claim=RICHNESS,
        )
        for task in chosen(config)
    )


def _levels(config: Config, task: SuiteTask) -> tuple[FactorLevel, ...]:
    return tuple(
        FactorLevel(f"{task.name}, gamma {gamma:g}", gamma, rich(config, task, gamma=gamma))
        for gamma in config.effort.levels.richness
    )


def checks(config: Config, report: Report, progress: Progress) -> tuple[MeasuredFactor, ...]:
    """Train, measure, compare."""
    return compared(factors(config), config, report, progress)


def for_figures(config: Config, results: tuple[MeasuredFactor, ...], progress: Progress) -> tuple[MeasuredFactor, ...]:
    """The distances between networks of different levels."""
    return with_distances_across(config, results, progress)


def figures(config: Config, results: tuple[MeasuredFactor, ...]) -> tuple[Plot, ...]:
    """Degeneracy against the richness."""
    return drawn("richness", results, config)
