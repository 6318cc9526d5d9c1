"""Exchanges of two units and flips of one: what each would gain, and the top to which they lead."""

import numpy as np
from jaxtyping import Float, Int

from simulate.measures.matching import Matching, Matrix, Relabelling

ROUNDING = 1e-12
"""Of the largest overlap that there could be: smaller gains are none."""

Those = Int[np.ndarray, " those"]
Strip = Float[np.ndarray, "those n"]


def exchanged(matching: Matching, start: Relabelling) -> Relabelling:
    """The step that gains most, again and again, until none gains.

    Steps are all exchanges of two units, each with the best signs for both, and all flips of one.
    """
    frame, least = Frame(matching, start), ROUNDING * matching.largest
    while True:
        gains = frame.gains()
        first, second = divmod(int(gains.argmax()), matching.n)
        if not gains[first, second] > least:
            return frame.at
        frame.step(first, second)


class Frame:
    """The second network as it is relabelled so far, and what every step from there would gain.

    A step takes unit s of it for unit r, with sign a, and r for s with sign b. It gains

        a x[r, s] + b x[s, r] + a b c[r, s] + h[r, s] + h[s, r] - own[r] - own[s],

    where x is what one sign decides, c what both do, h what neither does, and own what each unit has in common with
    its partner now. A step changes rows and columns of two units; the rest of x and h changes by a matrix of low rank.
    """

    def __init__(self, matching: Matching, start: Relabelling) -> None:
        n, order, signs = matching.n, start.order, start.signs
        self.at, self.signed = start, matching.signed
        both = [(A, signs[:, None] * B[np.ix_(order, order)] * signs, True) for A, B in matching.both]
        sources = [(A, B[np.ix_(order, order)] * signs, False) for A, B in matching.sources]
        self.blocks = both + sources
        self.of_X, self.of_P = signs * matching.constant[0][:, order], matching.constant[1][:, order]
        self.x, self.c, self.h = np.empty((3, n, n))
        self.own, self.flips = np.empty((2, n))
        self._renew(np.arange(n))
        self._room = np.empty((3, n, n))

    def gains(self) -> Matrix:
        """Of each exchange, with its best signs; on the diagonal those of flips."""
        x, room, other, rest = self.x, *self._room
        np.add(self.h, self.h.T, out=rest)
        rest -= self.own
        rest -= self.own[:, None]
        np.add(x, x.T, out=room)
        if self.signed:
            np.abs(room, out=room)
            room += self.c
            np.subtract(x, x.T, out=other)
            np.abs(other, out=other)
            other -= self.c
            np.maximum(room, other, out=room)
        else:
            room += self.c
        room += rest
        np.fill_diagonal(room, self.flips if self.signed else -np.inf)
        return room

    def step(self, r: int, s: int) -> None:
        """Exchange two units, or flip one."""
        a, b = self._signs(r, s)
        those = np.array([r]) if r == s else np.array([r, s])
        partners, signs = those[::-1], np.array([a] if r == s else [a, b])
        changed_own = np.zeros(len(self.own))
        for A, B, both in self.blocks:
            of_columns = B[:, partners] * signs - B[:, those]
            of_rows = B[partners] * (signs[:, None] if both else 1.0) - B[those]
            along, across = A[:, those] @ of_columns.T, A[those].T @ of_rows
            self.x += across
            if both:
                self.x += along
            else:
                self.h += along
            changed = np.diagonal(across) + np.diagonal(along)
            changed_own += changed
            self.flips -= 2 * (changed if both else np.diagonal(across))
            B[:, those] = B[:, partners] * signs
            B[those] = B[partners] * (signs[:, None] if both else 1.0)
        self.own += changed_own
        self.of_X[:, those] = self.of_X[:, partners] * signs
        self.of_P[:, those] = self.of_P[:, partners]
        order, factors = self.at.order.copy(), self.at.signs.copy()
        order[those], factors[those] = order[partners], signs * factors[partners]
        self.at = Relabelling(order, factors)
        self._renew(those)

    def _signs(self, r: int, s: int) -> tuple[float, float]:
        """The best signs of a step."""
        if not self.signed:
            return 1.0, 1.0
        if r == s:
            return -1.0, -1.0
        together, apart, c = self.x[r, s] + self.x[s, r], self.x[r, s] - self.x[s, r], self.c[r, s]
        if abs(together) + c >= abs(apart) - c:
            sign = 1.0 if together >= 0 else -1.0
            return sign, sign
        sign = 1.0 if apart >= 0 else -1.0
        return sign, -sign

    def _renew(self, those: Those) -> None:
        """Compute the rows and columns of some units, and what they have in common with their partners."""
        k = np.arange(len(those))
        x_rows, x_columns = self.of_X[those].copy(), self.of_X[:, those].T.copy()
        h_rows, h_columns = self.of_P[those].copy(), self.of_P[:, those].T.copy()
        c = np.zeros_like(x_rows)
        own, flips = x_rows[k, those] + h_rows[k, those], x_rows[k, those].copy()
        for A, B, both in self.blocks:
            a, b = np.diagonal(A), np.diagonal(B)
            A_rows, A_columns, B_rows, B_columns = A[those], A[:, those].T, B[those], B[:, those].T
            mine, theirs, products = a[those, None], b[those, None], a * b
            # Of entry (r, v), and of entry (v, r): what targets have in common, and what sources have.
            targets, sources = A_rows @ B.T, A_columns @ B
            targets_back, sources_back = B_rows @ A.T, B_columns @ A
            own += targets[k, those] + sources[k, those]
            flips += sources[k, those]
            targets -= mine * B_columns + A_rows * b
            targets_back -= a * B_rows + A_columns * theirs
            sources -= mine * B_rows + A_columns * b
            sources_back -= a * B_columns + A_rows * theirs
            x_rows += sources
            x_columns += sources_back
            if both:
                flips += own_of_targets(A_rows, B_rows) - 2 * products[those]
                x_rows += targets
                x_columns += targets_back
                c += A_rows * B_columns + A_columns * B_rows
                h_rows += mine * b
                h_columns += a * theirs
            else:
                x_rows += mine * b + A_columns * B_rows
                x_columns += a * theirs + A_rows * B_columns
                h_rows += targets
                h_columns += targets_back
            h_rows += A_rows * B_rows + products[those, None]
            h_columns += A_columns * B_columns + products
        self.x[:, those], self.h[:, those], self.c[:, those] = x_columns.T, h_columns.T, c.T
        self.x[those], self.h[those], self.c[those] = x_rows, h_rows, c
        self.own[those], self.flips[those] = own, -2 * flips


def own_of_targets(A: Strip, B: Strip) -> Float[np.ndarray, " those"]:
    """What the rows of some units have in common with those of their partners."""
    total: Float[np.ndarray, " those"] = (A * B).sum(axis=1)
    return total
