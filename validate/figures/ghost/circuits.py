"""Predicted and measured switch times, and the law of what is left."""

import numpy as np
from matplotlib.ticker import NullFormatter

from validate.checks.ghost.circuits import DelayResults
from validate.checks.ghost.settings import Config
from validate.output import Plot
from validate.plotting import GUIDE, MEASURED, PREDICTED, new_panels, plot, style


def figures(config: Config, results: DelayResults | None) -> tuple[Plot, ...]:
    """Switch time predicted from the latent flow, and the residual against the Euler step."""
    if results is None:
        return ()
    with style():
        figure, (left, right) = new_panels(2, 8.4, 3.6)
        ends = np.array([results.measured.min() * 0.9, results.measured.max() * 1.1])
        left.plot(ends, ends, **GUIDE)
        left.plot(results.measured, results.flow, "^", color="#c77f0a", markersize=4, label="latent flow")
        left.plot(
            results.measured, results.normal_form, "x", color="#555555", markersize=5, label="ghost's normal form"
        )
        best = {"marker": "o", "linestyle": "none", "color": PREDICTED["color"], "markersize": 4}
        left.plot(results.measured, results.corrected, label="latent flow + Euler's correction", **best)
        left.set(xlabel="switch of the N-neuron network (tau)", ylabel="predicted (tau)")
        left.legend(loc="upper left")
        for row in np.abs(results.residual):
            right.loglog(results.step, row, **MEASURED | {"linestyle": "-", "linewidth": 0.5})
        scale = np.median(np.abs(results.residual[:, -1])) / results.step[-1] ** 2
        right.loglog(results.step, scale * results.step**2, label="slope 2, predicted", **PREDICTED)
        right.set(xlabel="Euler step D = dt / tau", ylabel="|measured - predicted| (tau)")
        right.xaxis.set_minor_formatter(NullFormatter())
        right.legend(loc="upper left")
    data = {"measured": results.measured, "flow": results.flow, "corrected": results.corrected}
    data |= {"normal_form": results.normal_form, "step": results.step, "residual": results.residual}
    return (
        plot("delays", "Switch times predicted from the latent flow, and the order of what is left.", figure, data),
    )
