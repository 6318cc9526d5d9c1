"""The mean over pairs: leave-one-out by brute force, and how often its interval holds the truth."""

import numpy as np
import pytest
from scipy import stats

from simulate.measures.jackknife import jackknife
from simulate.measures.pairwise import NoPairs, pairwise
from simulate.measures.samples import NotFinite, TooFewSamples, WrongShape


def distances(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - points, axis=-1)


def test_leaving_each_out_by_hand() -> None:
    values = distances(np.random.default_rng(0).normal(size=(9, 2)))
    kept = []
    for left_out in range(9):
        rest = [values[i, j] for i in range(9) for j in range(i) if left_out not in (i, j)]
        kept.append(np.mean(rest))
    found = jackknife(values)
    assert found.value == pytest.approx(np.mean([values[i, j] for i in range(9) for j in range(i)]), rel=1e-13)
    assert found.value == pytest.approx(np.mean(kept), rel=1e-13)
    assert found.standard_error == pytest.approx(np.sqrt(8 / 9 * np.sum((kept - np.mean(kept)) ** 2)), rel=1e-12)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Points in the plane, whose mean distance is sqrt(pi); 95 % by Student's t with N - 1 degrees of freedom.

    2,000 samples of 20: five binomial standard errors about .95, 2.4 percent; an interval of pairs taken for
    independent is far off.
    """
    rng = np.random.default_rng(1)
    quantile = stats.t.ppf(0.975, 19)
    holds, naive, samples = 0, 0, 2000
    for _ in range(samples):
        found = jackknife(distances(rng.normal(size=(20, 2))))
        error = abs(found.value - np.sqrt(np.pi))
        holds += error <= quantile * found.standard_error
        naive += error <= quantile * found.naive_error
    assert abs(holds / samples - 0.95) < 5 * np.sqrt(0.95 * 0.05 / samples)
    assert naive / samples < 0.8


def test_what_is_on_the_diagonal_is_not_read() -> None:
    values = distances(np.random.default_rng(0).normal(size=(5, 2)))
    assert jackknife(values + 7 * np.eye(5)).value == pytest.approx(jackknife(values).value, rel=1e-14)
    assert jackknife(values + 7 * np.eye(5)).standard_error == pytest.approx(
        jackknife(values).standard_error, rel=1e-12
    )


def test_pairs_are_in_their_places() -> None:
    found = pairwise(lambda a, b: abs(a - b), [1.0, 2.0, 4.0, 8.0])
    np.testing.assert_array_equal(found.value, np.abs(np.subtract.outer([1.0, 2, 4, 8], [1.0, 2, 4, 8])))
    np.testing.assert_array_equal(found.lower, found.value)
    np.testing.assert_array_equal(found.each, [1, 3, 7, 2, 6, 4])


def test_refusals() -> None:
    with pytest.raises(NoPairs, match="1 items"):
        pairwise(lambda a, b: 0.0, [1.0])
    with pytest.raises(TooFewSamples, match="three or more"):
        jackknife(np.zeros((2, 2)))
    with pytest.raises(WrongShape, match="square"):
        jackknife(np.zeros((3, 4)))
    with pytest.raises(NotFinite, match="NaN"):
        jackknife(np.full((3, 3), np.nan))
