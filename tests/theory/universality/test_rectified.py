"""ReLU networks: all points that all 2^n patterns have, and none more."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from theory.universality import Completeness, Factored, SearchLimits, fixed_point_set
from theory.universality.balls import RELU, UnknownFunction
from theory.universality.rectified import rectified_points

CASES = [(size, seed) for size in range(5, 13) for seed in (0, 1)]
CLEAR = 1e-9
"""No sign that decides is as near to zero, so that doubles decide as well as rational numbers."""


def by_all_patterns(W, drive):
    """Each set of active units has linear equations; a solution is a point if all signs are as the set says."""
    found = []
    for pattern in itertools.product((False, True), repeat=len(W)):
        on = np.array(pattern)
        h = np.zeros(len(W))
        h[on] = np.linalg.solve(np.eye(on.sum()) - W[np.ix_(on, on)], drive[on])
        sent = np.where(on, h, W @ h + drive)
        if np.all((sent > 0) == on):
            assert np.abs(sent).min() > CLEAR
            found.append(h)
    return np.array(sorted(map(tuple, found))).reshape(-1, len(W))


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("size", "seed"), CASES)
def test_points_are_those_of_all_patterns(size, seed):
    random = np.random.default_rng(100 * size + seed)
    W, drive = random.normal(size=(size, size)), random.normal(size=size)
    expected = by_all_patterns(W, drive)
    found = rectified_points(W, drive, 100.0, 100_000)
    assert found.within
    assert not found.singular
    points = np.array([[float(each) for each in point] for point in found.points]).reshape(-1, size)
    np.testing.assert_allclose(points, expected[(expected <= 100).all(axis=1)], rtol=1e-9, atol=1e-12)
    assert len(found.nodes) < 2 ** (size + 1)


def test_planted_points_are_found_exactly():
    """Units that do not meet: relu(3/2 h - 1/4) has 0 and 1/2, so three of them have eight points."""
    found = rectified_points(1.5 * np.eye(3), np.full(3, -0.25), 4.0, 1000)
    assert found.points == tuple(itertools.product((Fraction(0), Fraction(1, 2)), repeat=3))


def test_the_front_proves_each_point_and_names_what_it_cannot():
    found = fixed_point_set(1.5 * np.eye(3), np.full(3, -0.25), RELU)
    assert found.outcome is Completeness.COMPLETE_TO_BOUND
    assert sorted(found.unstable_dimensions) == [0, 1, 1, 1, 2, 2, 2, 3]
    assert found.index_sum == 0  # not one: the map is not bounded
    assert fixed_point_set(np.eye(1), np.zeros(1), RELU).outcome is Completeness.SINGULAR_REGION
    few = fixed_point_set(1.5 * np.eye(3), np.full(3, -0.25), RELU, limits=SearchLimits(boxes=3))
    assert few.outcome is Completeness.UNDECIDED_REGIONS
    with pytest.raises(UnknownFunction):
        fixed_point_set(Factored(np.ones((2, 1)), np.ones((2, 1))), np.zeros(2), RELU)


def test_points_beyond_the_box_are_no_points_of_it():
    found = rectified_points(1.5 * np.eye(2), np.full(2, -0.25), 0.25, 1000)
    assert found.points == ((0, 0),)


def test_singular_regions_and_limits_are_said():
    line = rectified_points(np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros(2), 1.0, 1000)  # h_1 = h_2, any
    assert (1, 1) in line.singular
    assert not rectified_points(1.5 * np.eye(3), np.full(3, -0.25), 4.0, 3).within
