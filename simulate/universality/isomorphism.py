"""Whether a graph is another with its nodes relabelled: colours that spread along edges, and choices where they tie."""

import numpy as np
from jaxtyping import Float, Int

Square = Float[np.ndarray, "nodes nodes"]
Nodes = Int[np.ndarray, " nodes"]
CHOICES = 2000
"""Choices after which a search gives up; of the graphs of flip-flops it makes one for each bit."""


def isomorphism(A: Square, B: Square, colours: tuple[Nodes, Nodes]) -> Nodes | None:
    """An order that makes B the matrix A and its colours those of A, if one is found: node i of A is order[i] of B.

    Nodes are told apart by their colours and, again and again, by those that they lead to and come from, with what
    weight (Weisfeiler and Leman). Where nodes of both graphs stay alike one of A is matched with each of B in turn. An
    order that is returned is exact; None says that there is none, or, on a graph of many such ties, that it was not
    found within `CHOICES`.
    """
    if A.shape != B.shape:
        return None
    if not len(A):
        return np.zeros(0, dtype=int)
    weights = np.unique(np.concatenate([A.ravel(), B.ravel()]), return_inverse=True)[1].reshape(2, *A.shape)
    return _Search(weights, [CHOICES]).run(np.stack(colours))


class _Search:
    def __init__(self, weights: np.ndarray, left: list[int]) -> None:
        self.weights, self.left = weights, left
        self.of_edges = np.stack([each * (weights.max() + 1) + each.T for each in weights])

    def run(self, colours: np.ndarray) -> Nodes | None:
        colours = self._spread(colours)
        counts, others = (np.bincount(each, minlength=colours.max() + 1) for each in colours)
        if not np.array_equal(counts, others):
            return None
        tied = np.flatnonzero(counts > 1)
        if not len(tied):
            order = np.argsort(colours[1])[colours[0]]
            return order if np.array_equal(self.weights[0], self.weights[1][np.ix_(order, order)]) else None
        colour = tied[counts[tied].argmin()]
        node = int(np.flatnonzero(colours[0] == colour)[0])
        for other in np.flatnonzero(colours[1] == colour):
            if not self.left[0]:
                return None
            self.left[0] -= 1
            chosen = colours.copy()
            chosen[0, node] = chosen[1, other] = colours.max() + 1
            if (order := self.run(chosen)) is not None:
                return order
        return None

    def _spread(self, colours: np.ndarray) -> np.ndarray:
        """Colours of both graphs, told apart by their neighbours' until no more of them are."""
        kinds = 0
        while True:
            colours = np.unique(colours, return_inverse=True)[1].reshape(colours.shape)
            if colours.max() + 1 == kinds:
                return colours
            kinds = int(colours.max()) + 1
            seen = np.sort(self.of_edges * kinds + colours[:, None, :], axis=2)
            rows = np.concatenate([colours[..., None], seen], axis=2).reshape(colours.size, -1)
            colours = np.unique(rows, axis=0, return_inverse=True)[1].reshape(colours.shape)
