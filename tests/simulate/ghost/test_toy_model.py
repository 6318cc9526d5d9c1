"""The integrated toy model against closed forms and quadrature written here, never against `theory`."""

from functools import partial
from itertools import pairwise

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from simulate.ghost.toy_model import (
    EscapeOutcome,
    InvalidTask,
    LossOutcome,
    ToyTask,
    confident_loss,
    escape_time,
    escape_time_direct,
    sigmoid_loss,
    sigmoid_loss_and_gradient,
)
from simulate.integrate import FORWARD, DoublePrecisionRequired, Method, adaptive

# One compiled program for each question, shared by all tests of the file.
_loss_and_gradient = jax.jit(jax.vmap(sigmoid_loss_and_gradient, in_axes=(0, None)))


def loss_and_gradient(r, task: ToyTask) -> tuple[np.ndarray, np.ndarray]:
    """In batches of eight, so that it compiles once."""
    loss, gradient = _loss_and_gradient(jnp.resize(jnp.asarray(r), 8), task)
    return np.asarray(loss)[: len(r)], np.asarray(gradient)[: len(r)]


@partial(jax.jit, static_argnums=0)
def escape_and_slope(route, r, threshold, longest):
    """Times, d time / d r and outcomes of a batch of r."""

    def time(r):
        escape = route(r, threshold, longest, FORWARD)
        return escape.time, escape.outcome

    return jax.vmap(_with_slope(time))(r)


@jax.jit
def confident_and_slope(r, delay, response):
    def loss(r):
        simulated = confident_loss(r, delay, response, method=FORWARD)
        return simulated.value, simulated.outcome

    return jax.vmap(_with_slope(loss))(r)


def _with_slope(function):
    def value_slope_and_outcome(r):
        value, slope, outcome = jax.jvp(function, (r,), (jnp.ones_like(r),), has_aux=True)
        return value, slope, outcome

    return value_slope_and_outcome


@eqx.filter_jit
def loss_by(method: Method, r: float, task: ToyTask):
    return sigmoid_loss(r, task, method).value


def optimum(delay: float) -> float:
    return np.pi**2 / (4 * delay**2)


@pytest.mark.parametrize("route", [escape_time, escape_time_direct])
@pytest.mark.parametrize("threshold", [10.0, 0.1])
@pytest.mark.sampled(2)
def test_escape_time_and_its_gradient(route, threshold):
    """atan(threshold / sqrt r) / sqrt r and its derivative; never for r <= 0 or too small a positive r."""
    r = jnp.array([-1.0, -1e-4, 0.0, 1e-9, *(optimum(100.0) * np.array([0.3, 1.0, 5.0])), 1.0, 1e4])
    time, slope, outcome = escape_and_slope(route, r, threshold, 1e3)
    root = np.sqrt(r[4:])
    expected = np.arctan(threshold / root) / root
    expected_slope = -expected / (2 * r[4:]) - threshold / (2 * r[4:] * (r[4:] + threshold**2))
    np.testing.assert_allclose(time[4:], expected, rtol=1e-11)
    np.testing.assert_allclose(slope[4:], expected_slope, rtol=1e-8)
    assert outcome[4:].tolist() == [EscapeOutcome.escaped] * 5
    assert outcome[:4].tolist() == [EscapeOutcome.not_escaped] * 4
    assert np.isinf(time[:4]).all()
    assert (slope[:4] == 0).all()


@pytest.mark.parametrize("threshold", [10.0, 100.0])
def test_both_routes_agree_close_to_blow_up(threshold):
    """The paper's T = 100 and threshold 10: x there moves by 1e-9 of itself in a rounding of the time."""
    r = optimum(100.0) * jnp.array([0.3, 1.0, 3.0, 30.0])
    angle, direct = (escape_and_slope(route, r, threshold, 400.0) for route in (escape_time, escape_time_direct))
    np.testing.assert_allclose(direct[0], angle[0], rtol=1e-10)
    np.testing.assert_allclose(direct[1], angle[1], rtol=1e-6)


@pytest.mark.parametrize("delay", [1.0, 1e3, 1e6])
def test_escape_through_blow_up(delay):
    """The angle passes pi/2: pi / (2 sqrt r), with the same relative error at every time scale."""
    r = optimum(delay) * jnp.array([0.26, 0.3, 0.5, 0.9, 1.0, 1.1, 2.0, 10.0, 40.0])
    time, _, _ = escape_and_slope(escape_time, r, jnp.inf, 2 * delay)
    np.testing.assert_allclose(time, np.pi / (2 * np.sqrt(r)), rtol=1e-11)


def test_a_failed_solver_says_so():
    hasty = adaptive(diffrax.ForwardMode(), max_steps=3)
    escape = escape_time(optimum(100.0), 10.0, 200.0, hasty)
    assert escape.outcome == EscapeOutcome.failed
    assert np.isnan(escape.time)
    loss = sigmoid_loss(optimum(100.0), ToyTask(100.0, 100.0, 10.0, 1.0), hasty)
    assert loss.outcome == LossOutcome.failed
    assert np.isnan(loss.value)


@pytest.mark.parametrize("response", [100.0, 30.0])
def test_confident_loss(response):
    """|pi / (2 sqrt r) - T| while x escapes by T + T_r, T_r after: either side of the point of no return."""
    delay = 100.0
    no_return = np.pi**2 / (4 * (delay + response) ** 2)
    r = jnp.array([-1e-3, 0.0, 0.999 * no_return, 1.001 * no_return, 0.7e-4 + no_return, 1e-3, 1.0])
    value, slope, outcome = confident_and_slope(r, delay, response)
    lateness = np.pi / (2 * np.sqrt(r[3:])) - delay
    np.testing.assert_allclose(value[3:], abs(lateness), rtol=1e-9)
    np.testing.assert_allclose(slope[3:], -np.sign(lateness) * np.pi / (4 * r[3:] ** 1.5), rtol=1e-8)
    assert outcome.tolist() == [LossOutcome.computed] * 7
    assert value[:3].tolist() == [response] * 3
    assert slope[:3].tolist() == [0.0] * 3


def quadrature(r: float, task: ToyTask) -> tuple[float, float]:
    """Loss and gradient by mpmath: the closed-form x(t) and dx/dr, 30 digits, panels around the rise."""
    with mp.workdps(30):
        delay, response, threshold, c = (
            mp.mpf(float(v)) for v in (task.delay, task.response, task.threshold, task.confidence)
        )
        last, root = delay + response, mp.sqrt(abs(mp.mpf(r)))

        def x(t):
            return root * mp.tan(root * t) if r > 0 else -root * mp.tanh(root * t)

        def dx(t):
            if r == 0:
                return t
            if r > 0:
                return (mp.tan(root * t) / root + t / mp.cos(root * t) ** 2) / 2
            return (mp.tanh(root * t) / root + t / mp.cosh(root * t) ** 2) / 2

        blow_up = mp.pi / (2 * root) if r > 0 else mp.inf
        panels = {mp.mpf(0), delay, last, blow_up}
        for offset in (-40, -20, -10, -5, -2, 0, 2, 5, 10, 20, 40, 100):
            if r > 0 and (level := threshold + offset / c) > 0:
                panels.add(mp.atan(level / root) / root)
        loss, gradient = max(delay - blow_up, mp.mpf(0)), mp.mpf(0)
        edges = sorted(edge for edge in panels if edge <= min(last, blow_up))
        for low, high in pairwise(edges):
            target = 0 if high <= delay else 1

            def miss(t, target=target):
                return 1 / (1 + mp.exp(-c * (x(t) - threshold))) - target

            def slope(t, target=target):
                output = 1 / (1 + mp.exp(-c * (x(t) - threshold)))
                at_blow_up = output == 1
                return mp.mpf(0) if at_blow_up else 2 * (output - target) * c * output * (1 - output) * dx(t)

            loss += mp.quad(lambda t: miss(t) ** 2, [low, high])
            gradient += mp.quad(slope, [low, high])
        return float(loss), float(gradient)


@pytest.mark.parametrize("delay", [1.0, 100.0, 1e6])
@pytest.mark.parametrize(("threshold", "confidence"), [(1.0, 0.1), (1e3, 1e3), (10.0, 1.0), (1.0, 10.0), (10.0, 1e3)])
@pytest.mark.sampled(2)
def test_sigmoid_loss_and_gradient(delay, threshold, confidence, request):
    """Every regime of r. Loss to 1e-10 of the delay; gradient to 1e-8 of itself.

    Gradients below 1e-12 of delay^3 that are exponentially small are held to 1e-20 of delay^3.
    """
    if threshold == confidence == 1e3:  # rounding takes all of the tolerance
        request.getfixturevalue("optimised_programs")
    task = ToyTask(delay, delay, threshold, confidence)
    r = optimum(delay) * np.array([-50.0, -0.3, 0.0, 0.2, 0.6, 1.0001, 1.5, 30.0])
    loss, gradient = loss_and_gradient(r, task)
    expected = np.array([quadrature(value, task) for value in r])
    np.testing.assert_allclose(loss, expected[:, 0], rtol=0, atol=1e-10 * delay)
    np.testing.assert_allclose(gradient, expected[:, 1], rtol=1e-8, atol=1e-20 * delay**3)


def test_a_response_window_of_another_length():
    """T_r half and three times the delay, on both sides of zero and of the optimum."""
    r = optimum(10.0) * np.array([-0.5, 0.0, 0.5, 2.0])
    for response in (5.0, 30.0):
        task = ToyTask(10.0, response, 2.0, 3.0)
        loss, gradient = loss_and_gradient(r, task)
        expected = np.array([quadrature(value, task) for value in r])
        np.testing.assert_allclose(loss, expected[:, 0], rtol=1e-10)
        np.testing.assert_allclose(gradient, expected[:, 1], rtol=1e-8)


def test_sigmoid_loss_against_another_solver():
    """scipy's DOP853 on (x, loss) in plain time, where x stays finite: no closed form on either side."""
    task = ToyTask(5.0, 5.0, 0.5, 4.0)

    def direct(r):
        def field(t, y, target):
            return [y[0] ** 2 + r, (1 / (1 + np.exp(-4 * (y[0] - 0.5))) - target) ** 2]

        y = [0.0, 0.0]
        for target in (0, 1):
            y = solve_ivp(field, (0, 5), y, "DOP853", args=(target,), rtol=1e-13, atol=1e-14).y[:, -1]
        return y[1]

    r = np.array([-0.2, 0.0, 0.02])
    loss, _ = loss_and_gradient(r, task)
    np.testing.assert_allclose(loss, [direct(value) for value in r], rtol=1e-10)


@pytest.mark.sampled(0)  # half a minute of compiling
def test_reverse_mode_agrees_with_forward_mode():
    """Two differentiations of one discrete solution: to rounding, which the sums of many steps spread."""
    task = ToyTask(10.0, 10.0, 2.0, 3.0)
    r = optimum(10.0) * jnp.array([-0.3, 0.6, 1.5])
    reverse = jax.jit(jax.vmap(jax.grad(lambda r: sigmoid_loss(r, task).value)))(r)
    _, forward = loss_and_gradient(r, task)
    np.testing.assert_allclose(reverse, forward, rtol=1e-9)


def test_loss_converges_with_the_order_of_a_fixed_step():
    """Fifth order with Tsit5 in equal steps, where x stays low and no output saturates.

    Both legs end by event, located on a fourth-order interpolant of one more order locally.
    """
    task = ToyTask(2.0, 2.0, 2.0, 1.0)
    r = 0.05
    exact, _ = quadrature(r, task)

    def error(step):
        method = Method(diffrax.Tsit5(), diffrax.ConstantStepSize(), step, diffrax.ForwardMode(), 4096)
        return abs(float(loss_by(method, r, task)) - exact)

    steps = jnp.array([0.2, 0.1, 0.05])
    assert np.polyfit(np.log(steps), np.log([error(step) for step in steps]), 1)[0] > 4.5


def test_error_follows_the_tolerance():
    """Six decades of tolerance buy at least four of accuracy, and the loosest is the worst.

    Steps may be long here, or they and not the tolerance would set the error.
    """
    task = ToyTask(100.0, 100.0, 10.0, 1.0)
    r = 1.5 * optimum(100.0)
    exact, _ = quadrature(r, task)

    def error(tolerance):
        method = adaptive(diffrax.ForwardMode(), *jnp.array([tolerance, tolerance / 100, 10.0]))
        return abs(float(loss_by(method, r, task)) - exact)

    errors = [error(tolerance) for tolerance in (1e-5, 1e-8, 1e-11)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-4 * errors[0]


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_senseless_tasks_are_refused(bad):
    for position, name in enumerate(("delay", "response", "threshold", "confidence")):
        values = [1.0, 1.0, 1.0, 1.0]
        values[position] = bad
        with pytest.raises(InvalidTask, match=name):
            ToyTask(*values)


def test_single_precision_is_refused():
    with jax.enable_x64(False), pytest.raises(DoublePrecisionRequired):
        escape_time(1.0, 10.0, 100.0)
