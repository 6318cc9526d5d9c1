"""One nonlinearity to the user: its expression for the theory, its function for the networks, under one name."""

import math
from dataclasses import dataclass, field

from jaxtyping import Array, Float

from simulate.cells.nonlinearity import AnyNonlinearity, UnknownNonlinearity, known_function
from simulate.cells.nonlinearity import Nonlinearity as Function
from simulate.lowering import Lowered, lower
from theory.overlaps.gaussian import NONLINEARITIES as EXPRESSIONS
from theory.overlaps.gaussian import Closed, NotANonlinearity, x
from theory.overlaps.gaussian import Nonlinearity as Expression
from theory.overlaps.gaussian import expression_of as known_expression


@dataclass(frozen=True)
class _FromFormula(Function):
    """A user's own formula as a function: no hand-written one stands beside it."""

    lowered: Lowered = field(kw_only=True, compare=False)

    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        (value,) = self.lowered(x)
        return value


def function_of(nonlinearity: AnyNonlinearity) -> Function:
    """What a network computes: the hand-written function of that name, or the user's own formula, lowered.

    Raises:
        UnknownNonlinearity: if it is no nonlinearity.
        UnsupportedExpression: if the formula holds a function with no JAX form.
    """
    if not isinstance(nonlinearity, Expression) or nonlinearity.name in EXPRESSIONS:
        return known_function(nonlinearity)
    kinked = isinstance(nonlinearity, Closed) and nonlinearity.kinked
    lowered = lower((nonlinearity.formula,), (x,))
    return _FromFormula(nonlinearity.name, nonlinearity.odd, not kinked, math.inf, lowered=lowered)


def expression_of(nonlinearity: AnyNonlinearity) -> Expression:
    """What the theory needs of it: its expression.

    Raises:
        UnknownNonlinearity: if it is a function whose expression the theory does not know.
    """
    try:
        return known_expression(nonlinearity)
    except NotANonlinearity as error:
        raise UnknownNonlinearity(str(error)) from error
