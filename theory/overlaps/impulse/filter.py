"""A rank-one linear network that shall answer an impulse with exp(-c t): its response and its loss, in closed form.

The network's function has three coordinates: zm, the product p = zu vm, and vu. Its response is

    f(t) = zm e^(-t) + p (e^((vu - 1) t) - e^(-t)) / vu,

the quotient removable at vu = 0; in Euler's scheme 1 - dt and 1 + dt (vu - 1), to the power of k, take the place of the
exponentials. The loss is the integral of (f(t) - e^(-c t))^2 over t, or the sum over steps of dt (f_k - e^(-c k dt))^2.
Derived here; `tests/theory/overlaps/impulse/test_filter.py` proves it from the differential equation and step by step.
"""

from functools import cache

import sympy as sp

from theory.overlaps.impulse.clock import Clock, Flow
from theory.overlaps.impulse.divided import expdiff, powdiff

FOREVER = Flow()
"""Continuous time without end: there the loss is a rational function."""

zm, zu, vm, vu = (sp.Symbol(name, real=True) for name in ("zm", "zu", "vm", "vu"))
p = sp.Symbol("p", real=True)
decay = sp.Symbol("c", positive=True)
time = sp.Symbol("t", nonnegative=True)

COORDINATES = (zm, p, vu)
"""What the function of a rank-one linear network depends on."""

VISIBLE = (zm, zu, vm, vu)
"""The overlaps they are made of: p = zu vm."""


def impulse_response() -> sp.Expr:
    """f(t) in continuous time, smooth in vu; unit: one over the time constant.

    >>> impulse_response()
    p*t*expdiff(-t, t*(vu - 1)) + zm*exp(-t)
    """
    return zm * sp.exp(-time) + p * time * expdiff(-time, (vu - 1) * time)


def euler_response(dt: sp.Expr, step: sp.Expr) -> sp.Expr:
    """f_k, the output read after step k (from 0) of Euler's scheme, the impulse being 1/dt in step 0."""
    leak, recurrent = 1 - dt, 1 + dt * (vu - 1)
    return zm * leak**step + p * dt * powdiff(step, leak, recurrent)


@cache
def loss(clock: Clock = FOREVER) -> sp.Expr:
    """The loss in (zm, p, vu) and c: rational for an infinite horizon (which needs vu < 1), smooth in vu for any.

    >>> sp.factor(loss().subs({p: 0, zm: 2 / (1 + decay)}))
    (c - 1)**2/(2*c*(c + 1)**2)
    """
    leak, recurrent, target = clock.mode(-sp.S.One), clock.mode(vu - 1), clock.target(-decay)
    pair = (leak, recurrent)
    own = zm**2 * clock.single(leak, leak) + 2 * zm * p * clock.cross(leak, pair) + p**2 * clock.square(pair)
    shared = zm * clock.single(target, leak) + p * clock.cross(target, pair)
    return own - 2 * shared + clock.single(target, target)
