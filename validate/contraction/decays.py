"""Distances that fall, beside the rate that is certified: how a panel of them is drawn."""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from validate.palette import MEASUREMENT, SERIES
from validate.plotting import PREDICTED

HEARD = 1e-4
"""Relative distances below are left out: there the solver's own error is heard."""


def slowest_decay(times: Float[np.ndarray, " times"], distance: Float[np.ndarray, "runs times"]) -> float:
    """The least rate of decay of any pair between two times, per unit of time."""
    later, earlier = distance[:, 1:], distance[:, :-1]
    with np.errstate(divide="ignore"):
        rates = np.log(earlier / later) / np.diff(times)
    return float(np.where(later > HEARD, rates, np.inf).min())


def draw_decays(
    axes: Axes, times: Float[np.ndarray, " times"], distance: Float[np.ndarray, "runs times"], rate: float
) -> None:
    """Every pair's relative distance, the certified envelope, the slowest decay measured; both rates are the title."""
    slowest = slowest_decay(times, distance)
    axes.semilogy(times, distance.T, color=MEASUREMENT, linewidth=0.5, alpha=0.5)
    axes.semilogy([], [], color=MEASUREMENT, linewidth=0.8, label="pairs of trajectories")
    axes.semilogy(times, np.exp(-rate * times), label="certified: no pair is slower", **PREDICTED)
    dashed = {"color": SERIES[1], "linestyle": "--", "linewidth": 1.4}
    axes.semilogy(times, np.exp(-slowest * times), label="slowest rate of any pair and interval", **dashed)
    low = max(HEARD, float(distance.min()) / 2)
    axes.set(title=f"{rate:.3f}, slowest {slowest:.3f}", ylim=(low, 2))
