"""Two networks that answer alike and learn apart."""

import numpy as np

from validate.checks.lowrank.probes import SHAPE, ProbeResults
from validate.checks.lowrank.settings import Config
from validate.output import Plot
from validate.plotting import MEASURED, PREDICTED, new_panels, plot, style

SHOWN = ((0, 3), (1, 2), (1, 1))


def figures(config: Config, results: ProbeResults) -> tuple[Plot, ...]:
    """The losses and some overlaps of the pair, the map and networks; how finite erf networks tell a pair apart."""
    epochs = np.arange(results.loss.shape[1])
    some = slice(0, None, max(len(epochs) // 25, 1))
    with style():
        figure, (loss, overlaps, finite) = new_panels(3, 11.0, 3.2)
        for k, dash in enumerate(("-", "--")):
            name = ("first", "other |u|^2, m.u")[k]
            loss.semilogy(epochs, results.loss[k], label=f"{name}: map", **PREDICTED | {"linestyle": dash})
            points = MEASURED | {"marker": "os"[k]}
            loss.semilogy(epochs[some], results.network_loss[k, some], label=f"{name}: network", **points)
            for (a, b), colour in zip(SHOWN, ("#b3272d", "#1f4e79", "#3a7d44"), strict=True):
                label = SHAPE.overlap(a, b).name if k == 0 else None
                overlaps.plot(epochs, results.sigma[k, :, a, b], color=colour, linestyle=dash, label=label)
        sizes = np.array(results.sizes, dtype=float)
        law = results.output_difference[0] * np.sqrt(sizes[0] / sizes)
        finite.loglog(sizes, law, label="N^-1/2", **PREDICTED)
        finite.loglog(sizes, results.output_difference, label="erf networks", **MEASURED)
        loss.set(xlabel="epoch", title="loss: equal at first, then not")
        overlaps.set(xlabel="epoch", title="overlaps (dashed: the other network)")
        finite.set(xlabel="neurons", title="answers of pairs that differ in vv, zv, zz")
        for axes in (loss, overlaps, finite):
            axes.legend()
    data = {
        "loss": results.loss,
        "sigma": results.sigma,
        "network_loss": results.network_loss,
        "sizes": sizes,
        "output_difference": results.output_difference,
    }
    caption = "Learning as a probe: equal visible overlaps, different hidden ones; the filter task of decay 0.2."
    return (plot("probe_pair", caption, figure, data),)
