"""The damped oscillator exp(-c t) cos(w t): what a rank-two linear network makes of it, and where learning may pause.

With S = s + 1, the transfer function of a rank-two network is

    F = (zm + (p S + q - tau p) / (S^2 - tau S + delta)) / S,

so that its function has five coordinates: zm, p = zu.vm, q = zu.V vm, and trace tau and determinant delta of V = vu.
The target is (S + c - 1) / ((S + c - 1)^2 + w^2). Infinite horizon throughout, stable networks.

Critical points. Where the gradient vanishes, the transform E of the error vanishes at s = 1 (by zm) and doubly at the
mirror image of every pole that takes part in the response (as in H2 model reduction): 2 k + 1 zeros with k poles. E is
N(s) over the denominators of network and target, its numerator of degree k + 2 at most. So with k = 2 all of E
vanishes: among networks of full effective rank only the target itself is critical. Less rank leaves N = 0 free
places: k = 1 gives the polynomial solved in `rank_one_points`, k = 0 the leaky response zm = 2 T(1) of `leaky_zm`.
All these are saddles of the rank-two network, once a pole that does not take part is neither excited nor read.
Derived here; tests/theory/overlaps/impulse/test_oscillator.py.
"""

from dataclasses import dataclass
from functools import cache

import sympy as sp

decay = sp.Symbol("c", positive=True)
frequency = sp.Symbol("omega", positive=True)
laplace = sp.Symbol("s")
zm, p, q, trace, determinant = sp.symbols("zm p q tau delta", real=True)

COORDINATES = (zm, p, q, trace, determinant)
"""What the function of a rank-two linear network with one input and one output depends on."""


def target_transform() -> sp.Expr:
    """T(s), the Laplace transform of exp(-c t) cos(w t)."""
    return (laplace + decay) / ((laplace + decay) ** 2 + frequency**2)


def transform() -> sp.Expr:
    """F(s), the Laplace transform of the rank-two impulse response, in the five coordinates."""
    shifted = laplace + 1
    loop = (p * shifted + q - trace * p) / (shifted**2 - trace * shifted + determinant)
    return (zm + loop) / shifted


@cache
def minimum() -> dict[sp.Symbol, sp.Expr]:
    """The coordinates at which the network is the target exactly, by comparing coefficients.

    >>> minimum()[p], minimum()[trace], minimum()[determinant].factor(), minimum()[q].factor()
    (1 - c, 2 - 2*c, c**2 - 2*c + omega**2 + 1, (c - omega - 1)*(c + omega - 1))
    """
    numerator = sp.Poly(sp.numer(sp.together(transform() - target_transform())), laplace)
    (only,) = sp.solve(numerator.coeffs(), COORDINATES, dict=True)
    return {each: sp.expand(only[each]) for each in COORDINATES}


@cache
def loss() -> sp.Expr:
    """The loss in the five coordinates and c, w: rational, quadratic in zm, p and q; stable networks only."""
    own = squared_norm(transform())
    ends = [transform().subs(laplace, decay + sign * sp.I * frequency) for sign in (1, -1)]
    shared = sp.cancel(sp.together(sp.Add(*ends)))  # twice the real part, the integral of f e^(-ct) 2 cos(wt)
    return own - shared + squared_norm(target_transform())


@cache
def squared_norm(response: sp.Expr) -> sp.Expr:
    """Integral of f(t)^2 over t > 0, from the transform b(s) / a(s) of f, all of whose poles have a negative real part.

    The transform of f's autocorrelation splits as b(s) b(-s) / (a(s) a(-s)) = g(s) / a(s) + g(-s) / a(-s); the
    integral is its value at lag zero, the leading coefficient of g over that of a.

    >>> squared_norm(1 / (laplace + 2))
    1/4
    """
    b, a = (sp.Poly(part, laplace) for part in sp.fraction(sp.together(response)))
    order = a.degree()
    unknown = sp.symbols(f"g:{order}")
    g = sp.Poly(list(reversed(unknown)), laplace)
    mirror = sp.Poly(-laplace, laplace)
    balance = b * b.compose(mirror) - g * a.compose(mirror) - g.compose(mirror) * a
    equations = [each for each in balance.all_coeffs() if each != 0]
    (solution,) = sp.linsolve(equations, unknown)
    return sp.factor(solution[-1] / a.LC())


def leaky_zm() -> sp.Expr:
    """zm of the saddle without a recurrent loop (zu = vm = 0): 2 T(1), for any V."""
    return 2 * target_transform().subs(laplace, 1)


@dataclass(frozen=True)
class RankOnePoint:
    """A critical point of the oscillator's loss for a rank-one network, in the coordinates of `filter.py`."""

    zm: sp.Expr
    p: sp.Expr
    vu: sp.Expr


def rank_one_points(decaying: sp.Rational, oscillating: sp.Rational) -> tuple[RankOnePoint, ...]:
    """All critical points with p != 0 and vu < 1, exact (algebraic numbers), for rational c and w; in order of vu.

    The numerator of the error is (zm - 1) (s - 1) (s - a)^2, a = 1 - vu; comparing coefficients leaves a cubic in a.
    """
    a = sp.Symbol("a")
    target = {decay: decaying, frequency: oscillating}
    above, below = sp.fraction(target_transform().subs(target))
    error = (zm * (laplace + a) + p) * below - above * (laplace + 1) * (laplace + a)
    surplus = sp.Poly(sp.expand(error - (zm - 1) * (laplace - 1) * (laplace - a) ** 2), laplace).coeffs()
    (inner,) = sp.solve(surplus[:2], [zm, p], dict=True)
    cubic = sp.numer(sp.together(surplus[2].subs(inner)))
    roots = [root for root in sp.real_roots(sp.Poly(cubic, a)) if root > 0]
    points = [RankOnePoint(inner[zm].subs(a, root), inner[p].subs(a, root), 1 - root) for root in reversed(roots)]
    return tuple(point for point in points if sp.N(point.p) != 0)
