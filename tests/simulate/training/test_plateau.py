"""A rate that falls on a plateau: against optax's own, a loop in plain Python, and runs of single networks."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from simulate.cells.vanilla import Vanilla
from simulate.tasks.task import Batch, FixedTask
from simulate.training.penalty import NuclearNorm, Penalised
from simulate.training.plateau import BadSchedule, ReducedOnPlateau
from simulate.training.rule import GradientDescent, Optax
from simulate.training.train import train

WEIGHTS = {"w": jnp.zeros(2)}
SETTINGS = [
    {"factor": 0.5, "patience": 3},
    {"factor": 0.5, "patience": 1, "every": 4},
    {"factor": 0.1, "patience": 2, "every": 3, "threshold": 0.05},
    {"factor": 0.5, "patience": 1, "threshold": 0.2, "smallest": 0.1},
]


def losses(seed, count=200):
    """They fall, more and more slowly, and are noisy."""
    rng = np.random.default_rng(seed)
    return np.exp(-np.arange(count) / 30) + 0.2 + 0.05 * rng.normal(size=count)


def scales(rule, path):
    """The rate after each loss, in units of the first."""
    looked, found = jax.jit(rule.looked), []
    plateau = rule.init(blank())[1]
    for loss in path:
        plateau = looked(plateau, jnp.asarray(loss))
        found.append(float(plateau.scale))
    return found


def blank(units=4):
    return Vanilla.blank(units, 2, 3)


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_scales_are_those_of_optax(settings):
    rule = ReducedOnPlateau(GradientDescent(1.0), **settings)
    same = optax.contrib.reduce_on_plateau(
        factor=rule.factor,
        patience=rule.patience,
        rtol=rule.threshold,
        accumulation_size=rule.every,
        min_scale=rule.smallest,
    )
    update, state, expected, path = jax.jit(same.update), same.init(WEIGHTS), [], losses(0)
    with jax.numpy_dtype_promotion("standard"):
        for loss in path:
            _, state = update(WEIGHTS, state, WEIGHTS, value=jnp.asarray(loss))
            expected.append(float(state.scale))
    assert scales(rule, path) == expected
    assert len(set(expected)) > 2


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_scales_are_those_of_a_plain_loop(settings):
    rule, path = ReducedOnPlateau(GradientDescent(1.0), **settings), losses(1)
    scale, best, waited, expected = 1.0, np.inf, 0, []
    for epoch in range(1, len(path) + 1):
        if epoch % rule.every == 0:
            mean = np.mean(path[epoch - rule.every : epoch])
            waited = 0 if mean < (1 - rule.threshold) * best else waited + 1
            best = mean if waited == 0 else best
            if waited == rule.patience:
                scale, waited = max(scale * rule.factor, rule.smallest), 0
        expected.append(scale)
    assert scales(rule, path) == expected


def test_a_loss_that_stays_halves_the_rate_once_every_patience():
    """The first loss is the best; forty epochs without a better one, and the rate is halved; and so on."""
    found = scales(ReducedOnPlateau(GradientDescent(1.0)), np.ones(122))
    changes = [epoch for epoch in range(1, 122) if found[epoch] != found[epoch - 1]]
    assert changes == [40, 80, 120]
    assert found[-1] == 0.125


@pytest.mark.parametrize("settings", [{"patience": 0}, {"every": 0}, {"factor": 1.0}, {"factor": 0.0}])
def test_what_is_no_plateau_is_refused(settings):
    with pytest.raises(BadSchedule, match="give"):
        ReducedOnPlateau(GradientDescent(1.0), **settings)


# In training


TASK = FixedTask(
    Batch(
        jax.random.normal(jax.random.key(0), (3, 5, 2)),
        jax.random.normal(jax.random.key(1), (3, 5, 3)),
        jnp.full((3, 5), 1 / 15),
        dt=1.0,
    )
)


def networks_of(count, dtype=jnp.float64):
    rng = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=(count, *leaf.shape)), dtype), blank())


def test_each_network_by_itself_as_with_the_rule_of_optax():
    networks = networks_of(3)
    settings = {"rtol": 0.02, "accumulation_size": 2}
    by_optax = optax.chain(optax.adam(0.5), optax.contrib.reduce_on_plateau(0.5, 1, **settings))
    ours = ReducedOnPlateau(optax.adam(0.5), 0.5, 1, every=2, threshold=0.02)
    rates = ReducedOnPlateau(Optax(optax.scale_by_adam(), jnp.array([0.5, 0.5, 0.1])), 0.5, 1, every=2, threshold=0.02)
    expected, found, each = (train(networks, TASK, rule=rule, epochs=30) for rule in (by_optax, ours, rates))
    plain = train(networks, TASK, rule=optax.adam(0.5), epochs=30)
    for i in range(3):
        np.testing.assert_allclose(found.loss[:, i], expected.loss[:, i], rtol=1e-9)
        assert np.abs(found.loss[:, i] / plain.loss[:, i] - 1).max() > 0.01  # the rate has fallen
    first = [int(np.argmax(np.abs(found.loss[:, i] / plain.loss[:, i] - 1) > 1e-6)) for i in range(3)]
    assert len(set(first)) > 1  # and not for all at once
    np.testing.assert_allclose(each.loss[:, :2], expected.loss[:, :2], rtol=1e-9)
    assert np.abs(each.loss[-1, 2] / expected.loss[-1, 2] - 1) > 1e-3


def test_it_keeps_the_precision_of_the_network():
    found = train(networks_of(2, jnp.float32), TASK, rule=ReducedOnPlateau(optax.adam(0.5), patience=1), epochs=5)
    assert found.networks.W.dtype == jnp.float32


def test_the_velocity_is_left_and_the_penalty_is_slowed_with_the_task():
    """A step at half the rate, written out: w <- momentum w - 0.5 rate (g + weight U V^T)."""
    network = jax.tree.map(lambda leaf: leaf[0], networks_of(1))
    velocity = jax.tree.map(jnp.ones_like, network)
    measured, gradient = network.loss_and_gradient(TASK.batch)
    inner = Penalised(GradientDescent(0.1, momentum=0.9), NuclearNorm(0.3))
    rule = ReducedOnPlateau(inner, patience=1)
    told = {"loss": measured.loss, "key": jax.random.key(0)}
    state = rule.init(network)
    _, (_, plateau) = rule.step(network, gradient, state, **told)  # the first loss is the best
    after, (left, plateau) = rule.step(network, gradient, (velocity, plateau), **told)
    assert float(plateau.scale) == 0.5
    left_factor, _, right_factor = np.linalg.svd(np.asarray(network.W))
    step = 0.9 - 0.05 * (np.asarray(gradient.W) + 0.3 * left_factor @ right_factor)
    np.testing.assert_allclose(after.W, np.asarray(network.W) + step, atol=1e-12)
    np.testing.assert_allclose(left.W, step, atol=1e-12)
    np.testing.assert_allclose(left.U, 0.9 - 0.05 * np.asarray(gradient.U), atol=1e-12)


def test_slower_twice_is_slower_by_both():
    rate = Optax(optax.sgd(0.1)).slowed(0.5).slowed(0.5)
    assert rate.factor == 0.25
    network = jax.tree.map(lambda leaf: leaf[0], networks_of(1))
    measured, gradient = network.loss_and_gradient(TASK.batch)
    for rule in (rate, Optax(optax.identity(), 0.1).slowed(0.25), ReducedOnPlateau(GradientDescent(0.1)).slowed(0.25)):
        after, _ = rule.step(network, gradient, rule.init(network), loss=measured.loss, key=jax.random.key(0))
        np.testing.assert_allclose(after.W, network.W - 0.025 * gradient.W, atol=1e-14)
