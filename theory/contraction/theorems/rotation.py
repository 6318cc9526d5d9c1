"""Theorem 7's network W = [[0, -c], [c, 0]]: what quadratic metrics prove, and what is true.

Voltage form, slopes in [0, 1], J = [[-1, -c d2], [c d1, -1]] (the rate form is its transpose, with the same numbers).

    the best rate of a constant quadratic metric    1 - c / 2     so none for c >= 2: that is Theorem 7
    the best rate of any norm                       1 - c / c*    c* = 2.88345..., the root of `quarter_turn_growth`

At the angle theta in the first quadrant a displacement turns at theta' = q >= 0 and grows by ln r' = p, affine in the
slopes; p / q grows with d1, and with d2 exactly if tan theta > c (`preferences`). So the worst slopes are (1, 0) until
tan theta = c, then (1, 1) to the axis, and with the neurons exchanged from there. Where q = 0, p = -1. As p <= M q with
M = max p / q, ln r grows by at most the integral of M over the angle, and the worst law reaches it. Adding a rate to J
is dividing c and the time by 1 - rate, which gives the best rate. Derived here; test_rotation.py.

>>> from theory.contraction import theorems
>>> mpmath.nstr(theorems.rotation.threshold(), 10)
'2.883447389'
"""

import flint
import mpmath
import sympy as sp

from theory.contraction.claims.no_quadratic import Displacements, NoQuadraticMetric
from theory.contraction.claims.vertices import Vertices
from theory.contraction.exact_matrix import ExactMatrix, Number, rational

C = sp.Symbol("c", positive=True)
THETA = sp.Symbol("theta", positive=True)
D1, D2 = sp.symbols("d1 d2", nonnegative=True)
_TIME = sp.Symbol("t", nonnegative=True)


def jacobian(d1: sp.Expr = D1, d2: sp.Expr = D2) -> sp.Matrix:
    """J at the slopes d1, d2."""
    weights = sp.Matrix([[0, -C], [C, 0]])
    return weights * sp.diag(d1, d2) - sp.eye(2)


def polar_rates() -> tuple[sp.Expr, sp.Expr]:
    """p = ln r' and q = theta' of a displacement at the angle theta."""
    ahead = sp.Matrix([sp.cos(THETA), sp.sin(THETA)])
    velocity = jacobian() * ahead
    return sp.expand(ahead.dot(velocity)), sp.expand(ahead.diff(THETA).dot(velocity))


def preferences() -> tuple[sp.Expr, sp.Expr]:
    """q^2 d(p / q) / d(slope) for both slopes, over c cos theta and c sin theta, positive in the first quadrant.

    They are cos theta + c d2 sin theta > 0 and sin theta - c d1 cos theta, positive exactly if tan theta > c d1.
    """
    p, q = polar_rates()
    first, second = (sp.expand(sp.diff(p, d) * q - p * sp.diff(q, d)) for d in (D1, D2))
    return sp.simplify(first / (C * sp.cos(THETA))), sp.simplify(second / (C * sp.sin(THETA)))


def worst_legs() -> tuple[tuple[tuple[int, int], sp.Expr], tuple[tuple[int, int], sp.Expr]]:
    """Slopes and times of a quarter turn from the first axis: (1, 0) until tan theta = c, then (1, 1) to the axis."""
    x, y = _moved(1, 0)
    (first,) = sp.solve(sp.Eq(sp.simplify(y / x), C), _TIME)
    turning = sp.simplify(polar_rates()[1].subs({D1: 1, D2: 1}))
    return ((1, 0), first), ((1, 1), (sp.pi / 2 - sp.atan(C)) / turning)


def quarter_turn_growth() -> sp.Expr:
    """ln r after a quarter turn of the worst law: ln(1 + c^2) / 2 - 1 - (pi / 2 - atan c) / c; it grows with c."""
    (_, first), (_, second) = worst_legs()
    x, y = (entry.subs(_TIME, first) for entry in _moved(1, 0))
    radial = sp.simplify(polar_rates()[0].subs({D1: 1, D2: 1}))
    return (
        sp.expand_log(sp.log(sp.simplify((x**2 + y**2) * sp.E ** (2 * first))) / 2 - first, force=True)
        + radial * second
    )


def _moved(d1: int, d2: int) -> tuple[sp.Expr, sp.Expr]:
    """Where the unit vector of the first axis is after the time t at these slopes."""
    moved = (jacobian(sp.Integer(d1), sp.Integer(d2)) * _TIME).exp() * sp.Matrix([1, 0])
    return sp.simplify(moved[0]), sp.simplify(moved[1])


def threshold(digits: int = 30) -> mpmath.mpf:
    """c*, at which the worst law neither grows nor decays, to this many digits.

    >>> mpmath.nstr(threshold(), 15)
    '2.88344738895051'
    """
    with mpmath.workdps(digits + 10):
        growth = sp.lambdify(C, quarter_turn_growth(), "mpmath")
        root = mpmath.findroot(growth, mpmath.mpf("2.88"))
    with mpmath.workdps(digits):
        return +root


def quadratic_rate(c: Number) -> flint.fmpq:
    """The best rate of a constant quadratic metric, that of the identity: 1 - c / 2 (`quadratic_witness`)."""
    return 1 - rational(c) / 2


def true_rate(c: float) -> float:
    """The best rate of any norm, 1 - c / c*; negative where slopes can make displacements grow."""
    return 1 - c / float(threshold())


def identity_metric(c: Number, rate: Number) -> Vertices:
    """The metric I; it proves every rate below 1 - c / 2."""
    return Vertices(rational(rate), ExactMatrix.identity(2))


def quadratic_witness(c: Number) -> NoQuadraticMetric:
    """That no constant quadratic metric has a rate above max(0, 1 - c / 2), by two vectors of integers.

    With (1, 1) at the slopes (1, 0) and (1, -1) at (0, 1), the sum of (J + rho I) Z + Z (J + rho I)^T is
    (2 c - 4 + 4 rho) I.
    """
    one, zero = flint.fmpq(1), flint.fmpq(0)
    terms = (Displacements((one, zero), ((one, one),)), Displacements((zero, one), ((one, -one),)))
    return NoQuadraticMetric(max(zero, quadratic_rate(c)), terms)


def witness_sum(rate: sp.Expr) -> sp.Matrix:
    """The sum of `quadratic_witness`, with symbols."""
    total = sp.zeros(2)
    for slopes, vector in (((1, 0), (1, 1)), ((0, 1), (1, -1))):
        v = sp.Matrix(vector)
        moved = (jacobian(*map(sp.Integer, slopes)) + rate * sp.eye(2)) * v * v.T
        total += moved + moved.T
    return total.applyfunc(sp.expand)
