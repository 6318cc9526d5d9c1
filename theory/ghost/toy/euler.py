"""What Euler's method does to a passage time: the modified equation of x' = f(x), for any scalar flow f.

Euler's map x -> x + h f(x) is, to any order in the step h, the flow of a modified equation
x' = f + h f_1 + h^2 f_2 + ...; its passage time between two levels is the integral of 1 / (f + h f_1 + ...).
The first correction is (h / 2) ln(f_end / f_start): it needs the speeds at the two ends, nothing in between.

All derived here; `tests/theory/ghost/toy/test_euler.py` proves it order by order and measures it on iterated maps.
"""

from dataclasses import dataclass
from functools import cache

import sympy as sp

position, start, end = sp.symbols("x x_start x_end", real=True)
step = sp.Symbol("h", positive=True)
start_speed, end_speed = sp.symbols("f_start f_end", positive=True)
flow = sp.Function("f")


class CoefficientOrder(ValueError):
    """An order of the expansion that is not a natural number."""


@cache
def modified_flow(order: int) -> sp.Expr:
    """The flow that Euler's map with step h follows, f + h f_1 + ... + h^order f_order, in terms of f(x).

    Each coefficient is what makes the flow's own Taylor expansion over a time h, sum of h^n D^(n-1) F / n!
    with D = F d/dx, agree with x + h f(x) at its order.

    >>> sp.expand(modified_flow(1))
    -h*f(x)*Derivative(f(x), x)/2 + f(x)

    Raises:
        CoefficientOrder: if `order` is negative.
    """
    _check(order)
    modified: sp.Expr = flow(position)
    for power in range(1, order + 1):
        displacement, derivative = modified, modified
        for n in range(2, power + 2):
            derivative = sp.expand(modified * derivative.diff(position))
            displacement += step ** (n - 1) * derivative / sp.factorial(n)
        modified -= step**power * sp.expand(displacement).coeff(step, power)
    return modified


@cache
def passage_density(order: int) -> sp.Expr:
    """Coefficient of h^order in 1 / (modified flow): time spent per unit of x, in terms of f(x).

    >>> passage_density(1)
    Derivative(f(x), x)/(2*f(x))

    Raises:
        CoefficientOrder: if `order` is negative.
    """
    _check(order)
    inverse = sp.diff(1 / modified_flow(order), step, order).subs(step, 0) / sp.factorial(order)
    return sp.simplify(inverse.doit())


@cache
def passage_correction() -> sp.Expr:
    """First correction to the passage time of Euler's map with step h: (h/2) ln(f_end / f_start).

    Add it to the flow's passage time, in the same unit of time. For tau kappa' = f(kappa) with Euler step
    D = dt / tau it is (D/2) ln(f_end/f_start) in units of tau.
    """
    primitive = sp.integrate(passage_density(1), position)
    speed = flow(position)
    return sp.factor(step * (primitive.subs(speed, end_speed) - primitive.subs(speed, start_speed)))


@dataclass(frozen=True)
class PassageTime:
    """Time for x' = speed(x) from `start` to `end` and what Euler's step adds: sum over n of h^n terms[n]."""

    terms: tuple[sp.Expr, ...]

    def truncated(self, order: int) -> sp.Expr:
        """The passage time of Euler's map up to and including h^order."""
        return sum((step**n * term for n, term in enumerate(self.terms[: order + 1])), sp.Integer(0))


def passage_time(speed: sp.Expr, order: int) -> PassageTime:
    """Expansion of the passage time of Euler's map for the flow `speed` (an expression in `position`).

    Raises:
        CoefficientOrder: if `order` is negative.
    """
    _check(order)
    densities = (passage_density(n).subs(flow(position), speed).doit() for n in range(order + 1))
    return PassageTime(tuple(_between(sp.integrate(density, position)) for density in densities))


def parameter_shift(speed: sp.Expr, parameter: sp.Symbol) -> sp.Expr:
    """How fast the `parameter` that gives a passage its set time moves with the step, d parameter / d h.

    From passage time T_0(p) + h T_1(p) = constant: the shift is -T_1 / (d T_0 / d p), evaluated at the flow's
    own parameter, and parameter_Euler = parameter_flow + h shift + O(h^2).
    """
    exact, first = passage_time(speed, 1).terms
    return -first / sp.diff(exact, parameter)


def _between(primitive: sp.Expr) -> sp.Expr:
    return primitive.subs(position, end) - primitive.subs(position, start)


def _check(order: int) -> None:
    if order < 0:
        raise CoefficientOrder(f"the order must be 0, 1, 2, ..., not {order}")
