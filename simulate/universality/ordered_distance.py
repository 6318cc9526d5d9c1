"""The distance of Maheswaranathan et al.: of two graphs with as many nodes, each in the order of its readouts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from simulate.measures.measure import Distance, Measure
from simulate.universality.graph import TransitionGraph

Square = Float[np.ndarray, "_ _"]


class DifferentCounts(ValueError):
    """Graphs with different numbers of nodes, which are not put in one order."""


@dataclass(frozen=True)
class OrderedDistance(Measure[TransitionGraph, Square]):
    """The Euclidean distance of two transition matrices, nodes in lexicographic order of their readouts.

    Maheswaranathan et al. (2019, section 3.1 and its footnote 5) put the points in this order and take "the Euclidean
    distance between the graph connectivity matrices", of networks with as many points as most have. Readouts that
    should be one number never are: taken literally, which of two corners comes first hangs on their last digit, and
    two networks with the same graph are far apart. So readouts are rounded to multiples of `resolution` first (of 1: to
    -1, 0 and 1 in a flip-flop), and equal ones come in the order of their unstable dimensions, then of the readouts
    as they are. The paper does not say what it did; `resolution=0` is its literal word.

    Two graphs are equal if their matrices are, in this order: with nodes that differ in their readouts, if one graph is
    the other with its nodes relabelled, whatever their readouts are but for the order. It is a metric of matrices:
    symmetric, with the triangle inequality.

    Raises:
        DifferentCounts: of graphs with different numbers of nodes; `MatchedDistance` compares these as well.

    >>> from simulate.universality import OrderedDistance, TransitionGraph
    >>> well = TransitionGraph([[1, 0, 0], [0, 1, 0], [0.5, 0.5, 0]], [0, 0, 1], [[-1.1], [0.9], [0.01]])
    >>> OrderedDistance()(well, well.relabelled([2, 0, 1])).value
    0.0
    """

    resolution: float = 1.0

    def prepare(self, item: TransitionGraph) -> Square:
        """The matrix in the order of the readouts."""
        order = self.order(item)
        return item.transitions[np.ix_(order, order)]

    def order(self, graph: TransitionGraph) -> np.ndarray:
        """The nodes in lexicographic order, the first output first."""
        outputs = graph.outputs
        coarse = np.round(outputs / self.resolution) if self.resolution else outputs
        keys = [*coarse.T, graph.unstable_dimensions, *outputs.T]
        return np.lexsort(keys[::-1])  # the last key is the first to decide

    def between(self, first: Sequence[Square], second: Sequence[Square]) -> list[Distance]:
        """The distance of each of `first` from its partner in `second`."""
        return [self._distance(one, other) for one, other in zip(first, second, strict=True)]

    def _distance(self, one: Square, other: Square) -> Distance:
        if len(one) != len(other):
            raise DifferentCounts(
                f"graphs of {len(one)} and {len(other)} nodes: compare them by MatchedDistance or MorseDistance"
            )
        value = float(np.linalg.norm(one - other))
        return Distance(value, value)
