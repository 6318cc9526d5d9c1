"""How many points have how many unstable dimensions: a signature that needs no edges."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from math import comb

import numpy as np
from numpy.typing import ArrayLike

from simulate.measures.measure import Distance, Measure
from simulate.universality.graph import TransitionGraph

Coefficients = tuple[int, ...]


def morse_polynomial(unstable_dimensions: ArrayLike) -> Coefficients:
    """The coefficients of the sum of t^k over all points, k a point's unstable dimensions; that of t^0 first.

    At t = -1 it is the sum of the points' indices, 1 for all points of a bounded network, as long as no real eigenvalue
    is below -1 (a complex pair changes no sign).

    >>> from simulate.universality import morse_polynomial
    >>> morse_polynomial([0, 1, 0, 2, 1, 0, 1, 0, 1])
    (4, 4, 1)
    """
    return tuple(np.bincount(np.asarray(unstable_dimensions, dtype=int)).tolist())


def flip_flop_polynomial(bits: int) -> Coefficients:
    """(2 + t)^bits: of a product of so many double wells, each with two stable points and a saddle between them.

    >>> from simulate.universality import flip_flop_polynomial
    >>> flip_flop_polynomial(3)
    (8, 12, 6, 1)
    """
    return tuple(comb(bits, k) * 2 ** (bits - k) for k in range(bits + 1))


@dataclass(frozen=True)
class MorseDistance(Measure[TransitionGraph, Coefficients]):
    """How many points two graphs differ by, counted for each number of unstable dimensions.

    The sum of the absolute differences of two Morse polynomials' coefficients: a whole number, symmetric, with the
    triangle inequality. Graphs with as many points of each unstable dimension are equal to it, wherever these are and
    whatever their edges.

    >>> from simulate.universality import MorseDistance, TransitionGraph
    >>> well = TransitionGraph([[1, 0, 0], [0, 1, 0], [0.5, 0.5, 0]], [0, 0, 1], [[-1], [1], [0]])
    >>> MorseDistance()(well, TransitionGraph([[1.0]], [0], [[0.0]])).value
    2.0
    """

    def prepare(self, item: TransitionGraph) -> Coefficients:
        """The polynomial."""
        return morse_polynomial(item.unstable_dimensions)

    def between(self, first: Sequence[Coefficients], second: Sequence[Coefficients]) -> list[Distance]:
        """The distance of each of `first` from its partner in `second`."""
        apart = [
            float(sum(abs(a - b) for a, b in zip_longest(one, other, fillvalue=0)))
            for one, other in zip(first, second, strict=True)
        ]
        return [Distance(each, each) for each in apart]
