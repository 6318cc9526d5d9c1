import numpy as np
import pytest
from scipy import stats

from simulate.measures import PopulationEstimate, trend
from simulate.measures.estimate import NotPositive
from simulate.measures.samples import NotFinite, TooFewSamples, WrongShape

RNG = np.random.default_rng(0)


def pairs(count: int) -> np.ndarray:
    points = RNG.normal(size=(count, 2))
    return np.linalg.norm(points[:, None] - points, axis=-1)


def test_over_pairs_is_the_jackknife_by_leaving_each_out_by_hand():
    matrix = pairs(9)
    mean = np.mean([matrix[i, j] for i in range(9) for j in range(i)])
    kept = np.array(
        [np.mean([matrix[i, j] for i in range(9) for j in range(i) if left_out not in (i, j)]) for left_out in range(9)]
    )
    found = PopulationEstimate.over_pairs(matrix)
    assert found.value == pytest.approx(mean, rel=1e-13)
    assert found.value == pytest.approx(kept.mean(), rel=1e-13)
    assert found.standard_error == pytest.approx(np.sqrt(8 / 9 * np.sum((kept - kept.mean()) ** 2)), rel=1e-12)
    np.testing.assert_allclose(found.each, 9 * mean - 8 * kept, rtol=1e-12)
    assert found.each.mean() == pytest.approx(found.value, rel=1e-14)


def test_what_is_on_the_diagonal_of_a_matrix_of_pairs_is_not_read():
    matrix = pairs(5)
    found, other = (PopulationEstimate.over_pairs(matrix + offset * np.eye(5)) for offset in (0, 7))
    assert other.value == pytest.approx(found.value, rel=1e-14)
    assert other.standard_error == pytest.approx(found.standard_error, rel=1e-12)


def test_the_interval_of_a_mean_over_pairs_holds_the_truth_as_often_as_it_says():
    """Points in the plane, whose mean distance is sqrt(pi); 95 % by Student's t with N - 1 degrees of freedom.

    2,000 samples of 20: five binomial standard errors about .95, 2.4 percent; an interval of pairs taken for
    independent is far off.
    """
    rng = np.random.default_rng(1)
    quantile = stats.t.ppf(0.975, 19)
    holds, naive, samples = 0, 0, 2000
    for _ in range(samples):
        points = rng.normal(size=(20, 2))
        matrix = np.linalg.norm(points[:, None] - points, axis=-1)
        found, each = PopulationEstimate.over_pairs(matrix), matrix[np.triu_indices(20, 1)]
        error = abs(found.value - np.sqrt(np.pi))
        holds += error <= quantile * found.standard_error
        naive += error <= quantile * each.std(ddof=1) / np.sqrt(len(each))
    assert abs(holds / samples - 0.95) < 5 * np.sqrt(0.95 * 0.05 / samples)
    assert naive / samples < 0.8


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
    with pytest.raises(WrongShape, match="not symmetric"):
        PopulationEstimate.over_pairs([[0.0, 1.0, 2.0], [1.0, 0.0, 1.0], [3.0, 1.0, 0.0]])
    with pytest.raises(NotFinite, match="NaN"):
        PopulationEstimate.over_pairs(np.full((3, 3), np.nan))
    with pytest.raises(TooFewSamples, match="three or more"):
        PopulationEstimate.over_pairs(np.zeros((2, 2)))
