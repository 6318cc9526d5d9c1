"""All pairs of a set of things: their distances as a symmetric matrix."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from simulate.measures.measure import Distance, Measure
from simulate.measures.samples import WrongShape, finite

Item = TypeVar("Item")
Square = Float[np.ndarray, "items items"]
Places = Int[np.ndarray, " pairs"]


class NoPairs(ValueError):
    """Fewer than two things have no pairs."""


@dataclass(frozen=True)
class Pairs:
    """The distances between all pairs of a set: symmetric, zero on the diagonal.

    Attributes:
        value: the least that was found for each pair.
        lower: the bound below each.
        agreed: share of the tries that ended at the value.
        measure: what measured them.

    >>> import numpy as np
    >>> from simulate.measures import OperatorDistance, pairwise
    >>> found = pairwise(OperatorDistance(), [np.diag([a, 0.0]) for a in (0.1, 0.4, 0.8)])
    >>> np.round(found.value, 6).tolist(), float(found.gap.max()) < 1e-12
    ([[0.0, 0.3, 0.7], [0.3, 0.0, 0.4], [0.7, 0.4, 0.0]], True)
    """

    value: Square
    lower: Square
    agreed: Square
    measure: Callable[..., Distance | float]

    @property
    def gap(self) -> Square:
        """By how much each value exceeds the true distance at most."""
        return self.value - self.lower

    @property
    def each(self) -> Float[np.ndarray, " pairs"]:
        """The values of all pairs, each once: those above the diagonal, row by row."""
        return self.value[all_pairs(len(self.value))]


def pairwise(
    measure: Measure[Item, Any] | Callable[[Item, Item], Distance | float],
    items: Sequence[Item] | Float[np.ndarray, "..."],
) -> Pairs:
    """The distances between all pairs of `items`.

    Arguments:
        measure: a measure, which prepares each item once and compares all pairs in one batch; or any symmetric function
            of two items that returns a `Distance` or a number (then value and bound are the same).
        items: at least two; a sequence, or an array whose first axis they are.

    Raises:
        NoPairs: if there are fewer than two items.
        What the measure raises.

    >>> from simulate.measures import pairwise
    >>> pairwise(lambda a, b: abs(a - b), [1.0, 2.0, 4.0]).each.tolist()
    [1.0, 3.0, 2.0]
    """
    first, second = all_pairs(len(items))
    prepared = prepare_all(measure, items)
    distances = distances_of(measure, [prepared[i] for i in first.tolist()], [prepared[j] for j in second.tolist()])
    return pairs_of(distances, len(items), measure)


def all_pairs(count: int) -> tuple[Places, Places]:
    """The places of both members of each pair of `count` things, each pair once, row by row.

    Raises:
        NoPairs: if there are fewer than two.
    """
    if count < 2:
        raise NoPairs(f"{count} items have no pairs: give at least two")
    first, second = np.triu_indices(count, 1)
    return first, second


def matrix_of_pairs(pairs: Pairs | ArrayLike) -> Square:
    """The values of all pairs as a matrix, of whatever was given for them; the diagonal is as it was given.

    Raises:
        WrongShape, NotFinite: if it is not square and symmetric, to rounding; if it has NaN or infinity.
    """
    matrix = finite(pairs.value if isinstance(pairs, Pairs) else pairs, ("items", "items"), "a matrix of pairs")
    if matrix.shape[0] != matrix.shape[1]:
        raise WrongShape(f"a matrix of pairs of shape {matrix.shape}: give a square one, symmetric")
    if not np.allclose(matrix, matrix.T, rtol=1e-6, atol=1e-9 * np.abs(matrix).max()):
        raise WrongShape("a matrix of pairs that is not symmetric: give the mean of both directions, (D + D.T) / 2")
    return matrix


def pairs_of(distances: Sequence[Distance], count: int, measure: Callable[..., Distance | float]) -> Pairs:
    """The matrices of the distances of `all_pairs` of `count` things, in that order."""
    first, second = all_pairs(count)

    def square(diagonal: float, values: list[float]) -> Square:
        filled = np.full((count, count), diagonal)
        filled[first, second] = filled[second, first] = values
        return filled

    return Pairs(
        square(0.0, [each.value for each in distances]),
        square(0.0, [each.lower for each in distances]),
        square(1.0, [each.agreed for each in distances]),
        measure,
    )


def prepare_all(measure: Measure[Item, Any] | Callable[..., Distance | float], items: Iterable[Item]) -> list[Any]:
    """What the measure knows of each item; a function is given the items as they are."""
    return [measure.prepare(item) for item in items] if isinstance(measure, Measure) else list(items)


def distances_of(
    measure: Measure[Any, Any] | Callable[..., Distance | float], first: Sequence[Any], second: Sequence[Any]
) -> Sequence[Distance]:
    """The distances of each of `first` from its partner in `second`, as intervals whatever the measure gives."""
    if isinstance(measure, Measure):
        return measure.between(first, second)
    found = [measure(one, other) for one, other in zip(first, second, strict=True)]
    return [each if isinstance(each, Distance) else Distance(float(each), float(each)) for each in found]
