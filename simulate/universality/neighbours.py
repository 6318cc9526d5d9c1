"""Which states lie next to which: the graph of nearest neighbours, by which lines of points are compared."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from numpy.typing import ArrayLike

from simulate.measures.measure import Distance, Measure

Edges = Bool[np.ndarray, "nodes nodes"]


def neighbour_edges(states: ArrayLike) -> Edges:
    """Of states in a row each, an edge from each to its nearest one, both ways; a row with NaN is absent.

    >>> neighbour_edges([[0.0], [1.0], [3.0], [float("nan")]]).astype(int).tolist()
    [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    """
    places = np.asarray(states, dtype=float)
    there = np.flatnonzero(np.isfinite(places).all(axis=1))
    edges = np.zeros((len(places), len(places)), dtype=bool)
    if len(there) > 1:
        apart = np.linalg.norm(places[there, None] - places[there], axis=2)
        np.fill_diagonal(apart, np.inf)
        edges[there, there[apart.argmin(axis=1)]] = True
    return edges | edges.T


@dataclass(frozen=True)
class NeighbourDistance(Measure[ArrayLike, Edges]):
    """The Euclidean distance of the connectivity matrices of two graphs of nearest neighbours.

    Maheswaranathan et al. (2019, section 3.3) compare so the fixed points of line attractors. Nodes are told apart by
    what they stand for: the k-th state of one network is that of the other at the same input or output. They leave
    open whether an edge goes both ways; here it does.

    >>> NeighbourDistance()([[0.0], [1.0], [3.0]], [[0.0], [1.0], [-1.5]]).value  # 1 - 2 became 0 - 2, both ways
    2.0
    """

    def prepare(self, item: ArrayLike) -> Edges:
        """The edges."""
        return neighbour_edges(item)

    def between(self, first: Sequence[Edges], second: Sequence[Edges]) -> list[Distance]:
        """The distance of each of `first` from its partner in `second`."""
        apart = [float(np.sqrt((one != other).sum())) for one, other in zip(first, second, strict=True)]
        return [Distance(each, each) for each in apart]
