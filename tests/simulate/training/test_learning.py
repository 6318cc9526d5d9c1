"""The one loop: its record, its outcomes, and the same training in pieces, continued, and for many runs at once."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Int

from simulate.cells.low_rank_latent import LatentNetwork, by_latent_state
from simulate.cells.nonlinearity import LINEAR, TANH
from simulate.overlaps.draw import draw_exact
from simulate.tasks.impulse import random_task
from simulate.tasks.task import Batch, Task
from simulate.training.learning import Learning, LearningOutcome, NothingToLearn, learn, learn_in_chunks
from simulate.training.rule import GradientDescent

ONE = (1, 1, 1, 1)
RULE = GradientDescent(0.02, momentum=0.5, weight_decay=1e-3, noise=1e-2)
compiled = eqx.filter_jit(learn)


class Growing(Task):
    """Targets that grow with the epoch; counts how often it is traced."""

    batch: Batch
    traces: list[int] = eqx.field(static=True)

    def __call__(self, epoch: Int[Array, ""]) -> Batch:
        self.traces.append(1)
        return eqx.tree_at(lambda b: b.targets, self.batch, self.batch.targets * (1 + 0.1 * epoch.astype(float)))


def growing_task() -> Growing:
    return Growing(random_task(jax.random.key(3), 1, 1, steps=12).batch, [])


def start(nonlinearity=TANH, scale: float = 1.0) -> LatentNetwork:
    return by_latent_state(draw_exact(jax.random.key(0), scale * np.eye(4), ONE, 6, nonlinearity))


def same(one: Learning, other: Learning) -> None:
    """To rounding: another length of loop may be compiled to another order of sums."""
    assert int(one.outcome) == int(other.outcome)
    assert int(one.epochs_finite) == int(other.epochs_finite)
    np.testing.assert_allclose(one.sigma, other.sigma, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(one.loss, other.loss, rtol=1e-12)
    for a, b in zip(jax.tree.leaves(one.end), jax.tree.leaves(other.end), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@pytest.fixture(scope="module")
def whole() -> Learning:
    return compiled(start(), growing_task(), RULE, 7, jax.random.key(5))


def test_record_against_steps_taken_by_hand(whole: Learning) -> None:
    task, learner = growing_task(), start().prepared(RULE)
    step = eqx.filter_jit(lambda learner, gradient, key: learner.stepped(gradient, RULE, key))
    gradient_of = eqx.filter_jit(lambda learner, batch: learner.loss_and_gradient(batch))
    for epoch in range(8):
        loss, gradient = gradient_of(learner, task(jnp.asarray(epoch)))
        np.testing.assert_allclose(whole.sigma[epoch], learner.sigma(), rtol=0, atol=1e-13)
        assert float(whole.loss[epoch]) == pytest.approx(float(loss), rel=1e-12)
        learner = step(learner, gradient, jax.random.fold_in(jax.random.key(5), epoch)) if epoch < 7 else learner
    assert whole.sigma.shape == (8, 4, 4)
    assert int(whole.epochs_finite) == 8
    assert LearningOutcome(int(whole.outcome)) is LearningOutcome.finished
    np.testing.assert_allclose(whole.end.connectivity.theta, learner.connectivity.theta, rtol=0, atol=1e-13)


def test_in_pieces_with_few_compilations(whole: Learning) -> None:
    """7 = 3 + 3 + 1 epochs; two lengths are two programs, whatever the rate, the key and the first epoch."""
    task, told = growing_task(), []
    pieces = learn_in_chunks(start(), task, RULE, 7, jax.random.key(5), told.append, chunk=3)
    same(pieces, whole)
    assert told == [3, 6, 7]
    traces = len(task.traces)
    other = eqx.tree_at(lambda r: r.rate, RULE, 0.01)
    faster = learn_in_chunks(start(), task, other, 7, None, chunk=3)
    assert len(task.traces) == traces
    assert abs(float(faster.loss[-1] - pieces.loss[-1])) > 1e-6


def test_going_on_from_the_end(whole: Learning) -> None:
    first = compiled(start(), growing_task(), RULE, 4, jax.random.key(5))
    second = compiled(first.end, growing_task(), RULE, 3, jax.random.key(5), jnp.asarray(4))
    np.testing.assert_allclose(first.sigma[:4], whole.sigma[:4], rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(second.sigma, whole.sigma[4:], rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(second.end.connectivity.theta, whole.end.connectivity.theta, rtol=1e-12, atol=1e-13)


def test_many_runs_at_once(whole: Learning) -> None:
    rates = jnp.asarray([0.02, 0.01])
    task = growing_task()
    both = jax.jit(
        jax.vmap(lambda rate: learn(start(), task, eqx.tree_at(lambda r: r.rate, RULE, rate), 7, jax.random.key(5)))
    )(rates)
    assert both.sigma.shape == (2, 8, 4, 4)
    np.testing.assert_allclose(both.sigma[0], whole.sigma, rtol=1e-11, atol=1e-12)
    assert float(jnp.abs(both.sigma[1] - whole.sigma).max()) > 1e-6


def test_same_seed_same_numbers() -> None:
    runs = [learn_in_chunks(start(), growing_task(), RULE, 3, jax.random.key(2)) for _ in range(2)]
    np.testing.assert_array_equal(runs[0].sigma, runs[1].sigma)
    other = learn_in_chunks(start(), growing_task(), RULE, 3, jax.random.key(3))
    assert float(jnp.abs(other.sigma[1] - runs[0].sigma[1]).max()) > 1e-6


def test_no_epochs() -> None:
    nothing = learn_in_chunks(start(), growing_task(), RULE, 0)
    assert nothing.sigma.shape == (1, 4, 4)
    assert float(nothing.loss[0]) > 0
    assert int(nothing.epochs_finite) == 1
    with pytest.raises(NothingToLearn):
        learn(start(), growing_task(), RULE, -1)


def test_divergence_is_an_outcome_with_its_epoch() -> None:
    """A rate so large that the linear network overflows: finite up to the epoch told and NaN from there on."""
    task, learner, wild = growing_task(), start(LINEAR), GradientDescent(1e3)
    once = compiled(learner, task, wild, 40)
    finite = int(once.epochs_finite)
    assert LearningOutcome(int(once.outcome)) is LearningOutcome.diverged
    assert 1 < finite < 10
    assert np.isfinite(once.sigma[:finite]).all()
    assert np.isfinite(once.loss[:finite]).all()
    assert np.isnan(once.sigma[finite:]).all()
    assert np.isnan(once.loss[finite:]).all()
    told: list[int] = []
    pieces = learn_in_chunks(learner, task, wild, 40, progress=told.append, chunk=finite)
    assert told[-1] < 40
    assert pieces.sigma.shape == (41, 4, 4)
    assert int(pieces.epochs_finite) == finite
    assert LearningOutcome(int(pieces.outcome)) is LearningOutcome.diverged
    np.testing.assert_allclose(pieces.loss, once.loss, rtol=1e-9)
