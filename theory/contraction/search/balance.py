"""Units for the neurons in which rows and columns of the weights are alike."""

import numpy as np
import scipy.linalg

from theory.contraction.network import Matrix, Vector


def balancing(matrix: Matrix) -> Vector:
    """Powers of two, d, that make row i and column i of D M D^-1 about equally long.

    >>> balancing(np.array([[0.0, 64.0], [1.0, 0.0]])).tolist()
    [0.125, 1.0]
    """
    scales = scipy.linalg.matrix_balance(matrix, permute=False, separate=True)[1][0]
    return np.asarray(1 / scales)
