import numpy as np
import pytest

from simulate.measures import PopulationEstimate, jackknife, loss_spread
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


@pytest.mark.parametrize("make", [PopulationEstimate.of_mean, PopulationEstimate.of_spread])
def test_the_error_is_that_of_the_pseudo_values_taken_for_independent(make):
    values = RNG.gamma(2.0, size=9)
    found = make(values)
    assert found.standard_error == pytest.approx(found.each.std(ddof=1) / 3, rel=1e-12)


def test_a_mean_is_made_of_its_own_values_and_a_spread_is_that_of_losses():
    values = RNG.gamma(2.0, size=9)
    np.testing.assert_allclose(PopulationEstimate.of_mean(values).each, values, rtol=1e-12)
    spread, known = PopulationEstimate.of_spread(values), loss_spread(values)
    assert (spread.value, spread.standard_error) == pytest.approx((known.value, known.standard_error), rel=1e-10)


@pytest.mark.parametrize("make", [PopulationEstimate.of_mean, PopulationEstimate.of_spread])
def test_bad_samples_are_refused_by_name(make):
    with pytest.raises(TooFewSamples, match="three or more"):
        make([1.0, 2.0])
    with pytest.raises(NotFinite):
        make([1.0, np.nan, 2.0])


def test_bad_matrices_are_refused_by_name():
    with pytest.raises(WrongShape, match="square"):
        PopulationEstimate.over_pairs(np.zeros((3, 4)))
    with pytest.raises(TooFewSamples, match="three or more"):
        PopulationEstimate.over_pairs(np.zeros((2, 2)))
