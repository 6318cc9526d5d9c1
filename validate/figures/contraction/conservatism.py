"""Conservatism of the conditions over random matrices, and numerical ranges against parabolas."""

import numpy as np

from validate.checks.contraction.conservatism import ConservatismResults
from validate.checks.contraction.settings import Config
from validate.output import Plot
from validate.plotting import GUIDE, PREDICTED, new_panels, plot, style

COLOURS = ("#8c6bb1", "#3a7d44", "#1f4e79", "#e08214")


def figures(config: Config, results: ConservatismResults) -> tuple[Plot, ...]:
    """Two figures."""
    return (_gains(results), _ranges(results))


def _gains(results: ConservatismResults) -> Plot:
    with style():
        figure, panels = new_panels(len(results.kinds), 12.0, 3.2)
        for axes, kind, ratios in zip(panels, results.kinds, results.ratios, strict=True):
            for name, colour, column in zip(results.names, COLOURS, ratios.T, strict=True):
                share = np.arange(1, len(column) + 1) / len(column)
                axes.step(np.sort(column), share, where="post", color=colour, label=name)
            axes.axvline(1, **GUIDE)
            axes.set(title=kind, xlabel="gain / gain excluded for multipliers", ylim=(0, 1.02))
        panels[0].set(ylabel="share of matrices")
        panels[-1].legend(loc=(0.5, 0.4))
    caption = (
        "How far each condition lets the slopes grow, relative to the gain at which no multiplier is left (proved); "
        "the l1 norm, which is not quadratic, may reach further."
    )
    return plot("conservatism", caption, figure, {"ratios": results.ratios})


def _ranges(results: ConservatismResults) -> Plot:
    data: dict[str, np.ndarray] = {}
    with style():
        figure, panels = new_panels(len(results.ranges), 12.0, 3.2)
        for number, (axes, kind, one) in enumerate(zip(panels, results.kinds, results.ranges, strict=False)):
            axes.plot(one.edge.real, one.edge.imag, label="parabola, k = f*", **PREDICTED)
            axes.plot(one.plain.real, one.plain.imag, color="#777777", linestyle="--", label="W")
            axes.plot(one.scaled.real, one.scaled.imag, color="#1f4e79", label="D W / D")
            low = 1.15 * min(one.plain.real.min(), one.scaled.real.min())
            axes.set(title=kind, xlabel="Re", xlim=(low, None))
            data |= {f"{part}_{number}": getattr(one, part) for part in ("plain", "scaled", "edge")}
        panels[0].set(ylabel="Im")
        panels[0].legend(loc="center")
    caption = (
        "The numerical range of W, before and after the best scaling of the neurons, and the parabola that it touches."
    )
    return plot("numerical_ranges", caption, figure, data)
