"""What all tasks that draw their trials have in common."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.tasks.constant import BadConstant
from simulate.tasks.context_integration import ContextIntegration
from simulate.tasks.delayed_discrimination import DelayedDiscrimination
from simulate.tasks.drawn import DrawnTask
from simulate.tasks.lorenz_96 import Lorenz96
from simulate.tasks.n_bit_flip_flop import NBitFlipFlop
from simulate.tasks.path_integration import PathIntegration
from simulate.tasks.sine_generation import SineGeneration

KEY = jax.random.key(1)


@dataclasses.dataclass(frozen=True)
class Expected:
    """A small task, its inputs and outputs, its threshold, and what differs out of distribution."""

    task: DrawnTask
    inputs: int
    outputs: int
    threshold: float
    longer: dict[str, object]


TASKS = [
    Expected(NBitFlipFlop(KEY, trials=5, bits=2, steps=7), 2, 2, 0.001, {"steps": 14}),
    Expected(DelayedDiscrimination(KEY, trials=5, channels=2, delay=(1, 3)), 2, 2, 0.01, {"delay": (2, 6)}),
    Expected(DelayedDiscrimination(KEY, trials=5, magnitude_unit=8.0), 1, 2, 0.01, {"delay": (10, 40)}),
    Expected(SineGeneration(KEY, trials=5, channels=2, steps=7), 2, 2, 0.05, {"steps": 14}),
    Expected(PathIntegration(KEY, trials=5, dimensions=2, steps=7), 4, 2, 0.05, {"steps": 14}),
    Expected(PathIntegration(KEY, trials=5, dimensions=3, steps=7, start=0.0), 3, 3, 0.05, {"steps": 14}),
    Expected(Lorenz96(KEY, trials=5, channels=4, steps=7), 4, 4, 0.005, {"steps": 14}),
    Expected(ContextIntegration(KEY, trials=5, streams=3, steps=7), 6, 1, 0.05, {"steps": 14}),
]
each_task = pytest.mark.parametrize("expected", TASKS, ids=lambda each: type(each.task).__name__)


@each_task
@pytest.mark.sampled(4)
def test_trials_repeat_by_key_and_differ_by_epoch(expected):
    draw = eqx.filter_jit(type(expected.task).__call__)
    other = dataclasses.replace(expected.task, key=jax.random.key(2))
    first = draw(expected.task, jnp.asarray(0))
    assert eqx.tree_equal(first, draw(expected.task, jnp.asarray(0)))
    for another in (draw(expected.task, jnp.asarray(1)), draw(other, jnp.asarray(0))):
        assert not np.array_equal(first.inputs, another.inputs)
        assert not np.array_equal(first.targets, another.targets)


@each_task
@pytest.mark.sampled(4)
def test_a_batch_has_the_shapes_that_its_task_tells(expected):
    task = expected.task
    batch = task(jnp.asarray(0))
    assert (task.inputs, task.outputs, task.threshold) == (expected.inputs, expected.outputs, expected.threshold)
    assert batch.inputs.shape == (task.trials, task.steps, task.inputs)
    assert batch.targets.shape == (task.trials, task.steps, task.outputs)
    assert batch.dt == task.dt == 1.0
    for dtype in (jnp.dtype("float32"), jnp.dtype("float64")):
        cast = batch.astype(dtype)
        assert {each.dtype for each in (cast.inputs, cast.targets, cast.mask, cast.loss(cast.targets))} == {dtype}
        assert float(cast.loss(cast.targets)) == 0.0
        np.testing.assert_allclose(cast.inputs, batch.inputs, rtol=1e-7)


@each_task
def test_steps_that_do_not_count_have_the_target_zero(expected):
    """So that nothing leaks by way of targets shown elsewhere, as in pictures."""
    batch = expected.task(jnp.asarray(0))
    assert set(np.unique(batch.mask)) <= {0.0, 1.0}
    assert not np.any(np.asarray(batch.targets)[np.asarray(batch.mask) == 0])


@each_task
@pytest.mark.sampled(4)
def test_out_of_distribution_changes_what_it_says_and_nothing_else(expected):
    longer = expected.task.out_of_distribution()
    constants = [field.name for field in dataclasses.fields(longer) if field.name != "key"]
    changed = {
        name: getattr(longer, name) for name in constants if getattr(longer, name) != getattr(expected.task, name)
    }
    assert changed == expected.longer
    assert jax.random.key_data(longer.key).tolist() == jax.random.key_data(KEY).tolist()
    assert longer(jnp.asarray(0)).inputs.shape[1] == longer.steps > expected.task.steps


@pytest.mark.parametrize(
    ("kind", "constants", "says"),
    [
        (NBitFlipFlop, {"bits": 0}, "bits of NBitFlipFlop is 0: give a whole number from 1"),
        (NBitFlipFlop, {"steps": 0}, "steps"),
        (NBitFlipFlop, {"trials": 0}, "trials"),
        (NBitFlipFlop, {"dt": 0.0}, "dt"),
        (NBitFlipFlop, {"probability": 0.0}, "a number above 0, at most 1"),
        (NBitFlipFlop, {"probability": 1.5}, "a number above 0, at most 1"),
        (NBitFlipFlop, {"threshold": 0.0}, "threshold"),
        (DelayedDiscrimination, {"channels": 0}, "channels"),
        (DelayedDiscrimination, {"delay": (20, 5)}, "low <= high"),
        (DelayedDiscrimination, {"delay": (-1, 5)}, "each a whole number from 0"),
        (DelayedDiscrimination, {"amplitudes": (2.0, float("inf"))}, "a finite number"),
        (DelayedDiscrimination, {"pulse": 0}, "pulse"),
        (DelayedDiscrimination, {"response": 0}, "response"),
        (DelayedDiscrimination, {"magnitude_unit": 0.0}, "a number above 0, or None"),
        (SineGeneration, {"channels": 0}, "channels"),
        (SineGeneration, {"frequencies": 0}, "a whole number from 1, or None"),
        (SineGeneration, {"band": (30.0, 1.0)}, "low <= high"),
        (SineGeneration, {"steps": 0}, "steps"),
        (SineGeneration, {"sampling_interval": 0.0}, "sampling_interval"),
        (SineGeneration, {"input_unit": 0.0}, "input_unit"),
        (PathIntegration, {"dimensions": 4}, "a whole number from 2 to 3"),
        (PathIntegration, {"steps": 0}, "steps"),
        (PathIntegration, {"arena": 0.0}, "arena"),
        (PathIntegration, {"start": -1.0}, "a number from 0"),
        (PathIntegration, {"speed": 0.0}, "speed"),
        (PathIntegration, {"persistence": 0.0}, "persistence"),
        (Lorenz96, {"channels": 3}, "a whole number from 4"),
        (Lorenz96, {"steps": 0}, "steps"),
        (Lorenz96, {"sampling_interval": 0.2}, "a number above 0, at most 0.1"),
        (Lorenz96, {"spin_up": -1}, "spin_up"),
        (Lorenz96, {"scale": 0.0}, "scale"),
        (ContextIntegration, {"streams": 0}, "streams"),
        (ContextIntegration, {"steps": 0}, "steps"),
        (ContextIntegration, {"means": (1.0, -1.0)}, "low <= high"),
        (ContextIntegration, {"noise": -1.0}, "noise"),
    ],
)
def test_constants_that_make_no_task_are_refused(kind, constants, says):
    with pytest.raises(BadConstant, match=says):
        kind(KEY, **constants)
