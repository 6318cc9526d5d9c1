"""Regularisation: a nuclear-norm penalty, which lowers the rank, and an L1 penalty, which thins out (Fig. 8)."""

from simulate.training.penalty import AbsoluteValues, NuclearNorm, Penalty
from validate.degeneracy.claims import REGULARISATION as REGULARISED
from validate.degeneracy.comparison import compared, drawn, with_distances_across
from validate.degeneracy.conditions import FactorLevel, usual
from validate.degeneracy.factor import REGULARISATION, Factor, MeasuredFactor
from validate.degeneracy.settings import Config
from validate.degeneracy.suite import SuiteTask, chosen
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset


def factors(config: Config) -> tuple[Factor, ...]:
    """On every task (in the paper's figure delayed discrimination)."""
    levels = config.effort.levels
    kinds = (
        ("nuclear norm", "nuclear norm", levels.nuclear_norms, NuclearNorm),
        ("L1 norm", typeset("norm 1"), levels.absolute_values, AbsoluteValues),
    )
    return tuple(
        Factor(
            name,
            task.name,
            f"weight of the {shown}",
            _levels(config, task, name, weights, penalty),
            REGULARISATION,
            claim=REGULARISED,
        )
        for task in chosen(config)
        for name, shown, weights, penalty in kinds
    )


def _levels(
    config: Config, task: SuiteTask, name: str, weights: tuple[float, ...], penalty: type[Penalty]
) -> tuple[FactorLevel, ...]:
    return tuple(
        FactorLevel(
            f"{task.name}, {name} {weight:g}",
            weight,
            usual(config, task, penalty=penalty(weight) if weight else None),
        )
        for weight in weights
    )


def checks(config: Config, report: Report, progress: Progress) -> tuple[MeasuredFactor, ...]:
    """Train, measure, compare."""
    return compared(factors(config), config, report, progress)


def for_figures(config: Config, results: tuple[MeasuredFactor, ...], progress: Progress) -> tuple[MeasuredFactor, ...]:
    """The distances between networks of different levels."""
    return with_distances_across(config, results, progress)


def figures(config: Config, results: tuple[MeasuredFactor, ...]) -> tuple[Plot, ...]:
    """Degeneracy against the weights of the penalties."""
    return drawn("regularisation", results, config)
