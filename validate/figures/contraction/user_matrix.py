"""The numerical range of the user's matrix beside the parabola that proves contraction."""

from validate.checks.contraction.settings import MatrixConfig
from validate.checks.contraction.user_matrix import MatrixResults
from validate.figures.contraction.ranges import range_plot
from validate.output import Plot


def figures(config: MatrixConfig, results: MatrixResults) -> tuple[Plot, ...]:
    """One figure: where the range stands, before and after scaling the neurons."""
    return () if results.ranges is None else (range_plot("numerical_range", results.ranges),)
