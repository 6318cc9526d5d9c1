"""How far the units of two networks can be made to agree: the overlap of their blocks under a signed permutation.

Of blocks A of one network and B of the other, with unit i of the first taken for unit order[i] of the second times
signs[i], the overlap is the sum over all blocks and i, j of

    A[i, j] t_i u_j B[order[i], order[j]],

where t is the sign on the side of the targets (1 for gates) and u that of the sources; features have units on one side.
With g B the block so relabelled, |A - g B|^2 = |A|^2 + |B|^2 - 2 overlap.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from simulate.measures.blocks import Block, Side

Matrix = Float[np.ndarray, "n n"]
Stack = Float[np.ndarray, "places n n"]
Pairs = tuple[tuple[np.ndarray, np.ndarray], ...]


@dataclass(frozen=True, eq=False)
class Relabelling:
    """A signed permutation: unit i is unit `order[i]` of the other network, times `signs[i]`."""

    order: Int[np.ndarray, " n"]
    signs: Float[np.ndarray, " n"]

    @staticmethod
    def none(n: int) -> "Relabelling":
        """Every unit as it is."""
        return Relabelling(np.arange(n), np.ones(n))

    def applied(self, block: Block) -> Float[np.ndarray, "targets sources"]:
        """The weights of a block of the other network, in the order of the first and with these signs."""
        weights = block.weights
        for axis, side in enumerate((block.targets, block.sources)):
            if side is not Side.OUTSIDE:
                weights = np.take(weights, self.order, axis)
            if side is Side.STATE:
                weights = weights * (self.signs if axis else self.signs[:, None])
        return weights


@dataclass(frozen=True, eq=False)
class Matching:
    """The overlap of two networks of n units, their blocks sorted by where they carry signs.

    `both`: recurrent, signs of targets and of sources. `sources`: recurrent, signs of sources only (gates). `features`:
    F and G, a row for each unit, with its sign; `plain`: without. Where no signs are asked for (`signed` is false) all
    are in `both` and `features`.
    """

    n: int
    signed: bool
    both: Pairs
    sources: Pairs
    features: Pairs
    plain: Pairs

    @staticmethod
    def of(first: tuple[Block, ...], second: tuple[Block, ...], signed: bool) -> "Matching":
        """The matching of blocks that correspond."""
        sorted_out: dict[tuple[bool, bool], list[tuple[np.ndarray, np.ndarray]]] = {}
        for a, b in zip(first, second, strict=True):
            carries = not signed or Side.GATE is not a.targets
            pair = (a.weights, b.weights) if a.recurrent else (a.features, b.features)
            sorted_out.setdefault((a.recurrent, carries), []).append(pair)
        both, sources, features, plain = (
            tuple(sorted_out.get(kind, ())) for kind in ((True, True), (True, False), (False, True), (False, False))
        )
        return Matching(first[0].units, signed, both, sources, features, plain)

    @cached_property
    def constant(self) -> tuple[Matrix, Matrix]:
        """F G^T of the features with and without signs."""
        precision = (self.both + self.sources + self.features + self.plain)[0][0].dtype
        nothing = np.zeros((self.n, self.n), precision)
        of_X, of_P = (sum((F @ G.T for F, G in pairs), start=nothing) for pairs in (self.features, self.plain))
        return of_X, of_P

    def slopes(self, at: Relabelling) -> tuple[Matrix, Matrix]:
        """Derivatives of the overlap at a signed permutation, with respect to X = P sign and to P, its matrices."""
        order, signs = at.order, at.signs
        of_X, of_P = self.constant
        for A, B in self.both:
            of_X = of_X + (A * signs) @ B[:, order].T + A.T @ (signs[:, None] * B[order])
        for A, B in self.sources:
            of_X = of_X + A.T @ B[order]
            of_P = of_P + (A * signs) @ B[:, order].T
        return of_X, of_P

    def slopes_inside(self, X: Stack, P: Stack) -> tuple[Stack, Stack]:
        """The same at several places within the hull of the signed permutations."""
        of_X, of_P = (np.repeat(each[None], len(X), axis=0) for each in self.constant)
        for A, B in self.both:
            of_X += A @ X @ B.T
            of_X += A.T @ X @ B
        for A, B in self.sources:
            of_X += A.T @ P @ B
            of_P += A @ X @ B.T
        return of_X, of_P

    def overlap(self, at: Relabelling) -> float:
        """What the two networks have in common when so relabelled."""
        here = np.arange(self.n), at.order
        of_X, of_P = (slope + constant for slope, constant in zip(self.slopes(at), self.constant, strict=True))
        return float(at.signs @ of_X[here] + of_P[here].sum()) / 2

    @cached_property
    def largest(self) -> float:
        """No overlap is larger (Cauchy and Schwarz)."""
        first, second = self._squares
        return float(np.sqrt(first * second))

    @property
    def squared(self) -> "Matching":
        """The matching of squared entries, which no sign changes."""

        def squares(pairs: Pairs) -> Pairs:
            return tuple((A**2, B**2) for A, B in pairs)

        return Matching(self.n, False, squares(self.both + self.sources), (), squares(self.features + self.plain), ())

    @property
    def single(self) -> "Matching":
        """The same in single precision and for networks of norm one."""
        first, second = (max(np.sqrt(square), np.finfo(float).tiny) for square in self._squares)

        def rounded(pairs: Pairs) -> Pairs:
            return tuple(((A / first).astype(np.float32), (B / second).astype(np.float32)) for A, B in pairs)

        both, sources, features, plain = map(rounded, (self.both, self.sources, self.features, self.plain))
        return Matching(self.n, self.signed, both, sources, features, plain)

    @property
    def _squares(self) -> tuple[float, float]:
        """Squared norms of both networks."""
        pairs = self.both + self.sources + self.features + self.plain
        first, second = (sum(float(np.vdot(pair[k], pair[k])) for pair in pairs) for k in (0, 1))
        return first, second
