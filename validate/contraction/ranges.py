"""Numerical ranges beside a parabola, or an ellipse, that proves contraction."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex

from theory.contraction.conditions.multiplier import searched
from theory.contraction.conditions.step_multiplier import searched_at
from theory.contraction.network import LeakyMap, Network, Vector
from theory.contraction.search.numerical_range import ellipse, numerical_range, parabola
from validate.output import Plot
from validate.palette import MEASUREMENT, MUTED
from validate.plotting import GUIDE, PREDICTED, complex_plane, legend_below, new_figure, plot, style
from validate.symbols import typeset


@dataclass(frozen=True)
class Ranges:
    """Numerical ranges of M and of D M D^-1 at the best D = `scaling`, and the conic |s| + t Re s = (1 + t) k."""

    plain: Complex[np.ndarray, " points"]
    scaled: Complex[np.ndarray, " points"]
    edge: Complex[np.ndarray, " points"]
    scaling: Vector
    k: float
    eccentricity: float = 1.0


def ranges_of(network: Network, k: float) -> Ranges:
    """The ranges as they are and with every neuron measured in its best unit, and the parabola of this k."""
    scaling = searched(network).scaling
    plain = numerical_range(network.gained)
    scaled = numerical_range(scaling[:, None] * network.gained / scaling)
    reach = 1.2 * max(np.abs(plain.imag).max(), np.abs(scaled.imag).max(), k)
    return Ranges(plain, scaled, parabola(k, reach), scaling, k)


def ranges_of_map(asked: LeakyMap, rate: float) -> Ranges:
    """The ranges, and the ellipse of this rate: with rho = 1 - rate, k = (rho - 1 + a) / a and t = (1 - a) / rho."""
    keep, factor = float(asked.keep[0]), 1 - rate
    scaling = searched_at(asked, rate).found.scaling
    plain = numerical_range(asked.gained)
    scaled = numerical_range(scaling[:, None] * asked.gained / scaling)
    k = (factor - keep) / (1 - keep)
    return Ranges(plain, scaled, ellipse(k, keep / factor), scaling, k, keep / factor)


def range_plot(name: str, found: Ranges) -> Plot:
    """The range of M as it is and with every neuron measured in its best unit, and the conic."""
    plain, scaled, edge, k = found.plain, found.scaled, found.edge, found.k
    if found.eccentricity == 1:
        kind, label = "parabola", f"|s| + Re s = {2 * k:.3g}"
    else:
        t = found.eccentricity
        kind, label = "ellipse", f"|s| + {t:.2g} Re s = {(1 + t) * k:.3g}" if t else f"|s| = {k:.3g}"
    with style():
        figure, axes = new_figure(5.2, 4.4)
        axes.plot(edge.real, edge.imag, label=label, **PREDICTED)
        axes.plot(plain.real, plain.imag, color=MUTED, linestyle="--", label=f"range of {typeset('W')}")
        axes.plot(scaled.real, scaled.imag, color=MEASUREMENT, label=f"range of {typeset('D W / D')}, best $D$")
        axes.axhline(0, **GUIDE)
        axes.axvline(0, **GUIDE)
        if kind == "ellipse":
            complex_plane(axes)
        else:
            low = 1.1 * min(plain.real.min(), scaled.real.min(), -k)
            reach = edge.imag.max()
            complex_plane(axes)
            axes.set(xlim=(low, 1.1 * max(plain.real.max(), k)), ylim=(-reach, reach))
        legend_below(figure, 2)
    caption = f"Contraction is proved where the numerical range, with neurons in units of their own, is in the {kind}."
    data = {"range": plain, "scaled_range": scaled, kind: edge, "scaling": found.scaling}
    return plot(name, caption, figure, data)
