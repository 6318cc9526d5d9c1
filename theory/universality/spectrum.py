"""What is certain of matrices: how many eigenvalues are outside the unit circle, the sign of a determinant.

Doubles whose errors are bounded decide first, as balls of many units take seconds; balls decide what these leave.
"""

import flint
import numpy as np
import scipy.linalg
from jaxtyping import Complex, Float, Int

from theory.universality.balls import exact
from theory.universality.bounded import Bounded, above

_MOST_BITS = 1 << 14
Bounds = Float[np.ndarray, " rows"]


def count_outside(matrix: Bounded) -> int | None:
    """How many eigenvalues each of these matrices has outside the unit circle; None where that cannot be told.

    In the eigenvectors of the middle the matrix is nearly diagonal. If none of Gershgorin's discs meets the circle,
    those outside hold as many eigenvalues as they are, however they overlap.

    >>> import numpy as np
    >>> one = np.array([[2.0, 1.0], [0.0, 0.5]]), np.array([[0.0, 0.0], [0.0, 0.25]])
    >>> count_outside(Bounded(*one)), count_outside(Bounded(np.eye(1)))
    (1, None)
    """
    vectors = np.linalg.eig(matrix.middle)[1].astype(complex)
    told = _outside_by_doubles(matrix, vectors)
    return _outside_by_balls(matrix, vectors) if told is None else told


def _outside_by_balls(matrix: Bounded, vectors: Complex[np.ndarray, "size size"]) -> int | None:
    size, radii = len(vectors), np.broadcast_to(matrix.radius, matrix.middle.shape)
    ends = zip(matrix.middle.ravel().tolist(), radii.ravel().tolist(), strict=True)
    balls = flint.arb_mat(size, size, [flint.arb(*each) for each in ends])
    basis = flint.acb_mat(size, size, [flint.acb(each.real, each.imag) for each in vectors.ravel().tolist()])
    try:
        turned = basis.inv() * flint.acb_mat(balls) * basis
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


def _outside_by_doubles(matrix: Bounded, vectors: Complex[np.ndarray, "size size"]) -> int | None:
    """The same, of T = Y M V and B = Y V for eigenvectors V and any Y near their inverse.

    Eigenvalues of M are those z with T - z B singular, if Y and V are not. Let |T_ii| and |B_ii| differ by more than
    the other entries in row i of T and of B add up to, for each i. Then T - z B is not singular with |z| = 1, and is
    not while these entries are made less, down to zero: no eigenvalue crosses the circle, and at the end they are
    T_ii / B_ii. Nor is B, where B_ii outweighs its row: Y and V are not singular.
    """
    try:
        inverse = np.linalg.inv(vectors)
    except np.linalg.LinAlgError:
        return None
    Y, V = Bounded(np.vstack([inverse.real, inverse.imag])), Bounded(np.hstack([vectors.real, vectors.imag]))
    (least_T, T, beside_T), (least_B, B, beside_B) = (_moduli(each) for each in (Y @ matrix @ V, Y @ V))
    beside = above(beside_T + beside_B)
    outside, inside = (above(above(a + beside)) < b for a, b in ((B, least_T), (T, least_B)))
    sure = (outside | inside) & (above(beside_B) < least_B)
    return int(outside.sum()) if sure.all() else None


def _moduli(product: Bounded) -> tuple[Bounds, Bounds, Bounds]:
    """Of a complex matrix in four parts: at least and at most |diagonal|, and at most what rows have besides."""
    n = len(product.middle) // 2
    parts = [
        [Bounded(product.middle[a, b], np.asarray(product.radius)[a, b]) for b in (slice(n), slice(n, None))]
        for a in (slice(n), slice(n, None))
    ]
    real, imaginary = parts[0][0] - parts[1][1], parts[0][1] + parts[1][0]
    size = above(np.hypot(real.size(), imaginary.size()))
    own = np.diag(size).copy()
    np.fill_diagonal(size, 0.0)
    least = np.hypot(np.diag(real.least_size()), np.diag(imaginary.least_size()))
    return least, own, above(size.sum(axis=1))


def sign_of_determinant(matrix: Float[np.ndarray, "size size"]) -> int:
    """Of these doubles, exactly.

    Where none of the matrices about this one is singular, as Krawczyk's test says of 1 - F', it is the sign for all of
    them.

    >>> import numpy as np
    >>> sign_of_determinant(np.array([[2.0, 1.0], [0.0, -3.0]]))
    -1

    Raises:
        ZeroDivisionError: if the matrix is singular.
    """
    told, before = _sign_by_doubles(Bounded(matrix)), flint.ctx.prec
    if told:
        return told
    middle = exact(matrix)
    try:
        while flint.ctx.prec <= _MOST_BITS:
            determinant = middle.det()
            if determinant > 0 or determinant < 0:
                return 1 if determinant > 0 else -1
            flint.ctx.prec *= 2
    finally:
        flint.ctx.prec = before
    raise ZeroDivisionError("the matrix is singular: its determinant has no sign")


def _sign_by_doubles(matrix: Bounded) -> int:
    """Zero where it is not decided: with L, U near the inverses of M's factors, L P M U has a dominant diagonal."""
    if not np.isfinite(matrix.middle).all():
        return 0
    order, lower, upper = scipy.linalg.lu(matrix.middle, p_indices=True)
    if not np.isfinite(upper).all():
        return 0
    one = np.eye(len(order))
    try:
        L = np.tril(scipy.linalg.solve_triangular(lower, one, lower=True, unit_diagonal=True))
        U = np.triu(scipy.linalg.solve_triangular(upper, one))
    except np.linalg.LinAlgError:
        return 0
    rows = np.argsort(order)  # of M, one after another, as L U has them
    turned = Bounded(L) @ matrix[rows] @ Bounded(U)
    beside = turned.size()
    np.fill_diagonal(beside, 0.0)
    if not (np.diag(turned.least_size()) > above(beside.sum(axis=1))).all():
        return 0
    signs = np.prod(np.sign(np.diag(turned.middle))) * np.prod(np.sign(np.diag(L))) * np.prod(np.sign(np.diag(U)))
    return int(signs) * _sign_of_order(rows)


def _sign_of_order(order: Int[np.ndarray, " size"]) -> int:
    """One to the number of exchanges that make it: minus one, of each cycle of even length."""
    sign, seen = 1, np.zeros(len(order), dtype=bool)
    for first in range(len(order)):
        length, at = 0, first
        while not seen[at]:
            seen[at], at, length = True, int(order[at]), length + 1
        sign *= -1 if length and length % 2 == 0 else 1
    return sign
