"""Numerical ranges beside a parabola that proves contraction."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex

from theory.contraction.conditions.multiplier import searched
from theory.contraction.network import Network, Vector
from theory.contraction.numerical_range import numerical_range, parabola
from validate.output import Plot
from validate.plotting import GUIDE, PREDICTED, new_figure, plot, style


@dataclass(frozen=True)
class Ranges:
    """Numerical ranges of M and of D M D^-1 at the best D = `scaling`, and the parabola |s| + Re s = 2 k."""

    plain: Complex[np.ndarray, " points"]
    scaled: Complex[np.ndarray, " points"]
    edge: Complex[np.ndarray, " points"]
    scaling: Vector
    k: float


def ranges_of(network: Network, k: float) -> Ranges:
    """The ranges as they are and with every neuron measured in its best unit, and the parabola of this k."""
    scaling = searched(network).scaling
    plain = numerical_range(network.gained)
    scaled = numerical_range(scaling[:, None] * network.gained / scaling)
    reach = 1.2 * max(np.abs(plain.imag).max(), np.abs(scaled.imag).max(), k)
    return Ranges(plain, scaled, parabola(k, reach), scaling, k)


def range_plot(name: str, found: Ranges) -> Plot:
    """The range of M as it is and with every neuron measured in its best unit, and the parabola of k = 1 - rate."""
    plain, scaled, edge, k = found.plain, found.scaled, found.edge, found.k
    with style():
        figure, axes = new_figure(5.2, 4.4)
        axes.plot(edge.real, edge.imag, label=f"|s| + Re s = {2 * k:.3g}", **PREDICTED)
        axes.plot(plain.real, plain.imag, color="#777777", linestyle="--", label="range of W")
        axes.plot(scaled.real, scaled.imag, color="#1f4e79", label="range of D W / D, best D")
        axes.axhline(0, **GUIDE)
        axes.axvline(0, **GUIDE)
        low = 1.1 * min(plain.real.min(), scaled.real.min(), -k)
        reach = edge.imag.max()
        axes.set(xlabel="Re s", ylabel="Im s", xlim=(low, 1.1 * max(plain.real.max(), k)), ylim=(-reach, reach))
        axes.legend()
    caption = "Contraction is proved where the numerical range, with neurons in units of their own, is in the parabola."
    data = {"range": plain, "scaled_range": scaled, "parabola": edge, "scaling": found.scaling}
    return plot(name, caption, figure, data)
