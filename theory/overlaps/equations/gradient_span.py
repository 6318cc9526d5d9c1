"""How much of the overlaps the outputs ever feel: the directions in overlap space that learning ignores.

At given visible overlaps the flow is linear in the Gram matrix, sigma' = sum_ab g_ab L_ab sigma. A change D of the
invisible overlaps is never felt if its visible entries are zero and stay zero, whatever the gradient does:

    C D = C L_ab D = C L_ab L_cd D = ... = 0,    C: takes the visible entries,

the question of observability in control theory. The rows of C, C L, C L L, ... span the combinations of overlaps that
the outputs feel. This is sharper than asking which overlaps stand in the equations: in a linear network with every
block trained all of them do, but a change along the signature A, for which H A + A H = 0, is never felt; with block
rates Lambda it is one along Lambda A. A step of finite size has terms of second order in the rate besides, and feels
that direction through them.

Derived here; tests/theory/overlaps/equations/test_gradient_span.py proves it by following pairs of Gram matrices.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import flint
import sympy as sp

from theory.overlaps.equations.gram import GramEquations, rate


@dataclass(frozen=True)
class GradientSpan:
    """What the outputs of a network that learns feel of its overlaps, now or later.

    `combinations` is the number of independent linear combinations of overlaps that they feel. `unobservable` is a
    basis of the rest: symmetric d x d matrices of fractions, which added to Sigma have no effect on the outputs.
    """

    combinations: int
    unobservable: tuple[sp.ImmutableMatrix, ...]


def span_of_flow(equations: GramEquations) -> GradientSpan:
    """What is felt when the learning rate is small. Block rates must be numbers.

    >>> from theory.overlaps import Shape
    >>> shape = Shape()
    >>> span = span_of_flow(GramEquations(shape, visible=tuple(shape.sigma[2:, :2])))
    >>> span.combinations, [matrix.diagonal() for matrix in span.unobservable]
    (9, [Matrix([[-1, -1, 1, 1]])])
    """
    return _span(equations, equations.flow)


def span_of_map(equations: GramEquations) -> GradientSpan:
    """What is felt when a step has any size. Block rates must be numbers."""
    return _span(equations, equations.map)


def _span(equations: GramEquations, law: Mapping[sp.Symbol, sp.Expr]) -> GradientSpan:
    """The row space of C, closed under multiplication by the law's matrices."""
    overlaps = tuple(law)
    matrices = _matrices(equations.gradient, law)
    rows, rank = flint.fmpq_mat([[int(each == seen) for each in overlaps] for seen in equations.visible]), 0
    while rank < rows.nrows():
        rank = rows.nrows()
        rows = _independent([rows, *(rows * matrix for matrix in matrices)])
    kernel = sp.Matrix([[_fraction(entry) for entry in row] for row in rows.tolist()]).nullspace()
    return GradientSpan(rank, tuple(_symmetric(equations, overlaps, vector) for vector in kernel))


def _matrices(gradient: tuple[sp.Symbol, ...], law: Mapping[sp.Symbol, sp.Expr]) -> list[flint.fmpq_mat]:
    """The matrix on overlaps that stands with each monomial in g (at rate 1)."""
    overlaps = tuple(law)
    found: dict[tuple[int, ...], flint.fmpq_mat] = {}
    for i, expression in enumerate(law.values()):
        for powers, coefficient in sp.Poly(expression.xreplace({rate: sp.S.One}), *gradient, *overlaps).terms():
            if coefficient == 0:
                continue
            monomial, j = powers[: len(gradient)], powers[len(gradient) :].index(1)
            matrix = found.setdefault(monomial, flint.fmpq_mat(len(overlaps), len(overlaps)))
            matrix[i, j] = flint.fmpq(int(coefficient.p), int(coefficient.q))
    return list(found.values())


def _independent(blocks: Iterable[flint.fmpq_mat]) -> flint.fmpq_mat:
    """A basis of the row space of all blocks together."""
    reduced, rank = flint.fmpq_mat([row for block in blocks for row in block.tolist()]).rref()
    return flint.fmpq_mat(reduced.tolist()[:rank])


def _fraction(number: flint.fmpq) -> sp.Rational:
    return sp.Rational(int(number.p), int(number.q))


def _symmetric(equations: GramEquations, overlaps: tuple[sp.Symbol, ...], vector: sp.MatrixBase) -> sp.ImmutableMatrix:
    values = dict(zip(overlaps, vector, strict=True))
    return equations.shape.sigma.xreplace(values)
