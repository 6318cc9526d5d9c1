"""The normal form of a ghost: tau kappa' = r_eff + q (kappa - kappa_0)^2, and the time it takes to pass.

With x = (q / tau)(kappa - kappa_0) it is the toy model x' = x^2 + r, r = q r_eff / tau^2: a ghost where r > 0,
a pair of fixed points where r < 0. `tests/theory/ghost/circuit/test_normal_form.py` proves both statements and the
arctangents below.
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
ARGUMENTS = (EFFECTIVE_R, CURVATURE, TAU, START, END)


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


def passage_time_beside_pair() -> sympy.Expr:
    """How long a passage would take for q r_eff < 0: `passage_time` continued through the birth of a pair at r_eff = 0.

    Valid when y_start and y_end lie on one side of the pair, beyond it.
    """
    width = sympy.sqrt(-EFFECTIVE_R / CURVATURE)  # the fixed points are at -width and width
    ends = (END - width) * (START + width) / ((END + width) * (START - width))
    return TAU / (2 * CURVATURE * width) * sympy.log(ends)


def passage_time_at_saddle_node() -> sympy.Expr:
    """The limit of both for r_eff -> 0, with y_start and y_end on one side."""
    return TAU / CURVATURE * (1 / START - 1 / END)


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
def _lowered_passage(is_ghost: bool, is_saddle_node: bool) -> Callable[..., float]:
    beside = passage_time_at_saddle_node() if is_saddle_node else passage_time_beside_pair()
    return sympy.lambdify(ARGUMENTS, passage_time() if is_ghost else beside, "math")


@cache
def _lowered_passage_slope(is_ghost: bool) -> Callable[..., float]:
    time = passage_time() if is_ghost else passage_time_beside_pair()
    return sympy.lambdify(ARGUMENTS, sympy.diff(time, EFFECTIVE_R), "math")


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
        """The normal form's time from `start` to `end`, latent values in the order in which the flow meets them.

        Infinite where a fixed point of the normal form blocks the way.
        """
        return self.delay_at(self.effective_r, start, end)

    def delay_at(self, effective_r: float, start: float, end: float) -> float:
        """The time a ghost with another effective r takes, of this turning point's curvature and place."""
        if self._is_blocked(effective_r, start, end):
            return math.inf
        time = _lowered_passage(bool(effective_r * self.curvature > 0), bool(effective_r == 0))
        return float(time(effective_r, self.curvature, self.tau, start - self.location, end - self.location))

    def delay_slope_at(self, effective_r: float, start: float, end: float) -> float:
        """d delay / d effective_r at an effective_r other than zero; minus infinity where the way is blocked.

        With both ends a distance y to one side, rounding costs it a relative 1e-16 (q y^2 / |r_eff|)^1.5.
        """
        if self._is_blocked(effective_r, start, end):
            return -math.inf
        slope = _lowered_passage_slope(bool(effective_r * self.curvature > 0))
        return float(slope(effective_r, self.curvature, self.tau, start - self.location, end - self.location))

    def blocking_effective_r(self, start: float, end: float) -> float:
        """The effective_r at which, coming from a ghost, a fixed point first blocks the way from `start` to `end`.

        Zero if the turning point lies between them; beyond zero if both are on one side of it, for the pair of fixed
        points then has to spread to the nearer of them first.
        """
        return float(-self.curvature * self._nearest(start, end) ** 2)

    def largest_effective_r(self, delay: float) -> float:
        """The r_eff whose passage from infinitely far to infinitely far lasts `delay`; any shorter way needs less."""
        return float(_lowered_limit()(self.curvature, self.tau, delay))

    def _nearest(self, start: float, end: float) -> float:
        """How far the turning point is from the way between `start` and `end`."""
        return max(min(start, end) - self.location, self.location - max(start, end), 0.0)

    def _is_blocked(self, effective_r: float, start: float, end: float) -> bool:
        if effective_r * self.curvature > 0:
            return False
        return math.sqrt(-effective_r / self.curvature) >= self._nearest(start, end)
