"""The interval of a probability: against SciPy's, and how often it covers the truth, summed exactly."""

import numpy as np
import pytest
from scipy import stats

from simulate.universality import clopper_pearson


def test_bounds_are_those_of_the_exact_test() -> None:
    low, high = clopper_pearson(np.arange(21), 20, confidence=0.9)
    for count in range(21):
        known = stats.binomtest(count, 20).proportion_ci(0.9, method="exact")
        np.testing.assert_allclose((low[count], high[count]), (known.low, known.high), atol=1e-12)


@pytest.mark.parametrize("trials", [1, 10, 100])
def test_the_truth_is_covered_whatever_it_is(trials: int) -> None:
    """Coverage is a finite sum over all counts: no sampling."""
    counts = np.arange(trials + 1)
    low, high = clopper_pearson(counts, trials, confidence=0.95)
    for truth in np.linspace(0.001, 0.999, 200):
        covered = stats.binom.pmf(counts, trials, truth)[(low <= truth) & (truth <= high)].sum()
        assert covered >= 0.95 - 1e-12
    assert (np.diff(low) > 0).all() if trials > 1 else low.tolist() == [0.0, low[1]]
    assert np.allclose(low, 1 - high[::-1])


def test_bad_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="counts beyond"):
        clopper_pearson([3], 2)
    with pytest.raises(ValueError, match="confidence"):
        clopper_pearson([1], 2, confidence=1.0)
