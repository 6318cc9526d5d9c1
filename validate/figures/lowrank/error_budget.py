"""The error budget: how much each cause adds between the overlap flow and a trained network."""

import numpy as np

from validate.checks.lowrank.error_budget import ErrorBudget
from validate.checks.lowrank.settings import Config
from validate.output import Plot
from validate.plotting import MEASURED, new_figure, plot, style


def figures(config: Config, results: ErrorBudget) -> tuple[Plot, ...]:
    """One bar a cause, and the whole."""
    names = [cause.name for cause in results.causes] + ["whole"]
    sizes = [cause.size for cause in results.causes] + [results.whole]
    with style():
        figure, axes = new_figure(5.6, 2.8)
        axes.barh(names[::-1], sizes[::-1], color=["#777777"] + [MEASURED["color"]] * len(results.causes))
        axes.set(xlabel="root mean square distance of Gram matrices")
    caption = "From the flow of the Gaussian closure to trained networks: each cause on top of those above it."
    data = {"cause": np.array(names), "size": np.array(sizes)}
    return (plot("error_budget", caption, figure, data),)
