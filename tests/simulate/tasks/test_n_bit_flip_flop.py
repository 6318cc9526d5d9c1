"""The N-bit flip-flop against a plain loop that remembers, and its pulses by their counts."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import binom

from simulate.tasks.n_bit_flip_flop import NBitFlipFlop

KEY = jax.random.key(3)


def drawn(**constants):
    return eqx.filter_jit(NBitFlipFlop(KEY, **constants))(jnp.asarray(2))


@pytest.mark.parametrize("pulsed_at_start", [True, False])
def test_targets_are_what_a_loop_over_the_inputs_remembers(pulsed_at_start):
    batch = drawn(bits=2, steps=17, probability=0.15, trials=9, pulsed_at_start=pulsed_at_start)
    inputs, targets = np.asarray(batch.inputs), np.asarray(batch.targets)
    assert inputs.shape == targets.shape == (9, 17, 2)
    for trial in range(9):
        for bit in range(2):
            last = 0.0
            for step in range(17):
                if inputs[trial, step, bit] != 0:
                    last = inputs[trial, step, bit]
                assert targets[trial, step, bit] == last
    assert np.all(inputs[:, 0] != 0) == pulsed_at_start
    assert np.all(targets != 0) == pulsed_at_start
    assert np.all(batch.mask == 1)


def test_pulses_have_their_probability_and_both_signs_alike():
    """Within the central 99.9 % of a binomial count each; channels and steps apart."""
    inputs = np.asarray(drawn(bits=2, steps=50, trials=400).inputs)
    assert set(np.unique(inputs)) == {-1.0, 0.0, 1.0}
    later = inputs[:, 1:]
    for part in (later[..., 0], later[..., 1], later[:, :5], later[:, -5:]):
        low, high = binom.interval(0.999, part.size, 0.3)
        assert low <= np.count_nonzero(part) <= high
    for pulses in (inputs[:, 0], later[later != 0]):
        low, high = binom.interval(0.999, pulses.size, 0.5)
        assert low <= np.count_nonzero(pulses > 0) <= high


def test_channels_are_independent():
    """Both are pulsed at once with probability p^2, and then with one sign half the time; 99.9 % again."""
    one, other = np.moveaxis(np.asarray(drawn(bits=2, steps=50, trials=400).inputs)[:, 1:], -1, 0)
    both = (one != 0) & (other != 0)
    low, high = binom.interval(0.999, both.size, 0.3**2)
    assert low <= both.sum() <= high
    low, high = binom.interval(0.999, both.sum(), 0.5)
    assert low <= np.sum(one[both] == other[both]) <= high


def test_a_probability_of_one_pulses_always():
    batch = drawn(bits=1, steps=6, probability=1.0)
    np.testing.assert_array_equal(np.abs(batch.inputs), 1.0)
    np.testing.assert_array_equal(batch.targets, batch.inputs)
