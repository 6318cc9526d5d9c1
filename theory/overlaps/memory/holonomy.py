"""In how many directions learning can leave a trace that the learned function does not show.

A loss that depends on theta through functions f_j(Sigma) alone moves theta along the fields X_j = theta H_j(Sigma)
Lambda, H_j the gradient of f_j. What a sequence of tasks can reach is spanned by these fields and by their brackets,
brackets of brackets and so on (Chow, Rashevskii); a training goes along the X_j only. So where the function comes back
after a loop, the overlaps may end displaced (holonomy) in exactly the directions that brackets add: in none if the
X_j are in involution (Frobenius).

With X = theta P(Sigma), the bracket of two fields is theta ([P, Q] + D_P Q - D_Q P), D_P being the derivative in Sigma
along P^T Sigma + Sigma P. Derived here; tests/theory/overlaps/memory/test_holonomy.py proves it against the map.
"""

from dataclasses import dataclass
from functools import cache
from itertools import combinations

import sympy as sp

from theory.overlaps.conserved.function import fixed_by_function
from theory.overlaps.conserved.symmetries import Response
from theory.overlaps.equations.shape import Shape

Blocks = tuple[bool, bool, bool, bool]
ALL: Blocks = (True, True, True, True)
ONE = Shape()


@dataclass(frozen=True)
class Memory:
    """Dimensions of what learning reaches, in overlap space near a generic point.

    `function` numbers of the function can be taught; `reached` directions can be reached by sequences of tasks.
    """

    function: int
    reached: int

    @property
    def directions(self) -> int:
        """Directions in which the overlaps may differ when the function, having been elsewhere, is the same again."""
        return self.reached - self.function


@cache
def linear_memory(shape: Shape = ONE, trained: Blocks = ALL, depth: int = 4) -> Memory:
    """Count for a linear network of which only some blocks (m, u, v, z) are trained and the others frozen.

    Ranks of exact numbers at one generic point; brackets up to `depth`, fewer once they add nothing.

    >>> linear_memory()
    Memory(function=3, reached=5)
    >>> linear_memory(trained=(False, False, False, True)).directions
    0
    """
    relative = sp.diag(*(int(on) for on, count in zip(trained, shape.counts, strict=True) for _ in range(count)))
    fixed = fixed_by_function(shape, Response.linear, 2 * shape.rank)
    first = [_gradient(each, shape) @ relative for each in fixed]
    fields = list(first)
    function = reached = _rank(fields, shape)
    newest = [_bracket(one, other, shape) for one, other in combinations(first, 2)]
    for _ in range(depth):
        fields += newest
        before, reached = reached, _rank(fields, shape)
        if reached == before:
            break
        newest = [_bracket(one, other, shape) for one in first for other in newest]
    return Memory(function, reached)


def _gradient(function: sp.Expr, shape: Shape) -> sp.MatrixBase:
    sigma = shape.sigma
    half = sp.Rational(1, 2)
    return sp.Matrix(shape.size, shape.size, lambda a, b: function.diff(sigma[a, b]) * (1 if a == b else half))


def _motion(field: sp.MatrixBase, shape: Shape) -> sp.MatrixBase:
    return field.T @ shape.sigma + shape.sigma @ field


def _bracket(one: sp.MatrixBase, other: sp.MatrixBase, shape: Shape) -> sp.MatrixBase:
    return (one @ other - other @ one + _along(other, one, shape) - _along(one, other, shape)).expand()


def _along(field: sp.MatrixBase, direction: sp.MatrixBase, shape: Shape) -> sp.MatrixBase:
    motion = _motion(direction, shape)
    found = sp.zeros(shape.size)
    for a, b in shape.pairs:
        found += field.diff(shape.overlap(a, b)) * motion[a, b]
    return found


def _rank(fields: list[sp.MatrixBase], shape: Shape) -> int:
    primes = iter(sp.primerange(2, 1000))
    point = {shape.overlap(a, b): sp.Rational(next(primes), 7 + 3 * a + b) for a, b in shape.pairs}
    rows = [[_motion(each, shape).subs(point)[a, b] for a, b in shape.pairs] for each in fields]
    return int(sp.Matrix(rows).rank())
