"""Transformed units give the same answers, elements of a group obey its laws, and nothing outside it is a symmetry."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells.cell import Cell
from simulate.cells.full_rank import FullRank
from simulate.cells.gru import GRU
from simulate.cells.low_rank import Connectivity, LowRank
from simulate.cells.lstm import LSTM
from simulate.cells.nonlinearity import ERF, LINEAR, RELU, SOFTPLUS, TANH, steepened
from simulate.cells.rank_one import RankOne
from simulate.cells.rank_r import RankR
from simulate.cells.symmetry import Monomial, Symmetry, UnknownSymmetry
from simulate.cells.ugrnn import UGRNN
from simulate.cells.uniform_weights import UniformWeights
from simulate.cells.vanilla import Vanilla
from simulate.tasks.task import Batch

N = 6
SHAPE = N, 2, 3
FUNCTIONS = {phi.name: phi for phi in (TANH, ERF, RELU, SOFTPLUS, LINEAR)}


def dense(blank):
    """With weights larger than at the usual start, so that units are far from linear."""
    return jax.tree.map(lambda a: 2 * a, UniformWeights.around(blank, jax.random.key(1), jnp.dtype("float64")))


def low_rank(phi):
    blocks = (jax.random.normal(jax.random.key(k), (N, count)) for k, count in enumerate((2, 2, 2, 3)))
    return LowRank(Connectivity(*blocks), jnp.arange(1.0, N + 1) / 21, phi)


CELLS = {
    "vanilla": lambda phi: dense(Vanilla.blank(*SHAPE, phi)),
    "ugrnn": lambda phi: dense(UGRNN.blank(*SHAPE, phi)),
    "gru": lambda phi: dense(GRU.blank(*SHAPE, phi)),
    "gru-before": lambda phi: dense(GRU.blank(*SHAPE, phi, reset_after=False)),
    "lstm": lambda phi: dense(LSTM.blank(*SHAPE, phi)),
    "full-rank": lambda phi: dense(FullRank.blank(*SHAPE, phi, tau=0.4)),
    "low-rank": low_rank,
}
BATCH = Batch(jax.random.normal(jax.random.key(2), (2, 5, 2)), jnp.zeros((2, 5, 3)), jnp.ones((2, 5)), dt=0.4)
answers = eqx.filter_jit(lambda network: network.outputs(BATCH))
advanced = eqx.filter_jit(lambda network, state, x: network.step(state, x, 0.4))
moved_by = eqx.filter_jit(lambda network, element: network.transformed(element))
image_of = eqx.filter_jit(lambda element, state: element(state))


def closely(found, expected):
    """To rounding: the largest is of order one or ten, after five steps of sums of six terms."""
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12 * float(np.abs(expected).max()))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("phi", FUNCTIONS)
@pytest.mark.sampled(12)
def test_transformed_networks_give_the_same_answers_from_transformed_states(cell, phi):
    network = CELLS[cell](FUNCTIONS[phi])
    group = network.symmetry
    assert (group.units, group.signs, group.scales) == (N, phi in ("tanh", "erf", "linear"), phi in ("relu", "linear"))
    expected = answers(network)
    assert float(np.ptp(expected)) > 0.01
    for seed in range(3):
        element = group.draw(jax.random.key(seed))
        assert element in group
        other = moved_by(network, element)
        closely(answers(other), expected)
        state, image = network.initial_state(), other.initial_state()
        for x in BATCH.inputs[0]:
            state, image = advanced(network, state, x), advanced(other, image, x)
            jax.tree.map(lambda one, two, g=element: closely(two, image_of(g, one)), state, image)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    ("phi", "factor"), [("tanh", 1.5), ("relu", -1.0), ("softplus", 1.5), ("softplus", -1.0)], ids=str
)
@pytest.mark.sampled(14)
def test_one_factor_outside_the_group_changes_the_answers(cell, phi, factor):
    network = CELLS[cell](FUNCTIONS[phi])
    outside = Monomial(jnp.arange(N), jnp.ones(N).at[2].set(factor))
    assert outside not in network.symmetry
    assert float(np.abs(answers(moved_by(network, outside)) - answers(network)).max()) > 1e-6


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_flip_of_the_gates_own_rows_is_none(cell):
    """What tells a gate from a candidate: the same flip with the gates' rows turned as well."""
    network = CELLS[cell](TANH)
    flip = Monomial(jnp.arange(N), jnp.ones(N).at[2].set(-1.0))
    turned = eqx.tree_at(lambda n: n.b, network.transformed(flip), replace_fn=lambda b: b.at[2].multiply(-1.0))
    assert float(np.abs(answers(turned) - answers(network)).max()) > 1e-6


@pytest.mark.parametrize("cell", ["vanilla", "gru", "lstm", "low-rank"])
def test_it_is_an_action(cell):
    """The composition law, and the inverse, on weights and on states."""
    network = CELLS[cell](LINEAR)
    a, b = (network.symmetry.draw(jax.random.key(seed)) for seed in (3, 4))
    for one, two in (
        (network.transformed(b).transformed(a), network.transformed(a @ b)),
        (network.transformed(a).transformed(a.inverse), network),
        (network.transformed(a.inverse).transformed(a), network),
        (network.transformed(network.symmetry.identity), network),
    ):
        jax.tree.map(closely, one, two)
    states = jax.random.normal(jax.random.key(5), (4, N))
    closely((a @ b)(states), a(b(states)))
    closely(a.inverse(a(states)), states)


def test_the_matrix_of_an_element():
    """Rows change by the matrix, columns by its inverse transposed."""
    element = Symmetry(4, signs=True, scales=True).draw(jax.random.key(6))
    matrix = np.zeros((4, 4))
    for k in range(4):
        matrix[k, int(element.order[k])] = float(element.factor[k])
    weights = np.asarray(jax.random.normal(jax.random.key(7), (4, 4)))
    closely(element(jnp.asarray(weights)), jnp.asarray(weights @ matrix.T))
    closely(element.rows(jnp.asarray(weights)), jnp.asarray(matrix @ weights))
    closely(element.columns(jnp.asarray(weights)), jnp.asarray(weights @ np.linalg.inv(matrix)))


def test_every_network_of_a_population_has_an_element_of_its_own():
    networks = [dense(GRU.blank(*SHAPE)), CELLS["gru"](TANH).transformed(Symmetry(N, True, False).identity)]
    elements = [networks[0].symmetry.draw(jax.random.key(seed)) for seed in (8, 9)]
    stack = lambda trees: jax.tree.map(lambda *each: jnp.stack(each), *trees)  # noqa: E731
    moved = jax.vmap(lambda network, element: network.transformed(element))(stack(networks), stack(elements))
    for i, (network, element) in enumerate(zip(networks, elements, strict=True)):
        jax.tree.map(lambda a, b, i=i: closely(a[i], b), moved, network.transformed(element))


def test_single_precision_stays_single():
    network = UniformWeights.around(LSTM.blank(*SHAPE), jax.random.key(1), jnp.dtype("float32"))
    assert network.transformed(network.symmetry.draw(jax.random.key(0))).dtype == jnp.float32


def test_neurons_that_start_at_one_activity_may_be_permuted_alone():
    draw = lambda k, *shape: jax.random.normal(jax.random.key(k), shape)  # noqa: E731
    flip = Monomial(jnp.arange(N), jnp.ones(N).at[2].set(-1.0))
    for network in (
        RankOne(draw(1, N) / 2, draw(2, N) / 2, draw(3, N), confidence=1.0, threshold=0.0),
        RankR(draw(1, N, 2), draw(2, 2, N), draw(3, N), draw(4, N), draw(5)),
    ):
        batch = Batch(jnp.zeros((1, 5, 1)), jnp.zeros((1, 5, 1)), jnp.ones((1, 5)), dt=0.4)
        expected = network.outputs(batch)
        closely(network.transformed(network.symmetry.draw(jax.random.key(0))).outputs(batch), expected)
        assert flip not in network.symmetry
        assert float(np.abs(network.transformed(flip).outputs(batch) - expected).max()) > 1e-6


def test_which_functions_are_homogeneous():
    """phi(s x) = s phi(x), for whatever carries the mark, and for nothing else."""
    x = jnp.linspace(-2, 2, 9)
    for phi in (*FUNCTIONS.values(), steepened(RELU, 2.0), steepened(TANH, 2.0)):
        scales = bool(jnp.allclose(phi(1.7 * x), 1.7 * phi(x), rtol=1e-12))
        assert scales == phi.homogeneous, phi.name


def test_a_cell_that_does_not_say_is_named():
    class Silent(Cell):
        w: jax.Array

        def initial_state(self):
            return jnp.zeros(1)

        def step(self, state, inputs, dt):
            return state

        def read(self, state):
            return state

    cell = Silent(jnp.ones(1))
    for ask in (lambda: cell.symmetry, lambda: cell.transformed(Symmetry(1, False, False).identity)):
        with pytest.raises(UnknownSymmetry, match="Silent"):
            ask()
