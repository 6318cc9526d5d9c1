import equinox as eqx
import jax.numpy as jnp
import pytest

from simulate.tasks.delayed_activation import DelayedActivation
from simulate.tasks.task import SummedSquares

NOW = jnp.asarray(0)


def test_delayed_activation_is_zero_for_the_delay_and_one_for_the_response():
    batch = DelayedActivation(delay_steps=3, response_steps=2)(NOW)
    assert batch.targets.tolist() == [[[0], [0], [0], [1], [1]]]
    assert batch.inputs.shape == (1, 5, 0)
    assert batch.dt == 0.5


def test_defaults_are_a_hundred_milliseconds_of_delay_and_of_response():
    batch = DelayedActivation()(NOW).astype(jnp.float32)
    assert batch.targets.shape == (1, 40, 1)
    assert float(batch.targets.sum()) == 20
    assert batch.targets.dtype == jnp.float32


def test_the_silent_answer_costs_one_and_is_half_right():
    batch = DelayedActivation()(NOW)
    silent = jnp.zeros((1, 40, 1))
    assert float(batch.loss(silent)) == 1.0
    assert float(batch.accuracy(silent)) == 0.5
    assert float(batch.loss(batch.targets)) == 0.0
    assert float(batch.accuracy(batch.targets)) == 1.0


@pytest.mark.parametrize("late", [0, 1, 2, 3])
def test_every_late_step_costs_a_twentieth_and_a_fortieth_of_the_accuracy(late):
    batch = DelayedActivation()(NOW)
    outputs = (jnp.arange(40) >= 20 + late).astype(float)[None, :, None]
    assert float(batch.loss(outputs)) == pytest.approx(late / 20, abs=1e-15)
    assert float(batch.accuracy(outputs)) == pytest.approx(1 - late / 40, abs=1e-15)


def test_a_masked_step_neither_costs_nor_counts():
    batch = DelayedActivation(delay_steps=2, response_steps=2)(NOW)
    masked = eqx.tree_at(lambda b: b.mask, batch, jnp.array([[1.0, 0, 1, 1]]))
    outputs = jnp.array([[[0.0], [1], [1], [0]]])
    assert float(SummedSquares(1.0).loss(outputs, masked)) == 1.0
    assert float(masked.accuracy(outputs)) == pytest.approx(2 / 3, abs=1e-15)
