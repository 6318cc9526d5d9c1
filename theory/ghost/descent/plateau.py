"""How many epochs the plateau lasts: the training map slowed down to a differential equation, with its corrections.

Above the optimum a step is rho -> rho - h rho^(-3/2), h = a (1 - rho_c). The number of epochs N(rho) still to go until
rho = 1 obeys N(rho) = 1 + N(rho - h rho^(-3/2)) exactly. Expanded in powers of h this modified equation gives

    N = (2 / (5 h)) (rho^(5/2) - 1) + (3/4) ln rho + O(h),

where 2 / (5 h) = 8 / (15 a) for the paper's window. Derived here, order by order; the test measures the O(h).
"""

from dataclasses import dataclass
from functools import cache

import sympy as sp

from theory.ghost.descent.errors import StartError
from theory.ghost.descent.training_map import PAPER, Window, jump, lowered, rho, scaled_rate


@cache
def epoch_terms(orders: int = 3) -> tuple[sp.Expr, ...]:
    """Terms of N in powers b^-1, b^0, b^1, ..., each with its power of the scaled rate b; all vanish at rho = 1.

    >>> epoch_terms(2)
    ((8*rho**(5/2)/15 - 8/15)/b, 3*log(rho)/4)
    """
    speed = jump() / scaled_rate
    terms: list[sp.Expr] = []
    for order in range(orders):
        # the coefficient of b^order in N(rho) - N(rho - b speed) - 1, solved for the newest term's derivative
        rest = -sp.S.One if order == 0 else sp.S.Zero
        for index, term in enumerate(terms):
            power = order - index + 1
            rest += (-1) ** (power + 1) * speed**power * sp.diff(term, rho, power) / sp.factorial(power)
        slope = sp.powsimp(sp.expand(-rest / speed))
        primitive = sp.integrate(slope, rho)
        terms.append(sp.powsimp(sp.expand(primitive - primitive.subs(rho, 1))))
    return tuple(term * scaled_rate ** (order - 1) for order, term in enumerate(terms))


_terms = tuple(lowered(term, rho, scaled_rate) for term in epoch_terms())


@dataclass(frozen=True)
class PlateauLength:
    """Epochs from `start` until rho first is at or below 1.

    `continuum` is the leading term, `logarithm` the next one, `epochs` their sum; `error_bound` is one epoch (counting
    whole steps) and twice the modulus of the first term left out.
    """

    start: float
    continuum: float
    logarithm: float
    error_bound: float

    @property
    def epochs(self) -> float:
        """Predicted number of epochs."""
        return self.continuum + self.logarithm


def plateau_length(start: float, a: float, window: Window = PAPER) -> PlateauLength:
    """Length of the plateau from rho = `start` >= 1 at the rate ratio `a`.

    Raises `RateError` for a bad rate and `StartError` for a start below 1 or not finite.

    >>> plateau = plateau_length(start=10.0, a=0.1095)
    >>> f"{plateau.epochs:.1f} +- {plateau.error_bound:.2f}"
    '1537.1 +- 1.03'
    """
    b = window.scaled(a)
    if not 1 <= start < float("inf"):
        raise StartError(f"the plateau starts at rho = {start}; give a finite value of at least 1")
    continuum, logarithm, third = (float(term(start, b)) for term in _terms)
    return PlateauLength(start, continuum, logarithm, 1 + 2 * abs(third))
