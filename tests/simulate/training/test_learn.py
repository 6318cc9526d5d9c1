"""The one loop: its record, its outcomes, and the same training in pieces, continued, and for many runs at once."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Int

from simulate.cells.low_rank_latent import LowRankLatent, by_latent_state
from simulate.cells.nonlinearity import LINEAR, TANH
from simulate.overlaps.draw import draw_exact
from simulate.tasks.impulse import random_task
from simulate.tasks.task import Batch, Task
from simulate.training.epoch import norm
from simulate.training.learn import Learning, NothingToTrain, learn
from simulate.training.outcome import TrainingOutcome
from simulate.training.rule import GradientDescent
from simulate.training.train import train

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


def start(nonlinearity=TANH, scale: float = 1.0) -> LowRankLatent:
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
    task, learner = growing_task(), start()
    state = RULE.init(learner)
    step = eqx.filter_jit(RULE.step)
    gradient_of = eqx.filter_jit(lambda learner, batch: learner.loss_and_gradient(batch))
    for epoch in range(8):
        measured, gradient = gradient_of(learner, task(jnp.asarray(epoch)))
        np.testing.assert_allclose(whole.sigma[epoch], learner.sigma(), rtol=0, atol=1e-13)
        assert float(whole.loss[epoch]) == pytest.approx(float(measured.loss), rel=1e-12)
        if epoch < 7:
            learner, state = step(
                learner, gradient, state, loss=measured.loss, key=jax.random.fold_in(jax.random.key(5), epoch)
            )
    assert whole.sigma.shape == (8, 4, 4)
    assert int(whole.epochs_finite) == 8
    assert TrainingOutcome(int(whole.outcome)) is TrainingOutcome.completed
    np.testing.assert_allclose(whole.end.connectivity.theta, learner.connectivity.theta, rtol=0, atol=1e-13)


def test_the_trainer_of_populations_gives_the_same(whole: Learning) -> None:
    """7 = 3 + 3 + 1 epochs in one program, whatever the rate, the key and the first epoch."""
    task, told = growing_task(), []
    settings = {"epochs": 7, "chunk": 3}
    pieces = train([start()], task, rule=RULE, key=jax.random.key(5), progress=told.append, **settings)
    np.testing.assert_allclose(pieces.observed[:, 0], whole.sigma, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(pieces.loss[:, 0], whole.loss, rtol=1e-12)
    np.testing.assert_allclose(pieces.network(0).connectivity.theta, whole.end.connectivity.theta, rtol=1e-12)
    assert told == [3, 6, 7]
    traces = len(task.traces)
    train([start()], task, rule=eqx.tree_at(lambda r: r.rate, RULE, 0.01), **settings)
    assert len(task.traces) <= traces + 1  # once more to know the shapes of what is measured; no new program


def test_going_on_from_the_end(whole: Learning) -> None:
    first = compiled(start(), growing_task(), RULE, 4, jax.random.key(5))
    second = compiled(
        first.end, growing_task(), RULE, 3, jax.random.key(5), first_epoch=jnp.asarray(4), state=first.state
    )
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
    assert float(np.abs(both.sigma[1] - whole.sigma).max()) > 1e-6


def test_same_seed_same_numbers() -> None:
    task = growing_task()
    first, again, other = (compiled(start(), task, RULE, 3, jax.random.key(seed)) for seed in (2, 2, 3))
    np.testing.assert_array_equal(first.sigma, again.sigma)
    assert float(np.abs(other.sigma[1] - first.sigma[1]).max()) > 1e-6


def test_no_epochs() -> None:
    nothing = compiled(start(), growing_task(), RULE, 0)
    assert nothing.sigma.shape == (1, 4, 4)
    assert float(nothing.loss[0]) > 0
    assert int(nothing.epochs_finite) == 1
    with pytest.raises(NothingToTrain):
        learn(start(), growing_task(), RULE, -1)


def test_divergence_is_an_outcome_with_its_epoch() -> None:
    """A rate so large that the linear network overflows: finite up to the epoch told and NaN from there on."""
    task, learner, wild = growing_task(), start(LINEAR), GradientDescent(1e3)
    once = compiled(learner, task, wild, 40)
    finite = int(once.epochs_finite)
    assert TrainingOutcome(int(once.outcome)) is TrainingOutcome.diverged
    assert 1 < finite < 10
    assert np.isfinite(once.sigma[:finite]).all()
    assert np.isfinite(once.loss[:finite]).all()
    assert np.isnan(once.sigma[finite:]).all()
    assert np.isnan(once.loss[finite:]).all()
    told: list[int] = []
    pieces = train([learner], task, rule=wild, epochs=40, progress=told.append, chunk=finite)
    assert told[-1] < 40
    assert int(pieces.epochs_finite[0]) == finite
    assert pieces.outcomes == (TrainingOutcome.diverged,)
    kept, at = pieces.network(0), int(pieces.stopped_at[0])
    measured, gradient = kept.loss_and_gradient(task(jnp.asarray(at)))
    assert not np.isfinite([measured.loss, norm(gradient)]).all()
    np.testing.assert_allclose(pieces.loss[:finite, 0], once.loss[:finite], rtol=1e-9)
    assert np.isnan(pieces.loss[finite:]).all()
