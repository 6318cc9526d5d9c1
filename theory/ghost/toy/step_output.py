"""The toy model ``x' = x**2 + r``, ``x(0) = 0``: trajectory, escape, loss and gradient of a step output.

The task asks for output 0 up to the delay T and 1 for a response window T_r after it. A confident output
(confidence to infinity) is a step: 0 before the state passes the threshold, 1 after. Everything here
follows by machine from the ODE and the loss integral; finite confidence is in ``theory.ghost.toy.confidence``.

Conventions: at the optimum itself the gradient is 0 (the mean of the two one-sided slopes), and at the
point of no return itself the learner is not yet stuck (the gradient is that of the branch above it).
"""

from dataclasses import dataclass
from functools import cache

import sympy as sp

from theory.lowering import tanc

r = sp.Symbol("r", real=True)
delay = sp.Symbol("T", positive=True)
response = sp.Symbol("T_r", positive=True)
threshold = sp.Symbol("x_star", positive=True)
confidence = sp.Symbol("c", positive=True)
time = sp.Symbol("t", positive=True)

_s = sp.Symbol("s", positive=True)  # sqrt(r) or sqrt(-r) inside derivations
escape = sp.Symbol("t_esc", positive=True)


@dataclass(frozen=True)
class Normalisation:
    """What the squared error is divided by: decides whether the critical rate falls as T**-5 or as T**-4."""

    description: str
    divisor: sp.Expr


INTEGRAL = Normalisation("the integral of the squared error (the paper's equation 1; T**-5 law)", sp.S.One)
PER_DELAY = Normalisation("the integral divided by the delay (the published code; T**-4 law)", delay)


def paper_window(expression: sp.Basic) -> sp.Basic:
    """The expression for the paper's response window, as long as the delay."""
    return expression.subs(response, delay)


# Trajectory


@cache
def _trajectory(rate: sp.Expr) -> sp.Expr:
    """Solve ``x' = x**2 + rate`` from 0 by x = -v'/v (Riccati): v'' + rate v = 0."""
    v = sp.Function("v")
    start = {v(0): 1, v(time).diff(time).subs(time, 0): 0}
    solution = sp.dsolve(v(time).diff(time, 2) + rate * v(time), v(time), ics=start).rhs
    return sp.simplify(-solution.diff(time) / solution)


@cache
def trajectory_cases() -> sp.Expr:
    """State x(t) before any blow-up, case by case (paper, equation 7).

    >>> trajectory_cases()
    Piecewise((sqrt(r)*tan(sqrt(r)*t), r > 0), (0, Eq(r, 0)), (-sqrt(-r)*tanh(t*sqrt(-r)), True))
    """
    return sp.Piecewise(
        (_trajectory(_s**2).subs(_s, sp.sqrt(r)), r > 0),
        (_trajectory(sp.S.Zero), sp.Eq(r, 0)),
        (_trajectory(-(_s**2)).subs(_s, sp.sqrt(-r)), True),
    )


@cache
def trajectory() -> sp.Expr:
    """State x(t) as one expression, smooth through r = 0; for r > 0 valid up to ``blow_up_time``.

    >>> trajectory()
    r*t*tanc(r*t**2)
    """
    tangent = _trajectory(_s**2).subs(_s, sp.sqrt(r))
    return tangent.replace(sp.tan, lambda z: z * tanc(r * time**2))


@cache
def sensitivity() -> sp.Expr:
    """dx/dr at fixed time, smooth through r = 0 where it equals t; positive for every r.

    >>> sensitivity()
    t*(secsq(r*t**2) + tanc(r*t**2))/2
    """
    return sp.factor(sp.expand(trajectory().diff(r)))


@cache
def passage_time() -> sp.Expr:
    """Time at which the state passes a positive level ``x_star``, for r > 0 (the escape time).

    >>> passage_time()
    atan(x_star/sqrt(r))/sqrt(r)
    """
    (solution,) = sp.solve(_trajectory(_s**2) - threshold, time)
    return solution.subs(_s, sp.sqrt(r))


@cache
def descent_time() -> sp.Expr:
    """Time at which the state reaches the level ``-x_star``, for ``r < -x_star**2``; never otherwise.

    >>> descent_time()
    atanh(x_star/sqrt(-r))/sqrt(-r)
    """
    (above,) = sp.solve(_trajectory(_s**2) - threshold, time)
    return above.subs({_s: sp.I * _s, threshold: -threshold}, simultaneous=True).subs(_s, sp.sqrt(-r))


@cache
def blow_up_time() -> sp.Expr:
    """Escape time for an infinite threshold, r > 0.

    >>> blow_up_time()
    pi/(2*sqrt(r))
    """
    level = sp.atan(threshold / _s) / _s
    assert sp.simplify(level.subs(_s, sp.sqrt(r)) - passage_time()) == 0
    return sp.limit(level, threshold, sp.oo).subs(_s, sp.sqrt(r))


# Loss of a step output


@cache
def loss_regimes() -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """Loss of the step output as a function of the escape time: early, inside the response window, never."""
    wrong = sp.S.One  # the squared error of an output of 0 for a target of 1, or the reverse
    early = sp.integrate(wrong, (time, escape, delay))
    late = sp.integrate(wrong, (time, delay, escape))
    never = sp.integrate(wrong, (time, delay, delay + response))
    return early, late, sp.expand(never)


@cache
def optimal_r() -> sp.Expr:
    """Optimum of the confident loss: escape exactly at the end of the delay.

    >>> optimal_r()
    pi**2/(4*T**2)
    """
    return _r_escaping_at(delay)


@cache
def point_of_no_return() -> sp.Expr:
    """Where the confident loss turns flat: escape exactly at the end of the response window.

    >>> paper_window(point_of_no_return())
    pi**2/(16*T**2)
    """
    return _r_escaping_at(delay + response)


def _r_escaping_at(moment: sp.Expr) -> sp.Expr:
    q = sp.Symbol("q", positive=True)
    (solution,) = sp.solve(blow_up_time().subs(r, q) - moment, q)
    return sp.factor(solution)


@cache
def confident_loss(normalisation: Normalisation = INTEGRAL) -> sp.Expr:
    """Loss for threshold, confidence to infinity, no-learning zone included (paper, equations 2, 12).

    In floats it is a difference of two times near the optimum: exact to the rounding of T, not of itself.
    """
    early, late, never = (loss.subs(escape, blow_up_time()) / normalisation.divisor for loss in loss_regimes())
    return sp.Piecewise((early, r > optimal_r()), (late, r >= point_of_no_return()), (never, True))


@cache
def confident_gradient(normalisation: Normalisation = INTEGRAL) -> sp.Expr:
    """dL/dr of the confident loss (paper, equation 13); 0 at the optimum and in the no-learning zone."""
    (early, _), (late, _), (never, _) = confident_loss(normalisation).args
    return sp.Piecewise(
        (early.diff(r), r > optimal_r()),
        (sp.S.Zero, sp.Eq(r, optimal_r())),
        (late.diff(r), r >= point_of_no_return()),
        (never.diff(r), True),
    )


@cache
def one_sided_slopes(normalisation: Normalisation = INTEGRAL) -> tuple[sp.Expr, sp.Expr]:
    """Slopes of the confident loss just left and right of the optimum (paper, equation 14).

    >>> one_sided_slopes()
    (-2*T**3/pi**2, 2*T**3/pi**2)
    """
    (early, _), (late, _), _ = confident_loss(normalisation).args
    left, right = (branch.diff(r).subs(r, optimal_r()) for branch in (late, early))
    return sp.simplify(left), sp.simplify(right)


@cache
def critical_learning_rate(normalisation: Normalisation = INTEGRAL) -> sp.Expr:
    """Rate whose step from just right of the optimum ends at the point of no return (paper, equation 15).

    >>> sp.simplify(paper_window(critical_learning_rate()))
    3*pi**4/(32*T**5)
    >>> sp.simplify(paper_window(critical_learning_rate(PER_DELAY)))
    3*pi**4/(32*T**4)
    """
    _, right = one_sided_slopes(normalisation)
    return sp.factor((optimal_r() - point_of_no_return()) / right)
