"""Which way a factor moves the degeneracy of low-rank networks, where that is in closed form, and where it turns.

Arrows are those of Table 1 of Huang et al. (NeurIPS 2025), of linear networks with normal rows that stop at a loss.

**Width.** A squared spread is c^2 / N, and h^2 / 12 more if the quantity changes by h in an epoch (`stopping`). The
squared distance of weights of rank one is a / N for the difference of their overlaps and g (log N)^2 / 2 N for the
matching (`matching_law`, g = w n). Both exponents d ln / d ln N are negative: the first tends to 0 on the plateau and
never turns; the second is positive only where L^2 g / 2 + a < g L, L = log N: nowhere if 2 a > g, and otherwise for
1 - q < L < 1 + q, q^2 = 1 - 2 a / g, which is below N = e^2.

**Richness.** Outputs y / gamma at the rate gamma^2 eta (of gradient descent: outputs then move at a rate that does not
depend on gamma) and the squared error of targets t: the loss is gamma^-2 times that of outputs y and targets gamma t,
and a step is the same as of the latter at the rate eta. So a richer network is one that is asked for larger outputs.

**Equal channels.** C filters, input k to output k, whose rows lean on one another within a channel alone. Outputs that
are to be silent enter the loss by squares of overlaps that are zero on average. So to leading order the loss is the
mean of C independent ones, each that of a single channel at the rate eta / C, also where all stop at one loss: its
spread is C^-1/2 times that of one channel.

Next to that come delays. One channel that stops at a loss has no delay left, but channels that stop together have
delays of their own, whose mean alone is taken out. Equal channels may be turned, inputs and outputs together, and
overlaps at the start are spread alike whichever way; so delays are a symmetric random matrix with normal entries, of
variance s^2 on the diagonal and s^2 / 2 beside it, s the spread of the time of one channel. Turned to its eigenvectors,
channels are each on the path of one channel, behind by an eigenvalue:

    mean of l(t - tau_k) = c    gives t,    mean of u(t - tau_k)    is the loss on other trials.

Of small s its spread is |f''| s_l^2 ((C (C + 1) / 2 - 1) / 2)^1/2 / C, u = f(l) along the path, s_l^2 the variance of l
of one channel at a fixed epoch, which falls as 1 / N; but s is many epochs up to large N, so the path itself is
taken (`delayed_channels`). Spreads across the path (C^-1/2 of one channel's at the loss), along it and of whole epochs
add as squares, as far as what is quadratic across the path is left out, and matrices that turn inputs against outputs.

Derived here; tests/theory/degeneracy/test_arrows.py proves width and richness,
tests/validate/degeneracy/test_predicted_table.py the channels' leading order by the derivative of the map of two, and
the delays' by its second derivative.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from theory.degeneracy.matching_law import N, determinant, squared_gap

a, c, g, h = sp.symbols("a c g h", positive=True)


class NoTurn(ValueError):
    """An arrow that points the same way at both ends."""


@cache
def squared_spread() -> sp.Expr:
    """Of a quantity of networks that stop at a whole epoch, with the spread of the stop many epochs wide.

    >>> squared_spread()
    h**2/12 + c**2/N
    """
    return c**2 / N + h**2 / 12


@cache
def squared_distance() -> sp.Expr:
    """Of weights of rank one: a / N of the overlaps, and the matching of rows with w n = g.

    >>> squared_distance()
    a/N + g*log(N)**2/(2*N)
    """
    return a / N + squared_gap().subs(determinant, g**2)


def width_exponent(square: sp.Expr) -> sp.Expr:
    """d ln / d ln N of the root of a square.

    >>> width_exponent(squared_spread())
    -6*c**2/(N*h**2 + 12*c**2)
    """
    return sp.factor(sp.simplify(N * sp.diff(square, N) / (2 * square)))


def channels_factor(channels: int) -> sp.Expr:
    """The spread of the loss of so many equal channels over that of one, to leading order.

    >>> channels_factor(4)
    1/2
    """
    return 1 / sp.sqrt(sp.Integer(channels))


def delayed_channels(
    loss: ArrayLike,
    other: ArrayLike,
    *,
    threshold: float,
    delay: float,
    channels: int,
    draws: int = 4096,
    seed: int = 0,
) -> float:
    """How far delays spread the loss on other trials of equal channels that stop where their mean loss is `threshold`.

    Arguments:
        loss: of one channel on its path, epoch by epoch from 0 on; it falls, and goes on after the threshold.
        other: its loss on other trials, at the same epochs.
        threshold: where the mean over channels ends.
        delay: s, the standard deviation of the time at which one channel gets there, in epochs.
        channels: C.
        draws: matrices of delays; the answer has a relative error of about draws^-1/2.
        seed: of these.

    >>> t = np.arange(400.0)
    >>> round(delayed_channels(3 - t / 100, (3 - t / 100) ** 2, threshold=1.0, delay=10.0, channels=2), 3)  # f'' = 2
    0.01
    """
    falls, values = np.asarray(loss, dtype=np.float64), np.asarray(other, dtype=np.float64)
    epochs = np.arange(len(falls))
    drawn = np.random.default_rng(seed).normal(size=(draws, channels, channels)) * delay
    behind = np.linalg.eigvalsh((drawn + drawn.transpose(0, 2, 1)) / 2)
    early, late = np.zeros(draws), np.full(draws, float(epochs[-1]))
    for _ in range(40):  # halves, to well below an epoch
        middle = (early + late) / 2
        above = np.interp(middle[:, None] - behind, epochs, falls).mean(axis=1) > threshold
        early, late = np.where(above, middle, early), np.where(above, late, middle)
    return float(np.interp(late[:, None] - behind, epochs, values).mean(axis=1).std(ddof=1))


def turning_point(slope: Callable[[float], float], low: float, high: float, *, halvings: int) -> tuple[float, float]:
    """The level at which an arrow turns, bracketed from both sides: its slope has different signs at the two ends.

    Levels are positive, and halved on a logarithmic scale.

    Raises:
        NoTurn: if the slope has one sign at `low` and `high`.

    >>> low, high = turning_point(lambda x: x - 2, 1.0, 8.0, halvings=10)
    >>> low < 2 <= high, round(high / low, 3)
    (True, 1.002)
    """
    rises = slope(low) > 0
    if (slope(high) > 0) == rises:
        raise NoTurn(f"the arrow points {'up' if rises else 'down'} at {low:g} and at {high:g}: give other levels")
    for _ in range(halvings):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if (slope(middle) > 0) == rises else (low, middle)
    return low, high
