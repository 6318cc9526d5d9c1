import jax.numpy as jnp
import pytest

from simulate.tasks.delayed_activation import DelayedActivation, SquaredError, accuracy


def test_delayed_activation_is_zero_for_the_delay_and_one_for_the_response():
    trials = DelayedActivation(delay_steps=3, response_steps=2).trials(jnp.dtype("float64"))
    assert trials.targets.tolist() == [[0, 0, 0, 1, 1]]
    assert trials.inputs.shape == (1, 5, 0)
    assert trials.initial_activity.tolist() == [-0.3]
    assert trials.step == 0.5


def test_defaults_are_a_hundred_milliseconds_of_delay_and_of_response():
    trials = DelayedActivation().trials(jnp.dtype("float32"))
    assert trials.targets.shape == (1, 40)
    assert float(trials.targets.sum()) == 20
    assert trials.targets.dtype == jnp.float32


def test_the_silent_answer_costs_one_and_is_half_right():
    task = DelayedActivation()
    trials = task.trials(jnp.dtype("float64"))
    silent = jnp.zeros((1, 40))
    assert float(task.loss(silent, trials)) == 1.0
    assert float(accuracy(silent, trials)) == 0.5
    assert float(task.loss(trials.targets, trials)) == 0.0
    assert float(accuracy(trials.targets, trials)) == 1.0


@pytest.mark.parametrize("late", [0, 1, 2, 3])
def test_every_late_step_costs_a_twentieth_and_a_fortieth_of_the_accuracy(late):
    task = DelayedActivation()
    trials = task.trials(jnp.dtype("float64"))
    outputs = (jnp.arange(40) >= 20 + late).astype(float)[None]
    assert float(task.loss(outputs, trials)) == pytest.approx(late / 20, abs=1e-15)
    assert float(accuracy(outputs, trials)) == pytest.approx(1 - late / 40, abs=1e-15)


def test_a_masked_step_neither_costs_nor_counts():
    trials = DelayedActivation(delay_steps=2, response_steps=2).trials(jnp.dtype("float64"))
    masked = type(trials)(
        trials.inputs, trials.targets, jnp.array([[1.0, 0, 1, 1]]), trials.initial_activity, trials.step
    )
    outputs = jnp.array([[0.0, 1, 1, 0]])
    assert float(SquaredError(1.0)(outputs, masked)) == 1.0
    assert float(accuracy(outputs, masked)) == pytest.approx(2 / 3, abs=1e-15)
