"""Assemblies: pairs of trajectories against the certified envelope."""

import numpy as np

from validate.checks.contraction.assemblies import AssemblyResults
from validate.checks.contraction.settings import Config
from validate.output import Plot
from validate.plotting import PREDICTED, new_panels, plot, style


def figures(config: Config, results: AssemblyResults) -> tuple[Plot, ...]:
    """One panel an assembly."""
    with style():
        figure, panels = new_panels(len(results.names), 10.0, 3.0)
        for axes, name, distance, rate in zip(panels, results.names, results.distances, results.rates, strict=True):
            axes.semilogy(results.times, distance[:60].T, color="#1f4e79", linewidth=0.5, alpha=0.5)
            axes.semilogy(results.times, np.exp(-rate * results.times), label=f"exp(-{rate:.3f} t)", **PREDICTED)
            axes.set(title=name, xlabel="time", ylim=(1e-4, 2))
            axes.legend(loc="lower left")
        panels[0].set(ylabel="distance / at start")
    data = {f"distance_{name}": d for name, d in zip(results.names, results.distances, strict=True)}
    data |= {"times": results.times, "rates": np.array(results.rates)}
    caption = "Assemblies of networks under random inputs: distances in the metric of the whole, and its envelope."
    return (plot("assemblies", caption, figure, data),)
