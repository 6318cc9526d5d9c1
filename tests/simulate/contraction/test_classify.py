"""Training: it learns, it goes on bit for bit after a stop, and it says how it ended."""

import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells.cell import evaluate
from simulate.contraction.classify import (
    Classification,
    ClassificationInterrupted,
    NothingToClassify,
    accuracy_and_loss,
    classify,
)
from simulate.contraction.combo import draw_singular_modules, draw_sparse_modules, joined
from simulate.contraction.parametrise.sparse import SparseModules
from simulate.tasks.images import Examples, Images
from simulate.training.checkpoint import Checkpoint, CheckpointMismatch
from simulate.training.outcome import TrainingOutcome

TRAINING = Classification(3, 0.02, batch=16, chunk=1)


def bumps(count, seed):
    """Which of two inputs came first is the class."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, count)
    sequences = 0.1 * random.random((count, 10, 1))
    sequences[np.arange(count), np.where(labels == 1, 2, 7), 0] += 1
    return Examples(sequences.astype(np.float32), labels)


IMAGES = Images(bumps(100, 0), bumps(40, 1), bumps(60, 2), 2)


def a_net(seed=0, dtype=jnp.float64):
    return joined(draw_sparse_modules(2, SparseModules(4, 0.2, 2.0), seed), 0.2, seed, classes=2).astype(dtype)


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True))


@pytest.fixture(scope="module")
def trained():
    return classify(a_net(), IMAGES, TRAINING)


def test_it_learns_and_reports_each_set(trained):
    result = classify(a_net(), IMAGES, Classification(30, 0.05, schedule_epochs=30.0, batch=16))
    assert result.outcome is TrainingOutcome.completed
    assert result.test_accuracy > 0.95
    assert len(result.history.loss) == 30
    assert result.history.loss[-1] < 0.5 * result.history.loss[0]
    best = result.history.validation_accuracy
    assert result.validation_accuracy == best.max()
    assert result.selected_after == np.argmax(best) + 1
    assert (result.test_accuracy, result.test_loss) == accuracy_and_loss(result.network, IMAGES.test, classes=2)
    assert result.batches == 30 * 6


def test_fixed_modules_stay_and_links_move(trained):
    start = a_net()
    assert same(trained.last.modules, start.modules)
    assert np.any(trained.last.free_links != start.free_links)
    assert all(jax.tree.leaves(joined(draw_singular_modules(2, 4, 0), 0.2, 0, classes=2).learns()))


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(trained):
    assert same(classify(a_net(), IMAGES, TRAINING).last, trained.last)
    other = classify(a_net(), IMAGES, Classification(3, 0.02, batch=16, chunk=1, seed=1))
    assert not same(other.last, trained.last)


@pytest.mark.parametrize("stop_after", [1, 6, 8, 17])
def test_a_stopped_run_goes_on_bit_for_bit(trained, tmp_path, stop_after):
    checkpoint = Checkpoint(tmp_path / "run.npz")

    def stop(batches):
        if batches == stop_after:
            raise KeyboardInterrupt

    with pytest.raises(ClassificationInterrupted) as stopped:
        classify(a_net(), IMAGES, TRAINING, checkpoint, stop)
    partial = stopped.value.result
    assert partial.outcome is TrainingOutcome.interrupted
    assert partial.test_accuracy is None
    assert partial.batches == stop_after
    assert len(partial.history.loss) == stop_after // 6
    resumed = classify(a_net(), IMAGES, TRAINING, checkpoint)
    assert same(
        (resumed.network, resumed.last, vars(resumed.history)), (trained.network, trained.last, vars(trained.history))
    )
    assert resumed.test_accuracy == trained.test_accuracy


def test_more_epochs_continue_a_finished_run(trained, tmp_path):
    checkpoint = Checkpoint(tmp_path / "run.npz")
    classify(a_net(), IMAGES, Classification(1, 0.02, batch=16, chunk=1), checkpoint)
    assert same(classify(a_net(), IMAGES, TRAINING, checkpoint).last, trained.last)


def test_another_run_s_checkpoint_is_refused(tmp_path):
    checkpoint = Checkpoint(tmp_path / "run.npz")
    classify(a_net(), IMAGES, TRAINING, checkpoint)
    for net, training in (
        (a_net(1), TRAINING),
        (a_net(), Classification(3, 0.01, batch=16, chunk=1)),
        (a_net(dtype=jnp.float32), TRAINING),
    ):
        with pytest.raises(CheckpointMismatch):
            classify(net, IMAGES, training, checkpoint)


def test_time_that_is_over_stops_between_batches_and_the_rest_is_done_later(trained, tmp_path, monkeypatch):
    checkpoint = Checkpoint(tmp_path / "run.npz")
    clock = iter(range(10**6))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    short = classify(a_net(), IMAGES, Classification(3, 0.02, batch=16, chunk=1, seconds=18.0), checkpoint)
    monkeypatch.undo()
    assert short.outcome is TrainingOutcome.out_of_time
    assert 0 < short.batches < 18
    assert short.batches % 6 != 0  # so that the parameters in between were evaluated as well
    assert short.test_accuracy is not None
    assert same(classify(a_net(), IMAGES, TRAINING, checkpoint).last, trained.last)


def test_a_loss_that_is_no_number_is_an_outcome(tmp_path):
    checkpoint = Checkpoint(tmp_path / "run.npz")
    sequences = IMAGES.train.sequences.copy()
    sequences[50] = np.inf
    images = Images(Examples(sequences, IMAGES.train.labels), IMAGES.validation, IMAGES.test, 2)
    result = classify(a_net(), images, Classification(3, 0.02, batch=16, chunk=1), checkpoint)
    assert result.outcome is TrainingOutcome.diverged
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(result.last))
    again = classify(a_net(), images, Classification(3, 0.02, batch=16, chunk=1), checkpoint)
    assert again.outcome is TrainingOutcome.diverged


def test_float32_networks_compute_in_float32():
    result = classify(a_net(dtype=jnp.float32), IMAGES, TRAINING)
    assert {leaf.dtype for leaf in jax.tree.leaves(result.last)} == {jnp.dtype(jnp.float32)}
    links = np.asarray(result.last.links())
    assert links.dtype == np.float32
    np.testing.assert_array_equal(np.asarray(result.last.assembly().links), links)


def test_accuracy_does_not_depend_on_how_examples_are_taken_together():
    net = a_net()
    whole = accuracy_and_loss(net, IMAGES.test, 60, classes=2)
    seen = eqx.filter_jit(evaluate)(net, IMAGES.test.batch(2).astype(float))
    assert whole == (pytest.approx(float(seen.accuracy)), pytest.approx(float(seen.loss)))
    for together in (7, 59):
        assert accuracy_and_loss(net, IMAGES.test, together, classes=2) == (
            pytest.approx(whole[0]),
            pytest.approx(whole[1]),
        )


def test_the_schedule_rises_within_the_warm_up_and_falls_by_half_a_cosine():
    """The first update of Adam has the size of its rate: the schedule is read off the bias of the readout."""
    settings = Classification(1, 1.0, warm_up=2.0, schedule_epochs=10.0)
    rule = settings.rule(per_epoch=5)
    parameter, state, rates = jnp.zeros(1), rule.init(jnp.zeros(1)), []
    for _ in range(52):
        with jax.numpy_dtype_promotion("standard"):
            update, state = rule.update(jnp.ones(1), state, parameter)
        rates.append(-float(update[0]))
    assert rates[0] == pytest.approx(0.01, rel=1e-5)
    assert rates[10] == pytest.approx(1.0, rel=1e-5)
    assert rates[30] == pytest.approx(0.01 + 0.99 / 2, rel=1e-5)
    assert rates[50:] == pytest.approx([0.01, 0.01], rel=1e-4)


@pytest.mark.parametrize(("epochs", "batch"), [(0, 16), (1, 0), (1, 101)])
def test_settings_without_a_batch_are_refused(epochs, batch):
    with pytest.raises(NothingToClassify, match="100 examples"):
        classify(a_net(), IMAGES, Classification(epochs, 0.1, batch=batch))
