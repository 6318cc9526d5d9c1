"""Gated cells and the rate network against plain numpy loops, how they start, and that they learn."""

import dataclasses
import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from simulate.cells.cell import Cell
from simulate.cells.full_rank import FullRank
from simulate.cells.gru import GRU, BiasOutsideReset
from simulate.cells.lstm import LSTM
from simulate.cells.nonlinearity import ERF, LINEAR, RELU, TANH, Nonlinearity
from simulate.cells.ugrnn import UGRNN
from simulate.cells.uniform_weights import UniformWeights
from simulate.cells.vanilla import Vanilla
from simulate.tasks.flip_flop import FlipFlop
from simulate.tasks.task import Batch
from simulate.training.train import train

DOUBLE = jnp.dtype("float64")
SINGLE = jnp.dtype("float32")
SHAPE = UNITS, INPUTS, OUTPUTS = 5, 2, 3
BLANK = {
    "ugrnn": lambda phi=TANH, shape=SHAPE: UGRNN.blank(*shape, phi),
    "gru": lambda phi=TANH, shape=SHAPE: GRU.blank(*shape, phi),
    "gru-before": lambda phi=TANH, shape=SHAPE: GRU.blank(*shape, phi, reset_after=False),
    "lstm": lambda phi=TANH, shape=SHAPE: LSTM.blank(*shape, phi),
    "full-rank": lambda phi=TANH, shape=SHAPE: FullRank.blank(*shape, phi, tau=0.3),
}
every_cell = pytest.mark.parametrize("name", BLANK)


def some_network(name, phi=TANH, dtype=DOUBLE, seed=0, shape=SHAPE):
    return UniformWeights.around(BLANK[name](phi, shape), jax.random.key(seed), dtype)


def some_batch(dtype=DOUBLE, read=7, trials=4, steps=7):
    rng = np.random.default_rng(1)
    inputs, targets = rng.normal(size=(trials, steps, INPUTS)), rng.normal(size=(trials, read, OUTPUTS))
    mask = rng.uniform(0.5, 1.5, size=(trials, read))
    return Batch(*(jnp.asarray(a) for a in (inputs, targets, mask)), dt=0.3).astype(dtype)


@eqx.filter_jit
def outputs_of(network, batch):
    return network.outputs(batch)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def drive(network, block, h, x):
    """W h + U x + b of the rows of one block, unit by unit."""
    W, U, b = (np.asarray(a) for a in (network.W, network.U, network.b))
    first = block * UNITS
    return np.array([sum(W[i] * h) + sum(U[i] * x) + b[i] for i in range(first, first + UNITS)])


def ugrnn(network, phi, h, x):
    u = sigmoid(drive(network, 0, h, x))
    return u * h + (1 - u) * phi(drive(network, 1, h, x))


def gru(network, phi, h, x):
    r, z = sigmoid(drive(network, 0, h, x)), sigmoid(drive(network, 1, h, x))
    inner = np.asarray(network.W)[2 * UNITS :] @ h + np.asarray(network.d)
    return z * h + (1 - z) * phi(r * inner + drive(network, 2, np.zeros(UNITS), x))


def gru_before(network, phi, h, x):
    r, z = sigmoid(drive(network, 0, h, x)), sigmoid(drive(network, 1, h, x))
    return z * h + (1 - z) * phi(drive(network, 2, r * h, x))


def full_rank(network, phi, h, x):
    return h + 0.3 * (-h + drive(network, 0, phi(h), x))


def lstm(network, phi, state, x):
    h, memory = state
    i, f, o = (sigmoid(drive(network, block, h, x)) for block in (0, 1, 3))
    memory = f * memory + i * phi(drive(network, 2, h, x))
    return o * phi(memory), memory


MAPS = {"ugrnn": ugrnn, "gru": gru, "gru-before": gru_before, "lstm": lstm, "full-rank": full_rank}
SHOWN = {"lstm": lambda state, phi: state[0], "full-rank": lambda state, phi: phi(state)}


@every_cell
@pytest.mark.parametrize("phi", [TANH, RELU, ERF], ids=lambda phi: phi.name)
@pytest.mark.parametrize("read", [7, 2])
@pytest.mark.sampled(10)
def test_outputs_are_those_of_a_loop_over_trials_steps_and_units(name, phi, read):
    network, batch = some_network(name, phi), some_batch(read=read)
    V, c = np.asarray(network.V), np.asarray(network.c)
    expected = np.empty((4, 7, OUTPUTS))

    def plain_phi(a):
        return np.asarray(phi(jnp.asarray(a)))

    for i, trial in enumerate(np.asarray(batch.inputs)):
        state = (np.zeros(UNITS), np.zeros(UNITS)) if name == "lstm" else np.zeros(UNITS)
        for t, x in enumerate(trial):
            state = MAPS[name](network, plain_phi, state, x)
            expected[i, t] = V @ SHOWN.get(name, lambda state, phi: state)(state, plain_phi) + c
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(outputs_of(network, batch), expected[:, -read:], rtol=0, atol=1e-13)


@every_cell
def test_gradient_is_the_limit_of_difference_quotients_at_second_order(name):
    network, batch = some_network(name), some_batch()
    _, gradient = eqx.filter_jit(lambda n: n.loss_and_gradient(batch))(network)
    direction = jax.tree.map(lambda a: np.sin(np.arange(a.size, dtype=float)).reshape(a.shape), gradient)
    exact = sum(np.vdot(g, d) for g, d in zip(*map(jax.tree.leaves, (gradient, direction)), strict=True))

    @jax.jit
    def loss_at(h):
        return batch.loss(jax.tree.map(lambda a, d: a + h * d, network, direction).outputs(batch))

    sizes = np.array([4e-3, 2e-3, 1e-3])
    errors = [abs((loss_at(h) - loss_at(-h)) / (2 * h) - exact) for h in sizes]
    assert np.polyfit(np.log(sizes), np.log(errors), 1)[0] == pytest.approx(2, abs=0.1)


@every_cell
@pytest.mark.sampled(1)
def test_it_learns_to_hold_a_pulse(name):
    """A network that answers nothing has a loss of 0.25 times the unmasked share; ours start near that."""
    task = FlipFlop(jax.random.key(0), dt=0.5, slots=3, trials=8)
    networks = [some_network(name, dtype=SINGLE, seed=seed, shape=(8, 1, 1)) for seed in range(2)]
    trained = train(networks, task, rule=optax.adam(0.02), epochs=300)
    assert np.all(trained.loss[-20:].mean(axis=0) < 0.3 * trained.loss[:20].mean(axis=0))


def test_the_two_resets_are_two_maps():
    after = some_network("gru")
    before = GRU(after.W, after.U, after.b, after.V, after.c, reset_after=False)
    without_d = GRU(after.W, after.U, after.b, after.V, after.c)
    same = GRU(*(getattr(after, each) for each in "WUbVc"), d=jnp.zeros(UNITS))
    outputs = [outputs_of(network, some_batch()) for network in (before, without_d, same, after)]
    assert np.array_equal(outputs[1], outputs[2])
    for one, other in itertools.combinations((outputs[0], outputs[1], outputs[3]), 2):
        assert float(np.abs(one - other).max()) > 1e-3
    with pytest.raises(BiasOutsideReset, match="leave d out"):
        GRU(*(getattr(after, each) for each in "WUbVc"), d=after.d, reset_after=False)


@every_cell
def test_states_begin_at_zero_in_the_precision_of_the_weights(name):
    for state in jax.tree.leaves(some_network(name, dtype=SINGLE).initial_state()):
        assert state.dtype == SINGLE
        assert np.array_equal(state, np.zeros(UNITS))


# The adjoint


@dataclasses.dataclass(frozen=True)
class Logistic(Nonlinearity):
    """Units that send something at rest."""

    def __call__(self, x):
        return jax.nn.sigmoid(x)

    def slope_at(self, value):
        return value * (1 - value)


LOGISTIC = Logistic("logistic", odd=False, smooth=True)


def by_jax(network, batch):
    """Loss and gradient of the plain steps, and the gradient with respect to the inputs."""

    def loss(network, inputs):
        return batch.loss(Cell.outputs(network, eqx.tree_at(lambda b: b.inputs, batch, inputs)))

    return jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))(network, batch.inputs)


def by_hand(network, batch):
    def loss(network, inputs):
        return batch.loss(network.outputs(eqx.tree_at(lambda b: b.inputs, batch, inputs)))

    return jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))(network, batch.inputs)


@every_cell
@pytest.mark.parametrize("phi", [TANH, RELU, LINEAR, LOGISTIC, ERF], ids=lambda phi: phi.name)
@pytest.mark.parametrize(("read", "dtype", "tolerance"), [(7, DOUBLE, 1e-12), (1, DOUBLE, 1e-12), (4, SINGLE, 1e-4)])
@pytest.mark.sampled(7)
def test_adjoint_gives_what_automatic_differentiation_gives(name, phi, read, dtype, tolerance):
    """Sums of some hundred terms: 100 eps is 2e-14 in float64 and 1e-5 in float32, relative to the largest entry."""
    network, batch = some_network(name, phi, dtype), some_batch(dtype, read)
    (loss, mine), (expected, reference) = by_hand(network, batch), by_jax(network, batch)
    np.testing.assert_allclose(loss, expected, rtol=tolerance)
    assert len(jax.tree.leaves(mine)) == len(network.parameters) + 1
    for found, slope in zip(*map(jax.tree.leaves, (mine, reference)), strict=True):
        assert found.dtype == dtype
        scale = float(np.abs(slope).max())
        assert scale > 0
        np.testing.assert_allclose(found, slope, rtol=0, atol=tolerance * scale)


def test_adjoint_of_a_reset_without_a_bias_in_it():
    network = dataclasses.replace(some_network("gru"), d=None)
    (_, mine), (_, reference) = by_hand(network, some_batch()), by_jax(network, some_batch())
    assert mine[0].d is None
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=0, atol=1e-13), mine, reference)


@pytest.mark.parametrize("name", ["gru", "lstm", "full-rank"])
def test_networks_side_by_side_are_as_each_by_itself(name):
    networks = [some_network(name, seed=seed) for seed in range(2)]
    stacked = jax.tree.map(lambda *each: jnp.stack(each), *networks)
    batch = some_batch()
    of_one = eqx.filter_jit(lambda network: network.loss_and_gradient(batch))
    _, together = eqx.filter_jit(jax.vmap(lambda network: network.loss_and_gradient(batch)))(stacked)
    for i, network in enumerate(networks):
        _, alone = of_one(network)
        jax.tree.map(lambda a, b, i=i: np.testing.assert_allclose(a[i], b, rtol=0, atol=1e-13), together, alone)


def test_which_cells_have_an_adjoint():
    """Where there is none, gradients would still be right, and slow."""
    assert {name: network().unit_by_unit is not None for name, network in BLANK.items()} == {
        "ugrnn": True,
        "gru": True,
        "gru-before": False,
        "lstm": True,
        "full-rank": True,
    }


# How they start


def test_vanilla_networks_start_as_they_always_did():
    """The numbers that results rest on: a key for each of W, U, b, V, c in this order."""
    network = UniformWeights(7, 2, 3, RELU).draw(jax.random.key(5), SINGLE)
    assert isinstance(network, Vanilla)
    assert network.phi is RELU
    keys = jax.random.split(jax.random.key(5), 5)
    shapes = {"W": (7, 7), "U": (7, 2), "b": (7,), "V": (3, 7), "c": (3,)}
    for key, (name, shape) in zip(keys, shapes.items(), strict=True):
        expected = jax.random.uniform(key, shape, minval=-(7**-0.5), maxval=7**-0.5).astype(SINGLE)
        assert np.array_equal(network.parameters[name], expected)


@pytest.mark.parametrize(("cell", "count"), [(UGRNN, 2), (GRU, 3), (LSTM, 4), (FullRank, 1), (Vanilla, 1)])
def test_all_cells_start_uniform_and_the_forget_gate_at_one(cell, count):
    """The mean of n numbers of variance bound^2 / 3 has a standard error of bound / sqrt(3 n); four of them."""
    network = UniformWeights(64, 3, 2, cell=cell).draw(jax.random.key(0), SINGLE)
    shapes = {name: weights.shape for name, weights in network.parameters.items()}
    assert shapes["W"] == (64 * count, 64)
    assert shapes["U"] == (64 * count, 3)
    assert shapes["V"] == (2, 64)
    for name, weights in network.parameters.items():
        assert weights.dtype == SINGLE
        centred = np.asarray(weights, float)
        if cell is LSTM and name == "b":
            centred = centred - np.repeat([0.0, 1.0, 0.0, 0.0], 64)
        assert np.abs(centred).max() <= 1 / 8 + 1e-6
        assert abs(centred.mean()) < 4 / 8 / np.sqrt(3 * centred.size)
        assert np.unique(centred).size > 0.99 * centred.size
