"""Criteria against plain loops, and how many inputs and outputs a task says that it has."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.tasks.delayed_activation import DelayedActivation
from simulate.tasks.flip_flop import FlipFlop
from simulate.tasks.images import digits, passes
from simulate.tasks.impulse import random_task
from simulate.tasks.minibatches import MiniBatches
from simulate.tasks.task import Batch, MeanSquares

RANDOM = np.random.default_rng(0)


def batch_of(targets, mask, criterion):
    return Batch(jnp.zeros((*mask.shape, 1)), jnp.asarray(targets), jnp.asarray(mask), 0.5, criterion)


def test_mean_squares_are_those_of_a_loop_over_what_counts():
    targets, outputs = RANDOM.normal(size=(2, 3, 4, 2))
    mask = (RANDOM.random((3, 4)) < 0.6).astype(float)
    errors = [
        (outputs[trial, step, output] - targets[trial, step, output]) ** 2
        for trial, step, output in np.ndindex(3, 4, 2)
        if mask[trial, step]
    ]
    assert 0 < len(errors) < 24
    loss = batch_of(targets, mask, MeanSquares()).loss(jnp.asarray(outputs))
    assert float(loss) == pytest.approx(np.mean(errors), rel=1e-14)


@pytest.mark.parametrize("copies", [1, 3])
def test_mean_squares_depend_neither_on_dt_nor_on_how_many_trials_steps_and_outputs_there_are(copies):
    targets = jnp.ones((2 * copies, 5 * copies, copies))
    assert float(batch_of(targets, np.ones((2 * copies, 5 * copies)), MeanSquares()).loss(3 * targets)) == 4.0


def test_weights_of_the_mask_weigh():
    batch = batch_of(np.zeros((1, 2, 1)), np.array([[1.0, 3.0]]), MeanSquares())
    assert float(batch.loss(jnp.asarray([[[1.0], [2.0]]]))) == (1 + 3 * 4) / 4


def test_an_answer_is_right_when_all_signs_are_whatever_the_quantities():
    targets = np.array([[[1.0, -1.0, 0.2], [1.0, -1.0, 0.2], [0.0, 1.0, 0.2], [1.0, 1.0, 0.2]]])
    outputs = jnp.asarray([[[0.1, -9.0, -5.0], [0.1, 0.1, 0.2], [0.1, 1.0, 0.2], [-1.0, -1.0, 0.2]]])
    mask = np.array([[1.0, 1.0, 1.0, 0.0]])
    assert float(batch_of(targets, mask, MeanSquares(signs=2)).accuracy(outputs)) == pytest.approx(1 / 3)
    assert float(batch_of(targets, mask, MeanSquares(signs=1)).accuracy(outputs)) == pytest.approx(2 / 3)
    assert np.isnan(batch_of(targets, mask, MeanSquares()).accuracy(outputs))


@pytest.mark.parametrize(
    ("task", "inputs", "outputs"),
    [
        (DelayedActivation(), 0, 1),
        (FlipFlop(jax.random.key(0)), 1, 1),
        (random_task(jax.random.key(0), inputs=3, outputs=2), 3, 2),
        (MiniBatches(random_task(jax.random.key(0), inputs=3, outputs=2).batch, 2, jax.random.key(0)), 3, 2),
        (passes(digits().train, 10, batch=20, seed=0, count=1), 1, 10),
    ],
)
def test_a_task_knows_its_inputs_and_outputs(task, inputs, outputs):
    assert (task.inputs, task.outputs) == (inputs, outputs)
    assert jax.jit(lambda epoch: jnp.asarray([task.inputs, task.outputs]))(0).tolist() == [inputs, outputs]
