"""The trials of the forecast: a fixed set of unseen tasks, none of them fitted; the fit; one training."""

import numpy as np
import pytest

from theory.overlaps.closure.trust import FACTOR, SPREAD, Trust, Trustworthiness
from validate.overlaps.closure_divergence import _compare_forecasts
from validate.overlaps.fitted_tasks import EPOCHS, fit, fitted_tasks
from validate.overlaps.forecast_trial import ForecastTrial, run_trial
from validate.overlaps.settings import QUICK, Config
from validate.overlaps.unseen_tasks import unseen_tasks
from validate.report import Report


def trial(error: float, forecast: float, smooth: bool = True) -> ForecastTrial:
    hidden = forecast / FACTOR
    verdict = Trustworthiness.TRUSTED if forecast * SPREAD <= 0.1 else Trustworthiness.DOUBTFUL
    return ForecastTrial("made up", "erf" if smooth else "relu", smooth, Trust(verdict, hidden), error, 1.0, None)


def test_unseen_tasks_are_always_the_same_and_none_was_fitted() -> None:
    """Every problem has overlaps of its own, drawn of a seed that no other has."""
    unseen, again, fitted = unseen_tasks(), unseen_tasks(), fitted_tasks()
    assert len(unseen) == 16
    for one, other in zip(unseen, again, strict=True):
        np.testing.assert_array_equal(one.sigma, other.sigma)
        np.testing.assert_array_equal(one.task.batch.targets, other.task.batch.targets)
    starts = [each.sigma / np.trace(each.sigma) for each in (*unseen, *fitted)]
    for k, one in enumerate(starts):
        assert not any(other.shape == one.shape and np.allclose(one, other) for other in starts[:k])


def test_fit_is_the_median_and_two_standard_deviations() -> None:
    ratios = np.exp(np.array([-0.3, 0.1, 0.4]))
    factor, spread = fit(tuple(trial(float(ratio), FACTOR) for ratio in ratios))
    assert factor == pytest.approx(np.exp(0.1))
    assert spread == pytest.approx(np.exp(2 * np.std([-0.3, 0.1, 0.4], ddof=1)))


@pytest.mark.sampled(0)  # half a minute
def test_constants_are_those_of_the_fit() -> None:
    """On 6 of its 26 trainings: a median's standard error is 1.25 spreads over root 6, here three of them."""
    one_rank = [each for each in fitted_tasks() if each.nonlinearity.name == "erf" and each.shape.rank == 1]
    factor, spread = fit(tuple(run_trial(each, EPOCHS) for each in one_rank[::2]))
    deviation = np.log(SPREAD) / 2
    assert np.log(factor) == pytest.approx(np.log(FACTOR), abs=3 * 1.25 * deviation / np.sqrt(6))
    assert 0.3 < np.log(spread) / np.log(SPREAD) < 2


def test_a_forecast_that_is_noise_fails_and_relu_is_only_reported() -> None:
    """Errors in the order of the forecasts pass; in an order of their own they do not."""
    sizes = np.geomspace(1e-3, 1, 14)
    shuffled = np.random.default_rng(0).permutation(sizes)
    for errors, passes in ((sizes, True), (shuffled, False)):
        report = Report("overlaps", Config(effort=QUICK))
        made_up = [trial(float(error), float(size)) for error, size in zip(errors, sizes, strict=True)]
        _compare_forecasts(report, (*made_up, trial(1e-6, 1.0, smooth=False)))
        assert report.passed is passes
        assert sum(not check.asserted for check in report.checks) == 1
