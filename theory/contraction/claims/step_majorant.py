"""Bounds of a map's absolute values: K >= |F|, entry by entry, whatever the slopes do."""

from theory.contraction.claims.majorant import diagonal_kept, majorant
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork


def step_majorant(network: ExactNetwork, *, steepest: bool) -> ExactMatrix:
    """a_i |M_ij| beside the diagonal; on it |1 - a_i + a_i M_ii|, or 1 - a_i where that is more.

    With `steepest` the first, that of the steepest slope, alone: where one slope multiplies a whole sum of absolute
    values, the sum is convex in it, and at its least the sum is 1 - a_i.
    """
    spread = (network.leaks @ majorant(network.gained, diagonal_kept)).rows()
    for i, kept in enumerate(network.keep.diagonal_entries()):
        steep = abs(kept + spread[i][i])
        spread[i][i] = steep if steepest else max(kept, steep)
    return ExactMatrix.of(spread)
