"""Where states go, and where branches of saddles lead, in products of one-dimensional double wells."""

import dataclasses
import itertools

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells import RELU, Vanilla
from simulate.fixed_points import Arrival, follow, follow_branches
from simulate.measures import find_fixed_points
from simulate.measures.samples import WrongShape

UNITS = 3


def wells(first: float = 2.0, coupling: float = 0.0) -> Vanilla:
    """h -> tanh(2 h) of each unit, and a little of the others; the first may have another weight upon itself."""
    W = np.diag([first, 2.0, 2.0]) + coupling * np.random.default_rng(5).uniform(-1, 1, (UNITS, UNITS))
    return eqx.tree_at(lambda each: each.W, Vanilla.blank(UNITS, 1, 1), jnp.asarray(W))


def points_of(network: Vanilla):
    grid = np.array(list(itertools.product((-1.0, 0.0, 1.0), repeat=UNITS)))
    return find_fixed_points(network, np.vstack([0.9 * grid, np.random.default_rng(0).uniform(-1, 1, (64, UNITS))]))


def test_following_is_iterating() -> None:
    network = wells(coupling=0.03)
    found = points_of(network)
    starts = np.random.default_rng(1).uniform(-1, 1, (140, UNITS))  # more than the program takes at once
    followed = follow(found, starts)
    states = starts.copy()
    for _ in range(300):
        states = np.tanh(states @ np.asarray(network.W).T)
    assert (followed.outcomes == Arrival.known).all()
    np.testing.assert_allclose(found.points[followed.nodes], states, atol=1e-12)


def test_a_point_that_was_not_given_is_told_and_where_it_is() -> None:
    found = points_of(wells())
    corner = int(np.flatnonzero((found.points > 0.9).all(axis=1))[0])
    kept = np.arange(27) != corner
    fewer = dataclasses.replace(
        found, points=found.points[kept], residuals=found.residuals[kept], hits=found.hits[kept]
    )
    followed = follow(fewer, [[0.1, 0.1, 0.1], [0.1, 0.1, -0.1]])
    assert followed.outcomes.tolist() == [Arrival.unknown, Arrival.known]
    assert followed.nodes[0] == -1
    np.testing.assert_allclose(followed.ends[0], found.points[corner], atol=1e-12)


def test_cycles_and_what_still_moves_are_no_points() -> None:
    found = points_of(wells())
    assert follow(found, [[1e-20, 0.3, 0.3]], steps=1).outcomes.tolist() == [Arrival.unsettled]  # 2^60 is 10^18
    turning = eqx.tree_at(lambda each: each.W, wells(), jnp.diag(jnp.array([-2.0, 0.5, 0.5])))
    here = find_fixed_points(turning, np.zeros((1, UNITS)))
    assert here.unstable_dimensions.tolist() == [1]
    assert follow_branches(here).outcomes.tolist() == [[Arrival.cycle, Arrival.cycle]]


def test_what_leaves_all_bounds_is_lost() -> None:
    blank = Vanilla.blank(UNITS, 1, 1, phi=RELU)
    growing = eqx.tree_at(lambda each: each.W, blank, 1e9 * jnp.eye(UNITS))
    found = find_fixed_points(growing, -np.ones((1, UNITS)))
    assert follow(found, [[1.0, 1.0, 1.0]]).outcomes.tolist() == [Arrival.lost]


def test_a_state_passing_a_saddle_has_not_arrived() -> None:
    found = points_of(wells())
    saddle = found.points[int((found.unstable_dimensions == 3).argmax())]
    followed = follow(found, [saddle + 1e-9 * np.array([1.0, 1.0, -1.0]), saddle])
    assert found.unstable_dimensions[followed.nodes].tolist() == [0, 3]


def test_branches_of_a_saddle_lead_along_its_axis() -> None:
    """Of an edge's middle to both of its ends: the two corners that have its signs, and differ where it is zero."""
    found = points_of(wells())
    branches = follow_branches(found)
    signs = np.round(found.points).astype(int)
    assert (branches.outcomes == Arrival.known).all()
    assert len(branches.saddles) == 12
    for saddle, ends in zip(branches.saddles, branches.nodes, strict=True):
        axis = signs[saddle] == 0
        assert sorted(signs[ends][:, axis].ravel().tolist()) == [-1, 1]
        assert (signs[ends][:, ~axis] == signs[saddle][~axis]).all()


def test_starts_of_another_size_are_refused() -> None:
    with pytest.raises(WrongShape, match="a state of this network has 3"):
        follow(points_of(wells()), np.zeros((2, 4)))
