import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from simulate.cells import GRU, LSTM, MaximalUpdate, UniformWeights
from simulate.measures import DSA, PopulationEstimate, kernel_alignment
from simulate.measures.pairwise import Pairs
from simulate.populations import (
    AcrossJob,
    MeasureJob,
    Probing,
    TrainingCondition,
    TrainJob,
    activity,
    degeneracy_of,
    measured_degeneracy,
    train_population,
    trained_population,
)
from simulate.populations.condition import BadCondition
from simulate.populations.degeneracy import TooFewTrained, batches, dense, only_recurrent
from simulate.sweep import Store, sweep
from simulate.tasks import NBitFlipFlop
from simulate.training import TrainingOutcome

TASK = NBitFlipFlop(jax.random.key(0), trials=8, bits=1, steps=6, threshold=0.4)
START = UniformWeights(8, inputs=1, outputs=1)
CONDITION = TrainingCondition(TASK, START, optax.adam(1e-2), networks=4, updates=200, every=4)
PROBING = Probing(DSA(delays=1, rank=3), trials=10, unseen_trials=16, kernel_trials=2)


@pytest.fixture(scope="module")
def population():
    return train_population(CONDITION)


TOLD: list[tuple[int, int]] = []


@pytest.fixture(scope="module")
def degeneracy(population):
    TOLD.clear()
    return degeneracy_of(population, PROBING, progress=lambda done, of: TOLD.append((done, of)))


def test_each_network_stops_at_the_threshold_after_its_patience(population):
    assert all(outcome is TrainingOutcome.converged for outcome in population.outcomes)
    assert ((population.updates + 1) % CONDITION.every == 0).all()
    assert population.converged.all()
    assert len({int(each.W.ravel()[0] * 1e6) for each in population.each(at_start=True)}) == 4


def test_an_unreachable_threshold_is_an_outcome_and_no_comparison():
    task = dataclasses.replace(TASK, threshold=1e-9)
    found = train_population(TrainingCondition(task, START, optax.adam(1e-2), networks=3, updates=8))
    assert {outcome.name for outcome in found.outcomes} == {"not_converged"}
    with pytest.raises(TooFewTrained, match="0 of 3 networks converged"):
        degeneracy_of(found, PROBING)


@pytest.mark.parametrize("wrong", [{"networks": 0}, {"updates": 0}, {"patience": 0}, {"every": 0}])
def test_bad_numbers_are_refused_by_name(wrong):
    with pytest.raises(BadCondition, match=next(iter(wrong))):
        TrainingCondition(TASK, START, optax.adam(1e-2), **wrong)


def test_a_start_of_another_task_is_refused():
    with pytest.raises(BadCondition, match="draw them with inputs=1"):
        TrainingCondition(TASK, UniformWeights(8, inputs=3, outputs=1), optax.adam(1e-2))


def test_activity_is_that_of_a_loop_in_numpy(population):
    network, batch = dense(population.each()[0]), TASK.draw(jax.random.key(5))
    W, U, b = (np.asarray(each, float) for each in (network.W, network.U, network.b))
    found = np.asarray(activity(network, batch))
    for trial, inputs in enumerate(np.asarray(batch.inputs)):
        h = np.zeros(8)
        for step, x in enumerate(inputs):
            h = np.tanh(W @ h + U @ x + b)
            np.testing.assert_allclose(found[trial, step], h, atol=2e-5)  # single precision


def test_a_state_of_two_arrays_is_shown_side_by_side_and_gates_are_recurrent_blocks():
    batch = TASK.draw(jax.random.key(5))
    assert activity(LSTM.blank(4, 1, 1), batch).shape == (8, 6, 8)
    assert len(only_recurrent(GRU.blank(4, 1, 1))) == 3
    rich = MaximalUpdate(16, inputs=1, outputs=1).draw(jax.random.key(0), jnp.dtype("float64"))
    (block,) = only_recurrent(rich)
    np.testing.assert_allclose(block.weights, np.asarray(rich.effective.W))


def test_what_is_measured_is_relative_and_beyond_the_null_as_it_says(degeneracy):
    size = np.sqrt(degeneracy.norms[:, None] ** 2 + degeneracy.norms**2)
    np.testing.assert_allclose(degeneracy.weights_relative * size, degeneracy.weights_group.value)
    halves = degeneracy.dsa_halves
    np.testing.assert_allclose(
        degeneracy.dsa_beyond_null[0, 1], degeneracy.dsa.value[0, 1] - (halves[0] + halves[1]) / 2
    )
    assert (degeneracy.weights_group.value <= degeneracy.weights.value + 1e-9).all()
    for name in ("dsa", "weights", "weights_group", "weights_all", "weights_shuffled"):
        found = getattr(degeneracy, name)
        assert (found.lower <= found.value + 1e-9).all(), name
    losses = degeneracy.unseen_loss.each
    assert degeneracy.behaviour.value == pytest.approx(losses.std())
    assert degeneracy.behaviour_relative.value == pytest.approx(losses.std() / losses.mean())
    assert 0 < degeneracy.alignment.value < 1
    np.testing.assert_allclose(
        degeneracy.svcca_beyond_null, degeneracy.svcca.value - degeneracy.svcca_at_start.value, rtol=1e-12
    )


def test_who_measures_tells_how_many_distances_are_done(degeneracy):
    matrices = [field.name for field in dataclasses.fields(degeneracy) if field.type is Pairs]
    of = 6 * len(matrices)  # pairs of four networks
    assert sorted(set(TOLD)) == TOLD
    assert TOLD[-1] == (of, of)
    assert len(TOLD) == len(matrices) - 1  # the shuffles come with what they are held against


def test_measuring_costs_of_the_order_of_training_or_less():
    """So that the time left is of the right size whichever was done first: with a cost of one, it was in years."""
    for networks, units, updates, steps in ((5, 16, 4_000, 20), (8, 64, 12_000, 30), (50, 512, 128_000, 100)):
        task = dataclasses.replace(TASK, steps=steps, trials=32)
        start = UniformWeights(units, inputs=1, outputs=1)
        each = TrainingCondition(task, start, optax.adam(1e-2), networks=networks, updates=updates)
        for job in (MeasureJob(each, PROBING), AcrossJob((each, each, each), PROBING)):
            assert 0.01 < job.cost / TrainJob(each).cost < 2


def test_learning_is_held_beside_the_start_and_the_kernel_beside_that_of_another_start(population, degeneracy):
    first, last = population.each(at_start=True), population.each()
    starts = np.array([np.linalg.norm(np.asarray(each.W, float)) for each in first])
    moved = np.array(
        [np.linalg.norm(np.asarray(b.W, float) - np.asarray(a.W, float)) for a, b in zip(first, last, strict=True)]
    )
    np.testing.assert_allclose(degeneracy.change.each, moved, rtol=1e-10)
    np.testing.assert_allclose(degeneracy.change_relative.each, moved / starts, rtol=1e-10)
    probe = batches(population, PROBING)[2]
    for i in range(4):
        own, other = (kernel_alignment(before, last[i], probe).value for before in (first[i], first[i - 1]))
        assert degeneracy.alignment.each[i] == pytest.approx(own, rel=1e-10)
        assert degeneracy.alignment_unrelated.each[i] == pytest.approx(other, rel=1e-10)
        assert degeneracy.alignment_beyond_null.each[i] == pytest.approx(own - other, abs=1e-10)


def test_the_store_gives_back_what_was_measured(tmp_path, population, degeneracy):
    store, job = Store(tmp_path), MeasureJob(CONDITION, PROBING)
    assert len(sweep([job], store).computed) == 2
    assert len(sweep([job], store).computed) == 0
    again = trained_population(CONDITION, store.read(TrainJob(CONDITION)))
    assert again.outcomes == population.outcomes
    for name, leaf in population.networks.parameters.items():
        np.testing.assert_array_equal(again.networks.parameters[name], leaf)
    found = measured_degeneracy(store.read(job)).degeneracy
    assert found is not None
    for each in dataclasses.fields(found):
        one, other = getattr(found, each.name), getattr(degeneracy, each.name)
        if isinstance(one, PopulationEstimate):
            np.testing.assert_allclose(one.each, other.each, rtol=1e-12)
        elif hasattr(one, "lower"):
            np.testing.assert_allclose(one.value, other.value, rtol=1e-12)
        else:
            np.testing.assert_allclose(one, other)


def test_a_sweep_is_told_of_updates_and_of_networks_that_still_learn():
    told = []
    TrainJob(CONDITION).compute((), lambda *part: told.append(part))
    assert [done for done, *_ in told] == list(range(4, 4 * len(told) + 4, 4))
    assert {of for _, of, _ in told} == {200}
    assert told[0][2] == "updates, 4 networks learning"
    assert told[-1][2] == "updates, 0 networks learning"


def test_too_few_that_converged_are_counted_and_not_compared(tmp_path):
    task = dataclasses.replace(TASK, threshold=1e-9)
    condition = TrainingCondition(task, START, optax.adam(1e-2), networks=3, updates=8)
    store, job = Store(tmp_path), MeasureJob(condition, PROBING)
    sweep([job], store)
    found = measured_degeneracy(store.read(job))
    assert (found.networks, found.converged, found.degeneracy, found.enough) == (3, 0, None, False)


def test_other_conditions_are_other_jobs():
    names = {
        TrainJob(each).name
        for each in (
            CONDITION,
            dataclasses.replace(CONDITION, seed=1),
            dataclasses.replace(CONDITION, rule=optax.adam(2e-2)),
            dataclasses.replace(CONDITION, task=dataclasses.replace(TASK, steps=7)),
            dataclasses.replace(CONDITION, start=UniformWeights(9, inputs=1, outputs=1)),
        )
    }
    assert len(names) == 5
    assert TrainJob(CONDITION).name == TrainJob(dataclasses.replace(CONDITION)).name


def test_a_training_that_is_stopped_goes_on_to_the_bit_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    job = TrainJob(dataclasses.replace(CONDITION, task=dataclasses.replace(TASK, threshold=1e-9), updates=40))
    reached = []

    def stopped(done, of, what):
        reached.append(done)
        if done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job.compute((), stopped)
    (left,) = (tmp_path / "rnn-learning-theory" / "checkpoints").iterdir()
    assert left.name == f"{job.name}.npz"
    goes_on = []
    found = job.compute((), lambda done, of, what: goes_on.append(done))
    assert goes_on[0] > 20
    assert not left.exists()
    whole = job.compute((), lambda done, of, what: None)
    assert found.identical(whole)
