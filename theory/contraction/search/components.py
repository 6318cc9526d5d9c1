"""Strongly connected components of a matrix, and small couplings between them."""

import numpy as np
import scipy.sparse.csgraph
from jaxtyping import Int

from theory.contraction.network import Matrix, Vector
from theory.contraction.search.angles import ceiling
from theory.contraction.search.central_path import rescaled
from theory.contraction.search.filters import Filters

_WIDEST = 400.0
"""Binary digits between the largest and the smallest d."""


def components(matrix: Matrix) -> Int[np.ndarray, " n"]:
    """The number of each neuron's component.

    >>> components(np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])).tolist()
    [0, 0, 1]
    """
    labels = scipy.sparse.csgraph.connected_components(matrix != 0, directed=True, connection="strong")[1]
    order = dict.fromkeys(labels.tolist())
    names = {label: place for place, label in enumerate(order)}
    return np.array([names[label] for label in labels.tolist()], dtype=np.int64)


def depths(matrix: Matrix, labels: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """How many couplings between components lie upstream of each neuron at most; M_ij leads from j to i.

    >>> depths(np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]), np.arange(3)).tolist()
    [0, 1, 2]
    """
    count = int(labels.max()) + 1
    targets, sources = np.nonzero(matrix)
    pairs = np.unique(np.column_stack([labels[sources], labels[targets]]), axis=0)
    onward: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for source, target in pairs[pairs[:, 0] != pairs[:, 1]].tolist():
        onward[source].append(target)
        waiting[target] += 1
    found = [0] * count
    ready = [label for label in range(count) if waiting[label] == 0]
    while ready:
        source = ready.pop()
        for target in onward[source]:
            found[target] = max(found[target], found[source] + 1)
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    return np.array(found, dtype=np.int64)[labels]


def scaled_by_depth(
    matrix: Matrix, logs: Vector, depth: Int[np.ndarray, " n"], target: float, filters: Filters
) -> Vector:
    """log d with components scaled down by their depth, no more than it takes for the ceiling to be at most `target`.

    Where d would span more than `_WIDEST` binary digits, as close as that allows.
    """
    deepest = max(int(depth.max()), 1)
    reached = logs
    for digits in (*range(12), *range(12, 64, 4)):
        if digits * deepest > _WIDEST:
            break
        reached = logs - digits * float(np.log(2)) * depth
        if ceiling(rescaled(matrix, reached), filters=filters).value <= target:
            break
    return reached
