"""The file of --sigma: a Gram matrix of the columns m, u, v and z, checked against the task and the rank."""

from pathlib import Path

import numpy as np
from jaxtyping import Float

from simulate.overlaps.gram_matrix import Counts, NotAGramMatrix, require_gram, square_root
from validate.arrays import MATRIX_FILES, BadArray, read_matrix
from validate.delimited import column_names
from validate.options import Refusal, one_of
from validate.task_file import TaskArrays

SIGMA = (
    f"a symmetric, positive semidefinite d x d matrix in a file whose name ends in {one_of(MATRIX_FILES)}, "
    "d = n_in + 2 rank + n_out, columns in the order m, u, v, z"
)
LARGEST = 1e300
"""Overlaps beyond leave no room for their sums, such as eigenvalues."""


def read_sigma(path: Path) -> Float[np.ndarray, "d d"]:
    """The square matrix in a file, its columns in the order m, u, v, z as far as they are named.

    Raises:
        Refusal: saying what is wrong.
    """
    try:
        matrix = read_matrix(path)
    except BadArray as error:
        raise Refusal("--sigma", str(error), SIGMA) from error
    if matrix.shape[0] != matrix.shape[1]:
        raise Refusal("--sigma", f"a {matrix.shape[0]} x {matrix.shape[1]} matrix is not square", SIGMA)
    names = None if path.suffix == ".npy" else column_names(path)
    blocks = [] if names is None else [name[:1].lower() for name in names]
    if set(blocks) <= set("muvz") and blocks != sorted(blocks):
        raise Refusal("--sigma", f"its columns are named {', '.join(names or [])}", SIGMA)
    return matrix


def counts_of(asked: int | None, task: TaskArrays, sigma: Float[np.ndarray, "d d"] | None) -> Counts:
    """The columns of m, u, v and z: inputs and outputs of the task, the rank asked for, or that which sigma has, or 1.

    Raises:
        Refusal: where sigma has no rank.
    """
    inputs, outputs = task.inputs.shape[2], task.targets.shape[2]
    if asked is not None:
        rank = asked
    elif sigma is None:
        rank = 1
    else:
        rank, odd = divmod(len(sigma) - inputs - outputs, 2)
        if odd or rank < 1:
            size = f"a {len(sigma)} x {len(sigma)} matrix fits no rank with {inputs} inputs and {outputs} outputs"
            sizes = ", ".join(str(inputs + outputs + 2 * each) for each in (1, 2, 3))
            raise Refusal("--sigma", size, f"{SIGMA}: here d = {sizes}, ... for rank 1, 2, 3, ...")
    return (inputs, rank, rank, outputs)


def checked_sigma(
    sigma: Float[np.ndarray, "d d"], counts: Counts, neurons: int | None = None
) -> Float[np.ndarray, "d d"]:
    """The matrix, if it is a Gram matrix, and one of so many neurons where a network of them is to have it exactly.

    Raises:
        Refusal: saying what is wrong.
    """
    d = sum(counts)
    if len(sigma) != d:
        problem = (
            f"a {len(sigma)} x {len(sigma)} matrix does not fit {counts[0]} inputs, rank {counts[1]} and "
            f"{counts[3]} outputs, which need {d} x {d}"
        )
        raise Refusal("--sigma", problem, SIGMA)
    if (largest := np.abs(sigma).max()) > LARGEST:
        raise Refusal("--sigma", f"values up to {largest:g}, too large to reckon with", SIGMA)
    try:
        matrix = require_gram(sigma, counts)
    except NotAGramMatrix as error:
        raise Refusal("--sigma", str(error), SIGMA) from error
    rank = len(square_root(matrix))
    if neurons is not None and neurons < rank:
        problem = f"{neurons} neurons cannot have the overlaps of --sigma, a matrix of rank {rank}"
        raise Refusal("--neurons", problem, f"a whole number from {rank}, or --levels without network")
    return matrix
