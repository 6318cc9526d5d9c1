"""Context-dependent integration against a plain loop that sums, and its streams by their moments."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import binom, kstest

from simulate.tasks.context_integration import ContextIntegration

KEY = jax.random.key(17)


def drawn(**constants):
    return eqx.filter_jit(ContextIntegration(KEY, **constants))(jnp.asarray(1))


@pytest.mark.parametrize("streams", [1, 2, 4])
def test_targets_are_the_running_sums_of_the_cued_stream(streams):
    batch = drawn(streams=streams, trials=9, steps=11)
    inputs, targets = np.asarray(batch.inputs), np.asarray(batch.targets)
    assert inputs.shape == (9, 11, 2 * streams)
    assert targets.shape == (9, 11, 1)
    for trial in range(9):
        cued = list(inputs[trial, 0, streams:]).index(1.0)
        total = 0.0
        for step in range(11):
            assert inputs[trial, step, streams:].tolist() == [float(k == cued) for k in range(streams)]
            total += inputs[trial, step, cued]
            assert targets[trial, step, 0] == pytest.approx(total, abs=1e-13)
    assert np.all(batch.mask == 1)


def test_streams_are_white_about_means_that_stay_and_each_is_cued_equally_often():
    quiet = np.asarray(drawn(trials=2000, steps=3, noise=0.0).inputs)
    np.testing.assert_array_equal(quiet[:, 1:, :2], quiet[:, :1, :2] + np.zeros((1, 2, 1)))
    for stream in quiet[:, 0, :2].T:
        assert kstest(stream, "uniform", (-1, 2)).pvalue > 0.001
    assert abs(np.corrcoef(quiet[:, 0, :2].T)[0, 1]) < 5 / np.sqrt(2000)
    low, high = binom.interval(0.999, 2000, 0.5)
    assert low <= quiet[:, 0, 2].sum() <= high
    noise = np.asarray(drawn(trials=500, steps=3, means=(0.0, 0.0)).inputs)[..., :2].reshape(500, 6)
    assert kstest(noise.ravel(), "norm").pvalue > 0.001
    assert np.abs(np.corrcoef(noise.T) - np.eye(6)).max() < 5 / np.sqrt(500)


def test_an_output_of_zero_costs_what_is_said():
    """At step t the mean square is t noise^2 + t^2 / 3, 120.6 on the mean over 30 steps."""
    steps = np.arange(1, 31)
    expected = np.mean(steps + steps**2 / 3)
    assert expected == pytest.approx(120.6, abs=0.05)
    each = np.mean(np.asarray(drawn(trials=5000).targets) ** 2, axis=(1, 2))
    assert abs(each.mean() - expected) < 5 * each.std() / np.sqrt(5000)
