"""Switching slopes: enclosures, the worst law in the plane against brute force, and laws in three dimensions."""

from dataclasses import replace

import flint
import mpmath
import numpy as np
import pytest
import scipy.linalg

from theory.contraction.claims.switching import Leg, Switching
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.form import FORMS, VOLTAGE
from theory.contraction.network import network
from theory.contraction.search.instability import unstable_slopes
from theory.contraction.search.revolution import best_half_turn
from theory.contraction.search.switching import Law, growth, growth_and_slope, unstable_switching
from theory.contraction.search.vertex_lmi import solve_vertices

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
TURN = np.array([[0.0, -1.0], [1.0, 0.0]])


def drifts_of(net):
    fractions = (np.arange(2**net.size)[:, None] >> np.arange(net.size) & 1).astype(float)
    return np.array([net.jacobian(each) for each in fractions])


def brute_growth(drifts, step=0.05, angles=720, rounds=2000):
    """The most that ln r grows per unit of time in the long run: value iteration over angles, one corner a step.

    Over the last three quarters of the time, so that what is left of the start is below 1e-2 over 75 units; linear
    interpolation errs by about (pi / angles)^2 a step, 4e-4 per unit of time.
    """
    grid = np.pi * np.arange(angles) / angles
    moved = scipy.linalg.expm(drifts * step) @ np.stack([np.cos(grid), np.sin(grid)])
    gained = np.log(np.hypot(moved[:, 0], moved[:, 1]))
    place = np.mod(np.arctan2(moved[:, 1], moved[:, 0]), np.pi) * angles / np.pi
    low = place.astype(int) % angles
    share = place - np.floor(place)
    value, early = np.zeros(angles), np.zeros(angles)
    for turn in range(rounds):
        value = (gained + (1 - share) * value[low] + share * value[(low + 1) % angles]).max(axis=0)
        early = value if turn == rounds // 4 - 1 else early
    return (value - early).mean() / (step * rounds * 3 / 4)


@BOTH
def test_sign_of_the_worst_turn_is_that_of_brute_force(form):
    """Gains on both sides of the threshold of two random networks that turn; brute force to its error of 3e-3."""
    rng = np.random.default_rng(0)
    for _ in range(2):
        weights = np.array([[-0.5, -1.0], [1.0, 0.2]]) + 0.2 * rng.normal(size=(2, 2))
        options = {"slopes": rng.uniform(0.5, 1.5, 2), "time_constants": rng.uniform(0.7, 1.5, 2)}
        low, high = 0.0, 40.0
        for _ in range(20):
            middle = (low + high) / 2
            worst = [best_half_turn(drifts_of(network(middle * weights, form, **options)), sense) for sense in (1, -1)]
            unstable = unstable_slopes(network(middle * weights, form, **options)) is not None
            grows = unstable or any(each is not None and each.growth > 0 for each in worst)
            low, high = (low, middle) if grows else (middle, high)
        below, above = (network(low * factor * weights, form, **options) for factor in (0.95, 1.05))
        assert brute_growth(drifts_of(below)) < -3e-3
        assert brute_growth(drifts_of(above)) > 3e-3
        assert unstable_switching(below) is None
        assert unstable_slopes(above) is not None or unstable_switching(above) is not None


@BOTH
def test_claim_is_what_integration_shows(form):
    """The product of the legs by scipy's exponential has spectral radius above one; the form grows along it."""
    net = network(6 * TURN, form, slopes=np.array([0.5, 0.75]), time_constants=np.array([1.0, 2.0]))
    claim = unstable_switching(net)
    assert claim is not None
    product = np.eye(2)
    for leg in claim.legs:
        fractions = np.array([float(int(s.p) / int(s.q)) for s in leg.slopes]) / net.slopes
        product = scipy.linalg.expm(net.jacobian(fractions) * (int(leg.time.p) / int(leg.time.q))) @ product
    assert np.abs(np.linalg.eigvals(product)).max() > 1
    form_matrix = claim.lyapunov.approximate()
    assert np.linalg.eigvalsh(product.T @ form_matrix @ product - form_matrix)[0] > 0


def test_enclosure_holds_the_product():
    """Thirty digits of mpmath's exponential lie in every ball."""
    net = network(3 * TURN, VOLTAGE)
    one, zero = flint.fmpq(1), flint.fmpq(0)
    claim = Switching(
        flint.fmpq(1, 8),
        (Leg((one, zero), flint.fmpq(31, 32)), Leg((one, one), flint.fmpq(7, 64))),
        ExactMatrix.identity(2),
        (one, zero),
    )
    enclosed = claim.growth(net.exact)
    with mpmath.workdps(50):
        first = mpmath.expm((mpmath.matrix([[-1, 0], [3, -1]]) + mpmath.eye(2) / 8) * mpmath.mpf(31) / 32)
        second = mpmath.expm((mpmath.matrix([[-1, -3], [3, -1]]) + mpmath.eye(2) / 8) * mpmath.mpf(7) / 64)
        total = second * first
        difference = total.T * total - mpmath.eye(2)
        for i in range(2):
            for j in range(2):
                with flint.ctx.workprec(160):
                    assert abs(enclosed[i, j] - flint.arb(mpmath.nstr(difference[i, j], 45))) < 1e-30


def test_altered_claims_fail():
    net = network(3 * TURN, VOLTAGE)
    claim = unstable_switching(net)
    assert claim is not None
    assert claim.holds(net.exact)
    first, *others = claim.legs
    zero, one = flint.fmpq(0), flint.fmpq(1)
    changed = {
        "a leg that lasts too long": replace(claim, legs=(replace(first, time=first.time + 2), *others)),
        "a leg of no time": replace(claim, legs=(replace(first, time=zero), *others)),
        "slopes too large": replace(claim, legs=(replace(first, slopes=(2 * one, one)), *others)),
        "no legs": replace(claim, legs=()),
        "one leg alone": replace(claim, legs=(first,)),
        "X negative": replace(claim, lyapunov=-claim.lyapunov),
        "no vector": replace(claim, vector=(zero, zero)),
        "negative rate": replace(claim, rate=-one),
    }
    for name, wrong in changed.items():
        assert not wrong.holds(net.exact), name
    assert not claim.holds(network(2.8 * TURN, VOLTAGE).exact)


def test_gradient_of_the_growth():
    """Central differences; the error is the square of 1e-5."""
    rng = np.random.default_rng(2)
    drifts = rng.normal(size=(4, 3, 3))
    law = Law((0, 2, 1), (0.7, 0.4, 0.9))
    value, slope = growth_and_slope(drifts, law)
    assert value == pytest.approx(growth(drifts, law), abs=1e-12)
    for i in range(3):
        ends = [
            growth(drifts, Law(law.corners, tuple(np.array(law.times) + sign * 1e-5 * np.eye(3)[i])))
            for sign in (1, -1)
        ]
        assert slope[i] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-8)


@BOTH
def test_three_neurons(form):
    """A turning pair and a third neuron: no fixed slopes are unstable, a sequence is; with less gain a metric."""
    weights = np.array([[0.0, -1.0, 0.2], [1.0, 0.0, -0.1], [0.3, 0.1, -0.5]])
    net = network(3.5 * weights, form)
    assert unstable_slopes(net) is None
    assert solve_vertices(net, 1e-3) is None
    claim = unstable_switching(net)
    assert claim is not None
    assert claim.holds(net.exact)
    calm = network(1.5 * weights, form)
    assert unstable_switching(calm) is None
    assert solve_vertices(calm, 1e-3) is not None
