"""Every relabelling of a small network's units, tried one by one: the overlap that no other exceeds."""

import itertools

import numpy as np

from simulate.measures.matching import Matching, Relabelling


def best_of_all(matching: Matching) -> Relabelling:
    """The relabelling of largest overlap; of equal ones the first.

    Of one assignment, the overlap with signs z is z^T M z + a^T z + what no sign changes.
    """
    n = matching.n
    signs = np.array(list(itertools.product((1.0, -1.0) if matching.signed else (1.0,), repeat=n)))
    of_X, of_P = matching.constant
    best, largest = Relabelling.none(n), -np.inf
    for order in map(np.array, itertools.permutations(range(n))):
        here, there = np.ix_(order, order), (np.arange(n), order)
        M = sum((A * B[here] for A, B in matching.both), start=np.zeros((n, n)))
        alone = sum(((A * B[here]).sum(axis=0) for A, B in matching.sources), start=of_X[there])
        overlaps = ((signs @ M) * signs).sum(axis=1) + signs @ alone + of_P[there].sum()
        k = int(overlaps.argmax())
        if overlaps[k] > largest:
            best, largest = Relabelling(order, signs[k]), float(overlaps[k])
    return best
