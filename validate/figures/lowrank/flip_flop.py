"""The flip-flop at three levels of description."""

import numpy as np

from validate.checks.lowrank.flip_flop import FlipFlopResults
from validate.checks.lowrank.settings import Config
from validate.output import Plot
from validate.plotting import GUIDE, new_panels, plot, style

COLOURS = {"gaussian_closure": "#b3272d", "infinite_width": "black", "network": "#1f4e79"}


def figures(config: Config, results: FlipFlopResults) -> tuple[Plot, ...]:
    """Loss, distance of closure and network from the infinite width, and one trial of the trained network."""
    limit = results.sigma["infinite_width"]
    distance = {
        name: np.abs(sigma - limit).max(axis=(1, 2))
        for name, sigma in results.sigma.items()
        if name != "infinite_width"
    }
    with style():
        figure, (loss, parting, trial) = new_panels(3, 11.0, 3.2)
        for name, values in results.loss.items():
            loss.semilogy(values, color=COLOURS[name], linewidth=1.0, label=name)
        for name, values in distance.items():
            parting.loglog(np.arange(1, len(values)), values[1:], color=COLOURS[name], label=name)
        parting.axhline(results.quadrature_error, label="quadrature error", **GUIDE)
        trial.plot(results.times, results.inputs, color="#aaaaaa", label="input")
        trial.plot(results.times, results.targets, color="#b3272d", label="target")
        trial.plot(results.times, results.outputs, color="#1f4e79", label="network")
        loss.set(xlabel="epoch", title="loss on the same batches")
        parting.set(xlabel="epoch", title="overlaps: distance from infinite width")
        trial.set(xlabel="time", title="a trial not trained on")
        for axes in (loss, parting, trial):
            axes.legend()
    data = {
        **{f"{name}_loss": values for name, values in results.loss.items()},
        **{f"{name}_distance": values for name, values in distance.items()},
        "published_loss": results.published_loss,
        "times": results.times,
        "inputs": results.inputs,
        "targets": results.targets,
        "outputs": results.outputs,
    }
    caption = "The flip-flop in erf networks: Gaussian closure, infinite width and 600 neurons on the same batches."
    return (plot("flip_flop", caption, figure, data),)
