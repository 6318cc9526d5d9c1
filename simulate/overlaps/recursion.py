"""A recursion with few states over many steps, and its derivative by the adjoint recursion.

Only what must go step by step does: the states forwards, their adjoints backwards. The Jacobian of every step and the
gradient that falls to it are taken for all steps at once, so that both loops are a few sums and products long.
"""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Parameters = Float[Array, " parameters"]
State = Float[Array, " states"]
Step = Callable[[Parameters, State, Float[Array, " inputs"]], State]
"""(parameters, state, input) -> the next state; a pure function of nothing else that is differentiated."""

States = Float[Array, "steps states"]
Inputs = Float[Array, "steps inputs"]
Adjoint = tuple[Parameters, Inputs]


def _unroll(step: Step, count: int, parameters: Parameters, inputs: Inputs) -> States:
    def advance(state: State, given: Array) -> tuple[State, State]:
        state = step(parameters, state, given)
        return state, state

    return jax.lax.scan(advance, jnp.zeros(count), inputs)[1]


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def unroll(step: Step, count: int, parameters: Parameters, inputs: Inputs) -> States:
    """The `count` states after each step of x_{k+1} = step(parameters, x_k, s_k), from x_0 = 0.

    Its gradient can be differentiated again, forwards or in reverse.
    """
    return _unroll(step, count, parameters, inputs)


def _forward(
    step: Step, count: int, parameters: Parameters, inputs: Inputs
) -> tuple[States, tuple[Parameters, Inputs, States]]:
    states = _unroll(step, count, parameters, inputs)
    return states, (parameters, inputs, states)


def _backward(step: Step, count: int, kept: tuple[Parameters, Inputs, States], pull: States) -> Adjoint:
    parameters, inputs, states = kept
    before = jnp.concatenate([jnp.zeros((1, count)), states[:-1]])
    jacobians = jax.vmap(jax.jacfwd(step, argnums=1), in_axes=(None, 0, 0))(parameters, before, inputs)

    def retreat(later: State, here: tuple[State, Array]) -> tuple[State, State]:
        pulled, jacobian = here
        adjoint = pulled + later
        return adjoint @ jacobian, adjoint

    _, adjoints = jax.lax.scan(retreat, jnp.zeros(count), (pull, jacobians), reverse=True)

    def pulled_back(adjoint: State, state: State, given: Array) -> tuple[Parameters, Float[Array, " inputs"]]:
        return jax.vjp(lambda p, s: step(p, state, s), parameters, given)[1](adjoint)

    of_parameters, of_inputs = jax.vmap(pulled_back)(adjoints, before, inputs)
    return jnp.sum(of_parameters, axis=0), of_inputs


unroll.defvjp(_forward, _backward)
