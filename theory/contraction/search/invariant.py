"""Subspaces that displacements do not leave whatever the slopes do, by exact bases.

Where a network is unstable on one of them only, the dual's sum is zero across it, which rounding does not keep: proofs
are then sought inside. There are two kinds: a strongly connected component of the weights with all that lies downstream
of it and, with time constants of one, the span of what carries the nonlinearities' outputs into x' when that is
singular: the columns of W in the voltage form.
"""

from collections.abc import Iterator

import flint
import numpy as np
import scipy.sparse.csgraph
from jaxtyping import Bool, Float

from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import Network

Basis = Float[np.ndarray, "n dimensions"]


def invariant_bases(network: Network) -> Iterator[Basis]:
    """Columns that span each; the whole space is among them where the network is connected and W regular.

    >>> from theory.contraction import RATE, network
    >>> [basis.tolist() for basis in invariant_bases(network(np.array([[0.5, 0.0], [1.0, 2.0]]), RATE))]
    [[[0.0], [1.0]], [[1.0, 0.0], [0.0, 1.0]]]
    """
    single = np.eye(network.size)
    for kept in _downstream_closed(network):
        (names,) = np.nonzero(kept)
        block = network.weights[np.ix_(names, names)]
        carried = network.form.driven(np.eye(len(block)), block)
        if network.uniform and np.linalg.matrix_rank(carried) < len(block):
            columns = _independent_columns(carried)
            if 0 < columns.shape[1] < len(block):
                yield single[:, names] @ columns
                continue
        yield single[:, names]


def _downstream_closed(network: Network) -> list[Bool[np.ndarray, " n"]]:
    """A component and all that it reaches, for every component, small ones first."""
    reached = np.array(
        [
            np.isin(
                np.arange(network.size),
                scipy.sparse.csgraph.breadth_first_order(network.weights.T != 0, i, return_predecessors=False),
            )
            for i in range(network.size)
        ]
    )
    different = {tuple(row.tolist()) for row in reached}
    return [np.array(row) for row in sorted(different, key=lambda row: (sum(row), row[::-1]))]


def _independent_columns(block: Float[np.ndarray, "rows rows"]) -> Float[np.ndarray, "rows rank"]:
    """The first columns that span all, found exactly."""
    reduced, rank = ExactMatrix.of(block).entries.rref()
    pivots = [next(j for j in range(len(block)) if reduced[i, j] != flint.fmpq(0)) for i in range(rank)]
    columns: Float[np.ndarray, "rows rank"] = block[:, pivots]
    return columns
