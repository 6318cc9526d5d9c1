import numpy as np
import pytest

from simulate.measures import PopulationEstimate, jackknife, trend
from simulate.measures.estimate import NotPositive
from simulate.measures.samples import NotFinite, TooFewSamples, WrongShape

RNG = np.random.default_rng(0)


def pairs(count: int) -> np.ndarray:
    points = RNG.normal(size=(count, 2))
    return np.linalg.norm(points[:, None] - points, axis=-1)


def test_over_pairs_is_the_jackknife_and_its_pseudo_values_are_those_of_leaving_one_out():
    matrix = pairs(7)
    found, known = PopulationEstimate.over_pairs(matrix), jackknife(matrix)
    assert found.value == pytest.approx(known.value, rel=1e-14)
    assert found.standard_error == pytest.approx(known.standard_error, rel=1e-12)
    for i in range(7):
        rest = np.delete(np.delete(matrix, i, 0), i, 1)
        without = rest[np.triu_indices(6, 1)].mean()
        assert found.each[i] == pytest.approx(7 * known.value - 6 * without, rel=1e-12)
    assert found.each.mean() == pytest.approx(found.value, rel=1e-14)


def test_the_error_of_a_mean_is_that_of_its_values():
    found = PopulationEstimate.of_mean(RNG.gamma(2.0, size=9))
    assert found.standard_error == pytest.approx(found.each.std(ddof=1) / 3, rel=1e-12)


def test_a_mean_is_made_of_its_own_values():
    values = RNG.gamma(2.0, size=9)
    np.testing.assert_allclose(PopulationEstimate.of_mean(values).each, values, rtol=1e-12)


def test_the_spread_is_that_of_the_paper_and_its_error_that_of_leaving_one_out():
    losses = RNG.exponential(size=9)
    found = PopulationEstimate.of_spread(losses)
    total = 0.0
    for loss in losses:
        total += (loss - losses.sum() / 9) ** 2
    assert found.value == pytest.approx(np.sqrt(total / 9), rel=1e-12)
    without = np.array([np.delete(losses, i).std() for i in range(9)])
    expected = np.sqrt(8 / 9 * ((without - without.mean()) ** 2).sum())
    assert found.standard_error == pytest.approx(expected, rel=1e-12)
    assert PopulationEstimate.of_spread([2.0, 2.0, 2.0]).standard_error == 0.0


@pytest.mark.parametrize("make", [PopulationEstimate.of_spread, PopulationEstimate.of_relative_spread])
def test_a_spread_that_is_the_same_at_all_levels_has_no_trend(make):
    """Of exponential losses, ten a level, at a confidence of 0.9: one in ten trials, and at most twice that.

    Skewed values share their sample's median, which leaves more than one in ten; pseudo-values would leave 0.45. Of 200
    trials at a rate of 0.18, 0.2 + 3 sqrt(0.2 * 0.8 / 200) = 0.285 is never seen.
    """
    rng = np.random.default_rng(3)
    called = [
        trend([make(rng.exponential(size=10)).each for _ in range(3)], confidence=0.9, draws=200, seed=k).direction != 0
        for k in range(200)
    ]
    assert np.mean(called) < 0.285


def test_a_spread_that_grows_is_seen():
    rng = np.random.default_rng(4)
    levels = [PopulationEstimate.of_spread(scale * rng.exponential(size=20)).each for scale in (1, 3, 9)]
    assert trend(levels).direction == 1
    same = [PopulationEstimate.of_relative_spread(scale * rng.exponential(size=20)).each for scale in (1, 3, 9)]
    assert trend(same).direction == 0


def test_a_relative_spread_is_one_over_the_mean_and_knows_no_unit():
    losses = RNG.exponential(size=9)
    found, other = (PopulationEstimate.of_relative_spread(scale * losses) for scale in (1.0, 7.0))
    assert found.value == pytest.approx(losses.std() / losses.mean(), rel=1e-12)
    without = np.array([np.delete(losses, i).std() / np.delete(losses, i).mean() for i in range(9)])
    expected = np.sqrt(8 / 9 * ((without - without.mean()) ** 2).sum())
    assert found.standard_error == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(found.each, np.abs(losses - np.median(losses)) / losses.mean(), rtol=1e-12)
    np.testing.assert_allclose(other.each, found.each, rtol=1e-12)
    with pytest.raises(NotPositive, match="give positive ones"):
        PopulationEstimate.of_relative_spread([1.0, 2.0, 0.0])


def test_the_error_of_a_spread_is_how_far_another_sample_is_off():
    """Over 400 samples of 40 normal losses: the mean variance is that of the values, within four standard errors of
    the ratio, each of about sqrt(2 / 400)."""
    rng = np.random.default_rng(2)
    found = [PopulationEstimate.of_spread(rng.normal(size=40)) for _ in range(400)]
    ratio = np.mean([each.standard_error**2 for each in found]) / np.var([each.value for each in found])
    assert ratio == pytest.approx(1.0, abs=4 * np.sqrt(2 / 400) + 1 / 40)


@pytest.mark.parametrize("make", [PopulationEstimate.of_mean, PopulationEstimate.of_spread])
def test_bad_samples_are_refused_by_name(make):
    with pytest.raises(TooFewSamples, match="three or more"):
        make([1.0, 2.0])
    with pytest.raises(NotFinite):
        make([1.0, np.nan, 2.0])
    with pytest.raises(WrongShape):
        make(np.ones((3, 3)))


def test_bad_matrices_are_refused_by_name():
    with pytest.raises(WrongShape, match="square"):
        PopulationEstimate.over_pairs(np.zeros((3, 4)))
    with pytest.raises(TooFewSamples, match="three or more"):
        PopulationEstimate.over_pairs(np.zeros((2, 2)))
