"""Early stopping in stretches of epochs, each network by itself, and the names of how it ended."""

from itertools import permutations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulate.cells.vanilla import Vanilla
from simulate.tasks.task import Batch, FixedTask
from simulate.training.outcome import TrainingOutcome
from simulate.training.rule import Optax
from simulate.training.run import dealt
from simulate.training.stopping import BadThreshold, Threshold
from simulate.training.train import train

TASK = FixedTask(
    Batch(
        jax.random.normal(jax.random.key(0), (3, 5, 2)),
        jax.random.normal(jax.random.key(1), (3, 5, 3)),
        jnp.full((3, 5), 1 / 15),
        dt=1.0,
    )
)
EVERY, PATIENCE, EPOCHS = 4, 3, 60
RATES = jnp.array([0.02, 0.03, 0.05, 1e-5, jnp.inf])
"""Three that learn, one that is too slow, one that breaks down."""


def networks():
    rng = np.random.default_rng(0)
    like = Vanilla.blank(4, 2, 3)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=(len(RATES), *leaf.shape))), like)


def run(**settings):
    return train(networks(), TASK, rule=Optax(optax.scale_by_adam(), RATES), epochs=EPOCHS, chunk=6, **settings)


def end_by_hand(losses, threshold):
    """The epoch at which the third stretch on end is over whose mean is at or below the threshold; None: never."""
    below = 0
    for last in range(EVERY, EPOCHS + 1, EVERY):
        below = below + 1 if np.mean(losses[last - EVERY : last]) <= threshold else 0
        if below == PATIENCE:
            return last - 1
    return None


@pytest.fixture(scope="module")
def whole():
    return run()


def test_patience_counts_stretches_of_each_network_by_itself(whole):
    threshold = (1 + 1e-9) * float(np.max(whole.loss[40, :3]))  # no tie for rounding to decide
    told = []
    stopped = run(stop=Threshold(threshold, PATIENCE, EVERY), progress=told.append)
    expected = [end_by_hand(whole.loss[:, i], threshold) for i in range(3)]
    assert stopped.stopped_at[:3].tolist() == expected
    assert len(set(expected)) > 1
    assert end_by_hand(whole.loss[:, 3], threshold) is None
    assert [outcome.name for outcome in stopped.outcomes] == [*["converged"] * 3, "not_converged", "diverged"]
    for i, at in enumerate(expected):
        np.testing.assert_allclose(stopped.loss[: at + 1, i], whole.loss[: at + 1, i], rtol=1e-9)
        np.testing.assert_allclose(stopped.after.loss[i], whole.loss[at, i], rtol=1e-9)
    assert stopped.stopped_at[3] == EPOCHS
    assert told == list(range(6, EPOCHS + 1, 6))
    for done in told:  # the diverged one is found out after its first step
        still = sum(at >= done for at in expected) + 1
        assert done.learning == still


def test_a_threshold_of_the_paper_counts_epochs_of_many_steps():
    """With `every` steps to an epoch, the sequence of means is what patience sees, not that of losses."""
    rule = Threshold(1.0, patience=2, every=3)
    look, memory, ends = jax.jit(rule.look), rule.init(), []
    for loss in (0, 0, 0, 0, 0, 3.3, 0, 0, 0, 3, 0, 0):  # means 0, 1.1, 0, 1
        memory, end = look(memory, jnp.asarray(float(loss)))
        ends.append(bool(end))
    assert ends == [False] * 11 + [True]


def test_an_unreachable_threshold_has_a_name_and_leaves_what_was_done(whole):
    found = run(stop=Threshold(1e-12, PATIENCE, EVERY))
    assert found.outcomes == (*(TrainingOutcome.not_converged,) * 4, TrainingOutcome.diverged)
    assert "more epochs" in found.outcomes[0].sentence
    assert found.stopped_at[:4].tolist() == [EPOCHS] * 4
    np.testing.assert_allclose(found.loss[:, :4], whole.loss[:, :4], rtol=1e-9)
    assert np.isfinite(found.loss[:, :4]).all()
    assert np.all(found.loss[-1, :3] < found.loss[0, :3])
    np.testing.assert_allclose(found.networks.W[:4], whole.networks.W[:4], rtol=1e-9)
    assert found.history.first_non_finite.tolist() == [-1] * 4 + [1]


@pytest.mark.parametrize("settings", [{"patience": 0}, {"every": 0}, {"patience": -1}])
def test_a_patience_or_a_stretch_of_no_length_is_refused(settings):
    with pytest.raises(BadThreshold, match="give whole numbers from 1"):
        Threshold(1.0, **settings)


@given(learning=st.lists(st.booleans(), min_size=1, max_size=5).filter(any).map(np.array), devices=st.integers(1, 4))
def test_what_still_learns_is_dealt_out_to_the_devices(learning, devices):
    share, now = -(-len(learning) // devices), range(len(learning))

    def busiest(order):
        return max(learning[list(order)][i : i + share].sum() for i in range(0, len(learning), share))

    order = dealt(learning, devices)
    assert order is None or sorted(order.tolist()) == list(now)
    assert order is None or busiest(order) < busiest(now)
    assert busiest(now if order is None else order) == min(map(busiest, permutations(now)))
