"""Fig. 2A: the loss of the toy model, confident and not."""

import numpy as np

from validate.checks.ghost.settings import Config
from validate.checks.ghost.toy_model import CURVE, LOWERED, ToyResults
from validate.output import Plot
from validate.plotting import GUIDE, MEASURED, PREDICTED, new_figure, plot, style


def figures(config: Config, results: ToyResults) -> tuple[Plot, ...]:
    """Loss against r / r_opt: the confident closed form, the quadrature and the solver at finite confidence."""
    shown = (results.rho >= CURVE[0]) & (results.rho <= CURVE[-1])
    delay = results.delay
    with style():
        figure, axes = new_figure(6.0, 3.8)
        axes.axvspan(CURVE[0], 0.25, color="#eeeeee", zorder=0)
        axes.plot(
            CURVE,
            results.confident / delay,
            color="black",
            linewidth=3.2,
            alpha=0.35,
            label="confident limit (closed form)",
        )
        for fraction, curve, dash in zip(LOWERED, results.curves, ("-", "--", ":"), strict=True):
            name = f"c = {config.confidence * fraction:g}: quadrature"
            axes.plot(CURVE, curve.loss / delay, label=name, **PREDICTED | {"linestyle": dash})
        axes.plot(
            results.rho[shown],
            results.simulated_loss[shown] / delay,
            label=f"c = {config.confidence:g}: solver",
            **MEASURED,
        )
        for place, name, side in ((0.25, "point of no return", "right"), (1.0, "optimum", "left")):
            axes.axvline(place, **GUIDE)
            axes.annotate(f" {name} ", (place, 1.07), ha=side, fontsize=8, color="#555555")
        axes.text(-0.7, 0.5, "no-learning zone", ha="center", color="#555555", fontsize=8)
        axes.set(xlabel="r / r_opt", ylabel="loss / T", ylim=(-0.03, 1.13), xlim=(CURVE[0], CURVE[-1]))
        axes.legend(loc="lower right")
    data = {
        "rho_curve": CURVE,
        "confident_loss": results.confident / delay,
        "finite_confidence_losses": np.stack([curve.loss / delay for curve in results.curves]),
        "rho_points": results.rho,
        "simulated_loss": results.simulated_loss / delay,
        "simulated_gradient": np.asarray(results.simulated_gradient),
    }
    caption = f"Fig. 2A: loss of the toy model at T = {delay:g} and threshold {config.threshold:g}."
    return (plot("fig_2a", caption, figure, data),)
