import itertools

import numpy as np
import pytest
from scipy import stats

from simulate.measures import trend
from simulate.measures.samples import NotFinite, TooFewSamples

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


def test_the_null_is_refused_as_often_as_its_confidence_says():
    """Of 400 trials without a trend, 10 % are called one at confidence 0.9, within the binomial bound at 99.9 %."""
    called = [
        trend([RNG.normal(size=5) for _ in range(3)], confidence=0.9, draws=200, seed=k).direction != 0
        for k in range(400)
    ]
    assert stats.binomtest(sum(called), 400, 0.1).pvalue > 1e-3


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    """P(y > x) - P(y < x) of normals a distance 1 apart is 2 Phi(1 / sqrt 2) - 1."""
    truth = 2 * stats.norm.cdf(1 / np.sqrt(2)) - 1
    found = [trend([RNG.normal(size=20), RNG.normal(size=20) + 1], confidence=0.9, draws=1) for _ in range(400)]
    covered = sum(each.low <= truth <= each.high for each in found)
    assert 0.82 < covered / 400 < 0.96


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
