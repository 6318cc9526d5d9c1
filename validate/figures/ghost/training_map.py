"""Figs. 2B to 2D, the captured fraction, and the diagram of the training map."""

import math

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from validate.checks.ghost.fates import BETWEEN
from validate.checks.ghost.settings import Config
from validate.checks.ghost.training_map import Descents, MapResults
from validate.output import Plot
from validate.plotting import GUIDE, MEASURED, PREDICTED, new_figure, plot, style

WORDS_NAMED = 5  # letters up to which a word is written into the diagram


def figures(config: Config, results: MapResults) -> tuple[Plot, ...]:
    """All figures of the section."""
    return (
        _losses(config, results.descents),
        _parameters(config, results.descents),
        _floor(results),
        _fates(results),
        _diagram(results),
    )


def _losses(config: Config, descents: Descents) -> Plot:
    with style():
        figure = _panels(descents, descents.loss, "loss / T")
        for axes in figure.axes:
            axes.set(ylim=(-0.03, 1.05))
    caption = f"Fig. 2B: loss along gradient descent from rho_0 = 10 at T = {config.delay:g}. Dashed: predicted drop."
    return plot(
        "fig_2b", caption, figure, {"rates": descents.rates, "loss": descents.loss, "plateau": descents.plateau}
    )


def _parameters(config: Config, descents: Descents) -> Plot:
    with style():
        figure = _panels(descents, descents.rho, "r / r_opt")
        for axes in figure.axes:
            axes.axhspan(0.1, 0.25, color="#dddddd", zorder=0)
            axes.axhline(1.0, **GUIDE)
            axes.set(yscale="log", ylim=(0.1, 12))
    caption = (
        f"Fig. 2C: the parameter along the same runs at T = {config.delay:g}. Dotted: optimum; grey: no-learning zone."
    )
    return plot("fig_2c", caption, figure, {"rates": descents.rates, "rho": descents.rho, "map": descents.predicted})


def _panels(descents: Descents, values: Float[np.ndarray, "epochs rates"], label: str) -> Figure:
    """A panel a rate, each to a little beyond the predicted end of its plateau."""
    figure = Figure(figsize=(7.2, 4.2))
    panels = figure.subplots(2, 2, sharey=True)
    for k, axes in enumerate(panels.flat):
        shown = math.ceil(1.25 * descents.plateau[k])
        axes.plot(values[:shown, k], color=MEASURED["color"], linewidth=0.9, label="gradient descent")
        axes.axvline(descents.plateau[k], label="predicted end of the plateau", **PREDICTED | {"linestyle": "--"})
        axes.set_title(f"{descents.rates[k]:g} of the critical rate")
    for axes in panels[1]:
        axes.set_xlabel("epoch")
    for axes in panels[:, 0]:
        axes.set_ylabel(label)
    panels[0, 0].legend(loc="lower left")
    return figure


def _floor(results: MapResults) -> Plot:
    floors = results.floors
    expected = np.array([np.nan if floor.value is None else floor.value for floor in floors.predicted])
    learning = np.where(floors.measured < 0.999, floors.measured, np.nan)
    stuck = floors.measured >= 0.999
    with style():
        figure, axes = new_figure(5.6, 3.8)
        axes.plot(floors.rates, expected, label="predicted, no fitted parameter", **PREDICTED)
        for each in range(floors.measured.shape[1]):
            label = f"trained from rho_0 ~ N(10, 0.1), {floors.measured.shape[1]} a rate" if each == 0 else None
            axes.plot(floors.rates, learning[:, each], label=label, **MEASURED)
        rows, columns = np.nonzero(stuck)
        if len(rows):
            axes.plot(
                floors.rates[rows], floors.measured[rows, columns], "x", color="#777777", markersize=5, label="captured"
            )
        axes.axvline(1.0, **GUIDE)
        axes.axvline(results.failure, **GUIDE | {"linestyle": "--"})
        axes.annotate("critical", (1.0, 0.006), rotation=90, ha="right", fontsize=8, color="#555555")
        axes.annotate("a_fail", (results.failure, 0.006), rotation=90, ha="left", fontsize=8, color="#555555")
        axes.set(
            xlabel="learning rate / critical rate", ylabel="mean loss after training / T", xscale="log", yscale="log"
        )
        axes.legend(loc="upper left")
    caption = (
        "Fig. 2D: the error floor against the learning rate. Beyond a_fail almost every start is captured (loss T)."
    )
    data = {"rates": floors.rates, "measured": floors.measured, "predicted": expected}
    return plot("fig_2d", caption, figure, data)


def _fates(results: MapResults) -> Plot:
    fates = results.fates
    value = np.array([each.value for each in fates.predicted])
    bound = np.array([each.error_bound for each in fates.predicted])
    inside = (fates.rates > 0.99) & (fates.rates < 1.04)
    with style():
        figure, axes = new_figure(5.2, 3.4)
        line = {"color": PREDICTED["color"], "marker": "s", "markersize": 4, "linewidth": 1.0, "capsize": 3}
        axes.errorbar(fates.rates[inside], value[inside], bound[inside], label="map, stratified starts", **line)
        axes.plot(fates.rates[inside], fates.measured[inside], label="gradient descent on the loss", **MEASURED)
        axes.axvline(results.failure, **GUIDE | {"linestyle": "--"})
        axes.annotate("a_fail", (results.failure, 0.4), rotation=90, ha="left", fontsize=8, color="#555555")
        axes.set(xlabel="learning rate / critical rate", ylabel="fraction of starts captured", xlim=(0.995, 1.035))
        axes.legend(loc="upper left")
    caption = f"Starts rho_0 ~ N(10, 0.1) that end stuck, between the critical rate and a_fail (rates {BETWEEN})."
    data = {"rates": fates.rates, "measured": fates.measured, "predicted": value, "bound": bound}
    return plot("captured_fraction", caption, figure, data)


def _diagram(results: MapResults) -> Plot:
    rates = np.repeat(results.diagram_rates, results.diagram.shape[1])
    with style():
        figure, axes = new_figure(7.2, 4.4)
        axes.plot(rates, results.diagram.ravel(), label="attractor, iterated from eight starts", **MEASURED)
        for index, cycle in enumerate(results.catalogue.cycles):
            limits = cycle.limits()
            low, high = float(limits.lower), float(limits.upper)
            grid = np.linspace(max(low, 0.3), high, 60)
            for number, point in enumerate(cycle.points):
                label = "cycles, predicted" if index == number == 0 else None
                axes.plot(
                    grid, grid**0.4 * float(point), color=PREDICTED["color"], linewidth=1.0, zorder=4, label=label
                )
            height = 1.93 + 0.06 * (index % 3)
            label = "their intervals of existence" if index == 0 else None
            axes.plot([max(low, 0.3), high], [height, height], color="#c77f0a", linewidth=2.5, label=label)
            if len(cycle.word) <= WORDS_NAMED:
                axes.annotate(cycle.word, ((max(low, 0.3) + high) / 2, height + 0.015), ha="center", fontsize=7)
        axes.axhline(0.25, **GUIDE)
        axes.axvline(results.failure, **GUIDE | {"linestyle": "--"})
        axes.annotate("point of no return", (0.31, 0.27), fontsize=8, color="#555555")
        axes.annotate("a_fail", (results.failure, 1.4), rotation=90, ha="left", fontsize=8, color="#555555")
        axes.set(
            xlabel="learning rate / critical rate",
            ylabel="r / r_opt on the attractor",
            xlim=(0.3, 1.06),
            ylim=(0.2, 2.2),
        )
        axes.legend(loc="lower right", bbox_to_anchor=(0.95, 0.08))
    words = np.array([cycle.word for cycle in results.catalogue.cycles])
    intervals = np.array([[float(c.limits().lower), float(c.limits().upper)] for c in results.catalogue.cycles])
    data = {"rates": results.diagram_rates, "attractor": results.diagram, "words": words, "intervals": intervals}
    caption = "The training map: attractor against rate, with every attracting cycle found by the certified search."
    return plot("training_map", caption, figure, data)
