"""Adam, the control: overlaps of two networks that start with the same, and how far networks part."""

import numpy as np

from validate.checks.lowrank.adam import FEW_EPOCHS, AdamResults
from validate.checks.lowrank.histories import HIDDEN, SHAPE
from validate.checks.lowrank.settings import Config
from validate.output import Plot
from validate.plotting import GUIDE, MEASURED, PREDICTED, new_panels, plot, style

_SMALLEST = 1e-17


def figures(config: Config, results: AdamResults) -> tuple[Plot, ...]:
    """Hidden overlaps of both draws under Adam; their distance under either rule; the spread against N."""
    descent, adam = results.parted
    epochs = np.arange(len(adam))
    with style():
        figure, (hidden, parted, law) = new_panels(3, 11.0, 3.2)
        for k, (a, b) in enumerate(HIDDEN):
            for path, line in zip(results.adam, ("-", "--"), strict=True):
                label = SHAPE.overlap(a, b).name if line == "-" else None
                hidden.plot(epochs, path[:, a, b], color=f"C{k}", linestyle=line, linewidth=1.0, label=label)
        hidden.set(xlabel="epoch", title="hidden overlaps under Adam, two draws")
        hidden.legend(ncols=3)
        parted.semilogy(epochs, np.maximum(adam, _SMALLEST), color="#1f4e79", label="Adam")
        parted.semilogy(epochs, np.maximum(descent, _SMALLEST), color="#b3272d", label="gradient descent")
        parted.set(xlabel="epoch", title="largest difference of an overlap between draws")
        parted.legend(loc="center right")
        for axes in (hidden, parted):
            for end in results.ends[:-1]:
                axes.axvline(end, **GUIDE)
        slope = results.spread[0] * (results.sizes / results.sizes[0]) ** -0.5
        law.loglog(results.sizes, slope, label="exponent -1/2", **PREDICTED)
        law.loglog(results.sizes, results.spread, **MEASURED)
        law.set_xticks(results.sizes, [f"{size:g}" for size in results.sizes])
        law.minorticks_off()
        law.set(xlabel="neurons", title=f"spread over draws, {FEW_EPOCHS} epochs of Adam")
        law.legend()
    data = {
        "adam": results.adam,
        "descent": results.descent,
        "loss": results.loss,
        "parted_adam": adam,
        "parted_descent": descent,
        "sizes": results.sizes,
        "spread": results.spread,
    }
    caption = "Adam, the control: networks of equal overlaps part, which gradient descent keeps together to rounding."
    return (plot("adam_control", caption, figure, data),)
