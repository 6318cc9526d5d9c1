"""Theorem 6 along a trajectory."""

import numpy as np

from validate.checks.contraction.settings import Config
from validate.checks.contraction.slow_slopes import SlowResults
from validate.output import Plot
from validate.plotting import MEASURED, PREDICTED, new_panels, plot, style


def figures(config: Config, results: SlowResults) -> tuple[Plot, ...]:
    """The beta that is proved and the decay that is measured."""
    middle = (results.times[1:] + results.times[:-1]) / 2
    with style():
        figure, panels = new_panels(len(results.forms), 8.0, 3.0)
        for axes, form, beta, decay in zip(panels, results.forms, results.betas, results.decays, strict=True):
            axes.plot(results.times, beta, label="beta, proved", **PREDICTED)
            axes.plot(middle[::6], decay[::6], label="decay rate of V", **MEASURED)
            axes.set(title=form, xlabel="time (tau)")
            axes.legend()
    data = {"times": results.times, "betas": np.array(results.betas), "decays": np.array(results.decays)}
    caption = "Slopes that change slowly: V = x^T P^-1 D x (voltage) falls at least at the rate beta that holds there."
    return (plot("slow_slopes", caption, figure, data),)
