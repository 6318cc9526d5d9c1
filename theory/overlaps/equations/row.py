"""One neuron's row of theta, and the averages over neurons that turn products of its entries into overlaps."""

from functools import cache

import sympy as sp

from theory.overlaps.equations.shape import Shape


class NotQuadratic(ValueError):
    """Only products of two entries of a row have an overlap for their average over neurons."""


@cache
def row(shape: Shape) -> tuple[sp.Symbol, ...]:
    """The d entries of neuron i's row of theta, as symbols in the order of its columns.

    >>> row(Shape(rank=2))
    (m_i, u1_i, u2_i, v1_i, v2_i, z_i)
    """
    return tuple(sp.Symbol(f"{label}_i", real=True) for label in shape.labels)


def average(shape: Shape, expression: sp.Expr) -> sp.Expr:
    """The average over neurons, (1/N) sum_i, of a quadratic form in the entries of a row: theta_a theta_b -> sigma_ab.

    Raises:
        NotQuadratic: if a term has not exactly two entries of the row in it.

    >>> m, u, v, z = row(Shape())
    >>> k = sp.Symbol("k")
    >>> average(Shape(), z * (m + k * u))
    k*zu + zm
    """
    total = sp.S.Zero
    for powers, coefficient in sp.Poly(expression, *row(shape)).terms():
        columns = [column for column, power in enumerate(powers) for _ in range(power)]
        if coefficient == 0:
            continue
        if len(columns) != 2:
            raise NotQuadratic(f"{expression}: a term has {len(columns)} entries of a row; overlaps average two")
        total += coefficient * shape.overlap(*columns)
    return total
