"""Loss and all ten overlaps of a linear network, theory on simulation; and how the flow leaves the map."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from validate.checks.lowrank.linear import LinearResults
from validate.checks.lowrank.rate_law import RateLaw
from validate.checks.lowrank.reference_data import VISIBLE, ReferenceRun
from validate.checks.lowrank.settings import Config
from validate.output import Plot
from validate.plotting import GUIDE, MEASURED, PREDICTED, new_figure, plot, style

NAIVE: dict[str, Any] = {"color": "#777777", "linestyle": "--", "linewidth": 1.2, "zorder": 1}
FITTED = NAIVE | {"linestyle": ":"}


def figures(config: Config, results: LinearResults) -> tuple[Plot, ...]:
    """The published run beside map and naive flow; the error of the flow against the rate."""
    return (_learning(results.reference), _rate_law(results.law))


def _learning(run: ReferenceRun) -> Plot:
    with style():
        figure = Figure(figsize=(9.0, 5.6))
        panels = figure.subplots(3, 4).ravel()
        order = sorted(range(len(run.names)), key=lambda k: (run.names[k] != "loss", run.names[k] not in VISIBLE))
        for axes, k in zip(panels, order, strict=False):
            name = run.names[k]
            axes.plot(run.epochs[::3], run.theirs[::3, k], label="network, N = 500", **MEASURED)
            axes.plot(run.epochs, run.mapped[:, k], label="map of the overlaps", **PREDICTED)
            if name in VISIBLE:
                column = VISIBLE.index(name)
                axes.plot(run.epochs, run.naive[:, column], label="visible overlaps alone", **NAIVE)
                axes.plot(run.epochs, run.naive_fitted[:, column], label="the same, clock fitted", **FITTED)
            kind = "" if name == "loss" else ", visible" if name in VISIBLE else ", invisible"
            axes.set_title(f"{name}{kind}")
        for axes in panels[7:11]:
            axes.set_xlabel("epoch")
        panels[11].axis("off")
        handles, labels = panels[1].get_legend_handles_labels()
        panels[11].legend(handles, labels, loc="center")
    caption = (
        "Loss and all ten overlaps of a linear network learning the filter task (published run of Ger & Barak), their "
        f"exact map, and the naive flow of the visible overlaps alone, also {run.fitted_clock:.2g} times as fast."
    )
    data = {
        "epochs": run.epochs,
        "network": run.theirs,
        "map": run.mapped,
        "naive": run.naive,
        "fitted": run.naive_fitted,
    }
    return plot("linear_learning", caption, figure, data | {"names": np.array(run.names)})


def _rate_law(law: RateLaw) -> Plot:
    with style():
        figure, axes = new_figure(4.2, 3.2)
        axes.loglog(law.rates, law.errors, label="largest difference", **MEASURED)
        axes.loglog(law.rates, law.errors[-1] * law.rates / law.rates[-1], label="slope 1", **GUIDE)
        axes.set(xlabel="learning rate", ylabel="flow − map, any overlap")
        axes.set_xticks(law.rates, [f"{rate:.2g}" for rate in law.rates])
        axes.minorticks_off()
        axes.legend()
    caption = f"The flow of the overlaps against their map: the difference falls as rate^{law.slope:.3f}."
    return plot("linear_rate_law", caption, figure, {"rates": law.rates, "errors": law.errors})
