"""One step of each cell at a constant input, as a map of balls, from its equations.

`W` are recurrent weights, `drive` is U x + b: what the constant input and the biases give. Rows stand in the order of
the blocks that each function names.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory.universality.balls import HELD, RELU, SIGMOID, TANH, Affine, Balls, KnownByName, of_name

Given = Float[np.ndarray, "..."]


class WrongWeights(ValueError):
    """Weights of another shape than the cell has, or that are no numbers."""


@dataclass(frozen=True)
class BallMap:
    """A map of n numbers, for balls."""

    size: int
    step: Callable[[Balls], Balls]


def vanilla(W: Given, drive: Given, phi: KnownByName = TANH) -> BallMap:
    """h <- phi(W h + drive).

    >>> from theory.universality import vanilla
    >>> vanilla(np.eye(3), np.zeros(3)).size
    3
    """
    n, f, driven = _units(W, drive, 1), of_name(phi), Affine(W, drive)
    return BallMap(n, lambda h: driven(h).through(f))


def rate(W: Given, drive: Given, phi: KnownByName = TANH, *, tau: float) -> BallMap:
    """h <- h + tau (-h + W phi(h) + drive).

    >>> from theory.universality import rate
    >>> rate(np.eye(3), np.zeros(3), tau=0.1).size
    3
    """
    n, f, driven = _units(W, drive, 1), of_name(phi), Affine(W, drive)
    if not 0 < tau <= 1:
        raise WrongWeights(f"tau of {tau}: the share of the way in a step is above 0 and at most 1")
    return BallMap(n, lambda h: h + (driven(h.through(f)) - h).scaled(tau))


def ugrnn(W: Given, drive: Given, phi: KnownByName = TANH) -> BallMap:
    """h <- u h + (1 - u) c; rows of update, then candidate.

    >>> from theory.universality import ugrnn
    >>> ugrnn(np.zeros((4, 2)), np.zeros(4)).size
    2
    """
    n, f, driven = _units(W, drive, 2), of_name(phi), Affine(W, drive)

    def step(h: Balls) -> Balls:
        sent = driven(h)
        u, c = sent.part(0, n).through(SIGMOID), sent.part(n, 2 * n).through(f)
        return c + u * (h - c)

    return BallMap(n, step)


def gru(
    W: Given, drive: Given, phi: KnownByName = TANH, *, inner: Given | None = None, reset_after: bool = True
) -> BallMap:
    """h <- z h + (1 - z) c; rows of reset, update, candidate. `inner` is the bias that is reset with W_c h.

    >>> from theory.universality import gru
    >>> gru(np.zeros((6, 2)), np.zeros(6), reset_after=False).size
    2

    Raises:
        WrongWeights: also for an inner bias where the reset acts before the product.
    """
    n, f = _units(W, drive, 3), of_name(phi)
    if inner is not None and (not reset_after or np.shape(inner) != (n,)):
        raise WrongWeights(f"an inner bias is one number a unit ({n}), and only where the reset acts after the product")
    gated, last = Affine(W[: 2 * n], drive[: 2 * n]), drive[2 * n :]
    candidate = Affine(W[2 * n :], (np.zeros(n) if inner is None else np.asarray(inner)) if reset_after else last)

    def step(h: Balls) -> Balls:
        gates = gated(h).through(SIGMOID)
        r, z = gates.part(0, n), gates.part(n, 2 * n)
        c = ((r * candidate(h)).plus(last) if reset_after else candidate(r * h)).through(f)
        return c + z * (h - c)

    return BallMap(n, step)


def lstm(W: Given, drive: Given, phi: KnownByName = TANH) -> BallMap:
    """m <- f m + i phi(g), h <- o phi(m); the state is h, then m. Rows of input, forget, candidate, output.

    >>> from theory.universality import lstm
    >>> lstm(np.zeros((8, 2)), np.zeros(8)).size
    4
    """
    n, f, driven = _units(W, drive, 4), of_name(phi), Affine(W, drive)

    def step(state: Balls) -> Balls:
        sent = driven(state.part(0, n))
        write, keep, show = (sent.part(k * n, k * n + n).through(SIGMOID) for k in (0, 1, 3))
        m = keep * state.part(n, 2 * n) + write * sent.part(2 * n, 3 * n).through(f)
        return (show * m.through(f)).beside(m)

    return BallMap(2 * n, step)


def settled_lstm(W: Given, drive: Given) -> BallMap:
    """h <- o m with m = i relu(g) / (1 - f): an LSTM with ReLU whose memory has settled; rows as of `lstm`.

    Its fixed points are those of the LSTM, one for one: there m = f m + i relu(g) is that m, and since it is not
    negative relu(m) is m. A memory that nothing feeds rests at zero, a corner of the LSTM's own map but not of this one
    (derived here; `tests/theory/universality/test_krawczyk.py`). Its unstable dimensions are its own.

    >>> import numpy as np
    >>> from theory.universality import settled_lstm
    >>> settled_lstm(np.zeros((8, 2)), np.zeros(8)).size
    2
    """
    n, driven = _units(W, drive, 4), Affine(W, drive)

    def step(h: Balls) -> Balls:
        sent = driven(h)
        write, keep, candidate, show = (sent.part(k * n, k * n + n) for k in range(4))
        fed = write.through(SIGMOID) * candidate.through(RELU)
        return show.through(SIGMOID) * fed * keep.through(HELD)

    return BallMap(n, step)


def _units(W: Given, drive: Given, blocks: int) -> int:
    shape = np.shape(W)
    if len(shape) != 2 or shape[0] != blocks * shape[1] or np.shape(drive) != shape[:1] or not shape[1]:
        raise WrongWeights(f"W of {shape} and a drive of {np.shape(drive)}: W has {blocks} x N rows and N columns")
    if not (np.isfinite(W).all() and np.isfinite(drive).all()):
        raise WrongWeights("weights or drive with NaN or infinity")
    return shape[1]
