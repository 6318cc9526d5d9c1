"""The coordinate check of the maximal-update parametrisation for every cell, the law of its richness, and its start."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from simulate.cells.full_rank import FullRank
from simulate.cells.gru import GRU
from simulate.cells.lstm import LSTM
from simulate.cells.maximal_update import MaximalUpdate
from simulate.cells.nonlinearity import RELU, TANH
from simulate.cells.scaled import Scaled
from simulate.cells.ugrnn import UGRNN
from simulate.cells.uniform_weights import UniformWeights
from simulate.cells.vanilla import Vanilla
from simulate.tasks.task import Batch
from simulate.training.rule import Optax

DOUBLE = jnp.dtype("float64")
CELLS = {cell.__name__: cell for cell in (Vanilla, UGRNN, GRU, LSTM, FullRank)}
TRIALS, STEPS, INPUTS, OUTPUTS = 4, 8, 3, 2
INPUT_KEY, TARGET_KEY = jax.random.split(jax.random.key(9))
BATCH = Batch(
    jax.random.normal(INPUT_KEY, (TRIALS, STEPS, INPUTS)),
    jax.random.normal(TARGET_KEY, (TRIALS, STEPS, OUTPUTS)),
    jnp.ones((TRIALS, STEPS)) / STEPS,
    dt=1.0,
)
WIDTHS = (32, 128, 512)
SEEDS = range(3)


def activity(network):
    """h after each step, and the outputs."""

    def trial(inputs):
        def advance(state, x):
            state = network.step(state, x, 1.0)
            return state, (state[0] if isinstance(state, tuple) else state, network.read(state))

        return jax.lax.scan(advance, network.initial_state(), inputs)[1]

    return jax.vmap(trial)(BATCH.inputs)


@eqx.filter_jit
def changes(network, rate, steps):
    """After each step of Adam: the relative change of h, and that of the outputs as it is; root mean squares."""
    rule = Optax(optax.scale_by_adam(eps=1e-16), rate)
    states, outputs = activity(network)

    def advance(carry, _):
        network, kept = carry
        measured, gradient = network.loss_and_gradient(BATCH)
        network, kept = rule.step(network, gradient, kept, loss=measured.loss, key=jax.random.key(0))
        new_states, new_outputs = activity(network)
        of_states = jnp.sqrt(jnp.mean((new_states - states) ** 2) / jnp.mean(states**2))
        return (network, kept), jnp.stack([of_states, jnp.sqrt(jnp.mean((new_outputs - outputs) ** 2))])

    return jax.lax.scan(advance, (network, rule.init(network)), length=steps)[1]


def mean_changes(start, rate, steps):
    """Geometric means over some networks."""
    found = [changes(start.draw(jax.random.key(seed), DOUBLE), jnp.asarray(rate), steps) for seed in SEEDS]
    return np.exp(np.mean(np.log(np.array(found)), axis=0))


def slope(x, y):
    return np.polyfit(np.log(x), np.log(y), 1)[0]


@pytest.mark.parametrize("phi", [RELU, TANH], ids=lambda phi: phi.name)
@pytest.mark.parametrize("name", CELLS)
@pytest.mark.sampled(1)
def test_what_a_step_changes_does_not_depend_on_width(name, phi):
    """Slopes of the logarithm of the change after one step and after three, against that of N.

    Corrections of relative order 1 / sqrt(N) are 0.18 at the least N and leave a slope of 0.18 / ln 16 = 0.06 (twice
    that in outputs, which are products of two such). From the usual start the law is between N and its root.
    """
    shape = {"inputs": INPUTS, "outputs": OUTPUTS, "phi": phi, "cell": CELLS[name]}
    ours = np.array([mean_changes(MaximalUpdate(units=n, **shape), 0.01, 3) for n in WIDTHS])
    usual = np.array([mean_changes(UniformWeights(units=n, **shape), 1e-4, 3) for n in WIDTHS])
    for step in (0, 2):
        assert abs(slope(WIDTHS, ours[:, step, 0])) < 0.1
        assert abs(slope(WIDTHS, ours[:, step, 1])) < 0.2
        assert 0.4 < slope(WIDTHS, usual[:, step, 0]) < 1.1
        assert slope(WIDTHS, usual[:, step, 1]) > abs(slope(WIDTHS, ours[:, step, 1])) + 0.1


@pytest.mark.parametrize("name", ["FullRank", "GRU"])
@pytest.mark.sampled(1)
def test_for_one_change_of_the_output_the_activity_changes_in_proportion_to_richness(name):
    """In a step, where changes are small, and along the way to outputs that have moved by 0.1, where h moves by half.

    Steps to there are six or more: whole steps leave 1/6 in a ratio at most, over gammas of ratio 8 a slope of 0.09.
    """
    richness = np.array([0.25, 0.7, 2.0])
    in_a_step, at_the_same_outputs = [], []
    for gamma in richness:
        start = MaximalUpdate(256, INPUTS, OUTPUTS, TANH, CELLS[name], gamma)
        found = mean_changes(start, start.rate(0.01), 20)
        in_a_step.append(found[0])
        reached = found[:, 1] > 0.1
        assert reached.any()
        assert np.argmax(reached) >= 6
        at_the_same_outputs.append(found[np.argmax(reached), 0])
    of_states, of_outputs = np.array(in_a_step).T
    assert slope(richness, of_states) == pytest.approx(1, abs=0.05)
    assert slope(richness, of_outputs) == pytest.approx(0, abs=0.1)
    assert slope(richness, at_the_same_outputs) == pytest.approx(1, abs=0.15)


def test_raw_gradients_fall_as_the_square_of_the_width():
    """What Adam's eps is to be compared with."""
    sizes = []
    for n in WIDTHS:
        network = MaximalUpdate(n, INPUTS, OUTPUTS).draw(jax.random.key(0), DOUBLE)
        _, gradient = eqx.filter_jit(lambda network: network.loss_and_gradient(BATCH))(network)
        sizes.append(float(jnp.sqrt(jnp.mean(gradient.raw.W**2))))
    assert slope(WIDTHS, sizes) == pytest.approx(-2, abs=0.2)


# The start, and the network of scaled weights


@pytest.mark.parametrize(("cell", "blocks"), [(Vanilla, 1), (UGRNN, 2), (GRU, 3), (LSTM, 4), (FullRank, 1)])
def test_where_networks_start(cell, blocks):
    """The variance of k normal numbers is that of their law to sqrt(2 / k), relative; four of these."""
    n, gamma = 100, 0.5
    network = MaximalUpdate(n, 20, 30, TANH, cell, gamma).draw(jax.random.key(0), DOUBLE)
    raw, effective = network.raw, network.effective
    assert raw.W.shape == (blocks * n, n)
    for weights, variance in (
        (raw.W, n),
        (raw.U, 1),
        (raw.V, 1),
        (effective.W, 1 / n),
        (effective.V, 1 / (gamma * n) ** 2),
    ):
        assert float(np.var(weights)) == pytest.approx(variance, rel=4 * np.sqrt(2 / weights.size))
    assert np.array_equal(raw.b, np.repeat([0.0, 1.0, 0.0, 0.0], n) if cell is LSTM else np.zeros(blocks * n))
    assert np.array_equal(raw.c, np.zeros(30))
    single = MaximalUpdate(n, 20, 30, TANH, cell, gamma).draw(jax.random.key(0), jnp.dtype("float32"))
    assert np.array_equal(single.raw.W, raw.W.astype(jnp.float32))
    assert single.outputs(
        Batch(jnp.ones((1, 2, 20)), jnp.ones((1, 2, 30)), jnp.ones((1, 2)), 1.0).astype("float32")
    ).dtype == jnp.dtype("float32")


def test_settings_of_a_cell_are_kept():
    network = MaximalUpdate.around(GRU.blank(8, 1, 1, RELU, reset_after=False), jax.random.key(0), DOUBLE, gamma=2.0)
    assert (network.effective.reset_after, network.effective.phi, network.effective.d) == (False, RELU, None)


@pytest.mark.parametrize("cell", [GRU, LSTM, FullRank])
def test_it_answers_as_its_effective_network_and_learns_the_raw_weights(cell):
    """The chain rule: a raw gradient is the multiplier times the effective one. To rounding."""
    network = MaximalUpdate(6, INPUTS, OUTPUTS, TANH, cell, gamma=0.5).draw(jax.random.key(0), DOUBLE)
    effective = network.effective
    assert isinstance(effective, cell)
    np.testing.assert_array_equal(network.outputs(BATCH), effective.outputs(BATCH))
    np.testing.assert_allclose(activity(network)[1], effective.outputs(BATCH), rtol=0, atol=1e-13)
    (mine, raw), (theirs, plain) = network.loss_and_gradient(BATCH), effective.loss_and_gradient(BATCH)
    np.testing.assert_allclose(mine.loss, theirs.loss, rtol=1e-14)
    multipliers = {"W": 1 / 6, "V": 1 / 3, "c": 2.0}
    for name, found in plain.parameters.items():
        expected = multipliers.get(name, 1.0) * np.asarray(found)
        np.testing.assert_allclose(raw.parameters[f"raw.{name}"], expected, rtol=1e-12)


def test_a_population_has_a_population_of_effective_networks():
    start = MaximalUpdate(6, INPUTS, OUTPUTS)
    population = jax.vmap(lambda key: start.draw(key, DOUBLE))(jax.random.split(jax.random.key(0), 3))
    one = Scaled(jax.tree.map(lambda a: a[1], population.raw), population.multipliers)
    jax.tree.map(np.testing.assert_array_equal, jax.tree.map(lambda a: a[1], population.effective), one.effective)


def test_it_has_the_symmetry_of_its_cell():
    network = MaximalUpdate(6, INPUTS, OUTPUTS, RELU, GRU).draw(jax.random.key(0), DOUBLE)
    assert network.symmetry == network.effective.symmetry
    moved = network.transformed(network.symmetry.draw(jax.random.key(1)))
    np.testing.assert_allclose(moved.outputs(BATCH), network.outputs(BATCH), rtol=1e-10)
