"""Cells against a numpy loop that forms the whole N by N matrix, which the cells never do."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells.rank_r import AffineReadout, LatentReadout, Network, RankOne, RankR, simulate, trained_part
from simulate.ghost.initial import GaussianBias, RankRZeroBias, draw_networks
from simulate.ghost.outputs import FullState, LatentState, NotReducible
from simulate.tasks.delayed_activation import DelayedActivation, Trials, accuracy

DOUBLE = jnp.dtype("float64")
TRIALS = DelayedActivation().trials(DOUBLE)
# Sums of a few hundred terms of order one, forty times over.
ROUNDING = 40 * 100 * np.finfo(float).eps


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


def test_rank_one_cell_is_the_full_network_with_matrix_m_n():
    population = draw_networks(GaussianBias(), 3, seed=1, dtype=DOUBLE)
    for i in range(3):
        network = one(population, i)
        m, n, b = (np.asarray(a) for a in (network.cell.m, network.cell.n, network.cell.b))
        expected = full_matrix_run(np.outer(m, n), b, lambda x, n=n: sigmoid(10 * (n @ x - 1)))
        np.testing.assert_allclose(simulate(network, TRIALS)[0], expected, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("rank", [1, 3, 100])
@pytest.mark.sampled(1)
def test_rank_r_cell_is_the_full_network_with_the_product_of_its_factors(rank):
    network = one(draw_networks(RankRZeroBias(rank), 1, seed=2, dtype=DOUBLE), 0)
    cell = eqx.tree_at(lambda c: c.b, network.cell, 0.1 * jnp.sin(jnp.arange(100.0)))
    network = Network(cell, AffineReadout(10 * network.readout.weights, jnp.asarray(-0.5)))
    w, weights = np.asarray(cell.left @ cell.right), np.asarray(network.readout.weights)
    expected = full_matrix_run(w, np.asarray(cell.b), lambda x: sigmoid(weights @ x - 0.5))
    np.testing.assert_allclose(simulate(network, TRIALS)[0], expected, rtol=0, atol=ROUNDING)


def test_rank_r_of_rank_one_is_rank_one():
    rng = np.random.default_rng(3)
    m, n, b = jnp.asarray(rng.normal(size=(3, 20)))
    state = jnp.asarray(rng.normal(size=20))
    no_input = jnp.zeros(0)
    thin = RankR(m[:, None], n[None], b).advance(state, no_input, 0.5)
    np.testing.assert_allclose(thin, RankOne(m, n, b).advance(state, no_input, 0.5), rtol=0, atol=ROUNDING)


def test_latent_variable_follows_its_own_recursion_from_any_state():
    rng = np.random.default_rng(4)
    for _ in range(20):
        cell = RankOne(*jnp.asarray(rng.normal(size=(3, 50))))
        state = jnp.asarray(rng.normal(size=50))
        kappa = cell.latent(state)
        expected = 0.7 * kappa + 0.3 * cell.n @ jnp.tanh(cell.m * kappa + cell.b)
        assert float(cell.latent(cell.advance(state, jnp.zeros(0), 0.3)) - expected) == pytest.approx(0, abs=1e-12)


def slow_switchers(seed, dtype):
    """Networks with m and n aligned, that leave zero slowly: most of them switch within the trial."""
    drawn = draw_networks(GaussianBias(), 12, seed, jnp.dtype("float64"))
    m, cell = 1.2 * drawn.cell.m, drawn.cell
    aligned = Network(RankOne(m, m + 0.3 * cell.n, 0.2 * m + 0.1 * cell.b), drawn.readout)
    return jax.tree.map(lambda leaf: leaf.astype(dtype), aligned)


@eqx.filter_jit
def gradient(outputs, networks, trials):
    moving, fixed = eqx.partition(networks, trained_part(networks))

    def total(moving):
        answers = outputs(eqx.combine(moving, fixed), trials)
        return jnp.sum(jax.vmap(DelayedActivation().loss, in_axes=(0, None))(answers, trials))

    return jax.value_and_grad(total)(moving)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-11), ("float32", 1e-2)])
@pytest.mark.sampled(1)
def test_latent_path_gives_outputs_and_gradients_of_the_full_simulation(dtype, tolerance):
    """Tolerance relative to the largest entry: rounding, amplified by slopes of the output up to c = 20."""
    networks, trials = slow_switchers(5, jnp.dtype(dtype)), DelayedActivation().trials(jnp.dtype(dtype))
    full, latent = (eqx.filter_jit(outputs)(networks, trials) for outputs in (FullState(), LatentState()))
    assert full.dtype == latent.dtype == jnp.dtype(dtype)
    assert jnp.any(jax.vmap(accuracy, in_axes=(0, None))(full, trials) > 0.6)
    np.testing.assert_allclose(latent, full, rtol=0, atol=tolerance)
    (full_loss, full_gradient), (loss, slope) = (gradient(o, networks, trials) for o in (FullState(), LatentState()))
    assert float(loss) == pytest.approx(float(full_loss), rel=tolerance)
    for mine, reference in zip(jax.tree.leaves(slope), jax.tree.leaves(full_gradient), strict=True):
        np.testing.assert_allclose(mine, reference, rtol=0, atol=tolerance * float(jnp.abs(reference).max()))


def test_hand_written_adjoint_is_the_limit_of_difference_quotients_at_second_order():
    networks = slow_switchers(6, DOUBLE)
    direction = jax.tree.map(lambda leaf: jnp.sin(jnp.arange(leaf.size, dtype=DOUBLE)).reshape(leaf.shape), networks)
    moving = trained_part(networks)
    direction = eqx.filter(direction, moving)
    slope = gradient(LatentState(), networks, TRIALS)[1]
    exact = sum(jax.tree.leaves(jax.tree.map(lambda g, d: float(jnp.sum(g * d)), slope, direction)))

    def loss_at(h):
        trained, fixed = eqx.partition(networks, moving)
        there = jax.tree.map(lambda a, d: a + h * d, trained, direction)
        return float(gradient(LatentState(), eqx.combine(there, fixed), TRIALS)[0])

    sizes = np.array([4e-4, 2e-4, 1e-4])
    errors = [abs((loss_at(h) - loss_at(-h)) / (2 * h) - exact) for h in sizes]
    order = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert order == pytest.approx(2, abs=0.1)


def test_only_what_the_latent_variable_decides_is_simulated_through_it():
    affine = draw_networks(RankRZeroBias(2), 1, 0, DOUBLE)
    with pytest.raises(NotReducible, match="use FullState"):
        LatentState()(affine, TRIALS)
    two = Trials(*(jnp.concatenate([a, a]) for a in jax.tree.leaves(TRIALS)), step=0.5)
    with pytest.raises(NotReducible, match="2 trials"):
        LatentState()(slow_switchers(0, DOUBLE), two)


def test_training_moves_a_readout_only_if_it_is_affine():
    latent = one(draw_networks(GaussianBias(), 1, 0, DOUBLE), 0)
    affine = one(draw_networks(RankRZeroBias(2), 1, 0, DOUBLE), 0)
    assert isinstance(latent.readout, LatentReadout)
    assert jax.tree.leaves(trained_part(latent)) == [True, True, True, False, False]
    assert jax.tree.leaves(trained_part(affine)) == [True] * 5
