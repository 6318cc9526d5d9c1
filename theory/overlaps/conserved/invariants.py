"""What learning cannot change, from the pattern of visible overlaps: matrices B with theta B theta^T constant.

Under theta' = -2 eta theta H Lambda (H symmetric, zero where no overlap is visible; Lambda the rate of each column)

    (theta B theta^T)' = -2 eta theta (H Lambda B + B Lambda H) theta^T,

so an N x N matrix is conserved for every symmetric B with H Lambda B + B Lambda H = 0 identically in H. Solving this
for the pattern of a linear network gives one matrix, B = Lambda^-1 A with A = 1 on m and u and -1 on v and z, that is

    K = theta Lambda^-1 A theta^T = (m m^T) / Lambda_m + (u u^T) / Lambda_u - (v v^T) / Lambda_v - (z z^T) / Lambda_z.

Seen from the overlaps, M = B Sigma keeps its spectrum, as M' = [2 eta H Lambda, M]: a Lax pair.

Frozen columns (rate zero) break K, but not all of it. Project the trained columns on the neurons' directions
orthogonal to the frozen ones: they obey the same flow with only their own part of H, so that part is solved instead.
The Gram matrix of the projected columns is the Schur complement of the frozen overlaps, and its products with B keep
their spectra. Derived here; tests/theory/overlaps/conserved/test_invariants.py proves it.
"""

from collections.abc import Sequence

import sympy as sp

from theory.overlaps.conserved.linear_conditions import solve_identically
from theory.overlaps.equations.gram import rate


def conserved_matrices(gradient: sp.MatrixBase, rates: sp.MatrixBase) -> tuple[sp.ImmutableMatrix, ...]:
    """A basis of the symmetric B with H Lambda B + B Lambda H = 0 for every value of the symbols in H.

    `gradient` is H (d x d, symmetric, free symbols where an overlap is visible), `rates` the diagonal Lambda, all of
    it positive: numbers or symbols. Leave frozen columns out of both.

    >>> from theory.overlaps import Shape, equations
    >>> linear = equations.gram.GramEquations(Shape(), visible=sp.symbols("zm zu vm vu", real=True))
    >>> conserved_matrices(linear.gradient_matrix, sp.eye(4))
    (Matrix([
    [1, 0,  0,  0],
    [0, 1,  0,  0],
    [0, 0, -1,  0],
    [0, 0,  0, -1]]),)
    """
    size = gradient.rows
    unknown = {(a, b): sp.Dummy(f"b_{a}{b}") for a in range(size) for b in range(a, size)}
    matrix = sp.ImmutableMatrix(size, size, lambda a, b: unknown[min(a, b), max(a, b)])
    half = gradient @ rates @ matrix
    overlaps = sorted(gradient.free_symbols, key=str)
    found = solve_identically(list(half + half.T), list(unknown.values()), overlaps)
    return tuple(matrix.xreplace(each) for each in found)


def lax_residual(
    matrix: sp.MatrixBase, gradient: sp.MatrixBase, rates: sp.MatrixBase, sigma: sp.MatrixBase
) -> sp.MatrixBase:
    """(B Sigma)' under the flow minus [2 eta H Lambda, B Sigma]: zero if and only if B is conserved."""
    move = gradient @ rates
    lax = matrix @ sigma
    flow = -2 * rate * matrix @ (move.T @ sigma + sigma @ move)
    return (flow - 2 * rate * (move @ lax - lax @ move)).applyfunc(sp.expand)


def spectral_invariant(matrix: sp.MatrixBase, sigma: sp.MatrixBase, order: int) -> sp.Expr:
    """tr (B Sigma)^k, k = `order`, as a polynomial in the overlaps; k = 1 to d tell the spectrum of B Sigma.

    >>> from theory.overlaps import Shape
    >>> spectral_invariant(sp.diag(1, 1, -1, -1), Shape().sigma, 1)
    mm + uu - vv - zz
    """
    return sp.expand(((matrix @ sigma) ** order).trace())


def schur_complement(sigma: sp.MatrixBase, frozen: Sequence[int]) -> sp.MatrixBase:
    """The Gram matrix of the other columns after their parts along the `frozen` columns are taken out."""
    free = [column for column in range(sigma.rows) if column not in frozen]
    inner = sigma.extract(free, free)
    if not frozen:
        return sp.Matrix(inner)
    cross = sigma.extract(free, list(frozen))
    return sp.Matrix(inner - cross @ sigma.extract(list(frozen), list(frozen)).inv() @ cross.T)
