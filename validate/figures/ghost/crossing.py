"""Did the learning rate exceed the network's critical one, and did the step go through a saddle-node?"""

from typing import Any

import numpy as np

from validate.checks.ghost.crossing import CrossingResults
from validate.checks.ghost.settings import Config
from validate.output import Plot
from validate.plotting import MEASURED, PREDICTED, new_figure, plot, style


def figures(config: Config, results: CrossingResults | None) -> tuple[Plot, ...]:
    """Every step past a ghost: its effective r against the rate in units of the network's critical one."""
    if results is None or len(results.ratio) == 0:
        return ()
    moving = results.ratio > 0
    with style():
        figure, axes = new_figure(5.6, 3.8)
        quiet, crossed = moving & ~results.crossed, results.crossed
        axes.plot(results.ratio[quiet], results.effective_r[quiet], label="no saddle-node at the next step", **MEASURED)
        star: dict[str, Any] = {"marker": "*", "linestyle": "none", "color": "#c77f0a", "markersize": 9}
        axes.plot(results.ratio[crossed], results.effective_r[crossed], label="saddle-node at the next step", **star)
        axes.axvline(1.0, label="predicted: beyond this", **PREDICTED)
        axes.set(xscale="log", xlabel="learning rate / the network's critical rate", ylabel="r_eff")
        axes.legend(loc="lower left")
    data = {"ratio": results.ratio, "effective_r": results.effective_r, "crossed": results.crossed}
    data |= {"network": results.network, "epoch": results.epoch, "second_order": np.asarray(results.second_order)}
    caption = "Steps of gradient descent past a ghost, and whether they ended in a saddle-node."
    return (plot("crossing", caption, figure, data),)
