"""How fast the filter's loop forms, and what every overlap does to that: experiments foretold.

Near the saddle the loss is k (zm - zm*)^2 / 2 + g zu vm, with k its curvature in zm and g its slope in p = zu vm (a
function of vu). The ten equations of the overlaps, linearised there, have seven rates that are zero and three that
solve a cubic; with mu = zv = 0 the growing one is

    rate = |g| sqrt((uu + zz) (mm + vv)),    in units of eta.

Equal function, different overlaps, different speed: only mm, mu, uu, vv, zv, zz and vu enter, and none of them shows in
the response, f = zm* e^(-t). On the way to the saddle, with zu = vm = mu = zv = 0, only zm, mm and zz move, and they
keep mm - zz and (mm + zz)^2 - 4 zm^2. Derived here; tests/theory/overlaps/impulse/test_escape.py.
"""

from functools import cache

import sympy as sp

from theory.overlaps.equations.gram import GramEquations, gradient_symbol, rate
from theory.overlaps.equations.shape import Shape
from theory.overlaps.impulse.clock import Clock
from theory.overlaps.impulse.critical import saddle_slope, saddle_zm
from theory.overlaps.impulse.filter import FOREVER, VISIBLE, loss, vm, zm, zu

curvature, slope, rest = sp.symbols("k g zm_rest", real=True)
"""k, g and zm*; their values are `filter_constants`."""

growth = sp.Symbol("lambda", positive=True)
mm, mu, uu, vv, zv, zz = (sp.Symbol(name, real=True) for name in ("mm", "mu", "uu", "vv", "zv", "zz"))


def filter_constants(clock: Clock = FOREVER) -> dict[sp.Symbol, sp.Expr]:
    """k, g and zm* for the filter task, in c and vu.

    >>> filter_constants()[curvature], filter_constants()[rest]
    (1, 2/(c + 1))
    """
    return {curvature: sp.diff(loss(clock), zm, 2), slope: saddle_slope(clock), rest: saddle_zm(clock)}


@cache
def flow_at_saddle() -> sp.ImmutableMatrix:
    """Jacobian of the overlap flow at the saddle, in units of eta (10 x 10, in the order of `Shape().pairs`)."""
    equations = GramEquations(Shape(), VISIBLE)
    near = curvature * (zm - rest) ** 2 / 2 + slope * zu * vm
    slopes = {gradient_symbol(each): near.diff(each) for each in equations.visible}
    flow = sp.Matrix([each.subs(slopes) / rate for each in equations.flow.values()])
    return sp.ImmutableMatrix(flow.jacobian(list(equations.flow)).subs({zu: 0, vm: 0, zm: rest}))


@cache
def growth_cubic() -> sp.Expr:
    """The polynomial in lambda whose roots are the three rates that are not zero (one is positive).

    >>> sp.factor(growth_cubic().subs({mu: 0, zv: 0}))
    -(k*mm + k*zz + lambda)*(g**2*mm*uu + g**2*mm*zz + g**2*uu*vv + g**2*vv*zz - lambda**2)
    """
    leading = flow_at_saddle().charpoly().all_coeffs()[:4]  # the other seven coefficients are zero
    return sp.expand(sum(each * growth ** (3 - power) for power, each in enumerate(leading)))


def growth_rate() -> sp.Expr:
    """The positive rate for mu = zv = 0, in units of eta.

    >>> growth_rate()
    sqrt(mm + vv)*sqrt(uu + zz)*Abs(g)
    """
    return sp.Abs(slope) * sp.sqrt(uu + zz) * sp.sqrt(mm + vv)


@cache
def rate_sensitivity() -> dict[sp.Symbol, sp.Expr]:
    """d ln(rate) / d(overlap) at the saddle, by implicit differentiation; in k, g, the overlaps and the rate lambda.

    The one for g stands for vu, through d ln|g| / dvu. Those for mu and zv vanish at mu = zv = 0.

    >>> sp.simplify(rate_sensitivity()[uu].subs({mu: 0, zv: 0}).subs(growth, growth_rate()))
    1/(2*(uu + zz))
    """
    cubic = growth_cubic()
    down = growth * cubic.diff(growth)
    return {each: sp.factor(-cubic.diff(each) / down) for each in (mm, mu, uu, vv, zv, zz, slope)}


def arrival(clock: Clock = FOREVER) -> dict[sp.Symbol, sp.Expr]:
    """mm and zz at the plateau, from zm, mm and zz at the start (mu = zv = 0, zu and vm small).

    >>> sp.simplify(arrival()[mm] - arrival()[zz])
    mm - zz
    """
    total = sp.sqrt((mm + zz) ** 2 + 4 * (saddle_zm(clock) ** 2 - zm**2))
    return {mm: (total + mm - zz) / 2, zz: (total - mm + zz) / 2}
