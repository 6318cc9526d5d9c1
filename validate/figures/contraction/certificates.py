"""What it costs to check a certificate."""

import numpy as np

from validate.checks.contraction.certificates import CertificateResults
from validate.checks.contraction.settings import Config
from validate.output import Plot
from validate.plotting import MEASURED, mark_values, new_figure, plot, style


def figures(config: Config, results: CertificateResults) -> tuple[Plot, ...]:
    """Seconds of the checker against the number of neurons, start of the interpreter included."""
    sizes = np.array(results.sizes)
    with style():
        figure, axes = new_figure(4.8, 3.4)
        axes.semilogx(sizes, results.seconds, label="this machine, one run", **MEASURED)
        mark_values(axes, results.sizes)
        axes.set_ylim(bottom=0)
        axes.set(xlabel="neurons", ylabel="seconds")
        axes.legend()
    caption = "Verifying a multiplier certificate with Python's standard library alone: the time it takes, one run."
    return (plot("checker_cost", caption, figure, {"sizes": sizes, "seconds": results.seconds}),)
