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
    found = driven.fold(drive / 4 - 0.01, np.array([-gain * t + 0.05]))
    share = found.share
    assert share == pytest.approx(drive / 4, abs=1e-10)
    # the drive moves by 4 a share: 4 g / g of kappa'; its second derivative is g tanh'' = 2 g t (1 - t^2), at -t
    assert (found.outcome, abs(found.push), abs(found.bend)) == ("fold", pytest.approx(4), pytest.approx(2 * t))
    assert [len(driven.at(share + off).fixed_points().points) for off in (-1e-4, 1e-4)] == [3, 1]


def test_a_search_that_ends_nowhere_says_so():
    assert path(0.5, (0.0, 1.0)).fold(0.5, np.array([0.1])) is None


@pytest.mark.parametrize(("drives", "outcome"), [((0.0, 0.0), "no push"), ((-1.0, 1.0), "no bend")])
def test_a_point_that_only_becomes_neutral_is_no_fold(drives, outcome):
    """At gain 1 tanh has no bend at zero: without a drive a pitchfork, with one that passes zero three points meet."""
    gains = (0.5, 1.5) if outcome == "no push" else (1.0, 1.0)
    ends = [
        LatentFlow(Factored(np.eye(1), np.full((1, 1), g)), np.full(1, d)) for g, d in zip(gains, drives, strict=True)
    ]
    found = LatentPath(*ends).fold(0.5, np.zeros(1))
    assert (found.outcome, found.share) == (outcome, pytest.approx(0.5))


def test_both_crossings_at_zero_are_seen():
    ends = [LatentFlow(Factored(np.eye(2), np.diag(gains)), np.zeros(2)) for gains in ([0.5, 0.8], [1.5, 1.3])]
    assert LatentPath(*ends).crossings(np.zeros(2)) == pytest.approx((0.4, 0.5), abs=1e-12)


def test_networks_of_two_shapes_are_refused():
    ends = [LatentFlow(Factored(np.ones((n, 1)), np.ones((n, 1))), np.zeros(n)) for n in (2, 3)]
    with pytest.raises(WrongWeights, match="one shape"):
        LatentPath(*ends)
