"""Networks trained by the trainer, with their own gradients, beside what their overlaps at the start say of them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells import LINEAR
from simulate.degeneracy import (
    UNIFORM,
    OtherTrials,
    Rows,
    TrainingMap,
    carried,
    dispersed,
    dispersed_at_loss,
    train_rows,
)
from simulate.degeneracy.dispersed import NeverThere, TooFew
from simulate.degeneracy.training_map import NotATrainingMap
from simulate.overlaps import closure_of
from simulate.tasks import Batch, fixed_task, random_task
from simulate.training import GradientDescent, Threshold
from theory.degeneracy import directions, mixed_rows, normal_rows
from theory.overlaps import Shape

SHAPE, NETWORKS, THRESHOLD, MOST = Shape(inputs=2, rank=2, outputs=1), 24, 0.06, 60
ROOT = np.eye(7) + 0.3 * np.random.default_rng(5).normal(size=(7, 7))
RULE = GradientDescent(0.03, momentum=0.5, weight_decay=1e-3, block_rates=(1.0, 0.5, 2.0, 1.0))
NAMES = ("sigma", "loss", "change", "recurrent_change", "unseen_loss", "alignment")


def masked(batch: Batch) -> Batch:
    mask = np.random.default_rng(3).uniform(0.2, 1, batch.mask.shape) * (np.arange(batch.mask.shape[1]) > 2)
    return Batch(batch.inputs, batch.targets, jnp.asarray(mask), batch.dt)


@pytest.fixture(scope="module")
def problem():
    """A task of random inputs, trained with all that a rule may do but noise; longer trials, and probe trials."""
    batch = masked(random_task(jax.random.key(1), 2, 1, trials=2, steps=10, dt=0.2).batch)
    task = fixed_task(batch.inputs, batch.targets, batch.dt, batch.mask)
    longer = random_task(jax.random.key(2), 2, 1, trials=2, steps=20, dt=0.2).batch
    probe = masked(random_task(jax.random.key(3), 2, 1, trials=1, steps=6, dt=0.2).batch)
    return TrainingMap(closure_of(SHAPE, LINEAR), task, RULE), OtherTrials(longer, probe)


# Fewer neurons than columns: the overlaps are singular, and every law is the same
def test_overlaps_at_the_start_tell_all_that_becomes_of_a_network(problem):
    learning, trials = problem
    theta = Rows(ROOT, UNIFORM).draw(neurons=5, networks=NETWORKS, seed=0)
    population = train_rows(
        theta, SHAPE.counts, LINEAR, learning.task, rule=RULE, epochs=MOST, stop=Threshold(THRESHOLD)
    )
    grams = theta.transpose(0, 2, 1) @ theta / 5
    predicted = carried(learning, grams, epochs=MOST, loss=THRESHOLD, trials=trials)
    measured = population.measured(learning.task.batch, trials)
    assert set(measured) == set(NAMES)
    assert (predicted["epochs"] == population.updates).all()
    assert len(set(population.updates.tolist())) > 5
    for name in NAMES:
        np.testing.assert_allclose(predicted[name], measured[name], rtol=1e-10, atol=1e-11)


@pytest.fixture(scope="module")
def answers(problem):
    learning, trials = problem
    found = directions(normal_rows(ROOT.T @ ROOT))
    return found, dispersed(learning, ROOT.T @ ROOT, found, epochs=20, trials=trials)


@pytest.mark.sampled(0)  # what is measured of populations is within a few per cent of it below
def test_the_dispersion_is_the_derivative_of_what_is_measured(problem, answers):
    learning, trials = problem
    along, found = answers
    step, some = 1e-5, along[: NETWORKS // 2]
    grams = np.concatenate([ROOT.T @ ROOT + step * some, ROOT.T @ ROOT - step * some])
    ends = carried(learning, grams, epochs=20, trials=trials)
    for name in NAMES:
        quotient = (ends[name][: NETWORKS // 2] - ends[name][NETWORKS // 2 :]) / (2 * step)
        size = np.abs(found[name].slopes).max()
        np.testing.assert_allclose(found[name].slopes[: NETWORKS // 2], quotient, atol=1e-7 * size)  # step^2, rounding


@pytest.mark.parametrize("entries", [UNIFORM])
def test_populations_are_dispersed_as_predicted(entries, problem):
    """The standard deviation of 10 x 24 networks, at a probability of 1e-4 for each side, and O(1/N) beside it."""
    learning, trials = problem
    along = directions(mixed_rows(ROOT, entries.excess))
    found = dispersed(learning, ROOT.T @ ROOT, along, epochs=20, trials=trials)
    grams = Rows(ROOT, entries).draw_overlaps(neurons=4096, networks=10 * NETWORKS, seed=3)
    parts = [carried(learning, grams[k::10], epochs=20, trials=trials) for k in range(10)]
    for name in NAMES:
        spread = np.concatenate([each[name] for each in parts]).std(axis=0, ddof=1)
        reach = 4.5 / np.sqrt(2 * 10 * NETWORKS) + 0.02
        np.testing.assert_allclose(spread / found[name].spread(neurons=4096), 1, atol=reach)


def test_at_a_loss_the_loss_itself_has_no_spread_but_that_of_whole_epochs(problem):
    learning, _ = problem
    start = ROOT.T @ ROOT
    found = dispersed_at_loss(learning, start, directions(normal_rows(start)), loss=THRESHOLD, most=MOST, fewest=4096)
    assert float(found.between("loss").value) == pytest.approx(THRESHOLD, rel=1e-12)
    assert float(found.between("loss").coefficient) < 1e-12
    assert 0 < float(found.spread("loss", neurons=4096)) < THRESHOLD
    with pytest.raises(TooFew):
        found.spread("loss", neurons=4095)
    for never in (10.0, 1e-9):
        with pytest.raises(NeverThere):
            dispersed_at_loss(learning, start, directions(normal_rows(start)), loss=never, most=MOST)


def test_a_noisy_rule_is_no_map(problem):
    with pytest.raises(NotATrainingMap):
        TrainingMap(problem[0].closure, problem[0].task, GradientDescent(0.01, noise=0.1))
