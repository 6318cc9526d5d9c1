"""Cells of low rank against a numpy loop that forms the whole N by N matrix, which the cells never do."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells.cell import Cell
from simulate.cells.rank_one import RankOne
from simulate.cells.rank_r import RankR
from simulate.ghost.initial import GaussianBias, RankRZeroBias, draw_networks
from simulate.tasks.delayed_activation import DelayedActivation

DOUBLE = jnp.dtype("float64")
BATCH = DelayedActivation()(jnp.asarray(0))
# Sums of a few hundred terms of order one, forty times over.
ROUNDING = 40 * 100 * np.finfo(float).eps


class FullState(RankOne):
    """Every neuron simulated, step by step."""

    outputs = Cell.outputs


def full_matrix_run(w, b, read, steps=40, step=0.5, start=-0.3):
    """Outputs of the network with connectivity matrix `w`, read from the state after each step."""
    x, outputs = np.full(len(b), start), []
    for _ in range(steps):
        x = (1 - step) * x + step * np.tanh(w @ x + b)
        outputs.append(read(x))
    return np.array(outputs)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def one(population, i):
    return jax.tree.map(lambda leaf: leaf[i], population)


@pytest.mark.parametrize("kind", [RankOne, FullState])
def test_rank_one_cell_is_the_full_network_with_matrix_m_n(kind):
    population = draw_networks(GaussianBias(), 3, seed=1, dtype=DOUBLE)
    for i in range(3):
        network = kind(**vars(one(population, i)))
        m, n, b = (np.asarray(a) for a in (network.m, network.n, network.b))
        expected = full_matrix_run(np.outer(m, n), b, lambda x, n=n: sigmoid(10 * (n @ x - 1)))
        np.testing.assert_allclose(network.outputs(BATCH)[0, :, 0], expected, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("rank", [1, 3, 100])
@pytest.mark.sampled(1)
def test_rank_r_cell_is_the_full_network_with_the_product_of_its_factors(rank):
    drawn = one(draw_networks(RankRZeroBias(rank), 1, seed=2, dtype=DOUBLE), 0)
    b, bias = 0.1 * jnp.sin(jnp.arange(100.0)), jnp.asarray(-0.5)
    network = RankR(drawn.left, drawn.right, b, 10 * drawn.weights, bias, drawn.start)
    w, weights = np.asarray(network.left @ network.right), np.asarray(network.weights)
    expected = full_matrix_run(w, np.asarray(b), lambda x: sigmoid(weights @ x - 0.5))
    np.testing.assert_allclose(network.outputs(BATCH)[0, :, 0], expected, rtol=0, atol=ROUNDING)


def test_rank_r_of_rank_one_is_rank_one():
    rng = np.random.default_rng(3)
    m, n, b = jnp.asarray(rng.normal(size=(3, 20)))
    state = jnp.asarray(rng.normal(size=20))
    no_input = jnp.zeros(0)
    thin = RankR(m[:, None], n[None], b, n, jnp.zeros(())).step(state, no_input, 0.5)
    np.testing.assert_allclose(thin, RankOne(m, n, b).step(state, no_input, 0.5), rtol=0, atol=ROUNDING)


def test_latent_variable_follows_its_own_recursion_from_any_state():
    rng = np.random.default_rng(4)
    for _ in range(20):
        cell = RankOne(*jnp.asarray(rng.normal(size=(3, 50))))
        state = jnp.asarray(rng.normal(size=50))
        kappa = cell.latent(state)
        expected = 0.7 * kappa + 0.3 * cell.n @ jnp.tanh(cell.m * kappa + cell.b)
        assert float(cell.latent(cell.step(state, jnp.zeros(0), 0.3)) - expected) == pytest.approx(0, abs=1e-12)


def slow_switchers(seed, dtype, kind=RankOne):
    """Networks with m and n aligned, that leave zero slowly: most of them switch within the trial."""
    drawn = draw_networks(GaussianBias(), 12, seed, jnp.dtype("float64"))
    m = 1.2 * drawn.m
    aligned = kind(m, m + 0.3 * drawn.n, 0.2 * m + 0.1 * drawn.b, drawn.confidence, drawn.threshold, drawn.start)
    return jax.tree.map(lambda leaf: leaf.astype(dtype), aligned)


@eqx.filter_jit
def measured(networks, dtype):
    return jax.vmap(lambda network: network.loss_and_gradient(BATCH.astype(dtype)))(networks)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-11), ("float32", 1e-2)])
@pytest.mark.sampled(1)
def test_latent_path_gives_outputs_and_gradients_of_the_full_simulation(dtype, tolerance):
    """Tolerance relative to the largest entry: rounding, amplified by slopes of the output up to c = 20."""
    latent, full = (slow_switchers(5, dtype, kind) for kind in (RankOne, FullState))
    answers = [jax.vmap(lambda network: network.outputs(BATCH.astype(dtype)))(each) for each in (latent, full)]
    assert answers[0].dtype == answers[1].dtype == jnp.dtype(dtype)
    np.testing.assert_allclose(answers[0], answers[1], rtol=0, atol=tolerance)
    (mine, slope), (reference, full_slope) = (measured(each, dtype) for each in (latent, full))
    assert jnp.any(reference.accuracy > 0.6)
    np.testing.assert_allclose(mine.loss, reference.loss, rtol=tolerance)
    for a, b in zip(jax.tree.leaves(slope), jax.tree.leaves(full_slope), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * float(np.abs(b).max()))


def test_hand_written_adjoint_is_the_limit_of_difference_quotients_at_second_order():
    networks = slow_switchers(6, DOUBLE)
    _, slope = measured(networks, DOUBLE)
    direction = jax.tree.map(lambda leaf: jnp.sin(jnp.arange(leaf.size, dtype=DOUBLE)).reshape(leaf.shape), slope)
    exact = sum(jax.tree.leaves(jax.tree.map(lambda g, d: float(jnp.sum(g * d)), slope, direction)))

    def loss_at(h):
        moving, fixed = eqx.partition(networks, networks.learns())
        there = eqx.combine(jax.tree.map(lambda a, d: a + h * d, moving, direction), fixed)
        return float(jnp.sum(measured(there, DOUBLE)[0].loss))

    sizes = np.array([4e-4, 2e-4, 1e-4])
    errors = [abs((loss_at(h) - loss_at(-h)) / (2 * h) - exact) for h in sizes]
    order = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert order == pytest.approx(2, abs=0.1)


def test_more_trials_than_one_are_all_alike():
    network = one(slow_switchers(0, DOUBLE), 0)
    three = jax.tree.map(lambda a: jnp.concatenate([a] * 3), BATCH)
    outputs = network.outputs(three)
    assert outputs.shape == (3, 40, 1)
    assert np.array_equal(outputs[2], network.outputs(BATCH)[0])


def test_training_moves_a_readout_only_if_it_is_affine():
    assert set(draw_networks(GaussianBias(), 1, 0, DOUBLE).parameters) == {"m", "n", "b"}
    names = {"left", "right", "b", "weights", "bias"}
    assert set(draw_networks(RankRZeroBias(2), 1, 0, DOUBLE).parameters) == names
