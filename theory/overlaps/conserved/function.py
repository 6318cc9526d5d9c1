"""The numbers that a network's function fixes: polynomials in the overlaps that no change of latent basis touches."""

import sympy as sp

from theory.overlaps.conserved.symmetries import Response
from theory.overlaps.equations.shape import Shape


def fixed_by_function(shape: Shape, response: Response, length: int) -> tuple[sp.Expr, ...]:
    """Some of the polynomials in the overlaps that are determined by what the network computes.

    An input drives k_u along vm, (vu) vm, (vu)^2 vm and so on: the first `length` of these are read out through z u,
    beside z m. With a constant gain these are the Markov parameters, and 2 rank of them determine all. Otherwise the
    gain tells the variance of the activity too: mm, and mu and uu along the same directions.

    >>> fixed_by_function(Shape(), Response.linear, 2)
    (zm, vm*zu, vm*vu*zu)
    >>> fixed_by_function(Shape(), Response.generic, 1)
    (zm, vm*zu, mm, mu*vm, uu*vm**2)
    """

    def block(left: str, right: str) -> sp.MatrixBase:
        return shape.sigma.extract(list(shape.columns(left)), list(shape.columns(right)))

    directions = [block("v", "m")]
    while len(directions) < length:
        directions.append(block("v", "u") @ directions[-1])
    found = [block("z", "m"), *(block("z", "u") @ each for each in directions)]
    if response is Response.generic:
        found += [block("m", "m"), *(block("m", "u") @ each for each in directions)]
        found += [one.T @ block("u", "u") @ each for k, each in enumerate(directions) for one in directions[: k + 1]]
    return tuple(dict.fromkeys(sp.expand(entry) for matrix in found for entry in matrix))
