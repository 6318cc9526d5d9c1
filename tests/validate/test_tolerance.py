import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from validate.tolerance import (
    Absolute,
    AtLeast,
    AtMost,
    Binomial,
    Bracket,
    Exact,
    Relative,
    Reported,
    Tolerance,
    ToleranceError,
)

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("tolerance", "predicted", "measured", "error", "passed"),
    [
        (Absolute(0.5, "s"), 1.0, 1.5, 0.5, True),
        (Absolute(0.5, "s"), 1.0, 1.5000001, 0.5000001, False),
        (Absolute(0.0, "s"), INF, INF, 0.0, True),
        (Absolute(1.0, "s"), INF, -INF, INF, False),
        (Absolute(1.0, "s"), 0.0, NAN, NAN, False),
        (Absolute(1.0, "s"), NAN, NAN, NAN, False),
        (Relative(0.1, "s"), -10.0, -11.0, 0.1, True),
        (Relative(0.1, "s"), -10.0, -11.1, 0.11, False),
        (Relative(0.1, "s"), 0.0, 0.0, 0.0, True),
        (Relative(0.1, "s"), 0.0, 1e-300, INF, False),
        (Exact(), 3, 3, 0.0, True),
        (Exact(), 3, 5, 2.0, False),
        (Exact(), "LRR", "LRR", 0.0, True),
        (Exact(), "LRR", "LR", None, False),
        (Exact(), None, None, 0.0, True),
        (Exact(), None, "LR", None, False),
        (AtMost("s"), 0.5, 0.5, 0.0, True),
        (AtMost("s"), 0.5, 0.75, 0.25, False),
        (AtMost("s"), 0.5, NAN, NAN, False),
        (AtMost("s"), INF, INF, 0.0, True),
        (AtLeast("s"), 0.95, 1.0, 0.0, True),
        (AtLeast("s"), 0.95, 0.94, 0.01, False),
        (Bracket(0.25, "s"), 1.0, (0.875, 1.125), 0.0, True),
        (Bracket(1e-5, "s"), 1.0290454, (1.02904, 1.02905), 4e-7, True),  # 1e-5 wide but for rounding
        (Bracket(0.2, "s"), 1.0, (0.9, 1.3), 0.1, False),  # holds the prediction, but is too wide
        (Bracket(0.2, "s"), 1.0, (1.01, 1.11), 0.06, False),
        (Bracket(0.2, "s"), 1.0, (1.1, 0.9), 0.0, False),  # the sides are swapped
        (Reported("s"), 74, 80, 6.0, None),
        (Reported("s"), None, 80, None, None),
    ],
)
def test_every_kind_judges_from_both_sides(
    tolerance: Tolerance, predicted: object, measured: object, error: float | None, passed: bool | None
) -> None:
    verdict = tolerance.judge(predicted, measured)
    assert verdict.passed is passed
    if error is None:
        assert verdict.error is None
    else:
        assert verdict.error == pytest.approx(error, rel=1e-8, abs=1e-15, nan_ok=True)


def test_an_array_is_judged_by_its_worst_point() -> None:
    predicted = np.linspace(1.0, 2.0, 6).reshape(2, 3)
    measured = predicted.copy()
    measured[1, 1] += 0.3
    verdict = Absolute(0.2, "s").judge(predicted, measured)
    assert (verdict.predicted, verdict.measured) == (predicted[1, 1], measured[1, 1])
    assert (verdict.passed, verdict.points) == (False, 6)
    measured[0, 0] = NAN  # worse than any distance
    assert math.isnan(Absolute(0.2, "s").judge(predicted, measured).error or 0.0)


def test_one_prediction_may_stand_for_many_measurements() -> None:
    assert Absolute(0.1, "s").judge(0.0, np.array([0.05, -0.1])).passed is True
    assert AtMost("s").judge(0.5, np.array([0.5, 0.51])).passed is False


def test_values_that_make_no_sense_are_named() -> None:
    with pytest.raises(ToleranceError, match="shapes differ"):
        Absolute(1.0, "s").judge(np.zeros(3), np.zeros(4))
    with pytest.raises(ToleranceError, match="empty"):
        Absolute(1.0, "s").judge(np.zeros(0), np.zeros(0))
    for bound in (-1.0, NAN, INF):
        with pytest.raises(ToleranceError, match="finite number"):
            Absolute(bound, "s")
    with pytest.raises(ToleranceError, match="whole number of 10"):
        Binomial(10).judge(0.5, 0.55)
    with pytest.raises(ToleranceError, match="pair"):
        Bracket(1.0, "s").judge(0.5, 0.5)


def test_binomial_interval_agrees_with_the_tails_it_is_defined_by() -> None:
    low, high = Binomial(100, level=0.99).interval(0.54)
    assert binom.sf(53, 100, low) == pytest.approx(0.005, rel=1e-9)
    assert binom.cdf(54, 100, high) == pytest.approx(0.005, rel=1e-9)


@given(successes=st.integers(0, 50), predicted=st.floats(0.0, 1.0))
def test_binomial_passes_exactly_when_the_error_is_within_the_shown_tolerance(successes: int, predicted: float) -> None:
    verdict = Binomial(50).judge(predicted, successes / 50)
    assert verdict.error is not None
    assert verdict.tolerance is not None
    if abs(verdict.error - verdict.tolerance) > 1e-12:
        assert verdict.passed is (verdict.error <= verdict.tolerance)


def test_binomial_rarely_fails_by_chance_even_in_a_family() -> None:
    """Exact probability, by summing the binomial distribution, that a true prediction is rejected."""
    for probability in (0.02, 0.3, 0.74):
        for family in (1, 10):
            tolerance = Binomial(40, level=0.99, family=family)
            rejected = [tolerance.judge(probability, k / 40).passed is False for k in range(41)]
            chance = binom.pmf(np.arange(41), 40, probability)[np.array(rejected)].sum()
            assert 0 < chance <= 0.01 / family


def test_reported_takes_an_array_of_one_point() -> None:
    verdict = Reported("no law").judge(np.array([1.0]), np.array([3.0]))
    assert (verdict.predicted, verdict.measured, verdict.error, verdict.passed) == (1.0, 3.0, 2.0, None)
