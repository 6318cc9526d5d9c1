"""Networks that stop at a loss: the epoch differs from network to network, and is a whole number.

To leading order in N^-1/2 a network with xi = sum_i e_i X_i has at epoch t the loss l(t) + N^-1/2 e . b and the
quantity q(t) + N^-1/2 e . a, with slopes b and a of fixed epochs. It reaches the loss c at

    t = T + N^-1/2 e . tau,    l(T) = c,    tau = -b / l',

and stopped there the quantity would answer to X_i by a_i + q' tau_i (`LossCrossing`). But it stops at the first whole
epoch k at which the loss is seen at or below c, k - 1 < t <= k. While the loss falls, that is in the half space
A_k = {e . b_k <= z_k |b_k|}, z_k = N^1/2 (c - l_k) / |b_k|, and not in A_{k-1}; with b^ = b / |b|

    <1; A> = Phi(z),    <e . a; A> = -(a . b^) phi(z),    <(e . a)^2; A> = |a|^2 Phi(z) - (a . b^)^2 z phi(z),

sums over k of which are the mean and the variance of what is measured at the stop (`WholeEpochs`). That needs A_k to
hold A_{k-1}, z_k not to fall: where it does, networks go above the threshold again, and the difference is no share of
networks (`NotFalling`). Where the spread s
of t is above one epoch and the quantity changes by q' in each, whole epochs add q'^2 / 12. Where s is far below one,
almost all networks stop at one epoch, and the spread is that at this fixed epoch. So what whole epochs add does not
fall with N at first, and is gone once N^1/2 is large against |tau|.

Derived here; tests/theory/degeneracy/test_stopping.py compares it with draws.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.stats import norm

from theory.degeneracy.fluctuations import Dispersion

NEGLIGIBLE = 1e-6
"""A share of networks that is none."""


class NotCrossed(ValueError):
    """The loss is not above the threshold before, and not at or below it after."""


class NotFalling(ValueError):
    """Networks that were at or below the threshold are above it again: who stopped first cannot be told from shares."""


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

    def _between(self, before: Dispersion, after: Dispersion) -> Dispersion:
        f = self.fraction
        return Dispersion(
            np.asarray((1 - f) * before.value + f * after.value), (1 - f) * before.slopes + f * after.slopes
        )


@dataclass(frozen=True, eq=False)
class WholeEpochs:
    """Networks stop at the first epoch at which their loss is at or below `threshold`, from `first` on.

    `loss` is its dispersion at the epochs first, first + 1, ...: all at which networks stop but for a negligible share,
    who are counted with the last. A quantity is given by its dispersion at the same epochs.

    >>> import numpy as np
    >>> epochs = np.arange(40.0)
    >>> loss = Dispersion(3 - 0.1 * epochs, np.full((1, 40), 0.5))  # direction 1 delays by 5 epochs, over N^1/2
    >>> found = WholeEpochs(loss, threshold=1.05, first=0)
    >>> round(found.mean_epoch(neurons=4), 6), round(found.spread_of_epoch(neurons=4) ** 2 - 2.5**2, 6)  # 1 / 12
    (20.0, 0.083333)

    Of each method:

    Raises:
        NotFalling: if the share of networks at or below the threshold falls from an epoch to a later one.
    """

    loss: Dispersion
    threshold: float
    first: int

    def mean(self, quantity: Dispersion, neurons: int) -> Float[np.ndarray, "..."]:
        """The mean over networks, at the stop."""
        return self._moments(quantity, neurons)[0]

    def spread(self, quantity: Dispersion, neurons: int) -> Float[np.ndarray, "..."]:
        """The standard deviation over networks, at the stop."""
        return np.asarray(np.sqrt(np.maximum(self._moments(quantity, neurons)[1], 0.0)))

    def mean_epoch(self, neurons: int) -> float:
        """Of the epoch at which networks stop."""
        return float(self.mean(self._epoch, neurons))

    def spread_of_epoch(self, neurons: int) -> float:
        """The standard deviation of the epoch at which networks stop."""
        return float(self.spread(self._epoch, neurons))

    @property
    def _epoch(self) -> Dispersion:
        """The epoch as a quantity, the same for all networks at each epoch."""
        return Dispersion(self.first + np.arange(len(self.loss.value), dtype=float), np.zeros_like(self.loss.slopes))

    def _moments(self, quantity: Dispersion, neurons: int) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
        """The mean and the variance; sums over epochs of what lies in A_k and not in A_{k-1}."""
        size = np.linalg.norm(self.loss.slopes, axis=0)
        z = np.sqrt(neurons) * (self.threshold - self.loss.value) / size
        z[-1] = np.inf  # the rest stops at the last
        unit, z = self.loss.slopes / size, np.concatenate([[-np.inf], z])
        unit = np.concatenate([unit[:, :1], unit], axis=1)
        share, height = norm.cdf(z), norm.pdf(z)
        self._require_rising(share[1:])
        bent = np.where(np.isfinite(z), z, 0.0) * height
        values = quantity.value.reshape(len(z) - 1, -1)
        slopes = quantity.slopes.reshape(len(unit), len(z) - 1, -1) / np.sqrt(neurons)
        ends = [
            np.einsum("ik,ikq->kq", each, slopes) for each in (unit[:, :-1], unit[:, 1:])
        ]  # a_k . b^ of A_{k-1}, A_k
        inside = np.diff(share)[:, None]
        first = ends[0] * height[:-1, None] - ends[1] * height[1:, None]
        square = (slopes**2).sum(axis=0) * inside + ends[0] ** 2 * bent[:-1, None] - ends[1] ** 2 * bent[1:, None]
        centre = (values * inside).sum(axis=0)
        off = values - centre
        shift = first.sum(axis=0)
        variance = (off**2 * inside + 2 * off * first + square).sum(axis=0) - shift**2
        shape = quantity.value.shape[1:]
        return (centre + shift).reshape(shape), variance.reshape(shape)

    def _require_rising(self, shares: Float[np.ndarray, " epochs"]) -> None:
        """Shares of networks at or below the threshold."""
        lost = np.maximum.accumulate(shares) - shares
        if not lost.max() <= NEGLIGIBLE:
            epoch = self.first + int(lost.argmax())
            raise NotFalling(
                f"at epoch {epoch} a share of {lost.max():.2g} of the networks is above the loss "
                f"{self.threshold:g} again: give a loss that is passed while it falls, or a lower learning rate"
            )


@dataclass(frozen=True, eq=False)
class SmoothCrossing:
    """The loss crosses `threshold` near the middle of three epochs, its spread in time many epochs wide.

    Loss and quantities are given by their dispersion at the three epochs, as the leading axis of values, with parabolas
    between: where l falls much in an epoch's spread, secants would not let a + q' tau cancel as it does.

    Raises:
        NotCrossed: if the parabola does not fall to the threshold within an epoch of the middle.

    >>> epochs = np.arange(3.0)
    >>> crossing = SmoothCrossing(Dispersion(2 - 0.1 * epochs, np.full((1, 3), 0.5)), threshold=1.85)
    >>> round(crossing.offset, 6), crossing.delays.round(6)
    (0.5, array([5.]))
    """

    loss: Dispersion
    threshold: float

    def __post_init__(self) -> None:
        """Refuse a loss that does not cross the threshold there."""
        before, middle, after = self.loss.value
        steep, bent = (before - after) / 2, (before + after) / 2 - middle
        inside = steep**2 - 4 * bent * (middle - self.threshold)
        if not (steep > 0 and inside >= 0 and abs(self.offset) <= 1):
            raise NotCrossed(
                f"losses {before:.6g}, {middle:.6g} and {after:.6g} of three epochs do not fall to {self.threshold:.6g}"
            )

    @property
    def offset(self) -> float:
        """Epochs from the middle to the crossing."""
        before, middle, after = (float(each) for each in self.loss.value)
        steep, bent = (before - after) / 2, (before + after) / 2 - middle
        inside = max(steep**2 - 4 * bent * (middle - self.threshold), 0.0)
        return 2 * (middle - self.threshold) / (steep + float(np.sqrt(inside)))

    @property
    def delays(self) -> Float[np.ndarray, " directions"]:
        """tau, as of `LossCrossing`."""
        return -self._there(self.loss).slopes / float(self._rate(self.loss))

    def spread_of_time(self, neurons: int) -> float:
        """The standard deviation of the time of the crossing, in epochs."""
        return float(np.linalg.norm(self.delays) / np.sqrt(neurons))

    def stopped(self, quantity: Dispersion) -> Dispersion:
        """Where training ends at the crossing itself, between epochs if need be."""
        there = self._there(quantity)
        return Dispersion(there.value, there.slopes + np.multiply.outer(self.delays, self._rate(quantity)))

    def spread(self, quantity: Dispersion, neurons: int) -> Float[np.ndarray, "..."]:
        """The standard deviation over networks that stop at a whole epoch, of a time that spreads over several."""
        return np.asarray(np.sqrt(self.stopped(quantity).spread(neurons) ** 2 + self._rate(quantity) ** 2 / 12))

    def _there(self, quantity: Dispersion) -> Dispersion:
        x = self.offset
        weights = np.array([x * (x - 1) / 2, 1 - x**2, x * (x + 1) / 2])
        value, slopes = np.tensordot(weights, quantity.value, 1), np.tensordot(weights, quantity.slopes, (0, 1))
        return Dispersion(np.asarray(value), np.asarray(slopes))

    def _rate(self, quantity: Dispersion) -> Float[np.ndarray, "..."]:
        x = self.offset
        return np.asarray(np.tensordot(np.array([x - 0.5, -2 * x, x + 0.5]), quantity.value, 1))
