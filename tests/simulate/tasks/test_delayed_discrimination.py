"""Delayed discrimination against a plain loop over the steps of each trial, and its draws by their distributions."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from simulate.tasks.delayed_discrimination import DelayedDiscrimination

KEY = jax.random.key(5)


def drawn(**constants):
    return eqx.filter_jit(DelayedDiscrimination(KEY, **constants))(jnp.asarray(4))


def read_off(inputs, pulse):
    """The two amplitudes of a trial and the delay between the pulses, step by step from its inputs."""
    on = [bool(np.any(now != 0)) for now in inputs]
    assert all(on[:pulse])
    delay = 0
    while not on[pulse + delay]:
        delay += 1
    second = pulse + delay
    assert on == [step < pulse or second <= step < second + pulse for step in range(len(on))]
    for step in range(pulse):
        np.testing.assert_array_equal(inputs[step], inputs[0])
        np.testing.assert_array_equal(inputs[second + step], inputs[second])
    return inputs[0], inputs[second], delay


@pytest.mark.parametrize("magnitude_unit", [None, 8.0])
def test_targets_and_mask_are_those_of_a_loop(magnitude_unit):
    batch = drawn(channels=2, trials=9, delay=(2, 6), pulse=2, response=3, magnitude_unit=magnitude_unit)
    inputs, targets, mask = (np.asarray(each) for each in (batch.inputs, batch.targets, batch.mask))
    assert inputs.shape == (9, 13, 2)
    assert targets.shape == (9, 13, 2 if magnitude_unit is None else 4)
    for trial in range(9):
        f1, f2, delay = read_off(inputs[trial], pulse=2)
        assert 2 <= delay <= 6
        for step in range(13):
            asked = 2 + delay + 2 <= step < 2 + delay + 2 + 3
            assert mask[trial, step] == asked
            for channel in range(2):
                sign = 1.0 if f2[channel] > f1[channel] else -1.0
                assert targets[trial, step, channel] == (sign if asked else 0.0)
                if magnitude_unit is not None:
                    magnitude = abs(f2[channel] - f1[channel]) / 8 if asked else 0.0
                    assert targets[trial, step, 2 + channel] == pytest.approx(magnitude, abs=1e-15)


def test_amplitudes_and_delays_are_uniform_and_independent():
    """Kolmogorov-Smirnov and chi-square, each at 99.9 %."""
    batch = drawn(channels=2, trials=2000)
    trials = [read_off(each, pulse=1) for each in np.asarray(batch.inputs)]
    amplitudes = np.array([[f1, f2] for f1, f2, _ in trials]).reshape(2000, 4)
    delays = np.array([delay for *_, delay in trials])
    for each in amplitudes.T:
        assert kstest(each, "uniform", (2, 8)).pvalue > 0.001
    assert (delays.min(), delays.max()) == (5, 20)
    assert chisquare(np.bincount(delays, minlength=21)[5:]).pvalue > 0.001
    correlations = np.corrcoef(np.column_stack([amplitudes, delays]).T)
    assert np.abs(correlations - np.eye(5)).max() < 4 / np.sqrt(2000)  # ten pairs, each beyond with p < 1e-4


def test_a_trial_ends_with_the_response_to_the_longest_delay():
    batch = drawn(trials=500)
    assert batch.inputs.shape[1] == DelayedDiscrimination(KEY).steps == 1 + 20 + 1 + 10
    np.testing.assert_array_equal(np.sum(batch.mask, axis=1), 10)
    assert np.any(np.asarray(batch.mask)[:, -1] == 1)


@pytest.mark.parametrize("ramp", [0.12, 1.2])
def test_what_is_undecided_between_pulses_that_are_nearly_equal_costs_a_twelfth_of_its_range(ramp):
    """f2 - f1 has the density (1 - |x| / 8) / 8, and (1 - |x| / d)^2 is lost below d. Five standard errors."""
    batch = drawn(trials=20_000, delay=(5, 5), response=1)
    pulses = np.asarray(batch.inputs)[..., 0]
    given = np.clip((pulses[:, 6] - pulses[:, 0]) / ramp, -1, 1)
    lost = (given - np.asarray(batch.targets)[:, -1, 0]) ** 2
    assert abs(lost.mean() - (ramp / 12 - ramp**2 / 384)) < 5 * lost.std() / np.sqrt(20_000)


@pytest.mark.parametrize("unit", [8.0, (32 / 9) ** 0.5, 1.0])
def test_what_an_output_costs_that_knows_only_the_mean(unit):
    """A sign 1, a magnitude 32/9 in its unit: |f2 - f1| / 8 has the density 2 (1 - x). Five standard errors."""
    batch = drawn(trials=20_000, delay=(5, 5), response=1, magnitude_unit=unit)
    sign, magnitude = np.asarray(batch.targets)[:, -1].T
    squares = (magnitude - 8 / 3 / unit) ** 2
    assert abs(squares.mean() - 32 / 9 / unit**2) < 5 * squares.std() / np.sqrt(20_000)
    assert abs(magnitude.mean() - 8 / 3 / unit) < 5 * magnitude.std() / np.sqrt(20_000)
    assert np.mean(sign**2) == 1.0
