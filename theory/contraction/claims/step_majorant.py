"""Bounds of a map's absolute values: K >= |F|, entry by entry, whatever the slopes do."""

from theory.contraction.claims.majorant import diagonal_kept, largest, majorant
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork


def step_majorants(network: ExactNetwork, *, joint: bool) -> tuple[ExactMatrix, ...]:
    """|F| at the least and at the largest slopes, `joint`, or entry by entry the larger of the two: an entry is convex.

    From zero a_i |M_ij| beside the diagonal; on it |1 - a_i + a_i M_ii|, or 1 - a_i where that is more. `joint`, the
    first, that of the largest slopes, alone: at the least a whole sum of absolute values is 1 - a_i.
    """
    if network.lowest is not None:
        ends = [absolute(network.step(slopes)) for slopes in (network.lowest, network.slopes)]
        return tuple(ends) if joint else (largest(*ends),)
    spread = (network.leaks @ majorant(network.gained, diagonal_kept)).rows()
    for i, kept in enumerate(network.keep.diagonal_entries()):
        steep = abs(kept + spread[i][i])
        spread[i][i] = steep if joint else max(kept, steep)
    return (ExactMatrix.of(spread),)


def absolute(matrix: ExactMatrix) -> ExactMatrix:
    """|M|, entry by entry."""
    return ExactMatrix.of([[abs(entry) for entry in row] for row in matrix.rows()])
