"""A system shown a sequence of inputs, each held for one step: by Euler's method and by the flow."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from simulate.contraction.network import System
from simulate.integrate import FORWARD, FlowOutcome, MapOutcome, Method, solve_flow

Held = Float[Array, "steps units"]


class Shown(eqx.Module):
    """The state after each input. `outcome`: a `MapOutcome` by Euler's method, a `FlowOutcome` by the flow."""

    states: Float[Array, "steps units"]
    outcome: Int[Array, ""]


@eqx.filter_jit
def shown_by_euler(
    system: System, inputs: Held, start: Float[Array, " units"], step: float, substeps: int = 1
) -> Shown:
    """Each input held for a time `step`, in `substeps` equal forward Euler steps."""

    def show(x: Array, u: Array) -> tuple[Array, Array]:
        x = jax.lax.fori_loop(0, substeps, lambda _, x: x + step / substeps * system.velocity(x, u), x)
        return x, x

    states = jax.lax.scan(show, start, inputs)[1]
    return Shown(states, jnp.where(jnp.all(jnp.isfinite(states)), MapOutcome.finite, MapOutcome.non_finite))


@eqx.filter_jit
def shown_by_flow(
    system: System, inputs: Held, start: Float[Array, " units"], step: float, method: Method = FORWARD
) -> Shown:
    """Each input held for a time `step` of the flow, solved anew from input to input: no step strides over a jump."""

    def show(x: Array, u: Array) -> tuple[Array, tuple[Array, Array]]:
        solved = solve_flow(lambda _, x: system.velocity(x, u), x, step, method)
        return solved.end_state, (solved.end_state, solved.outcome)

    _, (states, outcomes) = jax.lax.scan(show, start, inputs)
    sound = jnp.all(outcomes == FlowOutcome.reached_end)
    return Shown(states, jnp.where(sound, FlowOutcome.reached_end, FlowOutcome.failed))
