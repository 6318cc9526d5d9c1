"""The toy model as the paper simulates it: Euler's scheme x_{k+1} = x_k + dt (x_k^2 + r), x_0 = 0.

The paper's settings are dt = 0.1 and threshold 10. Step k stands for the time from k dt to (k + 1) dt and is
read from x_k. Units as in `toy_model`. What the scheme does to the optimum is predicted in `theory.ghost.toy.euler`.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> from simulate.ghost import toy_euler
>>> scheme = toy_euler.euler_scheme(delay=10.0, response=10.0, dt=0.1, threshold=10.0)
>>> scheme.delay_steps, round(toy_euler.passage_optimum(10.0, 0.1, 10.0), 6)
(100, 0.026118)
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, ScalarLike
from scipy.optimize import brentq

from simulate.arctan import arctan
from simulate.ghost.toy_model import SATURATION
from simulate.integrate import iterate_map, require_double_precision
from simulate.outcome import Outcome


class InvalidScheme(ValueError):
    """A scheme whose times do not fit."""


class EulerScheme(eqx.Module):
    """Euler's scheme on the delayed-activation task: `delay_steps` of target 0, `response_steps` of target 1.

    Raises:
        InvalidScheme: if a number is not positive.
    """

    dt: float
    threshold: float
    delay_steps: int = eqx.field(static=True)
    response_steps: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        for name in ("dt", "threshold", "delay_steps", "response_steps"):
            if not getattr(self, name) > 0:
                raise InvalidScheme(f"{name} must be positive, not {getattr(self, name)}")


def euler_scheme(delay: float, response: float, dt: float = 0.1, threshold: float = 10.0) -> EulerScheme:
    """The scheme for a delay and a response given as times; dt and threshold are the paper's by default.

    Raises:
        InvalidScheme: if a time is not a whole number of steps.
    """
    counts = []
    for name, time in (("delay", delay), ("response", response)):
        steps = round(time / dt)
        if abs(steps * dt - time) > 1e-9 * time:
            raise InvalidScheme(f"{name} = {time} is not a whole number of steps of dt = {dt}: change either")
        counts.append(steps)
    return EulerScheme(dt, threshold, *counts)


class SchemePassageOutcome(Outcome):
    """Whether the scheme passed the threshold."""

    passed = 0, "x passed the threshold"
    not_passed = 1, "x did not pass in the steps allowed; the passage time is given as infinite"


class SchemePassage(eqx.Module):
    """First `step` k with x_k >= threshold (the most allowed, if none), and a `time` without jumps in r."""

    step: Int[Array, ""]
    time: Float[Array, ""]
    outcome: Int[Array, ""]  # SchemePassageOutcome


def _euler(x: Array, r: Array, dt: ScalarLike) -> Array:
    return x + dt * (x**2 + r)


def _flow_time(low: Array, high: Array, r: Array) -> Array:
    """Time of the flow from `low` to `high`, for r > 0 and 0 <= low: the angle between the two arctangents."""
    root = jnp.sqrt(r)
    return arctan(root * (high - low) / (r + low * high)) / root


def passage(r: ScalarLike, dt: ScalarLike, threshold: ScalarLike, most_steps: ScalarLike) -> SchemePassage:
    """When Euler's scheme first reaches `threshold`.

    The step in which it does is shared out in proportion to the flow's own time below and above the
    threshold, so `time` is continuous in r and its law in dt is not hidden by whole steps (the sharing errs
    at order dt^3). Scalar arguments, for `vmap`.
    """
    require_double_precision()
    r, dt, threshold = (jnp.asarray(value, dtype=jnp.float64) for value in (r, dt, threshold))
    most = jnp.asarray(most_steps, dtype=jnp.int64)

    def going(state: tuple[Array, Array, Array]) -> Array:
        step, _, x = state
        return (x < threshold) & (step < most)

    def advance(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        step, _, x = state
        return step + 1, x, _euler(x, r, dt)

    start = (jnp.zeros((), dtype=jnp.int64), jnp.zeros(()), jnp.zeros(()))
    step, before, after = jax.lax.while_loop(going, advance, start)
    passed = after >= threshold
    safe_r = jnp.where(passed, r, 1.0)  # only r > 0 passes: x stays at or below zero otherwise
    after = jnp.where(passed, after, 1.0)
    before = jnp.where(passed, before, 0.0)
    share = _flow_time(before, threshold, safe_r) / _flow_time(before, after, safe_r)
    time = jnp.where(passed, dt * ((step - 1).astype(jnp.float64) + share), jnp.inf)
    outcome = jnp.where(passed, SchemePassageOutcome.passed, SchemePassageOutcome.not_passed)
    return SchemePassage(step, time, outcome)


_passage = jax.jit(passage)


def passage_optimum(delay: float, dt: float, threshold: float) -> float:
    """The r at which the scheme passes the threshold at `delay`: the optimum of the scheme's step loss.

    Sought between a twentieth of and twenty times the flow's optimum for a high threshold, to 1e-14.
    """
    unit = (math.pi / (2 * delay)) ** 2
    most = math.ceil(10 * delay / dt)

    def lateness(ratio: float) -> float:
        # Bounded, because a search over infinite values is none.
        return min(float(_passage(unit * ratio, dt, threshold, most).time), 10 * delay) / delay - 1

    return unit * float(brentq(lateness, 1 / 20, 20.0, xtol=1e-14, rtol=1e-14))


def step_loss(r: ScalarLike, scheme: EulerScheme) -> Float[Array, ""]:
    """Loss of an output that is 1 from the passage step on, dt |passage step - delay_steps|.

    Piecewise constant in r: its gradient is zero wherever it exists, so no learning can use it.
    """
    r = jnp.asarray(r, dtype=jnp.float64)
    most = scheme.delay_steps + scheme.response_steps
    step = passage(r, scheme.dt, scheme.threshold, most).step
    return scheme.dt * jnp.abs(step - scheme.delay_steps).astype(jnp.float64)


def sigmoid_step_loss(r: ScalarLike, scheme: EulerScheme, confidence: ScalarLike) -> Float[Array, ""]:
    """Loss of the scheme with output sigmoid(confidence (x_k - threshold)), differentiable for every r.

    Past saturation, x >= threshold + 40 / confidence, x is frozen: the output is 1 to rounding for ever, and
    the blow-up that would follow puts neither an overflow into the loss nor a nan into its gradient.
    """
    require_double_precision()
    r = jnp.asarray(r, dtype=jnp.float64)
    top = scheme.threshold + SATURATION / confidence

    def advance(x: Array) -> Array:
        return jnp.where(x < top, _euler(x, r, scheme.dt), x)

    count = scheme.delay_steps + scheme.response_steps
    x = iterate_map(advance, jnp.zeros(()), count - 1).states
    output = jax.nn.sigmoid(confidence * (x - scheme.threshold))
    target = (jnp.arange(count) >= scheme.delay_steps).astype(jnp.float64)
    return scheme.dt * jnp.sum((output - target) ** 2)
