"""What compares two things, and what a comparison says: a value, a bound below it, and how it was found."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

SPREAD = 8.0
"""Of sums of rounding errors, in standard deviations at most: one sum in 10^13 is further off."""

Item = TypeVar("Item")
Prepared = TypeVar("Prepared")


@dataclass(frozen=True)
class Distance:
    """A distance as an interval: the true one is at most `value`, which was reached, and at least `lower`.

    Where the distance is a minimum that is searched for, `value` is the least that was found and `lower` a bound that
    no arrangement can pass; where it is computed, both are equal (each to rounding). `found_by` says from where the
    value was reached, `agreed` which share of the tries ended at it (within 1e-6 of its size).

    >>> from simulate.measures import Distance
    >>> Distance(value=1.5, lower=1.25).gap
    0.25
    """

    value: float
    lower: float
    found_by: str = "direct computation"
    agreed: float = 1.0

    @property
    def gap(self) -> float:
        """By how much `value` exceeds the true distance at most."""
        return self.value - self.lower


def beyond_rounding(value: float, rounding: float) -> float:
    """A distance that was computed; zero where rounding alone may give as much, so that equals are no distance apart.

    >>> beyond_rounding(-4e-16, rounding=1e-15), beyond_rounding(4e-12, rounding=1e-15)
    (0.0, 4e-12)
    """
    return value if value > rounding else 0.0


def rounding_of_sums(terms: int, size: float = 1.0) -> float:
    """By how much rounding may change sums of so many terms, the sizes of which add up to `size`.

    Roundings are as often up as down, so that they add up to `SPREAD` sqrt(terms) halves of eps at most, but for 2
    terms exp(-`SPREAD`^2 / 2) of all sums (Higham and Mary, SIAM J. Sci. Comput. 41, A2815, 2019, theorem 2.4).
    """
    return float(SPREAD * np.sqrt(terms) * np.finfo(np.float64).eps / 2 * size)


class Measure(ABC, Generic[Item, Prepared]):
    """Base of measures that compare many pairs at once.

    A measure prepares each item once and then compares pairs of what it prepared, which `pairwise` makes use of.
    """

    @abstractmethod
    def prepare(self, item: Item) -> Prepared:
        """What the measure needs to know of one item."""

    @abstractmethod
    def between(self, first: Sequence[Prepared], second: Sequence[Prepared]) -> Sequence[Distance]:
        """The distance of each of `first` from its partner in `second`."""

    def __call__(self, one: Item, other: Item) -> Distance:
        """The distance between two items."""
        return self.between([self.prepare(one)], [self.prepare(other)])[0]
