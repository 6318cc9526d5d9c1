import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom

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


@pytest.mark.parametrize(
    ("tolerance", "predicted", "measured", "shown", "origin"),
    [
        (Absolute(0.5, "s"), 1.0, 1.25, 0.5, "s"),
        (Relative(0.1, "s"), -10.0, -11.0, 0.1, "relative, s"),
        (Exact(), 3, 5, 0.0, "exact"),
        (Exact("letters"), "LRR", "LR", 0.0, "letters"),
        (AtMost("s"), 0.5, 0.75, 0.0, "upper bound, s"),
        (AtLeast("s"), 0.5, 0.75, 0.0, "lower bound, s"),
        (Bracket(0.5, "s"), 1.0, (0.75, 1.125), 0.1875, "bracket, s"),
        (Binomial(40, level=0.99), 0.5, 0.5, beta.ppf(0.995, 21, 20) - 0.5, "binomial 99 %, 40 trials"),
        (
            Binomial(40, level=0.99, family=2),
            0.5,
            0.5,
            beta.ppf(0.9975, 21, 20) - 0.5,
            "binomial 99 %, 40 trials for 2 checks together",
        ),
        (Reported("s"), 74, 80, None, "reported, s"),
    ],
)
def test_what_is_shown_beside_a_judgement(
    tolerance: Tolerance, predicted: object, measured: object, shown: float | None, origin: str
) -> None:
    verdict = tolerance.judge(predicted, measured)
    assert verdict.tolerance == (shown if shown is None else pytest.approx(shown, rel=1e-9))
    assert verdict.points == 1
    assert tolerance.origin == origin


@pytest.mark.parametrize(("below", "above"), [(4.0, 4.25), (-4.25, -4.0), (-0.125, 0.125)])
def test_a_bracket_may_be_too_wide_by_the_rounding_of_its_ends(below: float, above: float) -> None:
    """Four epsilons of the larger end."""
    unit = 2.0**-52 * max(abs(below), abs(above))
    for units, passed in ((0, True), (3, True), (5, False)):
        narrow = Bracket(above - below - units * unit, "s")
        assert narrow.judge((below + above) / 2, (below, above)).passed is passed


def test_a_prediction_at_the_end_of_a_bracket_or_of_an_interval_passes() -> None:
    for predicted, passed in (
        (0.75, True),
        (1.25, True),
        (np.nextafter(0.75, 0), False),
        (np.nextafter(1.25, 2), False),
    ):
        assert Bracket(0.5, "s").judge(predicted, (0.75, 1.25)).passed is passed
    assert Bracket(0.5, "s").judge(1.0, (1.0, 1.0)).passed is True
    tolerance = Binomial(20)
    low, high = tolerance.interval(0.25)
    for predicted, passed in ((low, True), (high, True), (np.nextafter(low, 0), False), (np.nextafter(high, 1), False)):
        assert tolerance.judge(predicted, 0.25).passed is passed
    assert tolerance.judge(0.2, 0.25).tolerance == 0.25 - low
    assert tolerance.judge(0.3, 0.25).tolerance == tolerance.judge(0.25, 0.25).tolerance == high - 0.25


def test_a_binomial_tolerance_has_trials_and_a_level() -> None:
    assert Binomial(1, level=0.5, family=1).judge(0.5, 1.0).passed is True
    for wrong in ({"trials": 0}, {"trials": 5, "family": 0}, {"trials": 5, "level": 0.0}, {"trials": 5, "level": 1.0}):
        with pytest.raises(ToleranceError, match="at least 1"):
            Binomial(**wrong)  # type: ignore[arg-type]
    for off, whole in ((0.9e-7, True), (-0.9e-7, True), (1.1e-7, False), (-1.1e-7, False)):
        if whole:
            assert Binomial(10).judge(0.5, 0.5 + off).passed is True
        else:
            with pytest.raises(ToleranceError, match="whole number"):
                Binomial(10).judge(0.5, 0.5 + off)


def test_values_keep_their_kind() -> None:
    """Whole numbers, truth values and words are shown as such; arrays by their worst point."""
    for kind in (Exact(), Reported("s")):
        for predicted, measured in (
            (3, 4),
            (True, False),
            ("LR", "LRR"),
            (None, 3),
            ("LR", None),
            (3, "LR"),
            (3, None),
        ):
            verdict = kind.judge(predicted, measured)
            assert (verdict.predicted, verdict.measured) == (predicted, measured)
            assert [type(verdict.predicted), type(verdict.measured)] == [type(predicted), type(measured)]
            assert verdict.passed is (False if isinstance(kind, Exact) else None)
    assert type(Exact().judge(np.int64(3), np.int64(3)).predicted) is int
    several = Exact().judge(np.array([1, 2, 3]), np.array([1, 2, 5]))
    assert (several.predicted, several.measured, several.error, several.points) == (3.0, 5.0, 2.0, 3)
    assert several.passed is False
    shown = Reported("s").judge(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 3.5]))
    assert (shown.predicted, shown.measured, shown.error, shown.points) == (2.0, 4.0, 2.0, 3)
    assert shown.tolerance is shown.passed is None


@pytest.mark.parametrize("kind", [Absolute(1.0, "s"), AtMost("s"), Exact(), Reported("s")])
def test_one_empty_side_is_nothing_to_compare(kind: Tolerance) -> None:
    for predicted, measured in ((np.zeros(0), 1.0), (1.0, np.zeros(0))):
        with pytest.raises(ToleranceError, match="empty"):
            kind.judge(predicted, measured)
