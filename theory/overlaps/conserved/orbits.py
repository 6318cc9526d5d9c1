"""Why there are no more invariants: all tasks together can move the overlaps in every direction but theirs.

Whatever the task, the flow of the overlaps is a combination of the fields

    V_i = -2 (Lambda H_i Sigma + Sigma H_i Lambda),    df_i = tr(H_i dSigma),

f_i being numbers that the function fixes. An invariant of every task is constant along the V_i, hence along their
brackets [V_i, V_j]; so at most (overlaps) - rank(V_i, [V_i, V_j]) are independent. The rank is found at a point in
general position, in exact arithmetic; it can only be larger elsewhere, and brackets of brackets could only add to it:
the bound is a proof. Derived here; tests/theory/overlaps/conserved/test_counting.py finds it attained.
"""

from dataclasses import dataclass
from functools import cached_property

import flint
import sympy as sp

from theory.overlaps.conserved.function import fixed_by_function
from theory.overlaps.conserved.symmetries import Response
from theory.overlaps.equations.exact import Row, general_overlaps, rank, tangent
from theory.overlaps.equations.shape import Shape


def most_invariants(shape: Shape, response: Response, frozen: frozenset[str] = frozenset()) -> int:
    """An upper bound of the number of independent invariants that all tasks share; `frozen` blocks are not trained.

    >>> most_invariants(Shape(), Response.linear), most_invariants(Shape(), Response.generic)
    (5, 1)
    """
    length = shape.rank + 1 if response is Response.generic else 2 * shape.rank
    point = general_overlaps(shape)
    rates = flint.fmpq_mat(shape.size, shape.size)
    for column, label in enumerate(shape.labels):
        rates[column, column] = int(label[0] not in frozen)
    fields = [_Field(shape, each, point, rates) for each in fixed_by_function(shape, response, length)]
    rows = [tangent(shape, field.velocity) for field in fields]
    rows += [tangent(shape, two.along(one) - one.along(two)) for k, one in enumerate(fields) for two in fields[:k]]
    return len(shape.pairs) - rank(rows)


@dataclass(frozen=True)
class _Field:
    """V = Lambda H Sigma + Sigma H Lambda of one polynomial of the overlaps, at one point."""

    shape: Shape
    polynomial: sp.Expr
    point: flint.fmpq_mat
    rates: flint.fmpq_mat

    @cached_property
    def velocity(self) -> flint.fmpq_mat:
        return _symmetric(self.point * self._matrix([self._at(each) for each in self._slopes]) * self.rates)

    def along(self, other: "_Field") -> flint.fmpq_mat:
        """The derivative of this field's velocity along the other's."""
        move = [other.velocity[place] for place in self._places]
        turned = [sum((a * b for a, b in zip(row, move, strict=True)), flint.fmpq(0)) for row in self._hessian]
        half = other.velocity * self._matrix([self._at(each) for each in self._slopes])
        return _symmetric((half + self.point * self._matrix(turned)) * self.rates)

    @cached_property
    def _places(self) -> list[tuple[int, int]]:
        wanted = self.polynomial.free_symbols
        return [pair for pair in self.shape.pairs if self.shape.overlap(*pair) in wanted]

    @cached_property
    def _slopes(self) -> list[sp.Poly]:
        overlaps = [self.shape.overlap(*place) for place in self._places]
        return [sp.Poly(self.polynomial, *overlaps).diff(each) for each in overlaps]

    @cached_property
    def _hessian(self) -> list[Row]:
        return [[self._at(slope.diff(each)) for each in slope.gens] for slope in self._slopes]

    def _at(self, polynomial: sp.Poly) -> flint.fmpq:
        return flint.fmpq(int(polynomial(*(int(self.point[place].p) for place in self._places))))

    def _matrix(self, slopes: Row) -> flint.fmpq_mat:
        """2 H: the derivative in every overlap at its two places, twice on the diagonal."""
        matrix = flint.fmpq_mat(self.shape.size, self.shape.size)
        for (a, b), slope in zip(self._places, slopes, strict=True):
            matrix[a, b] += slope
            matrix[b, a] += slope
        return matrix


def _symmetric(matrix: flint.fmpq_mat) -> flint.fmpq_mat:
    return matrix + matrix.transpose()
