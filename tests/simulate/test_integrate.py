"""Flows and maps on systems with known answers: values, orders, events, gradients, outcomes."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.integrate import (
    FORWARD,
    REVERSE,
    DoublePrecisionRequired,
    FlowOutcome,
    MapOutcome,
    adaptive,
    fixed,
    iterate_map,
    solve_flow,
)


def oscillator(time, state):
    return jnp.stack([state[1], -state[0]])


def quarter_turn(frequency, method):
    """cos(frequency t) reaches zero at pi / (2 frequency)."""

    def field(time, state):
        return frequency * oscillator(time, state)

    return solve_flow(field, jnp.array([1.0, 0.0]), 5.0, method, event=lambda y: -y[0])


def test_path_and_end_of_a_smooth_flow():
    times = jnp.linspace(0.5, 3.0, 6)
    flow = solve_flow(oscillator, jnp.array([1.0, 0.0]), 4.0, REVERSE, times=times)
    np.testing.assert_allclose(flow.states[:, 0], np.cos(times), atol=1e-10)
    np.testing.assert_allclose(flow.end_state, [np.cos(4.0), -np.sin(4.0)], atol=1e-11)
    assert flow.end_time == 4.0
    assert flow.outcome == FlowOutcome.reached_end


@pytest.mark.parametrize("solver", [diffrax.Heun(), diffrax.Bosh3(), diffrax.Tsit5(), diffrax.Dopri8()])
@pytest.mark.sampled(2)
def test_error_falls_with_the_order_of_the_scheme(solver):
    """y' = y cos t, so y = exp(sin t): the end's error falls at least as step^order (0.3 for finite steps).

    From one side, because Tsitouras' scheme all but cancels its leading error and converges faster at first.
    """
    order = solver.order(None)
    coarsest = 0.5 if order == 8 else 0.1
    steps = coarsest / np.array([1, 2, 4])

    def error(step):
        flow = solve_flow(lambda time, y: y * jnp.cos(time), jnp.ones(()), 2.0, fixed(solver, step))
        return abs(float(flow.end_state) - np.exp(np.sin(2.0)))

    slope = np.polyfit(np.log(steps), np.log([error(step) for step in steps]), 1)[0]
    assert slope > order - 0.3


def test_an_event_is_located_to_the_order_of_the_interpolant():
    """With loose tolerances the longest step rules: the event's error falls faster than its fifth power."""
    steps = np.array([0.4, 0.2, 0.1])

    def error(longest_step):
        method = adaptive(diffrax.ForwardMode(), rtol=1e-3, atol=1e-3, longest_step=longest_step)
        flow = solve_flow(oscillator, jnp.array([1.0, 0.0]), 5.0, method, event=lambda y: -y[0] - 0.3)
        return abs(float(flow.end_time) - np.arccos(-0.3))

    assert np.polyfit(np.log(steps), np.log([error(step) for step in steps]), 1)[0] > 5


@pytest.mark.parametrize("method", [REVERSE, FORWARD], ids=["reverse", "forward"])
@pytest.mark.sampled(1)
def test_an_event_is_located_and_differentiated(method):
    """d/dw of pi / (2 w) is -pi / (2 w^2). Forward and reverse mode each by their own transformation.

    Frequencies are of order one, as `adaptive` asks of its callers.
    """

    def time(frequency):
        return quarter_turn(frequency, method).end_time

    differentiate = jax.jacfwd if method is FORWARD else jax.jacrev
    frequencies = jnp.array([0.7, 1.0, 1.2])
    value = jax.jit(jax.vmap(time))(frequencies)
    slope = jax.jit(jax.vmap(differentiate(time)))(frequencies)
    np.testing.assert_allclose(value, np.pi / (2 * frequencies), rtol=1e-11)
    np.testing.assert_allclose(slope, -np.pi / (2 * frequencies**2), rtol=1e-8)


def test_outcomes_are_told_apart_in_one_batch():
    """A frequency too low to reach the event in the time, and one that reaches it."""
    flow = jax.vmap(lambda w: quarter_turn(w, FORWARD))(jnp.array([0.1, 1.0]))
    assert flow.outcome.tolist() == [FlowOutcome.reached_end, FlowOutcome.stopped]
    assert flow.end_time[0] == 5.0


def test_a_solver_that_runs_out_of_steps_says_so():
    hasty = adaptive(diffrax.ForwardMode(), max_steps=4)
    flow = solve_flow(oscillator, jnp.array([1.0, 0.0]), 100.0, hasty)
    assert flow.outcome == FlowOutcome.failed
    assert "max_steps" in FlowOutcome.failed.sentence


def test_path_after_an_event_is_infinite():
    times = jnp.array([0.5, 1.0, 2.0])
    flow = solve_flow(oscillator, jnp.array([1.0, 0.0]), 5.0, FORWARD, event=lambda y: -y[0], times=times)
    np.testing.assert_allclose(flow.states[:2, 0], np.cos(times[:2]), atol=1e-10)
    assert np.isinf(flow.states[2]).all()


def test_an_orbit_and_its_derivative():
    """x -> a x, ten times: a^10, derivative 10 a^9."""

    def last(a):
        return iterate_map(lambda x: a * x, jnp.ones(()), 10).states[-1]

    value, slope = jax.value_and_grad(last)(jnp.array(1.1))
    assert value == pytest.approx(1.1**10, rel=1e-14)
    assert slope == pytest.approx(10 * 1.1**9, rel=1e-14)
    orbit = iterate_map(lambda x: 2 * x, jnp.array([1.0, -1.0]), 3)
    assert orbit.states.tolist() == [[1, -1], [2, -2], [4, -4], [8, -8]]
    assert orbit.outcome == MapOutcome.finite


def test_an_orbit_that_overflows_says_so():
    assert iterate_map(lambda x: x**2, jnp.array(10.0), 20).outcome == MapOutcome.non_finite


def test_single_precision_is_refused():
    with jax.enable_x64(False), pytest.raises(DoublePrecisionRequired, match="jax_enable_x64"):
        solve_flow(oscillator, jnp.array([1.0, 0.0]), 1.0, FORWARD)
