"""The damped oscillator learned by a rank-two network."""

import numpy as np

from validate.checks.lowrank.oscillator import SHAPE, OscillatorResults
from validate.checks.lowrank.settings import Config
from validate.output import Plot
from validate.plotting import MEASURED, PREDICTED, new_panels, plot, style


def figures(config: Config, results: OscillatorResults) -> tuple[Plot, ...]:
    """Loss and all overlaps of the map, a network on it for as long as it was trained."""
    epochs = np.arange(len(results.loss))
    some = np.unique(np.geomspace(1, len(results.network_loss) - 1, 30).astype(int))
    with style():
        figure, (loss, overlaps) = new_panels(2, 9.0, 3.4)
        loss.loglog(epochs[1:], results.loss[1:], label="map", **PREDICTED)
        loss.loglog(some, results.network_loss[some], label="network", **MEASURED)
        for a, b in SHAPE.pairs:
            overlaps.semilogx(epochs[1:], results.sigma[1:, a, b], **PREDICTED | {"linewidth": 0.8})
            overlaps.semilogx(some, results.network_sigma[some, a, b], **MEASURED | {"markersize": 2})
        loss.set(xlabel="epoch", title="loss")
        overlaps.set(xlabel="epoch", title="all 21 overlaps")
        loss.legend()
    data = {
        "loss": results.loss,
        "sigma": results.sigma,
        "network_loss": results.network_loss,
        "network_sigma": results.network_sigma,
    }
    caption = "Damped oscillator, rank two: the map of the 21 overlaps and a network of 20 neurons."
    return (plot("oscillator_training", caption, figure, data),)
