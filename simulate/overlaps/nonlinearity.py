"""One nonlinearity to the user: its expression for the theory, its function for the networks, under one name."""

import math
from dataclasses import dataclass, field
from typing import TypeAlias

from jaxtyping import Array, Float

from simulate.cells.nonlinearity import NONLINEARITIES as FUNCTIONS
from simulate.cells.nonlinearity import Nonlinearity as Function
from simulate.cells.nonlinearity import UnknownNonlinearity
from simulate.lowering import Lowered, lower
from theory.overlaps.gaussian import NONLINEARITIES as EXPRESSIONS
from theory.overlaps.gaussian import Closed, x
from theory.overlaps.gaussian import Nonlinearity as Expression

AnyNonlinearity: TypeAlias = Expression | Function
"""As users hold it: the expression of the theory, or the function of the networks."""


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
    if isinstance(nonlinearity, Function):
        return nonlinearity
    _require(nonlinearity, Expression)
    if EXPRESSIONS.get(nonlinearity.name) == nonlinearity:
        return FUNCTIONS[nonlinearity.name]
    kinked = isinstance(nonlinearity, Closed) and nonlinearity.kinked
    lowered = lower((nonlinearity.formula,), (x,))
    return _FromFormula(nonlinearity.name, nonlinearity.odd, not kinked, math.inf, lowered=lowered)


def expression_of(nonlinearity: AnyNonlinearity) -> Expression:
    """What the theory needs of it: its expression.

    Raises:
        UnknownNonlinearity: if it is a function whose expression the theory does not know.
    """
    if isinstance(nonlinearity, Expression):
        return nonlinearity
    _require(nonlinearity, Function)
    if FUNCTIONS.get(nonlinearity.name) != nonlinearity:
        raise UnknownNonlinearity(
            f"{nonlinearity.name}: the theory knows {', '.join(EXPRESSIONS)}; "
            "give it the expression instead, theory.overlaps.Smooth(name, formula)"
        )
    return EXPRESSIONS[nonlinearity.name]


def _require(nonlinearity: object, kind: type) -> None:
    if not isinstance(nonlinearity, kind):
        raise UnknownNonlinearity(
            f"{nonlinearity!r} is no nonlinearity: give LINEAR, ERF, TANH or RELU of theory.overlaps, or "
            "theory.overlaps.Smooth(name, formula)"
        )
