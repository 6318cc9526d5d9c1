"""Pairs of trajectories converging, against the certified envelope."""

import numpy as np

from validate.checks.contraction.settings import Config
from validate.checks.contraction.trajectories import TrajectoryResults
from validate.output import Plot
from validate.plotting import PREDICTED, new_grid, plot, style


def figures(config: Config, results: TrajectoryResults) -> tuple[Plot, ...]:
    """One panel a network: relative distances in the certified metric, and exp(-rate t)."""
    columns = 4
    rows = -(-len(results.names) // columns)
    with style():
        figure, grid = new_grid(rows, columns, 12.0, 2.4 * rows)
        panels = [axes for row in grid for axes in row]
        for axes, name, distance, rate in zip(panels, results.names, results.distances, results.rates, strict=False):
            axes.semilogy(results.times, distance[:40].T, color="#1f4e79", linewidth=0.5, alpha=0.5)
            axes.semilogy(results.times, np.exp(-rate * results.times), label=f"exp(-{rate:.3f} t)", **PREDICTED)
            axes.set(title=name, ylim=(1e-4, 2))
            axes.legend(loc="lower left")
        for axes in grid[-1]:
            axes.set(xlabel="time (tau)")
        for row in grid:
            row[0].set(ylabel="distance / at start")
    data = {f"distance_{number}": distance for number, distance in enumerate(results.distances)}
    caption = "Pairs of trajectories under the same random inputs: distances in the certified metric, and the envelope."
    data |= {"times": results.times, "rates": np.array(results.rates)}
    return (plot("trajectories", caption, figure, data),)
