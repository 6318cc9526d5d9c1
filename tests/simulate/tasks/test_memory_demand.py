"""The memory demand of each task, against histories that are counted out and rules that use no more than it says."""

import dataclasses

import jax
import numpy as np
import pytest
from jax import numpy as jnp

from simulate.tasks import (
    ContextIntegration,
    DelayedDiscrimination,
    Lorenz96,
    NBitFlipFlop,
    PathIntegration,
    SineGeneration,
)
from simulate.tasks.drawn import DrawnTask
from simulate.tasks.lorenz_96 import lorenz_96, runge_kutta

KEY = jax.random.key(3)


def counted_out(inputs, targets, mask, most):
    """The least h at which no two equal histories of h steps are followed by different targets that count."""
    inputs, targets = np.round(inputs, 6) + 0.0, np.round(targets, 6) + 0.0
    for h in range(1, most + 1):
        seen = {}
        for x, y, counts in zip(inputs, targets, mask, strict=True):
            for t in np.flatnonzero(counts):
                past = tuple(x[s].tobytes() if s >= 0 else b"" for s in range(t - h + 1, t + 1))
                before = tuple(y[s].tobytes() if s >= 0 else b"" for s in range(t - h, t))
                seen.setdefault((past, before), set()).add(y[t].tobytes())
        if all(len(each) == 1 for each in seen.values()):
            return h
    return None


def arrays(task, trials):
    batch = dataclasses.replace(task, trials=trials).draw(jax.random.key(11))
    return np.asarray(batch.inputs), np.asarray(batch.targets), np.asarray(batch.mask)


def of_few_amplitudes(task, trials):
    """Its trials with pulses of 3, 6 or 9, of which any two histories with the same pulses are equal."""
    inputs, _, mask = arrays(task, trials)
    inputs = 3 * np.round(inputs / 3)
    asked = mask.argmax(axis=1)
    first, second = inputs[:, 0], inputs[np.arange(trials), asked - 1]
    answers = np.sign(second - first)
    if task.magnitude_unit is not None:
        answers = np.concatenate([answers, np.abs(second - first) / task.magnitude_unit], axis=1)
    told = (first != second).all(axis=1)
    return inputs[told], (answers[:, None] * mask[..., None])[told], mask[told]


@pytest.mark.parametrize(
    "task",
    [
        NBitFlipFlop(KEY, bits=1, steps=12),
        NBitFlipFlop(KEY, bits=2, steps=10, pulsed_at_start=False, probability=0.1),
        SineGeneration(KEY, steps=60),
        SineGeneration(KEY, steps=60, channels=2, frequencies=2),
    ],
)
def test_of_tasks_whose_trials_repeat(task):
    assert counted_out(*arrays(task, 100), most=4) == task.memory_demand


@pytest.mark.parametrize(
    "task",
    [
        DelayedDiscrimination(KEY, delay=(1, 4), response=3),
        DelayedDiscrimination(KEY, delay=(0, 3), response=2, pulse=2),
        DelayedDiscrimination(KEY, delay=(2, 5), response=3, magnitude_unit=8.0),
        DelayedDiscrimination(KEY, delay=(1, 2), response=2, channels=2),
    ],
)
def test_of_delayed_discrimination(task):
    assert counted_out(*of_few_amplitudes(task, 600), most=12) == task.memory_demand


def test_an_integrator_needs_its_last_target_and_the_present_input():
    walk = PathIntegration(KEY, steps=20)
    assert walk.memory_demand == 1
    x, y, _ = arrays(walk, 5)
    steps = x[..., 1:2] * np.stack([np.cos(x[..., 0]), np.sin(x[..., 0])], axis=-1)
    np.testing.assert_allclose(y[:, 1:], y[:, :-1] + steps[:, 1:], atol=1e-5)
    np.testing.assert_allclose(y[:, 0], x[:, 0, 2:] + steps[:, 0], atol=1e-5)

    cued = ContextIntegration(KEY)
    assert cued.memory_demand == 1
    x, y, _ = arrays(cued, 5)
    np.testing.assert_allclose(y[:, 1:, 0], y[:, :-1, 0] + (x[:, 1:, :2] * x[:, 1:, 2:]).sum(-1), atol=1e-5)


def test_a_state_that_is_shown_needs_nothing_else():
    chaos = Lorenz96(KEY, steps=10)
    assert chaos.memory_demand == 1
    x, y, _ = arrays(chaos, 5)
    state = jnp.asarray(x) * chaos.scale + chaos.centre
    after = runge_kutta(lambda s: lorenz_96(s, chaos.forcing), state, chaos.sampling_interval)
    np.testing.assert_allclose(y, (np.asarray(after) - chaos.centre) / chaos.scale, atol=1e-6)


def test_a_task_that_does_not_say_has_none():
    class Mine(DrawnTask):
        threshold: float = 0.1

        def draw(self, key):
            return NBitFlipFlop(self.key).draw(key)

        def out_of_distribution(self):
            return self

    assert Mine(KEY).memory_demand is None
