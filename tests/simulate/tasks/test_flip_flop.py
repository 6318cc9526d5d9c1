"""The flip-flop task against a plain loop, noisy targets by their statistics, the accuracy by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.tasks.flip_flop import FlipFlop, accuracy
from simulate.tasks.impulse import filter_task
from simulate.tasks.n_bit_flip_flop import NBitFlipFlop
from simulate.tasks.noisy_targets import NoisyTargets
from simulate.tasks.task import Batch, MeanSquares


def test_targets_are_what_a_loop_over_the_inputs_remembers() -> None:
    task = FlipFlop(jax.random.key(0), dt=0.1, slots=6, slot=1.0, pulse=0.3, trials=7)
    batch = task(jnp.asarray(3))
    assert batch.inputs.shape == (7, 60, 1)
    inputs, targets, mask = (np.asarray(each) for each in (batch.inputs[..., 0], batch.targets[..., 0], batch.mask))
    assert set(np.unique(inputs)) == {-1.0, 0.0, 1.0}
    for trial in range(7):
        last = 0.0
        for step in range(60):
            pulsed = inputs[trial, step] != 0
            last = inputs[trial, step] if pulsed else last
            assert targets[trial, step] == 0.5 * last
            assert mask[trial, step] == pytest.approx(0.0 if pulsed else 1 / 6)
            if pulsed:
                assert step % 10 < 3
    assert np.all(inputs[:, 0] != 0)


def test_batches_differ_by_epoch_and_repeat_by_seed() -> None:
    one, other = (FlipFlop(jax.random.key(seed), dt=0.1) for seed in (0, 1))
    first = np.asarray(one(jnp.asarray(0)).inputs)
    np.testing.assert_array_equal(first, one(jnp.asarray(0)).inputs)
    assert not np.array_equal(first, one(jnp.asarray(1)).inputs)
    assert not np.array_equal(first, other(jnp.asarray(0)).inputs)


def test_shares_of_pulses_and_signs() -> None:
    """2,000 trials of 8 slots: the first always pulsed, the rest half the time, signs even; five standard errors."""
    inputs = np.asarray(FlipFlop(jax.random.key(5), dt=0.5, trials=2000)(jnp.asarray(0)).inputs)[:, ::5, 0]
    assert np.all(inputs[:, 0] != 0)
    rest = inputs[:, 1:] != 0
    assert abs(rest.mean() - 0.5) < 5 * 0.5 / np.sqrt(rest.size)
    signs = inputs[inputs != 0]
    assert abs(signs.mean()) < 5 / np.sqrt(signs.size)


def test_loss_is_the_squared_error_averaged_over_the_trial() -> None:
    batch = FlipFlop(jax.random.key(0), dt=0.1, slots=4, slot=1.0, pulse=0.5, probability=1.0)(jnp.asarray(0))
    assert float(batch.loss(jnp.zeros_like(batch.targets))) == pytest.approx(0.25 / 2)


def test_accuracy_by_hand() -> None:
    targets = jnp.asarray([0.5, 0.5, -0.5, -0.5])[None, :, None]
    outputs = jnp.asarray([0.3, 0.2, -0.6, 5.0])[None, :, None]
    mask = jnp.asarray([[1.0, 1.0, 1.0, 0.0]])
    batch = Batch(jnp.zeros((1, 4, 1)), targets, mask, 0.1)
    assert float(accuracy(outputs, batch)) == pytest.approx(2 / 3)


def test_noise_on_targets_has_its_moments_and_nothing_else_changes() -> None:
    clean = filter_task(0.2, 0.2, 100).batch
    task = NoisyTargets(clean, 0.1, jax.random.key(0))
    noise = np.stack([np.asarray(task(jnp.asarray(k)).targets - clean.targets) for k in range(50)])
    assert abs(noise.mean()) < 5 * 0.1 / np.sqrt(noise.size)
    assert noise.std() == pytest.approx(0.1, rel=5 / np.sqrt(2 * noise.size))
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.5
    np.testing.assert_array_equal(task(jnp.asarray(3)).inputs, clean.inputs)


def test_noise_on_targets_leaves_the_criterion_as_it_is() -> None:
    signs = NBitFlipFlop(jax.random.key(0), trials=3, bits=2, steps=5)(jnp.asarray(0))
    blurred = NoisyTargets(signs, 0.1, jax.random.key(0))(jnp.asarray(0))
    assert blurred.criterion == signs.criterion == MeanSquares(signs=2)
    errors = np.asarray(blurred.targets) - np.asarray(signs.targets)
    assert float(blurred.loss(signs.targets)) == pytest.approx(np.mean(errors**2), rel=1e-12)
