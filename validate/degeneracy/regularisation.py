"""Regularisation: a nuclear-norm penalty, which lowers the rank, and an L1 penalty, which thins out (Fig. 8)."""

from simulate.training.penalty import AbsoluteValues, NuclearNorm
from validate.degeneracy.comparison import compared, drawn
from validate.degeneracy.conditions import FactorLevel, discrimination, usual
from validate.degeneracy.factor import REGULARISATION, Factor, MeasuredFactor
from validate.degeneracy.settings import Config
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report


def factors(config: Config) -> tuple[Factor, ...]:
    """On delayed discrimination."""
    levels = config.effort.levels
    kinds = (("nuclear norm", levels.nuclear_norms, NuclearNorm), ("L1 norm", levels.absolute_values, AbsoluteValues))
    return tuple(
        Factor(
            name,
            "delayed discrimination",
            "weight of the penalty",
            tuple(
                FactorLevel(
                    f"discrimination, {name} {weight:g}",
                    weight,
                    usual(config, discrimination(config), penalty(weight) if weight else None),
                )
                for weight in weights
            ),
            REGULARISATION,
        )
        for name, weights, penalty in kinds
    )


def checks(config: Config, report: Report, progress: Progress) -> tuple[MeasuredFactor, ...]:
    """Train, measure, compare."""
    return compared(factors(config), config, report, progress)


def figures(config: Config, results: tuple[MeasuredFactor, ...]) -> tuple[Plot, ...]:
    """Degeneracy against the weights of the penalties."""
    return drawn("regularisation", results)
