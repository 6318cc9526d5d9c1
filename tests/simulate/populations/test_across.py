import dataclasses

import jax
import numpy as np
import optax
import pytest

from simulate.cells import UniformWeights
from simulate.measures import DSA, WeightsUpTo, pairwise
from simulate.populations import (
    AcrossJob,
    Probing,
    TrainingCondition,
    TrainJob,
    activity,
    distances_across,
    measured_across,
    trained_population,
)
from simulate.populations.degeneracy import batches, dense, only_recurrent
from simulate.sweep import Store, sweep
from simulate.tasks import NBitFlipFlop

PROBING = Probing(DSA(delays=1, rank=3), trials=10, unseen_trials=16, kernel_trials=2)


def condition(bits, units=6, networks=4, threshold=0.6):
    task = NBitFlipFlop(jax.random.key(0), trials=8, bits=bits, steps=6, threshold=threshold)
    start = UniformWeights(units, inputs=bits, outputs=bits)
    return TrainingCondition(task, start, optax.adam(1e-2), networks=networks, updates=200, every=4)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("across"))


def trained(each, store):
    sweep([TrainJob(each)], store)
    return trained_population(each, store.read(TrainJob(each)))


def test_within_a_population_the_distances_are_those_of_its_networks_alone(store):
    conditions = condition(1), condition(2)
    across = AcrossJob(conditions, PROBING)
    sweep([across], store)
    found = measured_across(store.read(across))
    assert found.population.tolist() == [0] * 4 + [1] * 4
    for number, each in enumerate(conditions):
        rows = found.population == number
        population = trained(each, store)
        shown, networks = batches(population, PROBING)[0], population.each()
        alone = pairwise(PROBING.dsa, [np.asarray(activity(network, shown)) for network in networks])
        np.testing.assert_allclose(found.dsa[np.ix_(rows, rows)], alone.value, atol=1e-9)
        group = WeightsUpTo(dense(networks[0]).symmetry)
        alone = pairwise(group, [only_recurrent(network) for network in networks])
        np.testing.assert_allclose(found.weights[np.ix_(rows, rows)], alone.value, atol=1e-9)
    between = found.dsa[:4, 4:]
    assert (between > 0).all()
    np.testing.assert_array_equal(found.dsa, found.dsa.T)
    assert len(sweep([across], store).computed) == 0


def test_of_each_population_so_many_that_converged(store):
    one, other = trained(condition(1), store), trained(condition(1, threshold=1e-9), store)
    found = distances_across([one, other, one], PROBING, most=3)
    assert found.population.tolist() == [0] * 3 + [2] * 3
    np.testing.assert_allclose(np.diagonal(found.dsa[:3, 3:]), 0, atol=1e-9)
    np.testing.assert_allclose(np.diagonal(found.weights[:3, 3:]), 0, atol=1e-9)


def test_weights_of_other_sizes_are_not_compared(store):
    conditions = condition(1), dataclasses.replace(condition(1), start=UniformWeights(8, inputs=1, outputs=1))
    found = distances_across([trained(each, store) for each in conditions], PROBING, most=2)
    assert found.weights is None
    assert found.dsa.shape == (4, 4)
