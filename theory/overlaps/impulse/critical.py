"""Where learning the filter can stop: every critical point of the rank-one loss, its index, and why there are no more.

Infinite horizon, vu < 1, target exp(-c t) with c != 1. Let E(s) be the Laplace transform of the error. Then dL/dzm = 2
E(1), and with a = 1 - vu, dL/dp = 2 (E(a) - E(1)) / (1 - a).

1. In (zm, p, vu) the loss is quadratic in zm and p; without them (`best_loss`) what is left falls strictly to a = c and
   rises strictly beyond. So the target itself, zm = 1, vu = p = 1 - c, is the only critical point.
2. The overlaps enter by p = zu vm, so that zu = vm = 0 makes L stationary in them as well: the line of saddles
   zm = 2 / (1 + c), any vu. A network stays there for a time: the plateau.
3. theta itself may rest where H does not vanish, if theta H = 0. Then z (dL/dzm) + v (dL/dp) zu = 0 and three more such
   equations. If zu and vm are not zero, v is along z and u along m, the response is zm e^(-at), and the four equations
   say E(a) = E'(a) = 0, too much for a difference of two exponentials unless it vanishes. If one of them is zero both
   are, and z = m = 0 or dL/dzm = 0: the silent networks, f = 0, and again the saddles.

At c = 1 the saddles and the minimum merge; for c > 1 the sign of p at the minimum is negative, and all else holds.
Derived here; tests/theory/overlaps/impulse/test_critical.py proves the eliminations and searches for other points at
random.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import sympy as sp

from theory.overlaps.impulse.clock import Clock
from theory.overlaps.impulse.filter import FOREVER, VISIBLE, decay, loss, p, vm, vu, zm, zu


@dataclass(frozen=True)
class Inertia:
    """How many eigenvalues of a symmetric matrix are negative (the index), zero and positive."""

    negative: int
    zero: int
    positive: int


def inertia(matrix: sp.MatrixBase) -> Inertia:
    """Exact for a symmetric matrix of real numbers: its characteristic polynomial has real roots only, so that the
    changes of sign of its coefficients count the positive ones (Descartes).

    >>> inertia(sp.Matrix([[0, 1], [1, 0]]))
    Inertia(negative=1, zero=0, positive=1)
    """
    coefficients = [sp.nsimplify(each) for each in matrix.charpoly().all_coeffs()]
    zero = next(k for k, each in enumerate(reversed(coefficients)) if each != 0)
    signs = [sp.sign(each) for each in coefficients if each != 0]
    positive = sum(1 for a, b in pairwise(signs) if a != b)
    return Inertia(matrix.rows - zero - positive, zero, positive)


@dataclass(frozen=True)
class CriticalPoint:
    """A family of critical points of the loss in the visible overlaps: `values` of (zm, zu, vm, vu), free ones as
    symbols, `loss` there, and the `hessian` (4 x 4) in that order."""

    name: str
    values: tuple[sp.Expr, sp.Expr, sp.Expr, sp.Expr]
    loss: sp.Expr
    hessian: sp.ImmutableMatrix


def filter_minimum() -> CriticalPoint:
    """The target itself: zm = 1, vu = zu vm = 1 - c; free is how the product is shared by zu and vm."""
    return _critical_point("minimum", (sp.S.One, zu, (1 - decay) / zu, 1 - decay))


def filter_saddle() -> CriticalPoint:
    """No recurrent loop: zu = vm = 0 and the best leaky response, zm = 2 / (1 + c); free is vu.

    >>> filter_saddle().loss
    (c - 1)**2/(2*c*(c + 1)**2)
    """
    return _critical_point("saddle", (2 / (1 + decay), sp.S.Zero, sp.S.Zero, vu))


def saddle_zm(clock: Clock = FOREVER) -> sp.Expr:
    """zm of the saddle, for any horizon, in the flow and in Euler's scheme.

    >>> saddle_zm()
    2/(c + 1)
    """
    leak = clock.mode(-sp.S.One)
    return clock.single(clock.target(-decay), leak) / clock.single(leak, leak)


def minimum_vu(clock: Clock = FOREVER) -> sp.Expr:
    """vu = zu vm at the minimum, where the response is the target exactly, for any horizon; zm is 1.

    >>> minimum_vu()
    1 - c
    """
    (only,) = sp.solve(clock.mode(vu - 1) - clock.target(-decay), vu)
    return only


@cache
def saddle_slope(clock: Clock = FOREVER) -> sp.Expr:
    """dL/dp at the saddle, as a function of vu and c: how much the missing loop would help. It drives the escape.

    >>> saddle_slope().factor()
    -2*(c - 1)/((c + 1)*(vu - 2)*(c - vu + 1))
    """
    return sp.diff(loss(clock), p).subs(p, 0).subs(zm, saddle_zm(clock))


@cache
def best_loss() -> sp.Expr:
    """The loss at the best zm and p for given vu, by elimination (infinite horizon).

    >>> best_loss()
    (c - 1)**2*(c + vu - 1)**2/(2*c*(c + 1)**2*(c - vu + 1)**2)
    """
    best = sp.solve([sp.diff(loss(), zm), sp.diff(loss(), p)], [zm, p], dict=True)
    (only,) = best
    return sp.factor(loss().subs(only))


def silent_rates(slope_zm: sp.Expr, slope_p: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """The two rates, in units of eta, at which m and z grow within the plane of u and v from a silent network, f = 0.

    Near m = z = 0 they obey m' = -eta W^T z, z' = -eta W m, W = dL/dzm + dL/dp u v^T / N (dL/dzm is -2 / (1 + c) there,
    dL/dp is -2 / ((1 + c) (1 + c - vu))), so that the rates are singular values of W; outside the plane |dL/dzm|.
    """
    uu, vv = sp.Symbol("uu", real=True), sp.Symbol("vv", real=True)
    product = sp.Abs(slope_zm * (slope_zm + slope_p * vu))
    squares = 2 * slope_zm**2 + 2 * slope_zm * slope_p * vu + slope_p**2 * uu * vv
    total, difference = sp.sqrt(squares + 2 * product), sp.sqrt(squares - 2 * product)
    return (total + difference) / 2, (total - difference) / 2


def _critical_point(name: str, values: tuple[sp.Expr, ...]) -> CriticalPoint:
    place = dict(zip(VISIBLE, values, strict=True))
    whole = loss().subs(p, zu * vm)
    hessian = sp.hessian(whole, VISIBLE).subs(place, simultaneous=True)
    a, b, c, d = values
    value = sp.factor(whole.subs(place, simultaneous=True))
    return CriticalPoint(name, (a, b, c, d), value, sp.ImmutableMatrix(hessian.applyfunc(sp.factor)))
