"""Penalties against NumPy and difference quotients, where they have corners too, and in training against the sum."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from simulate.cells.gru import GRU
from simulate.cells.low_rank import Connectivity, LowRank
from simulate.cells.lstm import LSTM
from simulate.cells.nonlinearity import TANH
from simulate.cells.scaled import Scaled
from simulate.cells.vanilla import Vanilla
from simulate.tasks.task import Batch, FixedTask
from simulate.training.learner import Learner, Measured
from simulate.training.penalty import (
    AbsoluteValues,
    NoMatrix,
    NoSuchParameter,
    NuclearNorm,
    Penalised,
    Squares,
    nuclear_norm,
)
from simulate.training.rule import GradientDescent, Optax
from simulate.training.stopping import Threshold
from simulate.training.train import train

PENALTIES = (NuclearNorm, AbsoluteValues, Squares)
ROUNDING = 1e-13
gradient_of = jax.jit(jax.grad(nuclear_norm))


def matrix_of(singular_values, rows=None, seed=0):
    """A random matrix with these singular values, and its factors."""
    rng = np.random.default_rng(seed)
    columns = len(singular_values)
    left = np.linalg.qr(rng.normal(size=(rows or columns, columns)))[0]
    right = np.linalg.qr(rng.normal(size=(columns, columns)))[0]
    return jnp.asarray(left * np.asarray(singular_values) @ right), left, right


def network_of(cell=Vanilla, units=4, inputs=2, outputs=3, seed=0):
    """Random weights in every parameter."""
    blank = cell.blank(units, inputs, outputs)
    leaves, structure = jax.tree.flatten(blank)
    rng = np.random.default_rng(seed)
    return jax.tree.unflatten(structure, [jnp.asarray(rng.normal(size=leaf.shape)) for leaf in leaves])


def by_hand(kind, matrix):
    matrix = np.asarray(matrix)
    if kind is NuclearNorm:
        return np.sqrt(np.clip(np.linalg.eigvalsh(matrix.T @ matrix), 0, None)).sum()
    return sum(abs(w) if kind is AbsoluteValues else w * w for w in matrix.ravel())


# Each cost by itself


@pytest.mark.parametrize("kind", PENALTIES)
def test_value_and_difference_quotients(kind):
    matrix, *_ = matrix_of([3.0, 2.0, 0.7, 0.1], rows=6)
    cost = kind(1.0).cost
    assert float(cost(matrix)) == pytest.approx(by_hand(kind, matrix), rel=1e-12)
    slopes = np.asarray(jax.grad(cost)(matrix))
    h = 1e-5  # the third derivative is at most of the order of 1 / 0.1^2: an error of 1e-8
    for i, j in ((0, 0), (2, 1), (5, 3)):
        step = np.zeros(matrix.shape)
        step[i, j] = h
        quotient = (by_hand(kind, matrix + step) - by_hand(kind, matrix - step)) / (2 * h)
        assert slopes[i, j] == pytest.approx(quotient, abs=1e-7)


@pytest.mark.parametrize(
    "values", [[3.0, 2.0, 1.0], [2.0, 2.0, 2.0], [2.0, 2.0, 1.0], [2.0, 1.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
)
def test_the_nuclear_norm_has_a_subgradient_everywhere(values):
    """U V^T over the singular values that are not zero: no entry of it is NaN, and the norm lies above its plane."""
    matrix, left, right = matrix_of(values, rows=5, seed=1)
    slopes = np.asarray(gradient_of(matrix))
    np.testing.assert_allclose(slopes, (left * (np.array(values) > 0)) @ right, atol=1e-12)
    assert np.linalg.norm(slopes, 2) <= 1 + 1e-12
    assert float(np.sum(slopes * np.asarray(matrix))) == pytest.approx(sum(values), abs=1e-12)
    rng = np.random.default_rng(2)
    for size in (1e-3, 0.1, 1.0):
        other = np.asarray(matrix) + size * rng.normal(size=matrix.shape)
        plane = sum(values) + np.sum(slopes * (other - np.asarray(matrix)))
        assert np.linalg.norm(other, "nuc") >= plane - 1e-12


def test_the_nuclear_norm_in_single_precision_and_turned_over():
    """What is zero to the rounding of float32 counts as zero; the gradient of the transpose is the transpose."""
    matrix, left, right = matrix_of([2.0, 1.0, 0.0, 0.0], rows=7)
    single = np.asarray(gradient_of(matrix.astype(jnp.float32)))
    np.testing.assert_allclose(single, (left * np.array([1, 1, 0, 0])) @ right, atol=1e-5)
    np.testing.assert_allclose(gradient_of(matrix.T).T, gradient_of(matrix), atol=ROUNDING)
    tangent = jnp.ones_like(matrix)
    along = jax.jvp(nuclear_norm, (matrix,), (tangent,))[1]
    assert float(along) == pytest.approx(float(jnp.sum(gradient_of(matrix))), rel=1e-12)


def test_absolute_values_have_no_slope_at_zero():
    weights = jnp.array([[2.0, 0.0], [-0.0, -3.0]])
    assert jax.grad(AbsoluteValues(1.0).cost)(weights).tolist() == [[1, 0], [0, -1]]
    assert float(AbsoluteValues(1.0).cost(weights)) == 5


# Of a network


@pytest.mark.parametrize("kind", PENALTIES)
def test_each_gate_is_a_matrix_of_its_own(kind):
    network = network_of(LSTM)
    gates = np.split(np.asarray(network.W), 4)
    assert float(kind(0.3)(network)) == pytest.approx(0.3 * sum(by_hand(kind, gate) for gate in gates), rel=1e-12)
    gradient = kind(0.3).gradient(network)
    by_gate = [0.3 * jax.grad(kind(1.0).cost)(jnp.asarray(gate)) for gate in gates]
    np.testing.assert_allclose(gradient.W, np.concatenate(by_gate), atol=ROUNDING)
    others = {name: leaf for name, leaf in gradient.parameters.items() if name != "W"}
    assert sorted(others) == ["U", "V", "b", "c"]
    assert not any(np.any(leaf) for leaf in others.values())


def test_parameters_are_meant_by_name():
    network = network_of(GRU)
    squares = {name: float(np.sum(np.asarray(leaf) ** 2)) for name, leaf in network.parameters.items()}
    for name, value in squares.items():
        assert float(Squares(1.0, on=(name,))(network)) == pytest.approx(value, rel=1e-12)
    assert float(Squares(1.0, on=("U", "V"))(network)) == pytest.approx(squares["U"] + squares["V"], rel=1e-12)
    raw = Scaled(network, (("W", 0.1),))
    for penalty in (Squares(1.0), Squares(1.0, on=("raw.W",))):
        assert float(penalty(raw)) == pytest.approx(squares["W"], rel=1e-12)
    one = jnp.ones((5, 1))
    low_rank = LowRank(Connectivity(one, 2 * one, one, one), jnp.full(5, 0.2), TANH)
    assert float(NuclearNorm(1.0, on=("u",))(low_rank)) == pytest.approx(2 * 5**0.5)


def test_what_is_not_there_is_refused_before_training():
    network = network_of()
    with pytest.raises(NoSuchParameter, match=r"no parameter J: penalise some of W, U, b, V, c"):
        Squares(1.0, on=("J",))(network)
    with pytest.raises(NoMatrix, match="matrices"):
        NuclearNorm(1.0, on=("b",))(network)


# In training


BATCH = Batch(
    jax.random.normal(jax.random.key(0), (3, 5, 2)),
    jax.random.normal(jax.random.key(1), (3, 5, 3)),
    jnp.full((3, 5), 1 / 15),
    dt=1.0,
)
TASK = FixedTask(BATCH)


class Summed(Learner):
    """The same network, whose loss is the task's and the penalty together."""

    network: Vanilla
    penalty: eqx.Module

    def loss_and_gradient(self, batch):
        def loss(moving):
            network = eqx.combine(moving, self).network
            return batch.loss(network.outputs(batch)) + self.penalty(network)

        value, gradient = jax.value_and_grad(loss)(eqx.filter(self, self.learns()))
        free = jax.tree.map(jnp.zeros_like, self.penalty)  # its weight is no parameter
        return Measured(value, jnp.asarray(jnp.nan)), eqx.tree_at(lambda s: s.penalty, gradient, free)


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (NuclearNorm, Optax(optax.adam(0.02))),
        (AbsoluteValues, Optax(optax.chain(optax.clip_by_global_norm(0.5), optax.scale_by_adam()), jnp.asarray(0.02))),
        (Squares, GradientDescent(0.1, momentum=0.9)),
    ],
)
def test_it_is_as_if_the_penalty_were_part_of_the_loss(kind, rule):
    """Two networks, each with a weight of its own; the history is the task's alone."""
    networks, weights = [network_of(seed=seed) for seed in (1, 2)], jnp.array([0.1, 0.3])
    found = train(networks, TASK, rule=Penalised(rule, kind(weights)), epochs=6)
    for i, (network, weight) in enumerate(zip(networks, weights, strict=True)):
        summed = train([Summed(network, kind(weight))], TASK, rule=rule, epochs=6)
        for name, leaf in summed.network(0).network.parameters.items():
            np.testing.assert_allclose(found.network(i).parameters[name], leaf, rtol=0, atol=1e-12)
        paid = summed.loss[:, 0] - found.loss[:, i]
        assert paid[0] == pytest.approx(float(kind(weight)(network)), rel=1e-10)
        assert paid[-1] == pytest.approx(float(kind(weight)(found.network(i))), rel=1e-10)


def test_squares_are_the_weight_decay_of_optax():
    everything = ("W", "U", "b", "V", "c")
    networks = [network_of(seed=3)]
    penalised = train(networks, TASK, rule=Penalised(optax.sgd(0.1), Squares(0.05, on=everything)), epochs=5)
    decayed = train(networks, TASK, rule=optax.chain(optax.add_decayed_weights(0.1), optax.sgd(0.1)), epochs=5)
    np.testing.assert_allclose(penalised.networks.W, decayed.networks.W, atol=1e-14)
    np.testing.assert_allclose(penalised.networks.c, decayed.networks.c, atol=1e-14)


def test_two_penalties_and_one_that_starts_at_zero():
    blank = Vanilla.blank(4, 2, 3)
    both = Penalised(Penalised(optax.adam(0.01), NuclearNorm(0.1)), AbsoluteValues(0.1, on=("U",)))
    found = train([blank, network_of()], TASK, rule=both, epochs=3)
    assert all(np.isfinite(leaf).all() for leaf in found.networks.parameters.values())
    stepped = Penalised(GradientDescent(1.0), NuclearNorm(1.0))
    still = jax.tree.map(jnp.zeros_like, eqx.filter(blank, blank.learns()))
    after, _ = stepped.step(blank, still, None, loss=jnp.zeros(()), key=jax.random.key(0))
    assert not np.any(after.W)


def test_stopping_looks_at_the_task_alone():
    """The sum of loss and penalty never comes down to the threshold; the loss does."""
    networks, penalty = [network_of(seed=4)], NuclearNorm(1.0)
    rule = Penalised(optax.adam(0.02), penalty)
    losses = train(networks, TASK, rule=rule, epochs=30, chunk=30).loss[:, 0]
    threshold = float(losses[20]) * (1 + 1e-9)  # no tie for rounding to decide
    found = train(networks, TASK, rule=rule, epochs=30, chunk=30, stop=Threshold(threshold))
    assert found.outcomes[0].name == "converged"
    assert found.stopped_at[0] == np.argmax(losses <= threshold) > 0
    assert float(penalty(found.network(0))) > threshold


def test_what_gradient_descent_on_a_penalty_alone_does():
    """A step takes rate times weight off every singular value, or every entry, until it swings about zero."""
    matrix, *_ = matrix_of([1.05, 0.65, 0.25, 0.15])
    network = eqx.tree_at(lambda cell: cell.W, network_of(), matrix)
    still = jax.tree.map(jnp.zeros_like, eqx.filter(network, network.learns()))

    def after(penalty, steps):
        rule, now = Penalised(GradientDescent(0.5), penalty), network
        for _ in range(steps):
            now, _ = rule.step(now, still, None, loss=jnp.zeros(()), key=jax.random.key(0))
        return np.asarray(now.W)

    shrunk = after(NuclearNorm(0.2), 6)
    np.testing.assert_allclose(np.linalg.svd(shrunk, compute_uv=False), [0.45, 0.05, 0.05, 0.05], atol=1e-12)
    start, sparse = np.asarray(matrix), after(AbsoluteValues(0.04), 3)
    far = np.abs(start) > 0.06
    np.testing.assert_allclose(sparse[far], (start - 0.06 * np.sign(start))[far], atol=1e-12)
    assert np.all(np.abs(sparse[~far]) <= 0.02)
    assert far.any()
    assert not far.all()


def eights(seed):
    return network_of(units=8, seed=seed)


def test_rank_falls_and_zeros_appear_in_training():
    """Beside a task, by Adam, which moves a weight by about its rate: all of them come as far as 0.02 / (1 - 0.98) = 1.

    At the end the rate is 0.02 * 0.98^300 = 5e-5, so that what is to be zero is far below 0.001. Without a penalty one
    of ten networks has an entry below that, as normal weights have.
    """
    networks = [eqx.tree_at(lambda n: n.W, network, 0.3 * network.W) for network in map(eights, (5, 6))]
    rule = optax.adam(optax.exponential_decay(0.02, 1, 0.98))
    plain, low, sparse = (
        train(networks, TASK, rule=each, epochs=300, chunk=300).networks.W
        for each in (rule, Penalised(rule, NuclearNorm(0.1)), Penalised(rule, AbsoluteValues(0.1)))
    )

    def rank(W):
        return np.sum(np.linalg.svd(W, compute_uv=False) > 0.01, axis=-1)

    def zeros(W):
        return np.sum(np.abs(W) < 0.001, axis=(-2, -1))

    assert np.all(rank(plain) == 8)
    assert np.all(rank(low) <= 6)
    assert np.all(zeros(plain) <= 2)
    assert np.all(zeros(sparse) >= 5)
