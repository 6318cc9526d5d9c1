import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from simulate.measures import PopulationEstimate, trend
from simulate.measures.samples import NotFinite, TooFewSamples
from simulate.measures.trend import wilson

RNG = np.random.default_rng(1)


def brute_force(levels):
    score = [np.sign(b - a) for one, other in itertools.combinations(levels, 2) for a in one for b in other]
    return float(np.mean(score))


def test_the_statistic_is_the_share_of_pairs_that_go_up_less_that_which_go_down():
    levels = [RNG.normal(size=n) for n in (3, 5, 4)]
    assert trend(levels, draws=10).value == pytest.approx(brute_force(levels), abs=1e-14)


def test_two_levels_are_the_test_of_mann_and_whitney():
    levels = [RNG.normal(size=8), RNG.normal(size=9) + 0.8]
    known = stats.mannwhitneyu(levels[1], levels[0], method="exact")
    found = trend(levels, draws=20_000)
    assert found.value == pytest.approx(2 * known.statistic / 72 - 1, abs=1e-14)
    assert found.p == pytest.approx(known.pvalue, abs=4 * np.sqrt(known.pvalue / 20_000) + 1e-4)


def test_each_chance_is_as_often_small_as_it_says():
    """Of 400 trials without a trend 10 % are below 0.1, by either, within the binomial bound at 99.9 %."""
    found = [trend([RNG.normal(size=5) for _ in range(3)], draws=200, seed=k) for k in range(400)]
    for chances in ([each.p for each in found], [each.p_of_means for each in found]):
        assert stats.binomtest(sum(p < 0.1 for p in chances), 400, 0.1).pvalue > 1e-3


def test_the_slope_of_means_of_two_levels_is_the_permutation_test_of_welch_s_t():
    levels = [RNG.normal(size=4), 3 * RNG.normal(size=5) + 2]
    together = np.concatenate(levels)
    t = [
        abs(stats.ttest_ind(together[list(one)], np.delete(together, one), equal_var=False).statistic)
        for one in itertools.combinations(range(9), 4)
    ]
    observed = abs(stats.ttest_ind(together[:4], together[4:], equal_var=False).statistic)
    known = float(np.mean(np.array(t) >= observed - 1e-12))
    found = trend(levels, draws=20_000).p_of_means
    assert found == pytest.approx(known, abs=4 * np.sqrt(known / 20_000) + 1e-4)


def test_a_direction_is_what_ranks_and_means_both_say():
    found = trend([[1.0, 1.1, 1.2, 0.9], [2.0, 2.1, 2.2, 1.9]], confidence=0.9)
    assert (found.direction, replace(found, p=0.2).direction, replace(found, p_of_means=0.2).direction) == (1, 0, 0)


def calls_of_pairs(sample, trials):
    """How often a trend is called at 0.9 of the mean distance of ten points, of one law at all three levels."""

    def of_a_level():
        points = sample()
        return PopulationEstimate.over_pairs(np.linalg.norm(points[:, None] - points, axis=-1)).each

    levels = ([of_a_level() for _ in range(3)] for _ in range(trials))
    return sum(trend(each, confidence=0.9, draws=200, seed=k).direction != 0 for k, each in enumerate(levels))


def test_distances_of_one_law_at_all_levels_have_no_trend():
    """Points in ten dimensions: as often as the confidence says, within the binomial bound at 99.9 %."""
    assert calls_of_pairs(lambda: RNG.normal(size=(10, 10)), 300) <= stats.binom.ppf(0.999, 300, 0.1)


def clusters():
    """Three in ten points in a second cluster."""
    return 0.2 * RNG.normal(size=(10, 10)) + 3.0 * (RNG.random((10, 1)) < 0.3)


def test_distances_between_clusters_of_one_law_have_no_trend():
    """Ranks alone would call a trend in nearly half of the trials."""
    assert calls_of_pairs(clusters, 100) <= stats.binom.ppf(0.999, 100, 0.1)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    """P(y > x) - P(y < x) of normals a distance 1 apart is 2 Phi(1 / sqrt 2) - 1."""
    truth = 2 * stats.norm.cdf(1 / np.sqrt(2)) - 1
    found = [trend([RNG.normal(size=20), RNG.normal(size=20) + 1], confidence=0.9, draws=1) for _ in range(400)]
    covered = sum(each.low <= truth <= each.high for each in found)
    assert 0.82 < covered / 400 < 0.96


def test_where_all_pairs_agree_the_interval_still_covers_the_truth():
    """Normals a distance 3 apart, four a level: most often all pairs agree, where the jackknife is zero wide."""
    truth = 2 * stats.norm.cdf(3 / np.sqrt(2)) - 1
    found = [trend([RNG.normal(size=4), RNG.normal(size=4) + 3], confidence=0.9, draws=1) for _ in range(200)]
    agree = [each for each in found if each.value == 1]
    assert len(agree) > 100
    for each in agree:
        assert each.low <= truth <= each.high == 1
        z = stats.norm.ppf(0.95)
        assert each.low == pytest.approx((4 - z**2) / (4 + z**2), rel=1e-12)
    for levels in ([[1.0] * 3, [1.0] * 5], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]):
        assert trend(levels).low < 0  # three networks a level are too few for any direction at 99 %


@pytest.mark.parametrize("value", [-1.0, -0.4, 0.0, 0.7])
def test_wilson_s_bounds_are_those_of_scipy(value):
    """Of a share (1 + value) / 2."""
    known = stats.binomtest(round(10 * (1 + value)), 20).proportion_ci(0.95, method="wilson")
    found = wilson(value, 20, stats.norm.ppf(0.975))
    assert found == pytest.approx((2 * known.low - 1, 2 * known.high - 1), abs=1e-12)


def test_direction_and_sign():
    up = [[1.0, 1.1, 1.2, 0.9], [2.0, 2.1, 2.2, 1.9], [3.0, 3.1, 3.2, 2.9]]
    assert trend(up).direction == 1
    assert trend(up[::-1]).direction == -1
    assert trend([up[0], up[0]]).value == 0


def test_bad_levels_are_refused_by_name():
    with pytest.raises(TooFewSamples, match="two levels of three"):
        trend([[1.0, 2.0, 3.0]])
    with pytest.raises(TooFewSamples, match=r"\[3, 2\]"):
        trend([[1.0, 2.0, 3.0], [1.0, 2.0]])
    with pytest.raises(NotFinite):
        trend([[1.0, 2.0, 3.0], [1.0, np.inf, 2.0]])
