"""Continua that are known: a ring, a half-line, a plane of shut gates; and points that are none."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells import GRU, LSTM, RELU, UGRNN, Cell, FullRank, Vanilla
from simulate.fixed_points import search_points, walk_continua
from simulate.measures import find_fixed_points
from simulate.measures.fixed_points.find import points_from
from simulate.measures.fixed_points.static_map import StaticMap


class Ring(Cell):
    """r <- r + (1 - r^2) r / 2 in the plane of the first two numbers, turned by `drift`, while the third decays."""

    U: jax.Array
    drift: float = eqx.field(static=True, default=0.0)

    def initial_state(self):
        return jnp.zeros(3)

    def step(self, state, inputs, dt):
        plane, rest = state[:2], state[2:]
        plane = plane + 0.5 * (1 - (plane**2).sum()) * plane
        c, s = np.cos(self.drift), np.sin(self.drift)
        return jnp.concatenate([jnp.array([[c, -s], [s, c]]) @ plane, 0.5 * rest])

    def read(self, state):
        return state


def starts(size, count=24):
    return np.random.default_rng(0).normal(size=(count, size))


@pytest.mark.parametrize("drift", [0.0, 1e-3])
def test_a_ring_is_one_closed_curve_and_not_as_many_points_as_there_were_starts(drift):
    found = find_fixed_points(Ring(jnp.zeros((3, 1)), drift), starts(3))
    (ring,) = walk_continua(found)
    assert ring.closed
    assert ring.whole
    assert ring.dimension == 1
    assert ring.length == pytest.approx(2 * np.pi, rel=1e-3)  # chords of 0.02
    np.testing.assert_allclose(np.linalg.norm(ring.states[:, :2], axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(ring.speeds, drift, atol=1e-8 + 1e-3 * drift)
    assert len(ring.slow) == len(found.slow)
    assert [len(found.points), len(ring.points)] == [1, 0]  # the centre, which repels


def test_a_half_line_of_rectified_units_is_walked_to_its_end():
    """h <- relu(u u' h) with positive u holds all t u, t >= 0."""
    u = np.array([0.6, 0.8])
    network = eqx.tree_at(lambda each: each.W, Vanilla.blank(2, 1, 1, RELU), jnp.asarray(np.outer(u, u)))
    found = find_fixed_points(network, np.abs(starts(2)))
    (line,) = walk_continua(found)
    assert (line.dimension, line.closed, line.whole) == (1, False, False)  # it has no other end
    assert (line.speeds < 1e-14 * np.maximum(1, np.linalg.norm(line.states, axis=1))).all()
    at = line.states @ u
    np.testing.assert_allclose(line.states, at[:, None] * u, rtol=1e-9)
    assert abs(at).min() < 0.03
    assert line.length == pytest.approx(np.ptp(at))


@pytest.mark.parametrize("across", [0.0, 1e-6])
def test_ends_of_a_relu_continuum_are_no_isolated_points(across):
    """h_1 <- relu(1 - (1 + c) h_2), and 2 of 1: at c = 0 all of h_1 + h_2 = 1 stands still, else three points."""
    W = -(1 + across) * jnp.array([[0.0, 1.0], [1.0, 0.0]])
    network = Vanilla(W, jnp.zeros((2, 0)), jnp.ones(2), jnp.eye(2), jnp.zeros(2), RELU)
    found = search_points(network, np.random.default_rng(0).normal(size=(64, 2)), np.zeros(0), rounds=2).found
    assert len(found.points) == (3 if across else 0)
    if not across:
        (line,) = walk_continua(found)
        assert (len(line.points), len(line.slow)) == (0, len(found.slow))
        for end in ((1.0, 0.0), (0.0, 1.0)):
            assert np.abs(found.slow - end).sum(axis=1).min() < 1e-12


def test_isolated_points_are_no_continuum_and_a_weak_one_is_too_short():
    wells = eqx.tree_at(lambda each: each.W, Vanilla.blank(2, 1, 1), jnp.diag(jnp.array([2.0, 1.3])))
    assert walk_continua(find_fixed_points(wells, starts(2))) == ()


def test_a_point_that_pulls_in_a_few_steps_is_no_continuum_however_strong_the_others_are():
    """h -> tanh(0.94 h) comes back by 6 % a step, which is little beside the 800 % of its neighbour, and not little."""
    network = eqx.tree_at(lambda each: each.W, Vanilla.blank(2, 1, 1), jnp.diag(jnp.array([0.94, -7.0])))
    assert walk_continua(find_fixed_points(network, starts(2))) == ()
    (curve,) = walk_continua(find_fixed_points(network, starts(2)), flat=0.08)  # what is asked for is told
    assert curve.dimension == 1


def test_of_states_that_shut_gates_hold_anywhere_so_many_are_walked_as_is_said():
    """Gates of 40 keep all of the state but 4e-18 of it: whatever state a search starts from, it stands still there."""
    shut = eqx.tree_at(lambda each: each.b, UGRNN.blank(3, 1, 1), jnp.concatenate([jnp.full(3, 40.0), jnp.zeros(3)]))
    found = points_from(StaticMap.of(shut), starts(3, 8))
    begun = starts(3, 8) / 4
    found = replace(found, slow=begun, speeds=np.zeros(8), slow_hits=np.ones(8, dtype=int))
    first, second = walk_continua(found, most=2)
    assert (first.dimension, second.dimension) == (3, 3)
    for each in (first, second):  # and not on to states that no trial leads to
        assert 0.97 < np.abs(each.states).max() <= 1 + 1e-9
        assert each.whole


@pytest.mark.parametrize("cell", [UGRNN, GRU, LSTM, FullRank, Vanilla])
def test_no_state_of_a_trial_is_beyond_the_largest(cell):
    """Of weights that saturate; a state beyond a bound that is told is one that gates alone would hold."""
    random = np.random.default_rng(0)
    network = cell.blank(5, 2, 1)
    drawn = {name: jnp.asarray(4 * random.normal(size=value.shape)) for name, value in network.parameters.items()}
    network = replace(network, **drawn)
    step, state = StaticMap.of(network, [1.0, -1.0]), np.zeros(5 * (2 if cell is LSTM else 1))
    visited = []
    for _ in range(50):
        state = np.asarray(step(jnp.asarray(state)))
        visited.append(state)
    assert step.holds(np.array(visited)).all()
    largest = np.concatenate([np.ravel(part) for part in jax.tree.leaves(network.largest_state)])
    told = np.isfinite(largest)
    assert told.sum() == (5 if cell in (UGRNN, GRU, LSTM) else 0)
    assert step.holds(state * 10 + 2) == (not told.any())


@pytest.mark.parametrize("wrong", [{"flat": 0.0}, {"speed": -1.0}, {"most": 0}])
def test_what_is_no_measure_of_flatness_is_refused(wrong):
    found = find_fixed_points(Ring(jnp.zeros((3, 1))), starts(3, 2))
    with pytest.raises(ValueError, match="positive"):
        walk_continua(found, **wrong)
