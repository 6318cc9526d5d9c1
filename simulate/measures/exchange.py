"""Exchanges of two units and flips of one: what each would gain, and the top to which they lead."""

import numpy as np
from jaxtyping import Float

from simulate.measures.matching import Matching, Matrix, Relabelling

ROUNDING = 1e-12
"""Of the largest overlap that there could be: smaller gains are none."""


def exchanged(matching: Matching, start: Relabelling) -> Relabelling:
    """The step that gains most, again and again, until none gains.

    Steps are all exchanges of two units, each with the best signs for both, and all flips of one.
    """
    at, least = start, ROUNDING * matching.largest
    while True:
        gains = Gains(matching, at)
        first, second = divmod(int(gains.best.argmax()), matching.n)
        if not gains.best[first, second] > least:
            return at
        at = gains.after(first, second)


class Gains:
    """What every step from a relabelling gains.

    In the frame in which the second network is relabelled already, a step takes its unit s for unit r with sign a, and
    r for s with sign b. It gains a x[r, s] + b x[s, r] + a b c[r, s] + e[r, s]: x is what one sign decides, c what both
    do, e what neither does, less what is there before. `best` is the gain with the best signs; on the diagonal, that of
    a flip, or minus infinity where there are no signs.
    """

    def __init__(self, matching: Matching, at: Relabelling) -> None:
        self.signed, self.at = matching.signed, at
        order, signs = at.order, at.signs
        of_X, of_P = matching.slopes(at)
        x, half = signs * of_X[:, order], of_P[:, order].copy()
        own = np.diagonal(x) + np.diagonal(half)
        flipped = np.diagonal(x).copy()
        e, c = -(own[:, None] + own), np.zeros_like(x)
        for A, B in matching.both:
            B = signs[:, None] * B[np.ix_(order, order)] * signs
            a, b = np.diagonal(A), np.diagonal(B)
            x -= a[:, None] * (B + B.T) + (A + A.T) * b
            c += _symmetric(A * B.T)
            e += _symmetric(np.outer(a, b) + A * B + (a * b)[:, None])
            flipped -= 2 * a * b
        for A, B in matching.sources:
            B = B[np.ix_(order, order)] * signs
            a, b = np.diagonal(A), np.diagonal(B)
            x += np.outer(a, b) + A.T * B - a[:, None] * B - A.T * b
            half -= a[:, None] * B.T + A * b
            e += _symmetric(A * B + (a * b)[:, None])
        e += _symmetric(half)
        self.x, self.c = x, c
        if matching.signed:
            self.best = np.maximum(np.abs(x + x.T) + c, np.abs(x - x.T) - c) + e
            np.fill_diagonal(self.best, -2 * flipped)
        else:
            self.best = x + x.T + c + e
            np.fill_diagonal(self.best, -np.inf)

    def after(self, first: int, second: int) -> Relabelling:
        """Where the step leads."""
        order, signs = self.at.order.copy(), self.at.signs.copy()
        if first == second:
            signs[first] *= -1
            return Relabelling(order, signs)
        a, b = self._signs(first, second) if self.signed else (1.0, 1.0)
        order[[first, second]] = order[[second, first]]
        signs[[first, second]] = a * signs[second], b * signs[first]
        return Relabelling(order, signs)

    def _signs(self, r: int, s: int) -> tuple[float, float]:
        """The best signs of an exchange."""
        together, apart, c = self.x[r, s] + self.x[s, r], self.x[r, s] - self.x[s, r], self.c[r, s]
        if abs(together) + c >= abs(apart) - c:
            sign = 1.0 if together >= 0 else -1.0
            return sign, sign
        sign = 1.0 if apart >= 0 else -1.0
        return sign, -sign


def _symmetric(half: Matrix) -> Float[np.ndarray, "n n"]:
    return half + half.T
