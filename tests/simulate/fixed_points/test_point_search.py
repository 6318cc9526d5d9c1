"""A search that goes on until the index closes: what single descents miss, and what it says of what is unseen."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells import RELU, Vanilla
from simulate.fixed_points import search_points, unseen
from simulate.fixed_points.deflation import deflated
from simulate.fixed_points.point_search import _directed
from simulate.measures import find_fixed_points
from simulate.measures.fixed_points.descent import linearised
from simulate.measures.fixed_points.find import joined, points_from
from simulate.measures.fixed_points.static_map import StaticMap


def wells(units=2):
    return eqx.tree_at(lambda each: each.W, Vanilla.blank(units, 1, 1), 2.0 * jnp.eye(units))


def test_from_the_stable_points_alone_all_others_are_reached():
    corners = np.array(list(np.ndindex(2, 2, 2))) * 2.0 - 1
    search = search_points(wells(3), corners)
    assert search.rounds[0].new == 8
    assert search.rounds[0].index_sum == 8
    assert len(search.found.points) == 27
    assert search.closed
    assert search.rounds[-1].new == 0
    assert np.bincount(search.found.unstable_dimensions).tolist() == [8, 12, 6, 1]


def test_a_search_ends_where_there_are_more_points_than_it_can_find():
    """3^8 of them: each round finds some, and the indices do not sum to one."""
    search = search_points(wells(8), np.random.default_rng(0).uniform(-1, 1, (8, 8)), rounds=1)
    assert not search.closed
    assert [bool(each.new) for each in search.rounds] == [True] * 3


@pytest.mark.parametrize("weight", [1e17, 1e200])
def test_slopes_that_are_singular_whatever_is_added_end_no_search(weight):
    """All entries of 1 - W are the same number: 1 is lost beside it. At zero all units are silent."""
    network = Vanilla(jnp.full((2, 2), weight), jnp.zeros((2, 0)), -jnp.ones(2), jnp.eye(2), jnp.zeros(2), RELU)
    search = search_points(network, np.random.default_rng(0).normal(size=(16, 2)), rounds=1)
    assert search.found.points.tolist() == [[0.0, 0.0]]
    assert search.closed


def test_a_deflated_descent_leaves_the_point_that_it_starts_next_to():
    """Newton's method from there would take one step back to it."""
    step = StaticMap.of(wells(1))
    ends = deflated(step, np.array([[0.0]]), np.array([[1e-3], [-1e-3]]))
    np.testing.assert_allclose(np.sort(np.abs(ends[:, 0])), [0.957504024] * 2, atol=1e-6)
    assert ends[0, 0] * ends[1, 0] < 0


def test_two_searches_together_count_their_hits_and_repeat_no_point():
    one = find_fixed_points(wells(), [[1.0, 1.0], [0.9, 0.9], [0.0, 0.0]])
    other = find_fixed_points(wells(), [[1.0, 1.0], [-1.0, 1.0]])
    both = joined(one, other)
    assert len(both.points) == 3
    assert both.hits.tolist() == [3, 1, 1]
    assert both.points[0].min() > 0.9


@pytest.mark.parametrize(
    ("hits", "share", "points"), [([5, 5], 0.0, 0.0), ([7, 1, 1, 1], 0.3, 3.0), ([6, 2, 1, 1], 0.2, 0.5)]
)
def test_the_unseen_is_what_was_seen_once(hits, share, points):
    found = unseen(hits)
    assert (found.share, found.points) == pytest.approx((share, points))
    assert found.share < found.at_most <= 1


def test_the_bound_on_the_unseen_holds_as_often_as_it_says():
    """Points of probabilities 2^-k: what 4,000 draws miss is known, and within the bound in all of 200 trials."""
    random, probabilities = np.random.default_rng(0), 0.5 ** np.arange(1, 31)
    probabilities /= probabilities.sum()
    draws = random.multinomial(4000, probabilities, size=200)
    missed = (probabilities * (draws == 0)).sum(axis=1)
    estimates = [unseen(row[row > 0], level=0.95) for row in draws]
    assert (missed <= [each.at_most for each in estimates]).mean() >= 0.95
    assert np.mean([each.share for each in estimates]) == pytest.approx(missed.mean(), rel=0.25)


@pytest.mark.parametrize(("hits", "level"), [([], 0.95), ([-1, 3], 0.95), ([1], 1.0)])
def test_no_hits_and_no_probabilities_are_refused(hits, level):
    with pytest.raises(ValueError, match="give"):
        unseen(hits, level=level)
    with pytest.raises(ValueError, match="rounds"):
        search_points(wells(), np.zeros((1, 2)), rounds=-1)


def deflated_by_the_book(step, points, starts, *, steps):
    """All starts at every step, those at rest too; the gradient written out; a state at a time."""
    gaps = np.linalg.norm(points[:, None] - points, axis=2) + np.diag(np.full(len(points), np.inf))
    scale = np.median(gaps.min(axis=1)) / 2
    ends = np.array(starts)
    for state in ends:
        for _ in range(steps):
            (residual,), (slope,) = linearised(step, state[None])
            newton = -np.linalg.solve(slope + 1e-12 * np.eye(len(state)), residual)
            away = (state - points) / scale
            square = (away**2).sum(axis=1, keepdims=True)
            gradient = np.nan_to_num(-2 * away / (scale * square * (1 + square))).sum(axis=0)
            moved = newton / (1 - gradient @ newton)
            state += moved / max(1.0, np.linalg.norm(moved) / max(1.0, np.linalg.norm(state)))
    return ends


def test_a_deflated_descent_goes_where_it_does_by_the_book():
    """A few steps, as many are chaotic; and of the five points that are not divided out the same ones in the end."""
    step, random = StaticMap.of(wells()), np.random.default_rng(0)
    found = find_fixed_points(wells(), random.uniform(-1, 1, (60, 2)))
    known, missing = found.points[:4], found.points[4:]
    starts = random.uniform(-1, 1, (20, 2))
    few = [each(step, known, starts, steps=4) for each in (deflated, deflated_by_the_book)]
    np.testing.assert_allclose(*few, rtol=1e-9, atol=1e-9)
    ends = [each(step, known, starts, steps=60) for each in (deflated, deflated_by_the_book)]
    near = [(np.linalg.norm(missing[:, None] - each, axis=2) < 1e-9).any(axis=1) for each in ends]
    assert (near[0] == near[1]).all()
    assert near[0].all()


@pytest.mark.parametrize("seed", range(2))
def test_rounds_that_spare_deflation_lose_no_point(seed):
    """Beside six whole rounds, one after another, of a random network with many points."""
    random, blank = np.random.default_rng(seed), Vanilla.blank(6, 1, 1)
    network = eqx.tree_at(lambda each: each.W, blank, jnp.asarray(1.5 * random.normal(size=(6, 6))))
    starts = random.uniform(-1, 1, (32, 6))
    every, at_random = find_fixed_points(network, starts), np.random.default_rng(0)
    for _ in range(6):
        every = joined(every, points_from(every.step, _directed(every, starts, at_random, whole=True)))
    search = search_points(network, starts)
    assert (len(search.found.points), search.closed) == (len(every.points), every.index_sum == 1)
    gaps = np.linalg.norm(search.found.points[:, None] - every.points, axis=2)
    assert (gaps.min(axis=1) < 1e-9).all()
