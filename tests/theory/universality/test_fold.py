"""Where points meet on a path of weights, beside formulas."""

import numpy as np
import pytest

from theory.universality import Factored, LatentFlow, LatentPath
from theory.universality.cells import WrongWeights


def path(gain, drives):
    return LatentPath(*(LatentFlow(Factored(np.eye(1), np.full((1, 1), gain)), np.full(1, d)) for d in drives))


@pytest.mark.parametrize("gain", [1.5, 2.0, 4.0])
def test_a_saddle_node_is_where_its_formula_says_and_counts_change_there(gain):
    """kappa = g tanh(kappa + d): a double root where tanh^2 = 1 - 1 / g."""
    t = np.sqrt(1 - 1 / gain)
    drive = gain * t - np.arctanh(t)
    driven = path(gain, (0.0, 4.0))
    share = driven.fold(drive / 4 - 0.01, np.array([-gain * t + 0.05]))
    assert share == pytest.approx(drive / 4, abs=1e-10)
    assert [len(driven.at(share + off).fixed_points().points) for off in (-1e-4, 1e-4)] == [3, 1]


def test_a_search_that_ends_nowhere_says_so():
    assert path(0.5, (0.0, 1.0)).fold(0.5, np.array([0.1])) is None


def test_both_crossings_at_zero_are_seen():
    ends = [LatentFlow(Factored(np.eye(2), np.diag(gains)), np.zeros(2)) for gains in ([0.5, 0.8], [1.5, 1.3])]
    assert LatentPath(*ends).crossings(np.zeros(2)) == pytest.approx((0.4, 0.5), abs=1e-12)


def test_networks_of_two_shapes_are_refused():
    ends = [LatentFlow(Factored(np.ones((n, 1)), np.ones((n, 1))), np.zeros(n)) for n in (2, 3)]
    with pytest.raises(WrongWeights, match="one shape"):
        LatentPath(*ends)
