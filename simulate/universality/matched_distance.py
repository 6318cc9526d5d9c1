"""The distance of graphs of any numbers of nodes, over all ways to match nodes of one with nodes of the other."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from simulate.measures.assignment import AssignmentSearch, Found
from simulate.measures.exchange import exchanged
from simulate.measures.matching import Matching, Relabelling
from simulate.measures.measure import Distance, Measure
from simulate.universality.graph import TransitionGraph
from simulate.universality.isomorphism import isomorphism

Square = Float[np.ndarray, "both both"]
Order = Int[np.ndarray, " both"]
UNMATCHED = -1
"""The partner of a node that has none."""


class DifferentOutputs(ValueError):
    """Graphs with different numbers of outputs, whose readouts cannot be compared."""


@dataclass(frozen=True)
class GraphDistance(Distance):
    """The distance of two graphs and the matching that reaches it.

    `partners` says for each node of the first which node of the second it is matched with, -1 for none.

    >>> GraphDistance(value=1.0, lower=1.0, partners=(1, -1, 0)).partners
    (1, -1, 0)
    """

    partners: tuple[int, ...] = field(kw_only=True)


@dataclass(frozen=True)
class MatchedDistance(Measure[TransitionGraph, TransitionGraph]):
    """A partial, fused Gromov-Wasserstein distance of graphs, each node sent whole or not at all.

    The square is the least, over all partial matchings of the nodes of one graph with those of the other, of

        sum over pairs of nodes of |their transitions in one graph - those of their partners|^2
        + sum over matched nodes of min(d, 2 of_absence)^2 + of_absence^2 for each node without partner,

    where d^2 = of_readout^2 |difference of readouts|^2 + of_dimension^2 (difference of unstable dimensions)^2, and all
    transitions of a node without partner are compared with zero. Fused: structure and features at once (Vayer et al.,
    ICML 2019). Partial: some mass stays where it is (Chapel et al., NeurIPS 2020). Unit masses that are not split make
    it a graph edit distance (Gromov-Monge): no coupling in which a node is half of two others.

    It is the distance of the orbits of two graphs, filled up with nodes that have no edges, under permutations that are
    isometries of matrices and of features (capped at twice the distance of absence): symmetric, with the triangle
    inequality (derived here; tested against all matchings). Two graphs are equal to it if one is the other with its
    nodes relabelled, readouts and unstable dimensions included; with `of_readout=0` whatever the readouts, with
    `of_dimension=0` as well whatever the dimensions.

    The least is searched for, from many beginnings, among which are the matchings of the measures that `beginning`
    names (without features nodes look alike, and a search by edges alone ends farther up than one that knows where
    they are read): `value` is the least found, `lower` a bound below all matchings
    (an assignment of nodes by their sorted rows and columns: Gilmore and Lawler's bound). Both are zero for a graph and
    itself relabelled. Of up to six nodes in both graphs together all matchings are tried: both are the least then.

    Arguments:
        of_readout: weight of the distance of readouts.
        of_dimension: weight of the difference of unstable dimensions.
        of_absence: what a node without partner costs, beside its transitions.
        search: how the least is searched for.
        beginning: measures whose best matchings are tried as well; each must be able to compare the graphs.

    Raises:
        DifferentOutputs: if readouts count and are of different sizes.

    >>> from simulate.universality import MatchedDistance, TransitionGraph
    >>> well = TransitionGraph([[1, 0, 0], [0, 1, 0], [0.5, 0.5, 0]], [0, 0, 1], [[-1], [1], [0]])
    >>> measure = MatchedDistance()
    >>> measure(well, well.relabelled([2, 0, 1])).value
    0.0
    >>> one_corner = measure(well, TransitionGraph([[1.0]], [0], [[1.0]]))
    >>> one_corner.partners, one_corner.value ** 2  # two nodes are missing, and transitions of squares 1, 1/4, 1/4
    ((-1, 0, -1), 3.5)
    """

    of_readout: float = 1.0
    of_dimension: float = 1.0
    of_absence: float = 1.0
    search: AssignmentSearch = field(default_factory=AssignmentSearch)
    beginning: tuple["MatchedDistance", ...] = ()

    def prepare(self, item: TransitionGraph) -> TransitionGraph:
        """The graph itself."""
        return item

    def between(self, first: Sequence[TransitionGraph], second: Sequence[TransitionGraph]) -> list[GraphDistance]:
        """The distance of each of `first` from its partner in `second`, one pair after another."""
        return [self._distance(one, other) for one, other in zip(first, second, strict=True)]

    def _distance(self, one: TransitionGraph, other: TransitionGraph) -> GraphDistance:
        if _rank(other) < _rank(one):  # a search from A to B and one from B to A may end elsewhere
            turned = self._distance(other, one)
            partners = np.full(len(one), UNMATCHED)
            for node, partner in enumerate(turned.partners):
                if partner != UNMATCHED:
                    partners[partner] = node
            return replace(turned, partners=tuple(partners.tolist()))
        A, B, alone = _padded(one, len(other)), _padded(other, len(one)), self.squares(one, other)
        bounds = alone + _bounds(A, B)
        like = linear_sum_assignment(bounds)[1]
        alike = len(one) == len(other)
        found = (alike and self._copy(A, B, alone, like)) or self._best(A, B, alone, like, alike=alike)
        if not found.proved and _square(A, B, alone, found.relabelling.order):
            found = self._from_others(one, other, (A, B, alone), found)
        value = _square(A, B, alone, found.relabelling.order) ** 0.5
        lower = value if found.proved else min(value, float(bounds[np.arange(len(A)), like].sum()) ** 0.5)
        partners = np.where(found.relabelling.order < len(other), found.relabelling.order, UNMATCHED)[: len(one)]
        return GraphDistance(value, lower, found.by, found.agreed, partners=tuple(partners.tolist()))

    @staticmethod
    def _copy(A: Square, B: Square, alone: Square, like: Order) -> Found | None:
        """The matching of a graph and itself relabelled, if they are that; without features many nodes may be alike."""
        exact = _isomorphism(A, B, alone)
        for by, order in (("like rows", like), ("isomorphism", exact)):
            if order is not None and _square(A, B, alone, order) == 0:
                return Found(Relabelling(order, np.ones(len(order))), by, 1.0)
        return None

    def _best(self, A: Square, B: Square, alone: Square, like: Order, *, alike: bool) -> Found:
        """The best matching of the search, or of graphs that have the same edges but for their weights."""
        matching = _matching(A, B, alone)
        found = self.search.run(matching, like)
        same_edges = _isomorphism(A > 0, B > 0, alone) if alike and not found.proved else None
        if same_edges is not None:
            end = exchanged(matching, Relabelling(same_edges, np.ones(len(A))))
            if _square(A, B, alone, end.order) < _square(A, B, alone, found.relabelling.order):
                return Found(end, "isomorphism of edges", 0.0)
        return found

    def _from_others(
        self, one: TransitionGraph, other: TransitionGraph, sides: tuple[Square, Square, Square], found: Found
    ) -> Found:
        """The best of what was found and of where exchanges lead from the matchings of other measures."""
        for measure in self.beginning:
            partners = np.array(measure._distance(one, other).partners, dtype=int)
            start = Relabelling(_completed(partners, len(one), len(other)), np.ones(len(sides[0])))
            end = exchanged(_matching(*sides), start)
            if _square(*sides, end.order) < _square(*sides, found.relabelling.order):
                found = Found(end, "another measure", 0.0)
        return found

    def squares(self, one: TransitionGraph, other: TransitionGraph) -> Square:
        """What each match costs beside transitions, each graph filled up with as many absent nodes as the other has."""
        n, m = len(one), len(other)
        apart = (self.of_dimension * (one.unstable_dimensions[:, None] - other.unstable_dimensions)) ** 2.0
        if self.of_readout and n and m:
            if one.outputs.shape[1] != other.outputs.shape[1]:
                raise DifferentOutputs(
                    f"graphs of {one.outputs.shape[1]} and {other.outputs.shape[1]} outputs: "
                    "compare networks of one task, or leave readouts out by of_readout=0"
                )
            readouts = self.of_readout * (one.outputs[:, None] - other.outputs)
            apart = apart + (readouts**2).sum(axis=2)
        squares = np.zeros((n + m, n + m))
        squares[:n, :m] = np.minimum(apart, (2 * self.of_absence) ** 2)
        squares[:n, m:] = squares[n:, :m] = self.of_absence**2
        return squares


def _rank(graph: TransitionGraph) -> tuple[int, bytes, bytes, bytes]:
    """Which of two graphs is the first."""
    arrays = graph.transitions, graph.outputs, graph.unstable_dimensions
    first, second, third = (each.tobytes() for each in arrays)
    return len(graph), first, second, third


def _isomorphism(A: np.ndarray, B: np.ndarray, alone: Square) -> Order | None:
    """An order under which two graphs of as many nodes have the same edges, and no match costs anything."""
    n = len(A) // 2
    edges = np.zeros((n, n), dtype=bool)
    free = np.block([[edges, alone[:n, :n] == 0], [(alone[:n, :n] == 0).T, edges]])
    colours = connected_components(csr_array(free), directed=False)[1]
    order = isomorphism(A[:n, :n] * 1.0, B[:n, :n] * 1.0, (colours[:n], colours[n:]))
    return None if order is None else np.concatenate([order, np.arange(n, 2 * n)])


def _completed(partners: Int[np.ndarray, " nodes"], n: int, m: int) -> Order:
    """An order of all nodes and absences: nodes without partner go to absences, which are all alike."""
    order = np.where(partners >= 0, partners, m + np.arange(n))
    rest = np.setdiff1d(np.arange(n + m), order)
    return np.concatenate([order, rest])


def _padded(graph: TransitionGraph, absent: int) -> Square:
    return np.pad(graph.transitions, (0, absent))


def _square(A: Square, B: Square, alone: Square, order: Order) -> float:
    """The squared distance by one matching, node i of the first with node order[i] of the second."""
    moved = B[np.ix_(order, order)]
    return float(((A - moved) ** 2).sum() + alone[np.arange(len(A)), order].sum())


def _bounds(A: Square, B: Square) -> Square:
    """What transitions of a node and its partner differ by at least: loops, and half of sorted rows and columns each.

    Every other transition is in one row and in one column; sorted rows are as near as any order makes them.
    """
    if not len(A):
        return A.copy()
    loops = (np.diagonal(A)[:, None] - np.diagonal(B)) ** 2
    least = np.zeros_like(A)
    for one, other in ((A, B), (A.T, B.T)):
        rows, others = (np.sort(each[~np.eye(len(A), dtype=bool)].reshape(len(A), -1), axis=1) for each in (one, other))
        least += ((rows[:, None] - others) ** 2).sum(axis=2) / 2
    return loops + least


def _matching(A: Square, B: Square, alone: Square) -> Matching:
    """The overlap that is largest where the square is least: its cross term, with costs of matches as features.

    Of the transitions |A - g B|^2 = |A|^2 + |B|^2 - 2 overlap; a cost is a gain of minus its half. Gains are shifted so
    that a match of nodes that are alike gains something.
    """
    gains = (alone.max() - alone) / 2
    scale = float(np.sqrt(np.linalg.norm(gains))) / len(gains) ** 0.25 or 1.0
    return Matching(len(A), False, ((A, B),), (), ((gains / scale, scale * np.eye(len(gains))),), ())
