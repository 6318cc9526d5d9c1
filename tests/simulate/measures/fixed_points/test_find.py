"""Networks whose fixed points are known, and brute force where they are not."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

from simulate.cells import GRU, LSTM, RELU, UGRNN, FullRank, Vanilla
from simulate.measures import find_fixed_points, visited_states
from simulate.measures.fixed_points.find import WrongStart
from simulate.measures.fixed_points.static_map import StaticMap, WrongInput
from simulate.measures.samples import NotFinite, WrongShape
from simulate.tasks import Batch

RANDOM = np.random.default_rng(0)
BOUNDED = {
    "vanilla": lambda n: Vanilla.blank(n, 1, 1),
    "ugrnn": lambda n: UGRNN.blank(n, 1, 1),
    "gru-after": lambda n: GRU.blank(n, 1, 1),
    "gru-before": lambda n: GRU.blank(n, 1, 1, reset_after=False),
    "lstm": lambda n: LSTM.blank(n, 1, 1),
    "rate": lambda n: FullRank.blank(n, 1, 1, tau=0.5),
}


def drawn(cell: str, units: int, strength: float, seed: int):
    """A cell with Gaussian weights, of a variance of strength^2 / units."""
    random = np.random.default_rng(seed)
    blank = BOUNDED[cell](units)
    W = strength / np.sqrt(units) * random.normal(size=blank.W.shape)
    return eqx.tree_at(
        lambda each: (each.W, each.b), blank, (jnp.asarray(W), blank.b + 0.3 * random.normal(size=blank.b.shape))
    )


def starts(network, count: int = 128, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (count, StaticMap.of(network).size))


def product_of_two_wells(units: int, weight: float = 2.0) -> Vanilla:
    """Units that do not speak to one another: three fixed points each."""
    return eqx.tree_at(lambda each: each.W, Vanilla.blank(units, 1, 1), weight * jnp.eye(units))


def test_a_product_of_maps_has_the_product_of_their_points():
    network = product_of_two_wells(3)
    found = find_fixed_points(network, starts(network, 384))
    root = scipy.optimize.brentq(lambda h: np.tanh(2 * h) - h, 0.5, 1.0, xtol=1e-15)
    expected = {signs: root * np.array(signs) for signs in np.ndindex(3, 3, 3)}
    assert len(found.points) == 27
    assert found.lost == 0
    assert not len(found.slow)
    for signs in expected:
        at = root * (np.array(signs) - 1)
        nearest = np.abs(found.points - at).max(axis=1).argmin()
        np.testing.assert_allclose(found.points[nearest], at, atol=1e-13)
        still = int((np.array(signs) == 1).sum())
        assert found.unstable_dimensions[nearest] == still
        assert found.indices[nearest] == (-1) ** still
    assert found.index_sum == 1
    assert found.residuals.max() < 1e-14
    assert found.hits.sum() == 384


def test_points_of_a_ring_are_those_of_its_one_unit():
    """h -> tanh(W h + b) with circulant W and equal b: points with all units alike obey one equation."""
    row = np.array([0.4, 0.5, 0.3, 0.3, 0.5])
    W = np.stack([np.roll(row, k) for k in range(5)])
    network = eqx.tree_at(lambda each: each.W, Vanilla.blank(5, 1, 1), jnp.asarray(W))
    found = find_fixed_points(network, starts(network, 256))
    root = scipy.optimize.brentq(lambda h: np.tanh(row.sum() * h) - h, 0.5, 1.0, xtol=1e-15)
    np.testing.assert_allclose(sorted(found.points[:, 0]), [-root, 0.0, root], atol=1e-13)
    assert np.ptp(found.points, axis=1).max() < 1e-13
    eigenvalues = np.linalg.eigvals(W)  # at zero, where every slope is one
    at_zero = found.eigenvalues[np.abs(found.points).max(axis=1).argmin()]
    np.testing.assert_allclose(np.sort_complex(at_zero), np.sort_complex(eigenvalues), atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_planted_points_of_rectified_units_are_found(seed):
    """Within the orthant of its active units a ReLU network is affine: solved there, and checked against the signs."""
    random = np.random.default_rng(seed)
    W, b = 1.5 * random.normal(size=(4, 4)) / 2, random.normal(size=4)
    network = eqx.tree_at(lambda each: (each.W, each.b), Vanilla.blank(4, 1, 1, RELU), (jnp.asarray(W), jnp.asarray(b)))
    expected = []
    for active in np.ndindex(2, 2, 2, 2):
        on = np.array(active, dtype=bool)
        h = np.zeros(4)
        h[on] = np.linalg.solve(np.eye(on.sum()) - W[np.ix_(on, on)], b[on])
        if np.all((W @ h + b > 0) == on):
            expected.append(h)
    found = find_fixed_points(network, np.random.default_rng(1).uniform(0, 4, (256, 4)))
    assert len(found.points) == len(expected)
    for h in expected:
        assert np.abs(found.points - h).max(axis=1).min() < 1e-9


@pytest.mark.parametrize("cell", BOUNDED)
@pytest.mark.sampled(1)
def test_every_root_that_many_other_searches_find_is_found(cell):
    network = drawn(cell, 2, 4.0, seed=5)
    step = StaticMap.of(network)
    function = jax.jit(lambda h: step(h) - h)
    slope = jax.jit(lambda h: step.jacobian(h) - jnp.eye(step.size))
    found = find_fixed_points(network, starts(network, 256))
    roots = []
    for start in np.random.default_rng(7).uniform(-1, 1, (40, step.size)):
        solution = scipy.optimize.root(lambda h: np.asarray(function(h)), start, jac=lambda h: np.asarray(slope(h)))
        if np.abs(np.asarray(function(solution.x))).max() < 1e-12 and np.abs(solution.x[:2]).max() < 1:
            roots.append(solution.x)  # beyond that, shut gates hold a state that is no root
    assert len(roots) > 2
    for root in roots:
        assert np.abs(found.points - root).max(axis=1).min() < 1e-8
    assert found.index_sum == 1


@pytest.mark.parametrize("cell", BOUNDED)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.sampled(3)
def test_the_indices_of_bounded_cells_sum_to_one(cell, seed):
    network = drawn(cell, 3, (1.0, 3.0, 4.0, 6.0)[seed], seed)
    found = find_fixed_points(network, 1.2 * starts(network, 256))
    assert found.index_sum == 1
    assert len(found.points) % 2 == 1
    for point, jacobian in zip(found.points, found.jacobians, strict=True):
        np.testing.assert_allclose(found.step(jnp.asarray(point)), point, atol=1e-13)
        for column in range(found.step.size):
            shift = np.zeros(found.step.size)
            shift[column] = 1e-6
            difference = (found.step(jnp.asarray(point + shift)) - found.step(jnp.asarray(point - shift))) / 2e-6
            np.testing.assert_allclose(jacobian[:, column], difference, atol=1e-7)


def test_a_near_miss_is_a_slow_point_and_no_fixed_point():
    """h -> tanh(2 h + b) just beyond its saddle-node bifurcation: slowest where its slope is one."""
    b, preactivation = 0.55, -np.arctanh(np.sqrt(0.5))
    slowest = (preactivation - b) / 2
    network = eqx.tree_at(lambda each: each.b, product_of_two_wells(1), jnp.array([b]))
    found = find_fixed_points(network, np.linspace(-1.0, -0.6, 9)[:, None])
    assert not len(found.points)
    np.testing.assert_allclose(found.slow, [[slowest]], atol=1e-6)
    assert found.speeds[0] == pytest.approx(abs(np.tanh(preactivation) - slowest), rel=1e-9)
    assert found.hits.sum() + found.slow_hits.sum() + found.lost == 9


@pytest.mark.parametrize(
    ("off", "points", "slow"), [(0.0, 1, 1), (1e-15, 1, 1), (-1e-13, 1, 1), (1e-13, 3, 0), (1e-10, 3, 0)]
)
def test_zeros_that_rounding_does_not_tell_apart_are_one(off, points, slow):
    """Where two zeros of tanh(2 h + b) - h meet, at tanh'(2 h + b) = 1/2, Newton's method ends all around them."""
    meeting = np.arctanh(np.sqrt(0.5))
    bias = meeting - 2 * np.tanh(meeting) + off
    network = eqx.tree_at(lambda each: each.b, product_of_two_wells(1), jnp.array([bias]))
    found = find_fixed_points(network, np.random.default_rng(0).normal(size=(128, 1)))
    assert (len(found.points), len(found.slow), found.index_sum) == (points, slow, 1)


def test_what_a_shut_gate_holds_is_no_fixed_point():
    """Units that keep all of their state, to rounding, stand still anywhere."""
    network = eqx.tree_at(lambda each: each.b, UGRNN.blank(2, 1, 1), jnp.array([37.0, 37.0, 0.5, 0.5]))
    found = find_fixed_points(network, 3 * starts(network, 32))
    assert not len(found.points)
    assert found.slow_hits.sum() + found.lost == 32
    assert found.speeds.max() < 1e-14


@pytest.mark.parametrize("cell", ["ugrnn", "gru-after", "gru-before", "lstm", "rate"])
def test_states_go_part_of_the_way_to_what_they_are_drawn_to(cell):
    """By a gate or a leak of less than one; of an LSTM the memory does. So both stand still at the same points."""
    network = drawn(cell, 3, 3.0, seed=3)
    step, part = StaticMap.of(network), slice(3, 6) if cell == "lstm" else slice(None)
    for state in jnp.asarray(starts(network, 4)):
        way = ((step(state) - state) / (step.target(state) - state))[part]
        assert ((way > 0) & (way < 1)).all()


def test_a_gate_that_is_almost_shut_hides_no_point():
    network = eqx.tree_at(lambda each: each.b, UGRNN.blank(2, 1, 1), jnp.array([12.0, 12.0, 0.5, 0.5]))
    found = find_fixed_points(network, 3 * starts(network, 32))
    np.testing.assert_allclose(found.points, np.full((1, 2), np.tanh(0.5)), atol=1e-9)
    assert found.hits.tolist() == [32]


def test_a_memory_whose_square_is_no_number_is_searched_without_a_warning():
    """Where sigmoid(500) of it is kept, all but e^-500, a memory settles at 1e217."""
    network = eqx.tree_at(lambda each: each.b, LSTM.blank(1, 1, 1), jnp.array([5.0, 500.0, 2.0, 5.0]))
    with np.errstate(over="raise", invalid="raise"):
        found = find_fixed_points(network, starts(network, 8))
    assert len(found.points) == 0  # in a hundred steps none comes near it


def test_a_constant_input_moves_the_points():
    network = eqx.tree_at(lambda each: (each.W, each.U), Vanilla.blank(2, 1, 1), (0.5 * jnp.eye(2), jnp.ones((2, 1))))
    found = find_fixed_points(network, starts(network, 8), inputs=[0.7])
    root = scipy.optimize.brentq(lambda h: np.tanh(0.5 * h + 0.7) - h, 0.0, 1.0, xtol=1e-15)
    np.testing.assert_allclose(found.points, [[root, root]], atol=1e-14)


def test_starts_are_states_of_the_task_in_the_order_of_the_map():
    network = drawn("lstm", 3, 1.0, seed=2)
    inputs = jnp.asarray(RANDOM.normal(size=(4, 6, 1)))
    batch = Batch(inputs, jnp.zeros((4, 6, 1)), jnp.ones((4, 6)), dt=1.0)
    visited = []
    for trial in inputs:
        state = network.initial_state()
        for now in trial:
            state = network.step(state, now, 1.0)
            visited.append(np.concatenate(state))
    for start in visited_states(network, batch, 20, seed=3):
        assert np.abs(np.array(visited) - start).max(axis=1).min() < 1e-12
    assert visited_states(network, batch, 5, noise=0.1).shape == (5, 6)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"starts": np.zeros((3, 5))}, WrongStart, "a state of this network has 2"),
        ({"starts": [[np.nan, 0.0]]}, NotFinite, "starts"),
        ({"starts": np.zeros(2)}, WrongShape, "starts x size of a state"),
        ({"starts": np.zeros((0, 2))}, WrongShape, "at least one of each"),
        ({"starts": np.zeros((3, 2)), "inputs": [1.0, 2.0]}, WrongInput, "the network takes 1"),
        ({"starts": np.zeros((3, 2)), "inputs": [np.inf]}, NotFinite, "input"),
    ],
)
def test_what_is_no_start_and_no_input_is_refused(arguments, error, says):
    with pytest.raises(error, match=says):
        find_fixed_points(product_of_two_wells(2), **arguments)


def test_weights_that_are_no_numbers_are_refused():
    network = eqx.tree_at(lambda each: each.W, product_of_two_wells(2), jnp.full((2, 2), jnp.nan))
    with pytest.raises(NotFinite, match="W"):
        find_fixed_points(network, np.zeros((3, 2)))
