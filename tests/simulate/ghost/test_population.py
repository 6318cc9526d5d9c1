"""Classification on histories made by hand; the distributions networks are drawn from; recovery end to end."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chi2

from simulate.ghost.initial import GaussianBias, RankRZeroBias, ZeroBias, draw_networks
from simulate.ghost.population import Count, Experiment, NoConfidence, Population, population, recover
from simulate.tasks.delayed_activation import DelayedActivation
from simulate.training.history import Probes, Recorder, Snapshots
from simulate.training.outcome import TrainingOutcome
from simulate.training.trained import Trained

DOUBLE = jnp.dtype("float64")


def classified(accuracies, dtype="float64", loss=1.0):
    """A population whose networks (columns) had these accuracies, epoch by epoch."""
    values = np.asarray(accuracies, dtype)
    epochs, networks = values.shape
    probes = Probes(np.broadcast_to(np.asarray(loss, dtype), values.shape), values, np.zeros_like(values))
    last = jax.tree.map(lambda a: a[-1], probes)
    recorder = Recorder.empty(last, 1)
    for start in range(0, epochs, 17):
        piece = jax.tree.map(lambda a, start=start: a[start : start + 17], probes)
        recorder = recorder.extended(piece, np.ones((len(piece.loss), networks), bool))
    drawn = draw_networks(ZeroBias(5), networks, 0, DOUBLE)
    outcomes, stopped = (TrainingOutcome.completed,) * networks, np.full(networks, epochs)
    result = Trained(drawn, recorder.history(), last, Snapshots(), None, outcomes, stopped, 0.0)
    return Population(Experiment(networks=networks), result)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_thirty_eight_steps_of_forty_are_learning_and_thirty_seven_are_not(dtype):
    accuracies = np.full((60, 3), 0.5, dtype)
    accuracies[7] = np.array([38, 37, 40], dtype) / np.asarray(40, dtype)
    trained = classified(accuracies, dtype)
    assert trained.learned.tolist() == [True, False, True]
    assert trained.stuck.tolist() == [True, True, True]


def test_one_better_epoch_among_the_last_fifty_is_not_stuck_but_one_before_them_is():
    accuracies = np.full((100, 3), 0.5)
    accuracies[50, 0] = accuracies[49, 1] = 0.525
    accuracies[-1, 2] = 0.475
    assert classified(accuracies).stuck.tolist() == [False, True, True]


def test_a_network_that_broke_down_is_in_no_class():
    loss = np.ones((60, 2))
    loss[30, 1] = np.nan
    trained = classified(np.full((60, 2), 0.5), loss=loss)
    assert trained.stuck.tolist() == [True, False]
    assert trained.result.history.first_non_finite.tolist() == [-1, 30]


def test_binomial_interval_is_that_of_clopper_and_pearson():
    # For no success of n the upper end u solves (1 - u)^n = 0.025; for n of n the lower end is the mirror image.
    assert Count(0, 54).interval() == (0.0, pytest.approx(1 - 0.025 ** (1 / 54), rel=1e-9))
    assert Count(54, 54).interval() == (pytest.approx(0.025 ** (1 / 54), rel=1e-9), 1.0)
    low, high = Count(74, 100).interval()
    assert low < 0.74 < high
    assert Count(0, 0).interval() == (0.0, 1.0)


@pytest.mark.parametrize("initial", [ZeroBias(), GaussianBias(), RankRZeroBias(3)])
def test_weights_have_the_named_variance_and_biases_are_what_the_name_says(initial):
    networks = draw_networks(initial, 200, 11, DOUBLE)
    for path, leaf in jax.tree_util.tree_leaves_with_path(networks):
        name = jax.tree_util.keystr(path)
        if any(fixed in name for fixed in ("confidence", "threshold", "start")):
            continue
        if name.endswith(".bias") or (name.endswith(".b") and not isinstance(initial, GaussianBias)):
            assert not leaf.any()
            continue
        # 100 times the sum of squares is chi-square; a two-sided error of 1e-6 for each of eight arrays.
        assert chi2.ppf(5e-7, leaf.size) < 100 * float(jnp.sum(leaf**2)) < chi2.ppf(1 - 5e-7, leaf.size)
        assert abs(float(jnp.mean(leaf))) < 5 * 0.1 / leaf.size**0.5


def test_a_small_population_is_the_beginning_of_a_large_one_in_either_precision():
    many = draw_networks(ZeroBias(), 10, 3, DOUBLE)
    few = draw_networks(ZeroBias(), 4, 3, jnp.dtype("float32"))
    assert np.array_equal(few.m, many.m[:4].astype("float32"))
    assert not np.array_equal(many.m, draw_networks(ZeroBias(), 10, 4, DOUBLE).m)


def test_same_seed_same_numbers():
    short = Experiment(networks=3, epochs=40)
    first, second = population(short), population(short)
    assert np.array_equal(first.result.history.probes.loss, second.result.history.probes.loss)


@pytest.fixture(scope="module")
def stuck_population():
    """A short delay and a rate high enough that some networks learn and some fall into the no-learning zone."""
    task = DelayedActivation(delay_steps=10, response_steps=10)
    return population(Experiment(ZeroBias(50), task, networks=12, epochs=1500, learning_rate=0.1))


@pytest.mark.sampled(1)
def test_lowered_confidence_frees_stuck_networks_where_the_old_one_does_not(stuck_population):
    stuck = int(stuck_population.stuck.sum())
    assert stuck > 0
    same, low = recover(stuck_population, (10.0, 1.0), epochs=600)
    assert same.confidence == 10.0
    assert same.recovered.trials == low.recovered.trials == stuck
    assert low.recovered.successes > same.recovered.successes
    assert low.continued.final_accuracy.shape == (stuck,)
    assert np.all(low.continued.result.networks.confidence == 1.0)


def test_recovery_goes_on_from_where_the_stuck_networks_ended(stuck_population):
    (again,) = recover(stuck_population, (10.0,), epochs=1)
    chosen = stuck_population.stuck
    moved = again.continued.result.networks.m - stuck_population.result.networks.m[chosen]
    # One update moves by the rate times the gradient, whose norm at a stuck network is what was last recorded.
    last = stuck_population.result.history.tail.gradient_norm[-1, chosen]
    assert np.all(np.linalg.norm(moved, axis=1) <= 0.1 * last * 1.01 + 1e-15)


def test_nobody_stuck_means_nobody_to_recover_and_trained_readouts_have_no_confidence(stuck_population):
    assert recover(stuck_population, ()) == ()
    free = classified(np.full((60, 2), 0.9))
    assert recover(free) == ()
    deep = Experiment(RankRZeroBias(2, 10), networks=2, epochs=60)
    with pytest.raises(NoConfidence, match="affine"):
        recover(population(deep), (1.0,), epochs=1)
