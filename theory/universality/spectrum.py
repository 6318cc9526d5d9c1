"""What is certain of a matrix of balls: how many eigenvalues are outside the unit circle, the sign of a determinant."""

import flint
import numpy as np

from theory.universality.balls import midpoints

_MOST_BITS = 1 << 14


def count_outside(matrix: flint.arb_mat) -> int | None:
    """How many eigenvalues every matrix of these balls has outside the unit circle; None where that cannot be told.

    In the eigenvectors of the midpoint the matrix is nearly diagonal. If none of Gershgorin's discs meets the circle,
    those outside hold as many eigenvalues as they are, however they overlap.

    >>> import flint
    >>> count_outside(flint.arb_mat([[2, 1], [0, flint.arb(0.5)]])), count_outside(flint.arb_mat([[1]]))
    (1, None)
    """
    size = matrix.nrows()
    vectors = np.linalg.eig(midpoints(matrix))[1].astype(complex)
    basis = flint.acb_mat(size, size, [flint.acb(each.real, each.imag) for each in vectors.ravel().tolist()])
    try:
        turned = basis.inv() * flint.acb_mat(matrix) * basis
    except ZeroDivisionError:  # too few eigenvectors
        return None
    outside = 0
    for row in range(size):
        radius = sum((turned[row, column].abs_upper() for column in range(size) if column != row), flint.arb(0))
        if turned[row, row].abs_lower() - radius > 1:
            outside += 1
        elif not turned[row, row].abs_upper() + radius < 1:
            return None
    return outside


def sign_of_determinant(matrix: flint.arb_mat) -> int:
    """Of the midpoint, exactly.

    If no matrix of the balls is singular, as Krawczyk's test says of 1 - F', that is the sign for all of them.

    >>> import flint
    >>> sign_of_determinant(flint.arb_mat([[2, 1], [0, -3]]))
    -1

    Raises:
        ZeroDivisionError: if the midpoint is singular.
    """
    middle, before = matrix.mid(), flint.ctx.prec
    try:
        while flint.ctx.prec <= _MOST_BITS:
            determinant = middle.det()
            if determinant > 0 or determinant < 0:
                return 1 if determinant > 0 else -1
            flint.ctx.prec *= 2
    finally:
        flint.ctx.prec = before
    raise ZeroDivisionError("the matrix of midpoints is singular: its determinant has no sign")
