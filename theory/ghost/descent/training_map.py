"""Gradient descent on the confident loss as a map that is free of the delay.

With rho = r / r_opt and a = alpha / alpha_crit one step of gradient descent reads

    rho  ->  rho - a (1 - rho_c) sign(rho - 1) rho^(-3/2)      while rho >= rho_c = (T / (T + T_r))^2,

and rho stays put for ever below the cut rho_c, in the no-learning zone. T has dropped out. Two conventions: at rho = 1
exactly the subgradient 0 is used, so the orbit stays there; at rho = rho_c exactly the orbit is not yet stuck.

With b = (4/3) (1 - rho_c) a and u = rho / b^(2/5) the two branches lose the rate and the window as well,

    L(u) = u + (3/4) u^(-3/2)   for u < k,        R(u) = u - (3/4) u^(-3/2)   for u > k,

and only the kink k = b^(-2/5) and the cut rho_c k know of them. For the paper's window T_r = T, b = a.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from jaxtyping import Float

from theory.ghost.descent.errors import RateError, StartError, WindowError
from theory.ghost.toy import step_output

rho = sp.Symbol("rho", positive=True)
rate_ratio = sp.Symbol("a", positive=True)
response_ratio = sp.Symbol("q", positive=True)  # T_r / T
u = sp.Symbol("u", positive=True)
scaled_rate = sp.Symbol("b", positive=True)

Number = Any  # float, numpy array, mpmath.mpf or flint.arb: whatever has + - * / **


def lowered(expression: sp.Expr, *arguments: sp.Symbol) -> Callable[..., Number]:
    """The expression as a function in plain arithmetic (no function calls), valid for every `Number`.

    Dyadic constants, as those of the branches, are exact in binary: intervals and long floats lose nothing by them.
    Others (the third in `scale`) are rounded to double precision.
    """
    return sp.lambdify(arguments, expression, modules=[{"sqrt": lambda x: x**0.5}])


@cache
def cut() -> sp.Expr:
    """rho_c, the cut, from the point of no return of the confident loss.

    >>> cut()
    (q + 1)**(-2)
    """
    return sp.factor(_free_of_delay(step_output.point_of_no_return() / step_output.optimal_r()))


@cache
def scale() -> sp.Expr:
    """b / a = (4/3) (1 - rho_c), which is 1 for the paper's window.

    >>> scale()
    4*q*(q + 2)/(3*(q + 1)**2)
    """
    return sp.factor(sp.Rational(4, 3) * (1 - cut()))


@cache
def step(letter: str) -> sp.Expr:
    """One gradient step left ('L') or right ('R') of the optimum, in rho, a and q.

    Derived from the gradient of the confident loss (paper, equation 13, any window) with r = rho r_opt and
    alpha = a alpha_crit; the delay cancels.
    """
    right, _, left, _ = (piece for piece, _ in step_output.confident_gradient().args)
    slope = {"L": left, "R": right}[letter].subs(step_output.r, rho * step_output.optimal_r())
    size = _free_of_delay(step_output.critical_learning_rate() * slope / step_output.optimal_r())
    return rho - rate_ratio * sp.factor(size)


@cache
def branch(letter: str) -> sp.Expr:
    """The branch 'L' or 'R' in the scaled variable u: neither rate nor window is left in it.

    >>> branch("L"), branch("R")
    (u + 3/(4*u**(3/2)), u - 3/(4*u**(3/2)))
    """
    stretch = scaled_rate ** sp.Rational(2, 5)
    moved = step(letter).subs({rate_ratio: scaled_rate / scale(), rho: stretch * u}, simultaneous=True)
    return u + sp.powsimp(sp.factor((moved - stretch * u) / stretch))


@cache
def branch_slope(letter: str) -> sp.Expr:
    """Derivative of a branch with respect to u."""
    return sp.diff(branch(letter), u)


@cache
def loss() -> sp.Expr:
    """The confident loss in units of the delay, |1 - rho^(-1/2)|, outside the no-learning zone."""
    (above, _), _, _ = step_output.confident_loss().args
    return sp.Abs(
        sp.expand(_free_of_delay(above.subs(step_output.r, rho * step_output.optimal_r()) / step_output.delay))
    )


def _free_of_delay(expression: sp.Expr) -> sp.Expr:
    free = sp.simplify(expression.subs(step_output.response, response_ratio * step_output.delay))
    assert not free.has(step_output.delay, step_output.response)
    return free


@cache
def jump() -> sp.Expr:
    """Length of a step in rho, as a function of the scaled rate b; downwards above the optimum, upwards below.

    >>> jump()
    3*b/(4*rho**(3/2))
    """
    return sp.simplify((rho - step("R")).subs(rate_ratio, scaled_rate / scale()))


@dataclass(frozen=True)
class Window:
    """The response window: `response_ratio` is its length in units of the delay (the paper's is 1).

    Raises `WindowError` unless the ratio is positive and finite.

    >>> Window().cut, Window(response_ratio=3.0).cut
    (0.25, 0.0625)
    """

    response_ratio: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a window without length."""
        if not 0 < self.response_ratio < float("inf"):
            raise WindowError(f"response_ratio is {self.response_ratio}; give a positive finite T_r / T")

    @property
    def cut(self) -> float:
        """The cut rho_c: below it the gradient is zero for ever."""
        return float(_cut(self.response_ratio))

    @property
    def scale(self) -> float:
        """b / a, the scaled rate per rate ratio."""
        return float(_scale(self.response_ratio))

    def scaled(self, a: float) -> float:
        """The scaled rate b of a rate ratio a; raises `RateError` unless a is positive and finite."""
        if not 0 < a < float("inf"):
            raise RateError(f"the learning rate is {a} times the critical one; give a positive finite ratio")
        return a * self.scale


_cut = lowered(cut(), response_ratio)
_scale = lowered(scale(), response_ratio)
jump_length = lowered(jump(), rho, scaled_rate)
PAPER = Window()


def advance(
    start: Float[np.ndarray, " starts"], a: float, steps: int, window: Window = PAPER
) -> Float[np.ndarray, " starts"]:
    """rho after so many steps of the map, for many starts at once; an orbit below the cut stays where it is.

    Raises `RateError` for a bad rate and `StartError` for a start that is not finite.
    """
    b, lowest = window.scaled(a), window.cut
    if not np.all(np.isfinite(start)):
        raise StartError("a start rho = r / r_opt must be finite")
    state = start.copy()
    for _ in range(steps):
        moving = np.where(state >= lowest, state, 1.0)  # the stuck stay, as the corner does
        state -= jump_length(moving, b) * np.sign(moving - 1)
    return state


def orbit(start: float, a: float, count: int, window: Window = PAPER) -> Float[np.ndarray, " count"]:
    """The first `count` values of rho from one start, the start first (a stuck orbit repeats its last value).

    Raises `RateError` and `StartError` as `advance` does.
    """
    b, lowest = window.scaled(a), window.cut
    if not math.isfinite(start):
        raise StartError(f"the start rho = {start} must be finite")
    values = np.empty(count)
    state = start
    for index in range(count):
        values[index] = state
        if state < lowest:
            values[index:] = state
            break
        if state > 1:
            state -= jump_length(state, b)
        elif state < 1:
            state += jump_length(state, b)
    return values


def attractor(a: float, count: int, window: Window = PAPER, start: float = 10.0) -> Float[np.ndarray, " count"]:
    """Samples of rho on the attractor reached from `start` (NaN if the orbit gets stuck): data for a diagram.

    Left out are the plateau and then 10 / b^2 steps (at most 200,000), in which the weak contraction of small rates
    forgets the start to plotting accuracy.
    """
    b = window.scaled(a)
    transient = math.ceil(max(start, 1.0) ** 2.5 / b) + min(math.ceil(10 / b**2), 200_000)
    values = orbit(start, a, transient + count, window)[transient:]
    return np.where(values < window.cut, np.nan, values)
