"""Theorem 7's network: both sides of the quadratic threshold, and the true one derived, bracketed and proved."""

import flint
import mpmath
import numpy as np
import pytest
import sympy as sp

from theory.contraction.form import FORMS, VOLTAGE
from theory.contraction.network import network
from theory.contraction.search.polytope import contracting_polytope
from theory.contraction.search.switching import unstable_switching
from theory.contraction.theorems import rotation
from theory.contraction.theorems.rotation import D1, D2, THETA, C

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)


def turn(c, form):
    return network(np.array([[0.0, -c], [c, 0.0]]), form)


@BOTH
def test_identity_proves_every_rate_below_the_quadratic_one(form):
    """Exactly, within 2^-20 from both sides, c from 1/8 to just below 2; at c >= 2 there is none."""
    for c in (0.125, 1.0, 1.5, 1.9375):
        best, little = rotation.quadratic_rate(c), flint.fmpq(1, 2**20)
        assert best == 1 - flint.fmpq(*c.as_integer_ratio()) / 2
        exact = turn(c, form).exact
        assert rotation.identity_metric(c, best - little).holds(exact)
        assert not rotation.identity_metric(c, best).holds(exact)


def test_integer_witness():
    """The sum is (2 c - 4 + 4 rho) I: zero at the best quadratic rate, and a proof for every c >= 2 at rate 0."""
    rho = sp.Symbol("rho")
    assert rotation.witness_sum(rho) == (2 * C - 4 + 4 * rho) * sp.eye(2)
    for c in (0.5, 1.75, 2.0, 2.25, 7.0):
        claim = rotation.quadratic_witness(c)
        assert claim.holds(turn(c, FORMS[0]).exact)
        assert claim.rate == max(flint.fmpq(0), rotation.quadratic_rate(c))
        assert claim.holds(turn(min(c, 2.0) - 2.0**-20, FORMS[0]).exact) is False


def test_worst_slopes():
    """The preferences are what the docstring says, and brute force over 400 slopes agrees at 50 angles."""
    p, q = rotation.polar_rates()
    first, second = rotation.preferences()
    assert sp.simplify(first - sp.cos(THETA) - C * D2 * sp.sin(THETA)) == 0
    assert sp.simplify(second - sp.sin(THETA) + C * D1 * sp.cos(THETA)) == 0
    ratio = sp.lambdify((THETA, D1, D2), (p / q).subs(C, sp.Rational(5, 2)), "numpy")
    grid = np.linspace(0, 1, 20)
    d1, d2 = np.meshgrid(grid[1:], grid, indexing="ij")
    for angle in np.linspace(0.01, 1.56, 50):
        values = ratio(angle, d1, d2)
        best = np.unravel_index(values.argmax(), values.shape)
        assert (d1[best], d2[best]) == (1.0, float(np.tan(angle) > 2.5))


def test_growth_of_a_quarter_turn():
    """The closed form, and that it grows with c."""
    closed = sp.log(1 + C**2) / 2 - 1 - (sp.pi / 2 - sp.atan(C)) / C
    assert sp.simplify(rotation.quarter_turn_growth() - closed) == 0
    slope = sp.diff(closed, C) - (C / (1 + C**2) + (sp.pi / 2 - sp.atan(C)) / C**2 + 1 / (C * (1 + C**2)))
    assert sp.simplify(slope) == 0


def test_threshold_to_thirty_digits():
    """The sign changes within one unit of the thirtieth digit, by ball arithmetic."""
    text = mpmath.nstr(rotation.threshold(30), 30)
    assert text.startswith("2.88344738895")

    def growth(c):
        return (1 + c * c).log() / 2 - 1 - (flint.arb.pi() / 2 - c.atan()) / c

    with flint.ctx.workprec(160):
        little = flint.arb(10) ** -29
        assert growth(flint.arb(text) - little) < 0
        assert growth(flint.arb(text) + little) > 0


def test_brute_force_brackets_the_threshold():
    """Every angle's best of 21 x 21 slopes, 4000 angles: c* within 1e-3 from both sides, in either form."""
    grid = np.linspace(0, 1, 21)
    d1, d2 = (side.ravel()[:, None] for side in np.meshgrid(grid, grid, indexing="ij"))
    angles = (np.arange(4000) + 0.5) * np.pi / 4000
    cos, sin = np.cos(angles), np.sin(angles)
    for form in FORMS:
        for c, sign in ((float(rotation.threshold()) - 1e-3, -1), (float(rotation.threshold()) + 1e-3, 1)):
            upper, lower = (-c * d2, c * d1) if form == VOLTAGE else (-c * d1, c * d2)
            radial = -1 + (upper + lower) * cos * sin
            turning = lower * cos**2 - upper * sin**2
            with np.errstate(divide="ignore", invalid="ignore"):
                best = np.where(turning > 0, radial / turning, -np.inf).max(axis=0)
            assert np.sign(best.mean()) == sign


@BOTH
def test_proofs_on_both_sides_of_the_threshold(form):
    """A polygon below and a switching law above, within 0.03 and 1e-3 of it."""
    assert contracting_polytope(turn(2.85, form), 2.0**-10, most=300) is not None
    assert contracting_polytope(turn(2.884, form), 2.0**-10) is None
    assert unstable_switching(turn(2.883, form)) is None
    claim = unstable_switching(turn(2.884, form))
    assert claim is not None
    assert claim.holds(turn(2.884, form).exact)


def test_best_rate_of_any_norm():
    """1 - c / c*: a polygon at 0.9 of it, and at 1.05 of it a law that falls no faster."""
    for c in (1.0, 2.0, 2.5):
        best = rotation.true_rate(c)
        net = turn(c, FORMS[0])
        assert contracting_polytope(net, 0.9 * best) is not None
        claim = unstable_switching(net, min(1.05 * best, best + 0.02))
        assert claim is not None
