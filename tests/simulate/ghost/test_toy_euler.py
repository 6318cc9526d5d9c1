"""Euler's scheme of the toy model: against a plain loop, and against the order predicted for it."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from scipy.optimize import brentq

from simulate.ghost.toy_euler import (
    InvalidScheme,
    SchemePassageOutcome,
    euler_scheme,
    passage,
    passage_optimum,
    sigmoid_step_loss,
    step_loss,
)
from simulate.ghost.toy_model import ToyTask, sigmoid_loss_and_gradient
from theory.ghost.toy.euler import end, parameter_shift, passage_time, position, start, step

DELAY, THRESHOLD = 100.0, 10.0


def plain_loop(r, dt, threshold, most):
    x, k = 0.0, 0
    while x < threshold and k < most:
        x, k = x + dt * (x * x + r), k + 1
    return k


def flow_time(r, threshold=THRESHOLD):
    return np.arctan(threshold / np.sqrt(r)) / np.sqrt(r)


def flow_optimum(threshold=THRESHOLD):
    return brentq(lambda r: flow_time(r, threshold) - DELAY, 1e-5, 1e-2, xtol=1e-20, rtol=1e-14)


def test_passage_step_is_that_of_a_plain_loop():
    r = np.array([-0.1, 0.0, 1e-5, 5e-5, 2.4e-4, 1e-2, 3.0, 1e6])
    found = jax.jit(jax.vmap(lambda r: passage(r, 0.1, THRESHOLD, 2000)))(jnp.asarray(r))
    assert found.step.tolist() == [plain_loop(value, 0.1, THRESHOLD, 2000) for value in r]
    passed = found.outcome == SchemePassageOutcome.passed
    assert passed.tolist() == [False] * 4 + [True] * 4
    assert np.isinf(found.time[~passed]).all()
    steps, last = np.asarray(found.time[passed]) / 0.1, np.asarray(found.step[passed])
    assert ((steps > last - 1) & (steps <= last)).all()


def test_passage_time_has_no_jump_where_the_step_jumps():
    """Bisected to neighbouring floats around a change of the passage step: times agree to 1e-9."""
    low, high = 2.4e-4, 2.6e-4
    goal = plain_loop(low, 0.1, THRESHOLD, 2000) - 1
    while np.nextafter(low, 1) < high:
        middle = (low + high) / 2
        low, high = (low, middle) if plain_loop(middle, 0.1, THRESHOLD, 2000) <= goal else (middle, high)
    below, above = (passage(r, 0.1, THRESHOLD, 2000) for r in (low, high))
    assert below.step == above.step + 1
    assert float(below.time) == pytest.approx(float(above.time), rel=1e-9)


def test_passage_time_has_the_order_of_the_modified_equation():
    """Errors against the sums to order 0, 1, 2 have slopes 1, 2, 3, to 0.15 where dt x threshold < 1/4."""
    r = 1.1 * flow_optimum()
    sizes = 0.1 / 2.0 ** np.arange(3, 7)
    measured = np.array([float(passage(r, dt, THRESHOLD, 10**6).time) for dt in sizes])
    parameter = sp.Symbol("r", positive=True)
    expansion = passage_time(position**2 + parameter, 2)
    for order in range(3):
        predict = sp.lambdify(step, expansion.truncated(order).subs({parameter: r, start: 0, end: THRESHOLD}))
        errors = np.abs(measured - np.array([float(predict(dt)) for dt in sizes]))
        slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
        assert slope == pytest.approx(order + 1, abs=0.15)


def test_the_optimum_moves_as_predicted():
    """Optimum of the scheme minus that of the flow: first order in dt with the predicted coefficient.

    The remainder, over dt, is first order itself. Slopes to 0.1 where dt x threshold < 1/4.
    """
    exact = flow_optimum()
    sizes = 0.1 / 2.0 ** np.arange(2, 7)
    shifts = np.array([passage_optimum(DELAY, dt, THRESHOLD) for dt in sizes]) - exact
    parameter = sp.Symbol("r", positive=True)
    coefficient = float(
        parameter_shift(position**2 + parameter, parameter).subs({start: 0, end: THRESHOLD, parameter: exact})
    )
    slope, _ = np.polyfit(np.log(sizes), np.log(shifts), 1)
    assert slope == pytest.approx(1, abs=0.1)
    remainder, _ = np.polyfit(np.log(sizes), np.log(np.abs(shifts / sizes - coefficient)), 1)
    assert remainder == pytest.approx(1, abs=0.1)
    extrapolated = np.polyfit(sizes, shifts / sizes, 2)[-1]
    assert extrapolated == pytest.approx(coefficient, rel=1e-3)


def test_the_step_loss_is_least_where_passage_is_on_time():
    scheme = euler_scheme(DELAY, DELAY)
    assert (scheme.dt, scheme.threshold, scheme.delay_steps, scheme.response_steps) == (0.1, 10.0, 1000, 1000)
    best = passage_optimum(DELAY, 0.1, THRESHOLD)
    ratios = np.array([0.2, 0.5, 0.9, 1 + 1e-9, 1.1, 2.0, 10.0])
    losses = jax.jit(jax.vmap(lambda r: step_loss(r, scheme)))(jnp.asarray(best * ratios))
    assert losses[3] == 0
    assert (losses[:3] > 0).all()
    assert (losses[4:] > 0).all()
    assert losses[0] == pytest.approx(DELAY)


def test_the_step_loss_teaches_nothing():
    """Piecewise constant: its gradient is zero."""
    scheme = euler_scheme(DELAY, DELAY)
    _, slope = jax.jvp(lambda r: step_loss(r, scheme), (jnp.asarray(3e-4),), (jnp.ones(()),))
    assert slope == 0


def test_the_sigmoid_loss_has_the_gradient_of_its_differences():
    """Value and gradient against a plain loop with 40 digits and its central difference, to 1e-9."""
    scheme = euler_scheme(DELAY, DELAY)

    def plain_loss(r):
        x, loss = mp.mpf(0), mp.mpf(0)
        for k in range(2000):
            output = 1 / (1 + mp.exp(-(x - 10) / 2)) if x < 1000 else 1
            loss += (output - (k >= 1000)) ** 2 / 10
            x = x + (x * x + r) / 10 if x < 1000 else x
        return loss

    evaluate = jax.jit(jax.value_and_grad(lambda r: sigmoid_step_loss(r, scheme, 0.5)))
    for r in (-1e-4, 1.2e-4, 4e-4):
        loss, gradient = evaluate(r)
        with mp.workdps(40):
            width = mp.mpf(10) ** -15 * abs(r)
            difference = (plain_loss(r + width) - plain_loss(r - width)) / (2 * width)
            assert float(loss) == pytest.approx(float(plain_loss(mp.mpf(r))), rel=1e-9)
        assert float(gradient) == pytest.approx(float(difference), rel=1e-9)


@pytest.mark.parametrize("confidence", [0.1, 10.0, 1e3])
def test_blow_up_leaves_no_nan(confidence):
    scheme = euler_scheme(DELAY, DELAY)
    r = jnp.array([-10.0, -1.0, 0.0, 1e-4, 1.0, 1e3, 1e6])
    loss, gradient = jax.jit(jax.vmap(jax.value_and_grad(lambda r: sigmoid_step_loss(r, scheme, confidence))))(r)
    assert np.isfinite(loss).all()
    assert np.isfinite(gradient).all()


def test_the_scheme_converges_to_the_flow_at_first_order():
    """Loss of the scheme minus loss of the integrated flow: slope 1 in dt, to 0.1."""
    task = ToyTask(5.0, 5.0, 1.0, 2.0)
    r = jnp.asarray(0.05)
    exact, _ = jax.jit(sigmoid_loss_and_gradient)(r, task)
    sizes = [0.05, 0.025, 0.0125, 0.00625]
    schemes = [euler_scheme(5.0, 5.0, dt, 1.0) for dt in sizes]
    losses = jax.jit(lambda r: jnp.stack([sigmoid_step_loss(r, scheme, 2.0) for scheme in schemes]))(r)
    errors = np.abs(losses - exact)
    assert np.polyfit(np.log(sizes), np.log(errors), 1)[0] == pytest.approx(1, abs=0.1)


def test_times_that_do_not_fit_are_refused():
    with pytest.raises(InvalidScheme, match="whole number"):
        euler_scheme(100.05, 100.0)
    with pytest.raises(InvalidScheme, match="dt"):
        euler_scheme(100.0, 100.0, dt=-0.1)
