"""Linear conditions that must hold identically in some symbols, solved exactly."""

from collections.abc import Sequence

import sympy as sp
from sympy.polys.matrices import DomainMatrix


def solve_identically(
    residuals: Sequence[sp.Expr], unknowns: Sequence[sp.Symbol], identically_in: Sequence[sp.Symbol]
) -> tuple[dict[sp.Symbol, sp.Expr], ...]:
    """A basis of the values of the unknowns for which every residual vanishes; each begins with a one.

    `residuals` are linear and homogeneous in `unknowns` and polynomials in `identically_in`; what else they hold
    (rates) is a parameter in general position.

    >>> a, b, x, y = sp.symbols("a b x y")
    >>> solve_identically([(a + b) * x, (a + b) * x * y], [a, b], [x, y])
    ({a: 1, b: -1},)
    """
    conditions = {
        condition
        for residual in residuals
        for condition in (sp.Poly(residual, *identically_in).coeffs() if identically_in else [residual])
        if condition != 0
    }
    if not conditions:
        matrix = sp.zeros(1, len(unknowns))
    else:
        matrix, _ = sp.linear_eq_to_matrix(sorted(conditions, key=sp.default_sort_key), list(unknowns))
    null = DomainMatrix.from_Matrix(matrix).to_field().nullspace().to_Matrix()
    return tuple(dict(zip(unknowns, _leading_one(list(null.row(k))), strict=True)) for k in range(null.rows))


def _leading_one(entries: Sequence[sp.Expr]) -> list[sp.Expr]:
    lead = next(entry for entry in entries if entry != 0)
    return [sp.cancel(entry / lead) for entry in entries]
