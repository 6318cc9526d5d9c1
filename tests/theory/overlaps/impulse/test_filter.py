"""The filter's response from its equation and step by step; its loss by quadrature, by sums and in limits."""

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from theory.lowering import lower_mpmath, lower_numpy
from theory.overlaps.impulse.clock import Clock, Euler, Flow
from theory.overlaps.impulse.divided import powdiff
from theory.overlaps.impulse.filter import (
    COORDINATES,
    decay,
    euler_response,
    impulse_response,
    loss,
    p,
    time,
    vm,
    vu,
    zm,
    zu,
)
from theory.overlaps.impulse.oscillator import laplace, squared_norm

DT, STEPS, C = 0.05, 400, 0.2
EULER = Euler(sp.Rational(1, 20), sp.Integer(STEPS))


def test_response_solves_the_latent_equations() -> None:
    """k_m' = -k_m, k_u' = (vu - 1) k_u + vm k_m from (1, 0), read by (zm, zu)."""
    k_m = sp.exp(-time)
    k_u = (impulse_response().rewrite(sp.exp) - zm * k_m).subs(p, zu * vm) / zu
    assert sp.simplify(k_u.diff(time) - (vu - 1) * k_u - vm * k_m) == 0
    assert sp.simplify(k_u.subs(time, 0)) == 0


def test_response_is_the_one_of_the_paper_and_smooth() -> None:
    stated = zm * sp.exp(-time) + p * (sp.exp((vu - 1) * time) - sp.exp(-time)) / vu
    assert sp.simplify(impulse_response().rewrite(sp.exp) - stated) == 0
    at_zero = lower_numpy((*COORDINATES, time), impulse_response())(0.7, 0.4, np.array([0.0, 1e-13]), 1.5)
    assert at_zero == pytest.approx((0.7 + 0.4 * 1.5) * np.exp(-1.5), rel=1e-12)


def test_euler_response_step_by_step() -> None:
    """Five steps of the scheme with an impulse 1/dt, in symbols."""
    dt = sp.Symbol("dt", positive=True)
    k_m, k_u = sp.S.Zero, sp.S.Zero
    for step in range(5):
        s = 1 / dt if step == 0 else 0
        k_m, k_u = k_m + dt * (-k_m + s), k_u + dt * (-k_u + vm * k_m + vu * k_u)
        closed = euler_response(dt, sp.Integer(step)).subs(p, zu * vm)
        closed = closed.replace(powdiff, lambda power, *nodes: powdiff(power, *nodes).rewrite(sp.Pow))
        assert sp.simplify(zm * k_m + zu * k_u - closed) == 0


def test_flow_loss_by_quadrature() -> None:
    """Both horizons against mpmath's quadrature of the squared error at 30 digits, where the quotient is harmless."""
    with mp.workdps(30):
        values = [mp.mpf(each) / 10 for each in (7, 4, 3, 2)]
        response = lower_mpmath((*COORDINATES, time), impulse_response().rewrite(sp.exp))
        for horizon in (sp.Integer(20), sp.oo):
            pieces = list(range(0, 21 if horizon != sp.oo else 201, 2))
            direct = mp.quad(lambda t: (response(*values[:3], t) - mp.exp(-values[3] * t)) ** 2, pieces)
            closed = lower_mpmath((*COORDINATES, decay), loss(Flow(horizon)))(*values)
            assert abs(closed / direct - 1) < mp.mpf(10) ** -22


@pytest.mark.parametrize("recurrent", [-0.5, 0.0, 1e-9, 0.3, 0.95, 1.0, 1.2, 1.3])
def test_euler_loss_by_summing(recurrent: float) -> None:
    """The scheme of the simulation in plain numpy: rounding of 400 terms, 1e-13, for decaying and growing networks."""
    state, error = np.array([1.0, 0.0]), 0.0
    move = np.array([[1 - DT, 0.0], [DT * 0.5, 1 + DT * (recurrent - 1)]])
    for step in range(STEPS):
        error += DT * ((0.7 * state[0] + 0.8 * state[1]) - np.exp(-C * step * DT)) ** 2
        state = move @ state
    closed = lower_numpy((*COORDINATES, decay), loss(EULER))(0.7, 0.8 * 0.5, recurrent, C)
    assert float(closed) == pytest.approx(error, rel=2e-13)


def test_infinite_horizon_by_another_algebra() -> None:
    """The squared norm of the error's transform, by splitting its autocorrelation."""
    error = zm / (laplace + 1) + p / ((laplace + 1) * (laplace + 1 - vu)) - 1 / (laplace + decay)
    assert sp.simplify(squared_norm(error) - loss()) == 0


@pytest.mark.parametrize("clock", [Flow(sp.Integer(20)), EULER, Euler(sp.Rational(1, 20))])
def test_gradient_and_hessian_are_smooth(clock: Clock) -> None:
    """Derivatives at vu = 0 and at 1e-5 agree to what the next derivative (below 10) allows."""
    for first in COORDINATES:
        for second in COORDINATES:
            slope = lower_numpy((*COORDINATES, decay), loss(clock).diff(first, second))
            near, at = (float(slope(0.7, 0.4, shift, C)) for shift in (1e-5, 0.0))
            assert abs(near - at) < 1e-4


def test_euler_tends_to_the_flow_linearly_in_dt() -> None:
    flow = float(lower_numpy((*COORDINATES, decay), loss(Flow(sp.Integer(20))))(0.7, 0.4, 0.3, C))
    errors = []
    for halving in range(3):
        clock = Euler(sp.Rational(1, 20 * 2**halving), sp.Integer(STEPS * 2**halving))
        errors.append(float(lower_numpy((*COORDINATES, decay), loss(clock))(0.7, 0.4, 0.3, C)) - flow)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(1.0, abs=0.03)  # O(dt) relative, dt = 0.0125


def test_horizon_tends_to_infinity() -> None:
    """What is left after the horizon decays with twice the slowest rate, c."""
    infinite = float(lower_numpy((*COORDINATES, decay), loss())(0.7, 0.4, 0.3, C))
    left = [
        infinite - float(lower_numpy((*COORDINATES, decay), loss(Flow(sp.Integer(t))))(0.7, 0.4, 0.3, C))
        for t in (30, 40)
    ]
    assert np.log(left[0] / left[1]) / 10 == pytest.approx(2 * C, abs=1e-3)
