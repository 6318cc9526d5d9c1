"""The numerical range of the user's matrix beside the parabola that proves contraction."""

from validate.checks.contraction.settings import MatrixConfig
from validate.checks.contraction.user_matrix import MatrixResults
from validate.figures.contraction.ranges import range_plot
from validate.output import Plot


def figures(config: MatrixConfig, results: MatrixResults) -> tuple[Plot, ...]:
    """One figure: where the range stands, before and after scaling the neurons."""
    network = results.certification.network
    if network.size > 512 or not network.uniform:
        return ()
    return (range_plot("numerical_range", network, 1 - config.rate),)
