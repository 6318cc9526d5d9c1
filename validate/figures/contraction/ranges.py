"""Numerical ranges beside the parabola that proves contraction."""

from validate.checks.contraction.ranges import Ranges
from validate.output import Plot
from validate.plotting import GUIDE, PREDICTED, new_figure, plot, style


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
