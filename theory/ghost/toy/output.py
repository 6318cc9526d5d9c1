"""The sigmoid output of the toy model at finite confidence: closed forms of the loss integrand and its gradient.

The output is ``sigmoid(phase)`` with ``phase = c (x - x_star)``, and 1 for ever after a blow-up. A trajectory
can be restarted from any level: near the threshold that spares the rounding of ``x - x_star``.
"""

from functools import cache

import sympy as sp

from theory.ghost.toy import step_output
from theory.ghost.toy.step_output import confidence, delay, r, threshold, time
from theory.lowering import tanc

phase = sp.Symbol("phi", real=True)  # c (x - x_star)
growth = sp.Symbol("x_r", positive=True)  # dx / dr at fixed time
level = sp.Symbol("y", positive=True)  # where a trajectory is restarted
state = sp.Symbol("x", positive=True)
elapsed = sp.Symbol("tau", real=True)  # time since the state passed y
remaining = sp.Symbol("delta", positive=True)  # time to the blow-up


def output() -> sp.Expr:
    """The output as a function of the phase."""
    return 1 / (1 + sp.exp(-phase))


@cache
def output_at() -> sp.Expr:
    """The output at time t, for every r, blow-up included."""
    before = output().subs(phase, confidence * (step_output.trajectory() - threshold))
    return sp.Piecewise((1, r * time**2 >= sp.pi**2 / 4), (before, True))


def squared_error_at() -> sp.Expr:
    """Integrand of the loss at time t, before and after the target's switch at the delay."""
    return sp.Piecewise((output_at() ** 2, time < delay), ((1 - output_at()) ** 2, True))


@cache
def gradient_terms() -> tuple[sp.Expr, sp.Expr]:
    """r-derivatives of the squared error during delay and response, by phase and dx/dr."""
    during, after = output() ** 2, (1 - output()) ** 2
    return during.diff(phase) * confidence * growth, after.diff(phase) * confidence * growth


@cache
def log_integrands() -> tuple[sp.Expr, sp.Expr, sp.Expr, sp.Expr]:
    """Logarithms of four positive integrands: error in delay and response, and the size of their r-derivatives.

    The derivative of the response's error is negative; whoever adds the terms restores its sign.
    """
    on, off = -sp.log(1 + sp.exp(-phase)), -sp.log(1 + sp.exp(phase))
    moved = sp.log(2 * confidence) + sp.log(growth)
    return 2 * on, 2 * off, moved + 2 * on + off, moved + on + 2 * off


@cache
def restarted() -> sp.Expr:
    """Rise x - y a time `elapsed` after the level y, without cancellation near y (addition theorem of tan).

    >>> restarted()
    tau*(r + y**2)*tanc(r*tau**2)/(-tau*y*tanc(r*tau**2) + 1)
    """
    tangent = elapsed * tanc(r * elapsed**2)
    return (level**2 + r) * tangent / (1 - level * tangent)


@cache
def time_between() -> sp.Expr:
    """Time from the level y to the state x for r > 0, both positive: the inverse of `restarted`."""
    return sp.atan(sp.sqrt(r) * (state - level) / (level * state + r)) / sp.sqrt(r)


@cache
def state_before_blow_up() -> sp.Expr:
    """State a given time before the blow-up, r > 0.

    >>> state_before_blow_up()
    sqrt(r)*cot(delta*sqrt(r))
    """
    (before, _), *_ = step_output.trajectory_cases().args
    return sp.expand(before.subs(time, step_output.blow_up_time() - remaining)).replace(
        sp.tan, lambda angle: sp.tan(sp.expand(angle))
    )


@cache
def time_to_blow_up() -> sp.Expr:
    """Time from the level y to the blow-up, r > 0.

    >>> time_to_blow_up()
    atan(sqrt(r)/y)/sqrt(r)
    """
    return sp.atan(sp.sqrt(r) / level) / sp.sqrt(r)


@cache
def growth_at_state() -> sp.Expr:
    """dx/dr for r > 0 by the state x and the time; every term is positive.

    >>> growth_at_state()
    (r*t + t*x**2 + x)/(2*r)
    """
    root = sp.sqrt(r) * time
    closed = step_output.sensitivity().rewrite(sp.tan)
    return sp.simplify(closed.subs(sp.tan(root), state / sp.sqrt(r)))
