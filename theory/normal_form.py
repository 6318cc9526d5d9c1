"""The normal form of a ghost: tau kappa' = r_eff + q (kappa - kappa_0)^2, and the time it takes to pass.

With x = (q / tau)(kappa - kappa_0) it is the toy model x' = x^2 + r, r = q r_eff / tau^2: a ghost where r > 0,
a pair of fixed points where r < 0. `tests/theory/test_normal_form.py` proves both statements and the arctangents below.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import sympy

EFFECTIVE_R = sympy.Symbol("r_eff", real=True)
CURVATURE = sympy.Symbol("q", real=True)
TAU = sympy.Symbol("tau", positive=True)
START, END = sympy.symbols("y_start y_end", real=True)  # latent minus kappa_0


def normal_flow(offset: sympy.Expr) -> sympy.Expr:
    """kappa' at an offset from the ghost."""
    return (EFFECTIVE_R + CURVATURE * offset**2) / TAU


def toy_scale() -> sympy.Expr:
    """The factor s for which x = s (kappa - kappa_0) has a unit quadratic term, solved for."""
    x, scale = sympy.symbols("x s", nonzero=True)
    velocity = sympy.expand(scale * normal_flow(x / scale))
    return sympy.solve(velocity.coeff(x, 2) - 1, scale)[0]


def toy_r() -> sympy.Expr:
    """The toy model's r that a ghost is equivalent to: q r_eff / tau^2."""
    return sympy.simplify(toy_scale() * normal_flow(sympy.Integer(0)))


def passage_time() -> sympy.Expr:
    """Time from y_start to y_end past a ghost, tau / (r_eff sqrt(q / r_eff)) times a difference of two arctangents.

    Valid for q r_eff > 0 with either sign of both (a downward ghost has y_end < y_start).
    """
    ratio = sympy.sqrt(CURVATURE / EFFECTIVE_R)
    return TAU / (EFFECTIVE_R * ratio) * (sympy.atan(ratio * END) - sympy.atan(ratio * START))


def optimal_effective_r_at_ghost(delay: sympy.Symbol) -> sympy.Expr:
    """The r_eff whose passage lasts `delay` when it starts at the ghost and ends far beyond it."""
    ghost = {START: sympy.Integer(0), END: sympy.oo}
    return _solved_for_effective_r(ghost, delay)


def optimal_effective_r_from_afar(delay: sympy.Symbol) -> sympy.Expr:
    """The r_eff whose passage lasts `delay` when it arrives from far below: four times the one at the ghost."""
    return _solved_for_effective_r({START: -sympy.oo, END: sympy.oo}, delay)


def _solved_for_effective_r(ends: dict[sympy.Symbol, sympy.Expr], delay: sympy.Symbol) -> sympy.Expr:
    r, q = sympy.symbols("r q", positive=True)
    time = passage_time().subs({EFFECTIVE_R: r, CURVATURE: q})
    for symbol, place in ends.items():
        time = sympy.limit(time, symbol, place) if place.is_infinite else time.subs(symbol, place)
    return sympy.solve(sympy.Eq(sympy.simplify(time), delay), r)[0].subs(q, CURVATURE)


@cache
def _lowered_passage() -> Callable[..., float]:
    return sympy.lambdify((EFFECTIVE_R, CURVATURE, TAU, START, END), passage_time(), "math")


@cache
def _lowered_passage_slope() -> Callable[..., float]:
    slope = sympy.simplify(sympy.diff(passage_time(), EFFECTIVE_R))
    return sympy.lambdify((EFFECTIVE_R, CURVATURE, TAU, START, END), slope, "math")


@cache
def _lowered_limit() -> Callable[..., float]:
    delay = sympy.Symbol("T", positive=True)
    return sympy.lambdify((CURVATURE, TAU, delay), optimal_effective_r_from_afar(delay), "math")


@cache
def _lowered_toy_r() -> Callable[..., float]:
    return sympy.lambdify((EFFECTIVE_R, CURVATURE, TAU), toy_r(), "math")


@dataclass(frozen=True)
class NormalForm:
    """A turning point of a latent flow f (f' = 0): tau kappa' = effective_r + curvature (kappa - location)^2.

    `effective_r` is f there (with `error` bounding what rounding and the finite accuracy of `location` do to it) and
    `curvature` is f'' / 2. Times are in units of `tau`'s unit.
    """

    location: float
    effective_r: float
    curvature: float
    error: float
    tau: float = 1.0

    @property
    def toy_r(self) -> float:
        """r of the equivalent x' = x^2 + r: positive at a ghost, negative where a pair of fixed points is near."""
        return float(_lowered_toy_r()(self.effective_r, self.curvature, self.tau))

    @property
    def is_ghost(self) -> bool:
        """Whether f provably keeps its sign here while |f| has a local minimum."""
        return bool(self.toy_r > 0 and abs(self.effective_r) > self.error)

    @property
    def is_pair(self) -> bool:
        """Whether f has provably crossed zero here; `effective_r` is how far the pair is from its saddle-node."""
        return bool(self.toy_r < 0 and abs(self.effective_r) > self.error)

    def delay(self, start: float, end: float) -> float:
        """The arctangent time from `start` to `end` (latent values); infinite where there are fixed points."""
        return self.delay_at(self.effective_r, start, end)

    def delay_at(self, effective_r: float, start: float, end: float) -> float:
        """The same with another effective r and this ghost's curvature and place."""
        if effective_r * self.curvature <= 0:
            return math.inf
        offsets = (start - self.location, end - self.location)
        return float(_lowered_passage()(effective_r, self.curvature, self.tau, *offsets))

    def largest_effective_r(self, delay: float) -> float:
        """The r_eff whose passage from infinitely far to infinitely far lasts `delay`; any shorter way needs less."""
        return float(_lowered_limit()(self.curvature, self.tau, delay))

    def delay_slope_at(self, effective_r: float, start: float, end: float) -> float:
        """d delay / d effective_r, for effective_r of the curvature's sign."""
        offsets = (start - self.location, end - self.location)
        return float(_lowered_passage_slope()(effective_r, self.curvature, self.tau, *offsets))
