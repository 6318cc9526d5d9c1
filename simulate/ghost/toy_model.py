"""The toy model x' = x^2 + r from x(0) = 0, integrated: escape times and delayed-activation losses.

The output is sigmoid(confidence (x - threshold)); its target is 0 until `delay`, then 1 for `response`.
Written by hand from these two sentences: no formula of the theory is used, so that theory and simulation can
disagree.

Units: time in the task's own unit, x and threshold in its inverse, r in its inverse square, confidence in the
unit of time. Every flow is solved in the time scale (1/delay^2 + |r|)^(-1/2), so tolerances mean the same at
every delay. Losses are integrals over time, not divided by the delay.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> from simulate.ghost import toy_model
>>> f"{float(toy_model.escape_time(0.25, threshold=float('inf'), longest=10.0).time):.6f}"  # pi / (2 sqrt(r))
'3.141593'
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, ScalarLike

from simulate.arctan import arctan
from simulate.integrate import FORWARD, REVERSE, FlowOutcome, Method, require_double_precision, solve_flow
from simulate.outcome import Outcome

# At threshold + SATURATION / confidence the output is 1 to rounding (1 - o = 4e-18) and stays there.
SATURATION = 40.0
# How finely steps resolve the output's rise; see `sigmoid_loss`. Smaller is cheaper and less accurate.
RISE_WEIGHT = 1e-3


class InvalidTask(ValueError):
    """A task whose times or levels make no sense."""


class ToyTask(eqx.Module):
    """The delayed-activation task and the output that is read from x.

    `delay` and `response` are times, `threshold` a level of x, `confidence` the slope of the sigmoid in x.
    All are arrays, so one compiled program serves every task.

    Raises:
        InvalidTask: if one of them is not a positive finite number.
    """

    delay: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    response: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    threshold: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    confidence: Float[Array, ""] = eqx.field(converter=jnp.asarray)

    def __check_init__(self) -> None:
        for name in ("delay", "response", "threshold", "confidence"):
            value = getattr(self, name)
            if not isinstance(value, jax.core.Tracer) and not 0 < float(value) < float("inf"):
                raise InvalidTask(f"{name} must be a positive finite number, not {float(value)}")


class EscapeOutcome(Outcome):
    """Whether x reached the threshold."""

    escaped = 0, "x reached the threshold"
    not_escaped = 1, "x did not reach the threshold in the time allowed; the escape time is given as infinite"
    failed = 2, "the solver gave up: |r| longest^2 is too large; allow more steps or a shorter time"


class Escape(eqx.Module):
    """An escape time: infinite if x did not escape, nan only if the outcome is `failed`."""

    time: Float[Array, ""]
    outcome: Int[Array, ""]  # EscapeOutcome


class LossOutcome(Outcome):
    """Whether a simulated loss can be used."""

    computed = 0, "the loss was computed"
    failed = 1, "the solver gave up: |r| delay^2 is too large; allow more steps"


class Loss(eqx.Module):
    """A simulated loss in units of time; nan only if the outcome is `failed`."""

    value: Float[Array, ""]
    outcome: Int[Array, ""]  # LossOutcome


def _rate(r: Float[Array, ""], longest: Float[Array, ""]) -> Float[Array, ""]:
    # A unit, not a function of r: it must not be differentiated.
    return jax.lax.stop_gradient(jnp.sqrt(1 / longest**2 + jnp.abs(r)))


def _double(value: ScalarLike) -> Float[Array, ""]:
    require_double_precision()
    return jnp.asarray(value, dtype=jnp.float64)


def _escape(rate: Array, end_time: Array, outcome: Array) -> Escape:
    time = jnp.where(outcome == FlowOutcome.stopped, end_time / rate, jnp.inf)
    ended = jnp.where(outcome == FlowOutcome.stopped, EscapeOutcome.escaped, EscapeOutcome.not_escaped)
    failed = outcome == FlowOutcome.failed
    return Escape(jnp.where(failed, jnp.nan, time), jnp.where(failed, EscapeOutcome.failed, ended))


def escape_time(r: ScalarLike, threshold: ScalarLike, longest: ScalarLike, method: Method = REVERSE) -> Escape:
    """The first time x reaches `threshold` (which may be infinite), sought until `longest`: the reference.

    Integrates the angle phi of x = rate tan(phi), phi' = rate sin^2 phi + (r / rate) cos^2 phi, which is
    regular for every r and through the blow-up at phi = pi/2. Differentiable in r. Scalar arguments,
    for `vmap`.
    """
    r, threshold, longest = _double(r), _double(threshold), _double(longest)
    rate = _rate(r, longest)
    target = arctan(threshold / rate)

    def field(time: Array, angle: Array) -> Array:
        return jnp.sin(angle) ** 2 + r / rate**2 * jnp.cos(angle) ** 2

    flow = solve_flow(field, jnp.zeros(()), longest * rate, method, event=lambda angle: angle - target)
    return _escape(rate, flow.end_time, flow.outcome)


def escape_time_direct(r: ScalarLike, threshold: ScalarLike, longest: ScalarLike, method: Method = REVERSE) -> Escape:
    """The same escape time by integrating x itself: an independent route, for a finite threshold."""
    r, threshold, longest = _double(r), _double(threshold), _double(longest)
    rate = _rate(r, longest)
    level = threshold / rate

    def field(time: Array, x: Array) -> Array:
        return x**2 + r / rate**2

    def event(x: Array) -> Array:
        # Divided by the speed: near blow-up a last bit of time moves x by more than any tolerance on x.
        return (x - level) / (1 + x**2 + level**2)

    flow = solve_flow(field, jnp.zeros(()), longest * rate, method, event=event)
    return _escape(rate, flow.end_time, flow.outcome)


def confident_loss(
    r: ScalarLike,
    delay: ScalarLike,
    response: ScalarLike,
    threshold: ScalarLike = jnp.inf,
    method: Method = REVERSE,
) -> Loss:
    """The loss of an output that jumps from 0 to 1 at `threshold`, from the simulated escape time.

    The time from escape to `delay` (answered too early) or from `delay` to escape (too late), at most
    `response`. Where x does not escape in delay + response the loss is `response` and its gradient
    exactly zero.
    """
    delay, response = _double(delay), _double(response)
    escape = escape_time(r, threshold, delay + response, method)
    early = jnp.maximum(delay - escape.time, 0.0)
    late = jnp.clip(escape.time - delay, 0.0, response)
    failed = escape.outcome == EscapeOutcome.failed
    return Loss(early + late, jnp.where(failed, LossOutcome.failed, LossOutcome.computed))


class _State(eqx.Module):
    """Along the flow: time / delay, arcsinh(x / rate), integrated excess cost / delay, weighted output."""

    time: Float[Array, ""]
    height: Float[Array, ""]
    excess: Float[Array, ""]
    output: Float[Array, ""]


def _sigmoid_rise(start: Float[Array, ""], rise: Float[Array, ""]) -> Float[Array, ""]:
    """sigmoid(start + rise) - sigmoid(start), to rounding of itself, without overflow."""
    up, down = jnp.where(rise > 0, rise, 0.0), jnp.where(rise > 0, 0.0, rise)
    higher = -jnp.expm1(-up) * jax.nn.sigmoid(start + up) * jax.nn.sigmoid(-start)
    lower = jnp.expm1(down) * jax.nn.sigmoid(start) * jax.nn.sigmoid(-start - down)
    return jnp.where(rise > 0, higher, lower)


def sigmoid_loss(r: ScalarLike, task: ToyTask, method: Method = REVERSE) -> Loss:
    """integral_0^T o^2 dt + integral_T^{T+T_r} (1 - o)^2 dt with o = sigmoid(confidence (x - threshold)).

    Defined and differentiable for every r, negative, zero and positive, as long as |r| delay^2 is below about
    1e6. Error at most 1e-10 of the delay; that of the gradient at most 1e-8 of itself plus 1e-20 delay^3,
    below which it is exponentially small. Scalar r, for `vmap`.

    Near blow-up x races, and a confident output rises in a time far below the rounding error of t. So time
    is a state: the flow is followed in s with ds = sqrt(rate^2 + x^2) dt, in which height = arcsinh(x / rate)
    moves at most at unit speed. Each leg ends by event, at its last time or where the output has saturated,
    whichever is first; what is left is elementary. What is integrated is the excess over the cost of the
    output at x = 0, so that the rounding of the time leaves no trace where x hardly moves.
    """
    r = _double(r)
    delay, threshold, confidence = task.delay, task.threshold, task.confidence
    rate = _rate(r, delay)
    tilt = r / rate**2
    top = jnp.arcsinh((threshold + SATURATION / confidence) / rate)
    end = 1 + task.response / delay
    longest = 2 * rate * delay * end + top + 2  # ds <= rate dt + |x| dt: an event comes first
    silent = jax.nn.sigmoid(-confidence * threshold)

    def leg(height: Array, times_and_target: Array) -> tuple[Array, tuple[_State, Array, Array]]:
        first_time, last_time, target = times_and_target

        def field(s: Array, state: _State) -> _State:
            stretch = jnp.cosh(state.height)
            evidence = confidence * rate * jnp.sinh(state.height)
            output = jax.nn.sigmoid(evidence - confidence * threshold)
            slope = confidence * output * jax.nn.sigmoid(confidence * threshold - evidence)
            gain = _sigmoid_rise(-confidence * threshold, evidence)
            time = 1 / (rate * delay * stretch)
            climb = jnp.tanh(state.height) ** 2 + tilt / stretch**2
            excess = gain * (output + silent - 2 * target)
            # The output is carried, and feeds nothing: it makes the error control resolve the rise, which is
            # brief for the loss but all there is to its gradient.
            rise = slope * rate * stretch * climb
            return _State(time, climb, excess * time, RISE_WEIGHT * rise)

        start = _State(first_time, height, jnp.zeros(()), jnp.zeros(()))
        flow = solve_flow(
            field, start, longest, method, event=lambda y: jnp.maximum(y.time - last_time, y.height - top)
        )
        state = flow.end_state
        saturated = state.height - top > state.time - last_time
        # After saturation there is nothing to follow: a short leg stands in for the next and is not used.
        onward = jnp.where(saturated, top - 1, state.height)
        return onward, (state, saturated, flow.outcome == FlowOutcome.stopped)

    one = jnp.ones(())
    legs = jnp.stack([jnp.stack([0 * one, one, 0 * one]), jnp.stack([one, end, one])])
    _, ends = jax.lax.scan(leg, jnp.zeros(()), legs)
    (waited, saturated, first_done), (answered, rose, second_done) = (
        jax.tree.map(lambda leaf, index=index: leaf[index], ends) for index in range(2)
    )
    waiting = jnp.where(saturated, waited.time, 1.0)
    early = waited.excess + silent**2 * waiting + (1 - waiting)
    answering = jnp.where(rose, answered.time, end) - 1
    late = jnp.where(saturated, 0.0, answered.excess + (1 - silent) ** 2 * answering)
    done = first_done & (second_done | saturated)
    value = jnp.where(done, delay * (early + late), jnp.nan)
    return Loss(value, jnp.where(done, LossOutcome.computed, LossOutcome.failed))


@jax.jit  # traced once, whatever maps or descends it
def sigmoid_loss_and_gradient(r: ScalarLike, task: ToyTask) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Loss and dL/dr by forward-mode autodiff through the solver: the cheap way. Scalar r, for `vmap`."""
    r = _double(r)
    return jax.jvp(lambda r: sigmoid_loss(r, task, FORWARD).value, (r,), (jnp.ones_like(r),))
