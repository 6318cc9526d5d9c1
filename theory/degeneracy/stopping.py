"""Networks that stop at a loss: the epoch differs from network to network, and is a whole number.

To leading order in N^-1/2 a network with xi = sum_i e_i X_i has at epoch t the loss l(t) + N^-1/2 e . b and the
quantity q(t) + N^-1/2 e . a, with slopes b and a of fixed epochs. It reaches the loss c at

    t = T + N^-1/2 e . tau,    l(T) = c,    tau = -b / l',

and stopped there the quantity answers to X_i by a_i + q' tau_i. But it stops at the next whole epoch, n(t) = ceil(t).
All being normal, with s^2 = |tau|^2 / N and g = a . tau / N the variance of q' (n(t) - T) + N^-1/2 e . a is exactly

    q'^2 var n + 2 g q' rho + |a|^2 / N,    rho = sum_k p(k),

p the normal density of t at the whole numbers k (Stein's lemma: cov(n, t) = s^2 rho). Where s is above one epoch,
var n = s^2 + 1/12 and rho = 1 but for exp(-2 pi^2 s^2): whole epochs add q'^2 / 12. Where s is far below one, almost
all networks stop at the same epoch: rho = var n = 0, and the spread is that at this fixed epoch. So what whole epochs
add does not fall with N at first, and is gone once N^1/2 is large against |tau|.

Derived here; tests/theory/degeneracy/test_stopping.py compares it with draws.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory.degeneracy.fluctuations import Dispersion

ENOUGH = 3.0
"""Epochs of spread from which the sums over whole numbers are their integrals, to rounding."""


class NotCrossed(ValueError):
    """The loss is not above the threshold before, and not at or below it after."""


@dataclass(frozen=True, eq=False)
class LossCrossing:
    """The loss crosses `threshold` between two epochs: its dispersion at epoch - 1 and at `epoch`, linear between them.

    A quantity is given by its dispersion at the same two epochs.

    Raises:
        NotCrossed: if it does not.

    >>> import numpy as np
    >>> above, below = (Dispersion(np.array(value), np.array([0.5])) for value in (1.0, 0.9))
    >>> crossing = LossCrossing(above, below, threshold=0.95, epoch=7)
    >>> round(crossing.time, 6), crossing.delays.round(6)
    (6.5, array([5.]))
    """

    before: Dispersion
    after: Dispersion
    threshold: float
    epoch: int

    def __post_init__(self) -> None:
        """Refuse a loss that does not cross the threshold there."""
        if not float(self.before.value) > self.threshold >= float(self.after.value):
            raise NotCrossed(
                f"losses {float(self.before.value):.6g} and {float(self.after.value):.6g} at epochs {self.epoch - 1} "
                f"and {self.epoch} do not enclose {self.threshold:.6g}: give the first epoch at or below it"
            )

    @property
    def fraction(self) -> float:
        """How far between the two epochs the crossing is, above 0 and up to 1."""
        above, below = float(self.before.value), float(self.after.value)
        return (above - self.threshold) / (above - below)

    @property
    def time(self) -> float:
        """T, in epochs."""
        return self.epoch - 1 + self.fraction

    @property
    def delays(self) -> Float[np.ndarray, " directions"]:
        """tau: by how many epochs, times N^1/2, each direction delays the crossing."""
        fall = float(self.before.value) - float(self.after.value)
        return self._between(self.before, self.after).slopes / fall

    def spread_of_time(self, neurons: int) -> float:
        """s, the standard deviation of the time of the crossing, in epochs."""
        return float(np.linalg.norm(self.delays) / np.sqrt(neurons))

    def stopped(self, before: Dispersion, after: Dispersion) -> Dispersion:
        """The quantity where training ends at the crossing itself, between epochs if need be."""
        there = self._between(before, after)
        rate = after.value - before.value
        return Dispersion(there.value, there.slopes + np.multiply.outer(self.delays, rate))

    def spread(self, before: Dispersion, after: Dispersion, neurons: int) -> Float[np.ndarray, "*shape"]:
        """The standard deviation of a quantity where training ends at the next whole epoch."""
        slopes, rate = self._between(before, after).slopes, after.value - before.value
        variance, pulse = self._whole_epochs(neurons)
        shared = np.tensordot(self.delays, slopes, axes=1) / neurons
        own = (slopes**2).sum(axis=0) / neurons
        return np.asarray(np.sqrt(rate**2 * variance + 2 * shared * rate * pulse + own))

    def spread_of_epochs(self, neurons: int) -> float:
        """The standard deviation of the number of epochs, a whole number."""
        return float(np.sqrt(self._whole_epochs(neurons)[0]))

    def _between(self, before: Dispersion, after: Dispersion) -> Dispersion:
        f = self.fraction
        return Dispersion(
            np.asarray((1 - f) * before.value + f * after.value), (1 - f) * before.slopes + f * after.slopes
        )

    def _whole_epochs(self, neurons: int) -> tuple[float, float]:
        """The variance of ceil(t), and the density of t at whole numbers, summed."""
        from scipy.stats import norm

        s = self.spread_of_time(neurons)
        if s > ENOUGH:
            return s**2 + 1 / 12, 1.0
        if s == 0:
            return 0.0, 0.0
        whole = np.arange(-40, 41)  # epochs after `epoch`: more than ten standard deviations either way
        at = (whole + 1 - self.fraction) / s
        share = np.diff(norm.cdf(at), prepend=0.0)
        mean = (share * whole).sum()
        return float((share * (whole - mean) ** 2).sum()), float(norm.pdf(at).sum() / s)
