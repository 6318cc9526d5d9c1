"""The trainer of populations against one network trained by itself in a plain loop, and its promises on stopping."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from simulate.cells.rank_r import RankOne, simulate
from simulate.ghost.initial import GaussianBias, RankRZeroBias, ZeroBias, draw_networks
from simulate.ghost.outputs import FullState, LatentState
from simulate.tasks.delayed_activation import DelayedActivation
from simulate.training.checkpoint import Checkpoint, CheckpointMismatch
from simulate.training.train import NothingToTrain, Outcome, Training, TrainingInterrupted, train

DOUBLE = jnp.dtype("float64")
TASK = DelayedActivation(delay_steps=4, response_steps=4)
TRIALS = TASK.trials(DOUBLE)


def training(epochs=30, **settings):
    return Training(
        TRIALS, TASK.loss, epochs, **({"learning_rate": 0.1, "outputs": LatentState(), "chunk": 8} | settings)
    )


def same(result, other):
    """Every array of two results, bit for bit."""
    pairs = zip(
        jax.tree.leaves((result.networks, result.history.probes, result.history.tail, result.snapshots.networks)),
        jax.tree.leaves((other.networks, other.history.probes, other.history.tail, other.snapshots.networks)),
        strict=True,
    )
    return all(np.array_equal(a, b) for a, b in pairs)


def alone(network, rate, epochs):
    """Gradient descent on one network, by autodiff through its full state, with the loss after each number of steps."""

    def loss(cell):
        return TASK.loss(simulate(type(network)(cell, network.readout), TRIALS), TRIALS)

    cell, losses = network.cell, []
    step = jax.jit(jax.value_and_grad(loss))
    for _ in range(epochs):
        value, gradient = step(cell)
        losses.append(float(value))
        cell = jax.tree.map(lambda a, g: a - rate * g, cell, gradient)
    return cell, np.array(losses)


@pytest.mark.parametrize("outputs", [FullState(), LatentState()])
def test_each_network_of_a_population_follows_plain_gradient_descent_at_its_own_rate(outputs):
    networks = draw_networks(GaussianBias(20), 3, 0, DOUBLE)
    rates = np.array([0.01, 0.1, 0.5])
    result = train(networks, training(outputs=outputs, learning_rate=rates))
    for i in range(3):
        cell, losses = alone(jax.tree.map(lambda a, i=i: a[i], networks), rates[i], 30)
        # Thirty updates of rounding, none of them near a bifurcation.
        np.testing.assert_allclose(result.history.probes.loss[:, i], losses, rtol=1e-11)
        for name in ("m", "n", "b"):
            np.testing.assert_allclose(getattr(result.networks.cell, name)[i], getattr(cell, name), atol=1e-11)
    assert result.history.probes.loss[-1, 2] < result.history.probes.loss[0, 2]


def test_probes_are_measured_before_the_update_they_belong_to():
    networks = draw_networks(ZeroBias(10), 2, 1, DOUBLE)
    first = train(networks, training(epochs=1))
    again = train(jax.tree.map(jnp.asarray, first.networks), training(epochs=1))
    both = train(networks, training(epochs=2))
    np.testing.assert_allclose(both.history.probes.loss[1], again.history.probes.loss[0], rtol=1e-14)
    moved = sum(
        np.sum((a - b) ** 2, axis=1)
        for a, b in zip(*(jax.tree.leaves(n.cell) for n in (networks, first.networks)), strict=True)
    )
    np.testing.assert_allclose(np.sqrt(moved), 0.1 * first.history.probes.gradient_norm[0], rtol=1e-9)


def test_an_optimiser_object_is_applied_to_each_network_by_itself():
    # optax counts Adam's steps in integers and multiplies them by floats, which strict promotion forbids.
    with jax.numpy_dtype_promotion("standard"):
        check_adam()


def check_adam():
    networks = draw_networks(RankRZeroBias(2, 10), 3, 2, DOUBLE)
    settings = {"outputs": FullState(), "optimiser": optax.scale_by_adam(), "learning_rate": 0.01}
    together = train(networks, training(**settings))
    for i in range(3):
        by_itself = train(jax.tree.map(lambda a, i=i: a[i : i + 1], networks), training(**settings))
        for a, b in zip(*(jax.tree.leaves(r.networks) for r in (together, by_itself)), strict=True):
            np.testing.assert_allclose(a[i], b[0], rtol=1e-9, atol=1e-12)
    assert np.all(together.networks.readout.bias != 0)


def test_length_of_a_chunk_changes_nothing():
    networks = draw_networks(GaussianBias(20), 3, 3, DOUBLE)
    assert same(train(networks, training(chunk=30)), train(networks, training(chunk=7)))


def test_recording_less_often_keeps_the_tail_and_the_best_of_every_epoch():
    networks = draw_networks(GaussianBias(20), 2, 4, DOUBLE)
    every = train(networks, training(epochs=70)).history
    tenth = train(networks, training(epochs=70, record_every=10)).history
    assert tenth.epochs.tolist() == list(range(0, 70, 10))
    assert np.array_equal(tenth.probes.loss, every.probes.loss[::10])
    assert np.array_equal(tenth.tail.accuracy, every.probes.accuracy[-50:])
    assert np.array_equal(tenth.best_accuracy, every.probes.accuracy.max(axis=0))


def test_snapshots_are_the_parameters_at_their_epochs():
    networks = draw_networks(GaussianBias(20), 2, 5, DOUBLE)
    result = train(networks, training(snapshot_every=12))
    assert result.snapshots.epochs == (0, 12, 24)
    assert np.array_equal(result.snapshots.networks[0].cell.m, networks.cell.m)
    shorter = train(networks, training(epochs=24))
    assert np.array_equal(result.snapshots.networks[2].cell.m, shorter.networks.cell.m)


def test_a_run_stopped_and_resumed_is_bit_identical_to_one_that_was_not(tmp_path):
    networks = draw_networks(GaussianBias(20), 3, 6, DOUBLE)
    whole = train(networks, training(epochs=100, snapshot_every=20))
    checkpoint = Checkpoint(tmp_path / "run.npz")

    def stop_half_way(epochs_done):
        if epochs_done >= 50:
            raise KeyboardInterrupt

    with pytest.raises(TrainingInterrupted) as stopped:
        train(networks, training(epochs=100, snapshot_every=20), checkpoint, stop_half_way)
    part = stopped.value.result
    assert 50 <= part.history.done < 100
    assert part.outcomes == (Outcome.INTERRUPTED,) * 3
    assert np.array_equal(part.history.probes.loss, whole.history.probes.loss[: part.history.done])
    done = []
    resumed = train(networks, training(epochs=100, snapshot_every=20), checkpoint, done.append)
    assert done[0] > part.history.done
    assert same(resumed, whole)
    assert resumed.snapshots.epochs == whole.snapshots.epochs
    assert resumed.outcomes == (Outcome.COMPLETED,) * 3
    train(networks, training(epochs=100, snapshot_every=20), checkpoint, lambda _: pytest.fail("computed again"))
    assert [file.name for file in tmp_path.iterdir()] == ["run.npz"]


def test_a_run_can_be_made_longer_but_another_run_is_refused(tmp_path):
    networks = draw_networks(GaussianBias(20), 2, 7, DOUBLE)
    checkpoint = Checkpoint(tmp_path / "run.npz")
    train(networks, training(epochs=20), checkpoint)
    assert same(train(networks, training(epochs=40), checkpoint), train(networks, training(epochs=40)))
    with pytest.raises(CheckpointMismatch, match="other settings"):
        train(networks, training(learning_rate=0.2), checkpoint)
    with pytest.raises(CheckpointMismatch):
        train(draw_networks(GaussianBias(20), 2, 8, DOUBLE), training(), checkpoint)


def test_a_network_that_breaks_down_has_a_name_for_it_and_leaves_the_others_alone():
    networks = draw_networks(GaussianBias(20), 3, 9, DOUBLE)
    broken = RankOne(networks.cell.m.at[1, 0].set(jnp.inf), networks.cell.n, networks.cell.b)
    result = train(type(networks)(broken, networks.readout), training())
    assert result.outcomes == (Outcome.COMPLETED, Outcome.NON_FINITE, Outcome.COMPLETED)
    assert result.history.first_non_finite.tolist() == [-1, 0, -1]
    sound = train(networks, training())
    assert np.array_equal(result.networks.cell.m[[0, 2]], sound.networks.cell.m[[0, 2]])


@pytest.mark.parametrize("settings", [{"epochs": 0}, {"learning_rate": np.ones(2)}])
def test_nothing_to_train_is_refused(settings):
    with pytest.raises(NothingToTrain, match="at least one epoch"):
        train(draw_networks(ZeroBias(10), 3, 0, DOUBLE), training(**settings))


def test_no_networks_are_refused():
    with pytest.raises(NothingToTrain, match="0 networks"):
        train(draw_networks(ZeroBias(10), 0, 0, DOUBLE), training())
