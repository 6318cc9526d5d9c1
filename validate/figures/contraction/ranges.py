"""Numerical ranges beside the parabola that proves contraction."""

import numpy as np

from theory.contraction.conditions.multiplier import searched
from theory.contraction.network import Network
from theory.contraction.numerical_range import numerical_range, parabola
from validate.output import Plot
from validate.plotting import GUIDE, PREDICTED, new_figure, plot, style


def range_plot(name: str, network: Network, k: float) -> Plot:
    """The range of M as it is and with every neuron measured in its best unit, and the parabola of k = 1 - rate."""
    scaling = searched(network).scaling
    plain = numerical_range(network.gained)
    scaled = numerical_range(scaling[:, None] * network.gained / scaling)
    reach = 1.1 * max(np.abs(plain.imag).max(), np.abs(scaled.imag).max(), k)
    edge = parabola(k, reach)
    with style():
        figure, axes = new_figure(5.2, 4.4)
        axes.plot(edge.real, edge.imag, label=f"|s| + Re s = {2 * k:.3g}", **PREDICTED)
        axes.plot(plain.real, plain.imag, color="#777777", linestyle="--", label="range of W")
        axes.plot(scaled.real, scaled.imag, color="#1f4e79", label="range of D W / D, best D")
        axes.axhline(0, **GUIDE)
        axes.axvline(0, **GUIDE)
        low = 1.1 * min(plain.real.min(), scaled.real.min(), -k)
        axes.set(xlabel="Re s", ylabel="Im s", xlim=(low, 1.1 * max(plain.real.max(), k)), ylim=(-reach, reach))
        axes.legend()
    caption = "Contraction is proved where the numerical range, with neurons in units of their own, is in the parabola."
    return plot(name, caption, figure, {"range": plain, "scaled_range": scaled, "parabola": edge, "scaling": scaling})
