"""Modes of a network near a state, against its own differences and against plain powers of its Jacobian."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells import GRU, LSTM, Vanilla
from simulate.fixed_points.linearisation import linearised_at
from simulate.measures.fixed_points.static_map import StaticMap

UNITS, INPUTS, OUTPUTS, STEPS = 3, 2, 2, 4


@pytest.mark.sampled(1)
@pytest.mark.parametrize("kind", [Vanilla, GRU, LSTM])
def test_modes_tell_what_a_small_input_does_some_steps_later(kind):
    random = np.random.default_rng(0)
    blank = kind.blank(UNITS, INPUTS, OUTPUTS)
    drawn = [jnp.asarray(random.normal(size=each.shape)) for each in (blank.W, blank.U, blank.b, blank.V)]
    network = eqx.tree_at(lambda each: (each.W, each.U, each.b, each.V), blank, drawn)
    step = StaticMap.of(network, [0.3, -0.2])
    state = random.normal(size=step.size)
    modes = linearised_at(step, state)
    assert np.all(np.diff(np.abs(modes.eigenvalues)) <= 1e-12)
    jacobian = np.asarray(step.jacobian(jnp.asarray(state)))
    assert np.allclose((modes.right * modes.eigenvalues) @ modes.left, jacobian, atol=1e-9)
    h = 1e-6
    driven = np.stack(
        [
            (
                np.asarray(StaticMap(network, step.inputs + h * jnp.eye(INPUTS)[k])(jnp.asarray(state)))
                - np.asarray(StaticMap(network, step.inputs - h * jnp.eye(INPUTS)[k])(jnp.asarray(state)))
            )
            / (2 * h)
            for k in range(INPUTS)
        ],
        axis=1,
    )
    read = np.hstack([np.asarray(network.V), np.zeros((OUTPUTS, step.size - UNITS))])
    expected = read @ np.linalg.matrix_power(jacobian, STEPS) @ driven
    assert np.allclose(modes.response(steps=STEPS), expected, atol=1e-7)
    parts = [modes.response(steps=STEPS, modes=count) for count in range(step.size + 1)]
    assert np.allclose(parts[0], 0)
    assert np.allclose(parts[-1], expected, atol=1e-7)


def test_a_rotation_is_told_in_turns_a_step():
    turn = np.array([[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]])
    blank = Vanilla.blank(2, 1, 1)
    network = eqx.tree_at(lambda each: each.W, blank, jnp.asarray(1.1 * turn))
    modes = linearised_at(StaticMap.of(network), np.zeros(2))
    assert np.allclose(np.abs(modes.frequencies), 0.2 / (2 * np.pi))
    assert np.allclose(np.abs(modes.eigenvalues), 1.1)
