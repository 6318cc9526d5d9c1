"""Sine generation against a plain loop over the steps, and its frequencies by their counts."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from simulate.tasks.constant import BadConstant
from simulate.tasks.sine_generation import SineGeneration

KEY = jax.random.key(7)
UNIVERSALITY = {"frequencies": None, "band": (0.01, 0.05), "input_zero": 0.01, "input_unit": 0.04}


def drawn(**constants):
    return eqx.filter_jit(SineGeneration(KEY, **constants))(jnp.asarray(1))


@pytest.mark.parametrize(
    ("constants", "zero", "unit"),
    [
        ({"channels": 2}, 0.0, 30.0),
        ({"channels": 2, "input_unit": 1.0}, 0.0, 1.0),
        ({"channels": 2, **UNIVERSALITY}, 0.01, 0.04),
    ],
)
def test_targets_are_sines_of_the_frequency_that_the_input_names(constants, zero, unit):
    batch = drawn(trials=6, steps=40, sampling_interval=0.015, **constants)
    inputs, targets = np.asarray(batch.inputs), np.asarray(batch.targets)
    assert inputs.shape == targets.shape == (6, 40, 2)
    for trial in range(6):
        for channel in range(2):
            f = zero + unit * float(inputs[trial, 0, channel])
            for step in range(40):
                assert inputs[trial, step, channel] == inputs[trial, 0, channel]
                sine = math.sin(2 * math.pi * f * 0.015 * step)
                assert targets[trial, step, channel] == pytest.approx(sine, abs=1e-12)  # angles up to 120
    assert np.all(batch.mask == 1)


def test_frequencies_are_evenly_spaced_and_come_equally_often_on_each_channel():
    f = 30 * np.asarray(drawn(channels=2, trials=2000, frequencies=5, steps=1).inputs)[:, 0]
    expected = np.array([1, 8.25, 15.5, 22.75, 30])
    which = np.abs(f[..., None] - expected).argmin(axis=-1)
    np.testing.assert_allclose(f, expected[which], rtol=1e-14)
    for channel in which.T:
        assert chisquare(np.bincount(channel, minlength=5)).pvalue > 0.001
    pairs = np.bincount(5 * which[:, 0] + which[:, 1], minlength=25)
    assert chisquare(pairs).pvalue > 0.001


def test_without_a_number_of_frequencies_any_of_the_band_may_come():
    x = np.asarray(drawn(trials=2000, steps=1, **UNIVERSALITY).inputs).ravel()
    assert kstest(x, "uniform").pvalue > 0.001


def test_one_frequency_is_the_lowest():
    np.testing.assert_allclose(drawn(frequencies=1, steps=3).inputs, 1 / 30)


def test_defaults_have_one_cycle_of_the_lowest_and_three_steps_for_the_highest():
    task = SineGeneration(KEY)
    assert task.steps * task.sampling_interval * task.band[0] == 1.0
    assert 3 < 1 / (task.band[1] * task.sampling_interval) < 4


def test_waves_that_the_steps_do_not_resolve_are_refused():
    assert SineGeneration(KEY, sampling_interval=1 / 60).steps == 100
    with pytest.raises(BadConstant, match=r"at 30: give at most 0\.0166667"):
        SineGeneration(KEY, sampling_interval=1 / 59)
