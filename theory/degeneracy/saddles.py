"""Networks that start on a saddle: when they leave, and which way, is drawn at random at any width.

Where rows of different blocks are independent (S is diagonal), training goes at first to a saddle, where the recurrence
is of no use: with p = zu vm the loss is stationary in both. Channel i of the task and direction r of the recurrence
have one unstable direction, of amplitude A_ir, linear in zu_ir and vm_ri. From step to step it grows by the factor
lambda, the largest eigenvalue of the step at the saddle (`growth`). Over networks the N^1/2 A_ir tend to independent
normal numbers of standard deviation s (`ChannelEscape.deviation`): the random start, carried to the unstable block.

**One channel.** A network leaves when lambda^t s |g| N^-1/2 = 1: every e-fold of N takes 1 / (2 ln lambda) epochs more
(`epochs_per_efold`), and the spread of the time is that of ln |g|, pi / (2 sqrt 2 ln lambda), the same at any width
(`spread_of_time`). Its path is the unstable manifold; what is left of the start is a sign, and N^-1/2.

**Channels of equal growth.** O(R) turns A from the right, and where the channels are alike the task's own O(C) turns it
from the left. So let A = P diag(a) Q^T: in the bases P and Q the channels are not coupled, each a path of one channel,
later by ln(a_1 / a_k) / ln lambda. Neither delay nor P depends on N: for two of two the share of networks with a_2 /
a_1 below x is 2 x / (1 + x^2) (`ratio_of_amplitudes`), and P is a turn by any angle. Invariants of O(R) alone
(zm, mm, zz) see both, invariants of both groups (traces, determinants) the delay.

**Channels of unequal growth.** Far from the threshold of the first, all others have yet to leave; it uses up the
direction of its row of A, along which the next is held (it would be read from the wrong output). That one leaves along
what is orthogonal: amplitudes are the diagonal of R in A^T = Q R. The delay grows as ln N times the difference of
epochs an e-fold, and what the first has yet to learn when the last does falls as a power of N.

Derived here; tests/theory/degeneracy/test_saddles.py holds the laws to draws, tests/simulate/degeneracy to networks.

>>> round(epochs_per_efold(1.05), 3), round(spread_of_time(1.05), 3)
(10.248, 22.765)
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

Sizes = Float[np.ndarray, "networks channels"]
Turns = Float[np.ndarray, "networks channels channels"]


class NoEscape(ValueError):
    """Nothing grows here, or not for so long that the loss is reached."""


class PathRises(ValueError):
    """The loss of a channel that leaves rises on its way, so that a threshold may be passed more than once."""


def growth(step: ArrayLike) -> float:
    """The factor an epoch of what grows fastest: the largest real part of an eigenvalue, real on a saddle, of a step.

    Raises:
        NoEscape: if that is not above 1.

    >>> round(growth([[1.0, 0.1], [0.1, 1.0]]), 6)
    1.1
    """
    largest = float(np.linalg.eigvals(np.asarray(step, dtype=np.float64)).real.max())
    if not largest > 1 + 1e-9:
        raise NoEscape(f"the largest eigenvalue of the step is {largest:.6g}: give a saddle, where one is above 1")
    return largest


def epochs_per_efold(factor: float) -> float:
    """1 / (2 ln lambda): by how many epochs networks of e times the neurons leave later.

    >>> round(epochs_per_efold(1.1), 4)
    5.246
    """
    return 1 / (2 * math.log(factor))


def spread_of_time(factor: float) -> float:
    """Of the epoch at which networks of one channel leave, at any width: ln |g| has the variance pi^2 / 8.

    >>> round(spread_of_time(1.1), 4)
    11.6537
    """
    return math.pi / (2 * math.sqrt(2) * math.log(factor))


def ratio_of_amplitudes(share: ArrayLike) -> Float[np.ndarray, "..."]:
    """a_2 / a_1 of two channels of equal growth and rank two, below which this share of networks lies.

    Singular values of 2 x 2 normal numbers have the density (a_1^2 - a_2^2) exp(-(a_1^2 + a_2^2) / 2): of the ratio x
    that is 2 (1 - x^2) / (1 + x^2)^2, of integral 2 x / (1 + x^2).

    >>> ratio_of_amplitudes([0.0, 0.8, 1.0])
    array([0. , 0.5, 1. ])
    """
    return np.tan(np.arcsin(np.asarray(share, dtype=np.float64)) / 2)


@dataclass(frozen=True, eq=False)
class Leaving:
    """Amplitudes of networks, over s N^-1/2, and the turns P of the task's channels in which they leave one by one.

    >>> leaving = leaving_together(channels=2, rank=2, networks=3, seed=0)
    >>> leaving.sizes.shape, leaving.turns.shape
    ((3, 2), (3, 2, 2))
    """

    sizes: Sizes
    turns: Turns

    def overlaps(self, modes: Float[np.ndarray, "networks channels"]) -> Turns:
        """P diag(modes) P^T: zm, mm or zz between the task's channels, given those of the channels that leave.

        >>> leaving_in_turn(channels=2, rank=2, networks=1, seed=0).overlaps(np.array([[2.0, 3.0]]))[0].tolist()
        [[2.0, 0.0], [0.0, 3.0]]
        """
        return np.einsum("nik,nk,njk->nij", self.turns, modes, self.turns)


def leaving_together(*, channels: int, rank: int, networks: int, seed: int) -> Leaving:
    """Draws for channels of equal growth: singular values of A, and their basis.

    Raises:
        NoEscape: if the rank is below the number of channels.

    >>> sizes = leaving_together(channels=2, rank=2, networks=4000, seed=1).sizes
    >>> bool(abs((sizes[:, 1] / sizes[:, 0] < 0.5).mean() - 0.8) < 0.03)
    True
    """
    turns, sizes, _ = np.linalg.svd(_drawn(channels, rank, networks, seed), full_matrices=False)
    return Leaving(sizes, turns)


def leaving_in_turn(*, channels: int, rank: int, networks: int, seed: int) -> Leaving:
    """Draws for channels far apart in growth, the fastest first: of each, what is orthogonal to those before.

    Raises:
        NoEscape: if the rank is below the number of channels.

    >>> sizes = leaving_in_turn(channels=2, rank=2, networks=4000, seed=1).sizes
    >>> bool((abs((sizes**2).mean(axis=0) - [2, 1]) < 0.15).all())
    True
    """
    drawn = _drawn(channels, rank, networks, seed)
    triangular = np.linalg.qr(drawn.transpose(0, 2, 1)).R
    sizes = np.abs(np.diagonal(triangular, axis1=1, axis2=2))
    return Leaving(sizes, np.broadcast_to(np.eye(channels), (networks, channels, channels)))


@dataclass(frozen=True, eq=False)
class ChannelEscape:
    """How one channel leaves: the path of a network that is off the saddle by a small amplitude.

    Arguments:
        factor: by which the amplitude grows an epoch.
        deviation: N^1/2 times the standard deviation of the amplitude over networks, that of the path being 1.
        gained: the loss at each epoch of the path, less that at the saddle; it falls.
        overlaps: those of the channel's own m, u, v and z, at each epoch.

    Raises:
        PathRises: if the loss does not fall.

    >>> path = -np.exp(0.1 * np.arange(100.0) - 9)
    >>> ChannelEscape(np.exp(0.1), 1e4, path, np.zeros((100, 4, 4))).later(np.array([1.0]), neurons=10**8)
    array([-0.])
    """

    factor: float
    deviation: float
    gained: Float[np.ndarray, " epochs"]
    overlaps: Float[np.ndarray, "epochs 4 4"]

    def __post_init__(self) -> None:
        """Refuse a loss that rises by more than rounding."""
        lowest = np.minimum.accumulate(self.gained)
        rises = np.flatnonzero(~(self.gained - lowest <= 1e-9 * np.ptp(self.gained)))
        if rises.size:
            raise PathRises(
                f"the loss of the path is higher at epoch {rises[0]} than before: give a lower learning rate, or a "
                "path that ends earlier"
            )

    def later(self, sizes: Float[np.ndarray, " networks"], neurons: int) -> Float[np.ndarray, " networks"]:
        """By how many epochs networks leave later than the path."""
        return -np.log(self.deviation * sizes / math.sqrt(neurons)) / math.log(self.factor)


@dataclass(frozen=True, eq=False)
class Stopped:
    """Networks at the first whole epoch at which the loss is at or below a threshold.

    >>> Stopped(np.array([30]), np.zeros((1, 2, 4, 4))).modes("z", "m")
    array([[0., 0.]])
    """

    epochs: Int[np.ndarray, " networks"]
    overlaps: Float[np.ndarray, "networks channels 4 4"]

    def modes(self, one: str, other: str) -> Sizes:
        """An overlap of every channel that left."""
        return self.overlaps[:, :, "muvz".index(one), "muvz".index(other)]


def stopped(
    escapes: Sequence[ChannelEscape], leaving: Leaving, *, saddle_loss: float, threshold: float, neurons: int
) -> Stopped:
    """Where networks stop whose channels leave one by one, each on its path: to leading order in N^-1/2.

    Raises:
        NoEscape: if paths end before the loss is reached.

    >>> falling = -1 / (1 + np.exp(-0.2 * (np.arange(300.0) - 100)))
    >>> one = ChannelEscape(np.exp(0.2), 1e6, falling, np.zeros((300, 4, 4)))
    >>> leaving = leaving_in_turn(channels=1, rank=1, networks=1000, seed=0)
    >>> epochs = [stopped([one], leaving, saddle_loss=1.0, threshold=0.5, neurons=n).epochs for n in (100, 10_000)]
    >>> bool(abs((epochs[1] - epochs[0]).mean() - np.log(100) * epochs_per_efold(one.factor)) < 0.1)
    True
    """
    later = np.stack([each.later(a, neurons) for each, a in zip(escapes, leaving.sizes.T, strict=True)], axis=1)

    def loss(epochs: Float[np.ndarray, " networks"]) -> Float[np.ndarray, " networks"]:
        return saddle_loss + sum(
            np.interp(epochs - delay, np.arange(len(each.gained)), each.gained)
            for each, delay in zip(escapes, later.T, strict=True)
        )

    low = np.full(len(later), min(0.0, np.floor(later.min())))
    high = np.ceil(later.max(axis=1)) + max(len(each.gained) for each in escapes)
    if (loss(low) <= threshold).any() or (loss(high) > threshold).any():
        raise NoEscape(f"the loss does not fall through {threshold:.6g} on these paths: make them longer")
    while (high - low).max() > 1:  # whole numbers, the loss above the threshold at the lower one
        middle = np.floor((low + high) / 2)
        above = loss(middle) > threshold
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    ends = [_at(each.overlaps, high - delay) for each, delay in zip(escapes, later.T, strict=True)]
    return Stopped(high.astype(int), np.stack(ends, axis=1))


def _at(
    path: Float[np.ndarray, "epochs 4 4"], times: Float[np.ndarray, " networks"]
) -> Float[np.ndarray, "networks 4 4"]:
    """Between epochs on a straight line; at its ends where it ends."""
    times = np.clip(times, 0, len(path) - 1)
    first = np.minimum(times.astype(int), len(path) - 2)
    share = (times - first)[:, None, None]
    return np.asarray((1 - share) * path[first] + share * path[first + 1])


def _drawn(channels: int, rank: int, networks: int, seed: int) -> Float[np.ndarray, "networks channels rank"]:
    """A over s N^-1/2."""
    if rank < channels:
        raise NoEscape(f"rank {rank} for {channels} channels: some never leave; give a rank of at least {channels}")
    return np.random.default_rng(seed).standard_normal((networks, channels, rank))
