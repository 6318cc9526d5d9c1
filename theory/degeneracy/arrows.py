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
spread is C^-1/2 times that of one channel. That is the limit of many neurons alone. Channels that stop together have
delays of their own, whose squares are of relative order 1 / N; how much these add is not derived, and where the linear
part nearly cancels at a common loss they decide up to large N (measured: docs/findings/degeneracy.md).

Derived here; tests/theory/degeneracy/test_arrows.py proves width and richness,
tests/validate/degeneracy/test_predicted_table.py the channels' leading order by the derivative of the map of two.
"""

from collections.abc import Callable
from functools import cache

import sympy as sp

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
    """The spread of the loss of so many equal channels over that of one.

    >>> channels_factor(4)
    1/2
    """
    return 1 / sp.sqrt(sp.Integer(channels))


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
