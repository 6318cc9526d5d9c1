"""The trainer of populations against one network trained by itself in a plain loop, and its promises on stopping."""

import os
import signal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from simulate.cells.cell import Cell
from simulate.cells.rank_one import RankOne
from simulate.cells.uniform_weights import UniformWeights
from simulate.ghost.initial import GaussianBias, RankRZeroBias, ZeroBias, draw_networks
from simulate.tasks.delayed_activation import DelayedActivation
from simulate.tasks.task import Batch, MeanSquares
from simulate.training.checkpoint import Checkpoint, CheckpointMismatch
from simulate.training.learn import NothingToTrain
from simulate.training.learner import NoBlocks
from simulate.training.outcome import TrainingOutcome
from simulate.training.rule import GradientDescent, Optax
from simulate.training.selection import Selection, measured_on
from simulate.training.stopping import Threshold
from simulate.training.train import train
from simulate.training.trained import TrainingInterrupted

DOUBLE = jnp.dtype("float64")
TASK = DelayedActivation(delay_steps=4, response_steps=4)


def trained(networks, rate=0.1, epochs=30, **settings):
    return train(networks, TASK, rule=GradientDescent(rate), epochs=epochs, **({"chunk": 8} | settings))


def same(result, other):
    """Every array of two results, bit for bit."""
    pairs = zip(
        jax.tree.leaves((result.networks, result.history.probes, result.history.tail, result.snapshots.networks)),
        jax.tree.leaves((other.networks, other.history.probes, other.history.tail, other.snapshots.networks)),
        strict=True,
    )
    return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


class FullState(RankOne):
    """Every neuron simulated, step by step: the reference for the latent variable."""

    outputs = Cell.outputs


def alone(network, rate, epochs):
    """Gradient descent on one network, by autodiff through its full state, with the loss before each update."""
    full = FullState(**vars(network))

    def loss(moving):
        batch = TASK(jnp.asarray(0))
        return batch.loss(eqx.combine(moving, full).outputs(batch))

    moving, losses = eqx.filter(full, full.learns()), []
    step = jax.jit(jax.value_and_grad(loss))
    for _ in range(epochs):
        value, gradient = step(moving)
        losses.append(float(value))
        moving = jax.tree.map(lambda a, g: a - rate * g, moving, gradient)
    return moving, np.array(losses)


@pytest.mark.parametrize("kind", [RankOne, FullState])
def test_each_network_of_a_population_follows_plain_gradient_descent_at_its_own_rate(kind):
    networks = draw_networks(GaussianBias(20), 3, 0, DOUBLE)
    rates = np.array([0.01, 0.1, 0.5])
    result = trained(kind(**vars(networks)), jnp.asarray(rates))
    for i in range(3):
        moving, losses = alone(jax.tree.map(lambda a, i=i: a[i], networks), rates[i], 30)
        # Thirty updates of rounding, none of them near a bifurcation.
        np.testing.assert_allclose(result.history.probes.loss[:, i], losses, rtol=1e-11)
        for name in ("m", "n", "b"):
            np.testing.assert_allclose(getattr(result.networks, name)[i], getattr(moving, name), atol=1e-11)
    assert result.history.probes.loss[-1, 2] < result.history.probes.loss[0, 2]


def test_probes_are_measured_before_the_update_they_belong_to():
    networks = draw_networks(ZeroBias(10), 2, 1, DOUBLE)
    first = trained(networks, epochs=1)
    again = trained(first.networks, epochs=1)
    both = trained(networks, epochs=2)
    np.testing.assert_allclose(both.history.probes.loss[1], again.history.probes.loss[0], rtol=1e-14)
    np.testing.assert_allclose(first.after.loss, again.history.probes.loss[0], rtol=1e-14)
    np.testing.assert_allclose(both.loss[:2], np.concatenate([first.history.probes.loss, first.after.loss[None]]))
    moved = sum(
        np.sum((a - b) ** 2, axis=1)
        for a, b in zip(*((n.m, n.n, n.b) for n in (networks, first.networks)), strict=True)
    )
    np.testing.assert_allclose(np.sqrt(moved), 0.1 * first.history.probes.gradient_norm[0], rtol=1e-9)


def test_a_rule_of_optax_is_applied_to_each_network_by_itself():
    networks = draw_networks(RankRZeroBias(2, 10), 3, 2, DOUBLE)
    together = train(networks, TASK, rule=optax.adam(0.01), epochs=30)
    rates = train(networks, TASK, rule=Optax(optax.scale_by_adam(), jnp.asarray([0.0, 0.01, 0.02])), epochs=30)
    for i in range(3):
        by_itself = train([jax.tree.map(lambda a, i=i: a[i], networks)], TASK, rule=optax.adam(0.01), epochs=30)
        for a, b in zip(*(jax.tree.leaves(r.networks) for r in (together, by_itself)), strict=True):
            np.testing.assert_allclose(a[i], b[0], rtol=1e-9, atol=1e-12)
    assert np.all(together.networks.bias != 0)
    assert np.array_equal(rates.networks.weights[0], networks.weights[0])
    np.testing.assert_allclose(rates.networks.weights[1], together.networks.weights[1], rtol=1e-9)
    assert np.abs(rates.networks.weights[2] - together.networks.weights[2]).max() > 1e-3


def test_adam_against_its_formula():
    """theta <- theta - rate m_hat / (sqrt(v_hat) + 1e-8), written out (Kingma & Ba), on two networks at once."""
    networks = draw_networks(GaussianBias(5), 2, 3, DOUBLE)
    result = train(networks, TASK, rule=optax.adam(0.03), epochs=6)
    for i in range(2):
        network = jax.tree.map(lambda a, i=i: a[i], networks)
        first = second = 0.0
        for t in range(1, 7):
            _, gradient = network.loss_and_gradient(TASK(jnp.asarray(0)))
            g = np.stack([gradient.m, gradient.n, gradient.b])
            first, second = (
                (0.1 * g, 0.001 * g**2) if t == 1 else (0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g**2)
            )
            step = 0.03 * (first / (1 - 0.9**t)) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
            m, n, b = jnp.asarray(np.stack([network.m, network.n, network.b]) - step)
            network = eqx.tree_at(lambda w: (w.m, w.n, w.b), network, (m, n, b))
        np.testing.assert_allclose(result.networks.m[i], network.m, rtol=1e-9)


def test_momentum_decay_and_noise_of_any_cell():
    networks = draw_networks(GaussianBias(5), 1, 4, DOUBLE)
    network = jax.tree.map(lambda a: a[0], networks)
    rule = GradientDescent(0.1, momentum=0.9, weight_decay=0.01)
    result = train([network], TASK, rule=rule, epochs=3)
    now, velocity = network, {"m": 0.0, "n": 0.0, "b": 0.0}
    for _ in range(3):
        _, gradient = now.loss_and_gradient(TASK(jnp.asarray(0)))
        velocity = {name: 0.9 * w - 0.1 * getattr(gradient, name) for name, w in velocity.items()}
        moved = tuple(0.99 * getattr(now, name) + w for name, w in velocity.items())
        now = eqx.tree_at(lambda w: (w.m, w.n, w.b), now, moved)
    np.testing.assert_allclose(result.networks.m[0], now.m, rtol=1e-12)
    np.testing.assert_allclose(result.networks.b[0], now.b, rtol=1e-12)
    noisy = train(networks, TASK, rule=GradientDescent(0.0, noise=0.1), epochs=1, key=jax.random.key(3))
    spread = np.concatenate([(noisy.networks.m - networks.m).ravel(), (noisy.networks.n - networks.n).ravel()])
    assert 0.03 < spread.std() < 0.2  # ten draws of 0.1: chi-square, one in a thousand on each side
    with pytest.raises(NoBlocks, match="block_rates"):
        train(networks, TASK, rule=GradientDescent(0.1, block_rates=(1.0, 1.0, 1.0, 1.0)), epochs=1)


def test_length_of_a_chunk_changes_nothing():
    networks = draw_networks(GaussianBias(20), 3, 3, DOUBLE)
    assert same(trained(networks, chunk=30), trained(networks, chunk=7))


def test_recording_less_often_keeps_the_tail_and_the_best_of_every_epoch():
    networks = draw_networks(GaussianBias(20), 2, 4, DOUBLE)
    every = trained(networks, epochs=70).history
    tenth = trained(networks, epochs=70, record_every=10).history
    assert tenth.epochs.tolist() == list(range(0, 70, 10))
    assert np.array_equal(tenth.probes.loss, every.probes.loss[::10])
    assert np.array_equal(tenth.tail.accuracy, every.probes.accuracy[-50:])
    assert np.array_equal(tenth.best_accuracy, every.probes.accuracy.max(axis=0))


def test_snapshots_are_the_parameters_at_their_epochs():
    networks = draw_networks(GaussianBias(20), 2, 5, DOUBLE)
    result = trained(networks, snapshot_every=12)
    assert result.snapshots.epochs == (0, 12, 24)
    assert np.array_equal(result.snapshots.networks[0].m, networks.m)
    shorter = trained(networks, epochs=24)
    assert np.array_equal(result.snapshots.networks[2].m, shorter.networks.m)


def test_a_run_stopped_and_resumed_is_bit_identical_to_one_that_was_not(tmp_path):
    networks = draw_networks(GaussianBias(20), 3, 6, DOUBLE)
    whole = trained(networks, epochs=100, snapshot_every=20)
    checkpoint = Checkpoint(tmp_path / "run.npz")

    def stop_half_way(epochs_done):
        if epochs_done >= 50:
            raise KeyboardInterrupt

    with pytest.raises(TrainingInterrupted) as stopped:
        trained(networks, epochs=100, snapshot_every=20, checkpoint=checkpoint, progress=stop_half_way)
    part = stopped.value.result
    assert 50 <= part.history.done < 100
    assert part.outcomes == (TrainingOutcome.interrupted,) * 3
    assert np.array_equal(part.history.probes.loss, whole.history.probes.loss[: part.history.done])
    done = []
    resumed = trained(networks, epochs=100, snapshot_every=20, checkpoint=checkpoint, progress=done.append)
    assert done[0] > part.history.done
    assert same(resumed, whole)
    assert resumed.snapshots.epochs == whole.snapshots.epochs
    assert resumed.outcomes == (TrainingOutcome.completed,) * 3
    again = {"checkpoint": checkpoint, "progress": lambda _: pytest.fail("computed again")}
    trained(networks, epochs=100, snapshot_every=20, **again)
    assert [file.name for file in tmp_path.iterdir()] == ["run.npz"]


def test_sigterm_of_a_batch_queue_keeps_what_was_done_unless_the_program_handles_it(tmp_path):
    networks, checkpoint = draw_networks(GaussianBias(20), 3, 6, DOUBLE), Checkpoint(tmp_path / "run.npz")

    def terminate(epochs_done):
        os.kill(os.getpid(), signal.SIGTERM)

    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    with pytest.raises(TrainingInterrupted) as stopped:
        trained(networks, checkpoint=checkpoint, progress=terminate)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert stopped.value.result.history.done == 8
    done = []
    trained(networks, checkpoint=checkpoint, progress=done.append)
    assert done[0] == 16
    heard = []
    signal.signal(signal.SIGTERM, lambda *_: heard.append(True))
    try:
        trained(networks, epochs=8, progress=terminate)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert heard == [True]


@pytest.mark.parametrize("other", [optax.sgd(0.2), optax.adam(0.1), optax.sgd(optax.linear_schedule(0.1, 0.0, 9))])
def test_another_rule_of_optax_is_refused(tmp_path, other):
    networks = draw_networks(GaussianBias(20), 2, 7, DOUBLE)
    checkpoint = Checkpoint(tmp_path / "run.npz")
    train(networks, DelayedActivation(4, 4), rule=optax.sgd(0.1), epochs=2, checkpoint=checkpoint)
    train(networks, DelayedActivation(4, 4), rule=optax.sgd(0.1), epochs=4, checkpoint=checkpoint)
    with pytest.raises(CheckpointMismatch):
        train(networks, DelayedActivation(4, 4), rule=other, epochs=6, checkpoint=checkpoint)


def test_a_run_can_be_made_longer_but_another_run_is_refused(tmp_path):
    networks = draw_networks(GaussianBias(20), 2, 7, DOUBLE)
    checkpoint = Checkpoint(tmp_path / "run.npz")
    trained(networks, epochs=20, checkpoint=checkpoint)
    assert same(trained(networks, epochs=40, checkpoint=checkpoint), trained(networks, epochs=40))
    with pytest.raises(CheckpointMismatch, match="other settings"):
        trained(networks, 0.2, checkpoint=checkpoint)
    with pytest.raises(CheckpointMismatch):
        trained(draw_networks(GaussianBias(20), 2, 8, DOUBLE), checkpoint=checkpoint)


def test_a_network_that_breaks_down_has_a_name_for_it_and_leaves_the_others_alone():
    networks = draw_networks(GaussianBias(20), 3, 9, DOUBLE)
    result = trained(eqx.tree_at(lambda n: n.m, networks, networks.m.at[1, 0].set(jnp.inf)))
    assert result.outcomes == (TrainingOutcome.completed, TrainingOutcome.diverged, TrainingOutcome.completed)
    assert result.history.first_non_finite.tolist() == [-1, 0, -1]
    sound = trained(networks)
    assert np.array_equal(result.networks.m[[0, 2]], sound.networks.m[[0, 2]])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"record_every": 0}, "record_every is 0"),
        ({"snapshot_every": 0}, "snapshot_every is 0"),
        ({"chunk": 0}, "chunk is 0"),
        ({"rate": jnp.ones(2)}, "one number for all"),
        ({"stop": Threshold(jnp.ones(4))}, "one number for all"),
    ],
)
def test_nothing_to_train_is_refused(settings, said):
    with pytest.raises(NothingToTrain, match=said):
        trained(draw_networks(ZeroBias(10), 3, 0, DOUBLE), **settings)


def test_a_single_network_is_not_taken_for_a_population():
    network = jax.tree.map(lambda a: a[0], draw_networks(ZeroBias(10), 3, 0, DOUBLE))
    with pytest.raises(NothingToTrain, match=r"given as \[network\]"):
        trained(network)


def test_a_file_that_is_no_checkpoint_is_refused_before_anything_is_computed(tmp_path):
    networks = draw_networks(ZeroBias(10), 2, 0, DOUBLE)
    garbage, stranger = tmp_path / "garbage.npz", tmp_path / "stranger.npz"
    garbage.write_bytes(b"no archive")
    np.savez(stranger, weights=np.ones(3))
    for path in (garbage, stranger):
        with pytest.raises(CheckpointMismatch, match=path.name):
            trained(networks, checkpoint=Checkpoint(path))
    with pytest.raises(FileNotFoundError, match="make the folder"):
        trained(networks, checkpoint=Checkpoint(tmp_path / "nowhere" / "run.npz"))


def test_a_checkpoint_tells_what_was_observed(tmp_path):
    networks, checkpoint = draw_networks(ZeroBias(10), 2, 0, DOUBLE), Checkpoint(tmp_path / "run.npz")
    trained(networks, epochs=5, checkpoint=checkpoint, observe=lambda network: network.m[:2])
    with pytest.raises(CheckpointMismatch):
        trained(networks, epochs=9, checkpoint=checkpoint, observe=lambda network: network.n[:2])


def test_each_network_may_have_a_threshold_of_its_own():
    networks = draw_networks(GaussianBias(20), 2, 10, DOUBLE)
    whole = train(networks, TASK, rule=optax.adam(0.02), epochs=60, chunk=10)
    at = whole.loss[30] * (1 + 1e-9)  # no tie for rounding to decide
    result = train(networks, TASK, rule=optax.adam(0.02), epochs=60, chunk=10, stop=Threshold(jnp.asarray(at)))
    for i in range(2):
        assert result.stopped_at[i] == int(np.argmax(whole.loss[:, i] <= at[i]))


def test_no_networks_are_refused():
    with pytest.raises(NothingToTrain, match="0 networks"):
        trained([])


def test_each_network_stops_at_its_own_threshold_and_leaves_the_others_alone():
    networks = draw_networks(GaussianBias(20), 5, 10, DOUBLE)
    whole = train(networks, TASK, rule=optax.adam(0.02), epochs=120, chunk=10)
    threshold = (1 + 1e-9) * float(np.median(whole.loss[115]))  # no tie for rounding to decide
    stopped = train(networks, TASK, rule=optax.adam(0.02), epochs=120, chunk=10, stop=Threshold(threshold, patience=3))
    below = whole.history.probes.loss <= threshold
    for i in range(5):
        runs = below[:-2, i] & below[1:-1, i] & below[2:, i]
        if not runs.any():
            assert stopped.outcomes[i] is TrainingOutcome.not_converged
            assert stopped.stopped_at[i] == 120
            continue
        at = int(np.argmax(runs)) + 2  # the third epoch on end is the first that is not updated
        assert stopped.outcomes[i] is TrainingOutcome.converged
        assert stopped.stopped_at[i] == at
        np.testing.assert_allclose(stopped.history.probes.loss[: at + 1, i], whole.history.probes.loss[: at + 1, i])
        assert np.isnan(stopped.history.probes.loss[at + 1 :, i]).all()
        np.testing.assert_allclose(stopped.after.loss[i], whole.history.probes.loss[at, i], rtol=1e-9)
        before = train(networks, TASK, rule=optax.adam(0.02), epochs=at)
        np.testing.assert_allclose(stopped.networks.m[i], before.networks.m[i], rtol=1e-9)
    assert {TrainingOutcome.converged, TrainingOutcome.not_converged} == set(stopped.outcomes)


def test_a_stopped_run_resumes_bit_for_bit_when_networks_have_left_the_program(tmp_path):
    networks = draw_networks(GaussianBias(20), 6, 11, DOUBLE)
    settings = {"rule": optax.adam(0.02), "epochs": 150, "chunk": 10, "stop": Threshold(0.3, 2)}
    whole = train(networks, TASK, **settings)
    checkpoint = Checkpoint(tmp_path / "run.npz")

    def interrupt(epochs_done):
        if epochs_done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(TrainingInterrupted):
        train(networks, TASK, **settings, checkpoint=checkpoint, progress=interrupt)
    resumed = train(networks, TASK, **settings, checkpoint=checkpoint)
    assert same(resumed, whole)
    assert resumed.outcomes == whole.outcomes
    assert np.array_equal(resumed.stopped_at, whole.stopped_at)
    assert len(set(whole.stopped_at)) > 1


def test_selection_keeps_the_parameters_of_the_best_look():
    networks = draw_networks(GaussianBias(20), 2, 12, DOUBLE)
    batch = DelayedActivation(delay_steps=3, response_steps=4)(jnp.asarray(0))
    result = trained(networks, 0.5, epochs=40, select=Selection(batch, every=10), snapshot_every=10)
    seen = result.selected
    assert seen.epochs == (10, 20, 30, 40)
    for i in range(2):
        best = int(np.argmax(seen.accuracy[:, i]))
        assert seen.best_after[i] == seen.epochs[best]
        then = [*result.snapshots.networks, result.networks][best + 1]
        assert np.array_equal(seen.best.m[i], then.m[i])


def test_what_is_observed_is_recorded_before_each_update_and_after_the_last():
    networks = draw_networks(GaussianBias(5), 2, 13, DOUBLE)
    result = trained(networks, epochs=5, observe=lambda network: network.m[:2])
    assert result.observed.shape == (6, 2, 2)
    assert np.array_equal(result.observed[0], networks.m[:, :2])
    assert np.array_equal(result.observed[-1], result.networks.m[:, :2])


@pytest.mark.parametrize("together", [1, 2, 5])
def test_what_is_measured_on_a_batch_does_not_depend_on_how_many_trials_are_computed_at_once(together):
    """Of five trials, in which one, two, ... steps count: the criterion's own mean over all that counts."""
    networks = jax.vmap(lambda key: UniformWeights(4, 2, 3).draw(key, DOUBLE))(jax.random.split(jax.random.key(0), 2))
    inputs, targets = (jax.random.normal(jax.random.key(k), (5, 6, k)) for k in (2, 3))
    counts = (jnp.arange(6) <= jnp.arange(5)[:, None]).astype(float)
    batch = Batch(inputs, targets, counts, 1.0, MeanSquares(signs=3))
    loss, accuracy = measured_on(networks, batch, together)
    for i in range(2):
        outputs = np.asarray(jax.tree.map(lambda leaf, i=i: leaf[i], networks).outputs(batch))
        which = np.asarray(counts) > 0
        assert loss[i] == pytest.approx(np.mean((outputs - np.asarray(targets))[which] ** 2), rel=1e-12)
        right = (np.sign(outputs) == np.sign(targets)).all(axis=-1)
        assert accuracy[i] == pytest.approx(right[which].mean(), rel=1e-12)
