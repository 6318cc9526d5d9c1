"""The error floor: against long brute-force averages, its law at small rates, and what it says at the thresholds."""

import numpy as np
import pytest

from theory.ghost.descent.captured_fraction import PAPER_STARTS, captured_fraction
from theory.ghost.descent.error_floor import (
    SMALLEST_ITERATED,
    FloorOutcome,
    _longest_return,
    error_floor,
    small_rate_law,
)
from theory.ghost.descent.errors import RateError
from theory.ghost.descent.training_map import Window, advance, orbit


def brute_force(a: float, ratio: float = 1.0, steps: int = 200_000) -> float:
    """Mean loss along one orbit, the map written out, from 10 and after the plateau."""
    cut = 1 / (1 + ratio) ** 2
    state, total, count = 10.0, 0.0, 0
    plateau = int(200 / (a * (1 - cut))) + 20_000
    for index in range(plateau + steps):
        state -= np.copysign(a * (1 - cut) * state**-1.5, state - 1)
        if index >= plateau:
            total += abs(1 - state**-0.5)
            count += 1
    return total / count


@pytest.mark.parametrize("a", [0.05, 0.1095, 0.3, 0.39, 0.5, 0.95])
def test_floor_against_a_long_orbit(a: float) -> None:
    """The twin cuts a turn short at its end: an error of at most one turn's loss in 200,000 steps, 2e-5 relative."""
    floor = error_floor(a)
    assert floor.value is not None
    assert floor.error_bound is not None
    assert floor.value == pytest.approx(brute_force(a), abs=floor.error_bound + 1e-4 * floor.value)


@pytest.mark.parametrize(("ratio", "a"), [(0.5, 0.9), (2.0, 0.5), (4.0, 0.95)])
def test_floor_for_other_windows(ratio: float, a: float) -> None:
    """The twin's own error on a chaotic orbit: 5 standard errors, correlated over fewer than 20 steps."""
    floor = error_floor(a, Window(ratio))
    assert floor.value is not None
    assert floor.error_bound is not None
    own = 1e-4 if floor.outcome is FloorOutcome.CYCLE else 5 * np.sqrt(20 / 200_000)
    assert abs(floor.value - brute_force(a, ratio)) <= floor.error_bound + own


def test_small_rates_follow_the_law_with_order_three() -> None:
    """Every deviation below the bound b^3 that the floor states, and their median growing with slope 3.

    The deviation is b^3 times a function of where the orbit locks, which has rare peaks: hence the median, of 40
    rates a bin, known to a quarter or so; over a factor 4 in b that is 0.25 in the slope.
    """
    rng = np.random.default_rng(5)
    typical = []
    for low in (0.03, 0.06, 0.12):
        deviations = []
        for b in rng.uniform(low, 1.2 * low, 40):
            floor = error_floor(float(b))
            assert floor.value is not None
            assert floor.error_bound is not None
            assert floor.error_bound < 1e-3 * b**3
            deviations.append(abs(floor.value - small_rate_law(b)))
            assert deviations[-1] < b**3
        typical.append(np.median(deviations))
    slope = np.log(typical[-1] / typical[0]) / np.log(4)
    assert slope == pytest.approx(3, abs=0.5)


@pytest.mark.parametrize("a", [1e-6, 1e-4, 1.01e-4, 1e-3, 0.01, 0.05])
def test_low_rates_follow_the_law(a: float) -> None:
    floor = error_floor(a)
    assert floor.value == pytest.approx(small_rate_law(a), rel=1e-3)
    assert floor.error_bound is not None
    assert floor.error_bound < 3e-3 * small_rate_law(a)


@pytest.mark.parametrize("a", [1.00001e-3, 3e-3, 0.0123])
def test_rotation_bound_is_kept(a: float) -> None:
    """Denjoy and Koksma's bound against the law, which is more accurate there."""
    floor = error_floor(a)
    assert floor.outcome in (FloorOutcome.ROTATION, FloorOutcome.LONG_CYCLE)
    assert floor.value is not None
    assert floor.error_bound is not None
    assert abs(floor.value - small_rate_law(a)) <= floor.error_bound + a**3


def closest_return(slope: float, steps: int) -> int:
    """The last convergent's denominator q of a continued fraction after which, at q and the one before it together,
    the orbit has come closer from the other side."""
    found, rest, before, now = 1, slope, 0, 1
    while before + now < steps:
        found, rest = now, 1 / rest
        before, now = now, int(rest) * now + before
        rest -= int(rest)
    return found


@pytest.mark.parametrize(
    "slope", [(5**0.5 - 1) / 2, 2**0.5 - 1, 3**0.5 - 1, np.e - 2, np.pi - 3], ids=["golden", "silver", "3", "e", "pi"]
)
def test_closest_returns_of_a_rotation_are_the_convergents(slope: float) -> None:
    """The last return before one from the other side is a convergent's denominator, not one in between."""
    for steps in (30, 100, 107, 400, 3000):
        offset = (np.arange(steps) * slope + 0.5) % 1 - 0.5
        assert _longest_return(offset) == closest_return(slope, steps)
        assert _longest_return(-offset) == closest_return(slope, steps)


def test_an_orbit_without_two_sides_has_no_return() -> None:
    assert _longest_return(np.array([0.0, 0.5, 0.25])) == 1
    assert _longest_return(np.array([0.0])) == 1


def test_where_the_law_takes_over() -> None:
    """Below 1e-4 the law 3 b / 16 itself with the bound b^3, and from there on an orbit."""
    assert SMALLEST_ITERATED == 1e-4
    low = error_floor(0.99e-4)
    assert (low.outcome, low.cycle, low.others, low.conditional) == (FloorOutcome.SMALL_RATE, None, (), False)
    assert low.value == pytest.approx(3 * 0.99e-4 / 16, rel=1e-15)
    assert low.error_bound == pytest.approx(0.99e-4**3, rel=1e-14)
    assert error_floor(1e-4).outcome is not FloorOutcome.SMALL_RATE
    assert low.word is None


def test_the_bound_of_a_rotation_is_its_variation_over_its_length() -> None:
    """Twice the loss at both ends of the interval, there and back, over a denominator that the orbit met."""
    b = 3e-3
    floor = error_floor(b)
    assert floor.outcome is FloorOutcome.ROTATION
    variation = 2 * sum(abs(1 - (1 + side * 0.75 * b) ** -0.5) for side in (1, -1))
    length = round(variation / floor.error_bound)
    assert variation / floor.error_bound == pytest.approx(length, abs=1e-6 * length)
    assert length > 1000
    values = orbit(1 + 0.3 * b, b, 500_000 + length + 1)[500_000:]
    offset = values - values[0]
    same_side = offset[1:-1][np.sign(offset[1:-1]) == np.sign(offset[-1])]
    assert abs(offset[-1]) < np.abs(same_side).min()  # a closest return
    assert floor.value == pytest.approx(np.mean(np.abs(1 - values[:-1] ** -0.5)), rel=1e-12)


def test_the_bound_of_a_long_cycle_is_what_its_last_turn_leaves() -> None:
    """2 e / (1 - multiplier), e = 1e-13 the closing: the multiplier is the product of slopes around the cycle."""
    b = 0.0153
    floor = error_floor(b)
    assert floor.outcome is FloorOutcome.LONG_CYCLE
    values = orbit(1 + 0.3 * b, b, 300_000)[200_000:]
    period = int(np.flatnonzero(np.abs(values[1:] - values[0]) < 1e-13)[0]) + 1
    cycle = values[:period]
    multiplier = np.prod(1 + np.sign(cycle - 1) * 1.5 * 0.75 * b * cycle**-2.5)
    assert 0 < multiplier < 1
    assert floor.error_bound == pytest.approx(2e-13 / (1 - multiplier), rel=1e-6)
    assert floor.value == pytest.approx(np.mean(np.abs(1 - cycle**-0.5)), rel=1e-11)


def test_what_is_captured_has_no_floor() -> None:
    floor = error_floor(1.5)
    assert (floor.value, floor.error_bound, floor.outcome, floor.cycle) == (None, None, FloorOutcome.CAPTURED, None)
    assert (floor.others, floor.conditional) == ((), False)


def test_the_floor_of_a_cycle_is_the_mean_loss_of_its_points() -> None:
    """LRR at the rate 1/2: three values of the map written out, to rounding."""
    state, points = 10.0, []
    for _ in range(5000):
        state -= np.copysign(0.375 * state**-1.5, state - 1)
    for _ in range(3):
        points.append(abs(1 - state**-0.5))
        state -= np.copysign(0.375 * state**-1.5, state - 1)
    floor = error_floor(0.5)
    assert floor.value == pytest.approx(np.mean(points), rel=1e-14)
    assert floor.error_bound == pytest.approx(1e-13 * np.mean(points), rel=1e-9)
    assert (floor.outcome, floor.word, floor.others, floor.conditional) == (FloorOutcome.CYCLE, "LRR", (), False)


def test_floor_of_the_paper_setting() -> None:
    floor = error_floor(0.1095)
    assert floor.outcome is FloorOutcome.CYCLE
    assert floor.word is not None
    assert len(floor.word) <= 200
    assert floor.value == pytest.approx(0.0206, abs=1e-4)


def test_coexisting_floors_are_named() -> None:
    floor = error_floor(0.4115)
    words = {floor.word} | {cycle.word for cycle, _ in floor.others}
    assert words == {"LRR", "LRRLRRLR"}
    assert floor.others[0][1] != floor.value


def test_floor_across_the_thresholds() -> None:
    assert not error_floor(1.0).conditional
    between, above = error_floor(1.02), error_floor(1.0291)
    assert between.conditional
    assert between.word == "LRR"
    assert above.value is None
    assert above.outcome is FloorOutcome.CAPTURED
    assert error_floor(1.02904346).word == "LRR"


def test_floor_rises_with_the_rate_overall() -> None:
    values = [error_floor(a).value for a in (0.001, 0.01, 0.1, 0.3, 0.5, 0.9)]
    known = [value for value in values if value is not None]
    assert len(known) == len(values)
    assert known == sorted(known)


def test_bad_rate() -> None:
    with pytest.raises(RateError):
        error_floor(float("nan"))


@pytest.mark.parametrize(
    ("a", "survives"), [(1.008, True), (1.1, True), (1.2, False), (1.5, False), (2.0, False), (3.5, True)]
)
@pytest.mark.sampled(2)
def test_short_windows_have_pockets_of_survival(a, survives):
    """At T_r = T/10 capture is not monotone in the rate; the twin iterates 2,000 starts for 20,000 steps."""
    window = Window(0.1)
    levels = (np.arange(2000) + 0.5) / 2000
    starts = PAPER_STARTS.quantiles(levels)
    final = advance(starts, a, 20_000, window)
    alive = final >= window.cut
    fraction, floor = captured_fraction(a, window, starts=4000), error_floor(a, window)
    assert fraction.undecided == 0
    twin_error = 5 * (fraction.value * (1 - fraction.value) / len(starts)) ** 0.5
    assert abs(np.mean(~alive) - fraction.value) <= fraction.error_bound + twin_error
    assert alive.any() == survives
    assert (floor.value is not None) == survives
    if survives:
        path = [np.abs(1 - state**-0.5) for state in _follow(final[alive], a, 2100, window)]
        assert np.mean(path) == pytest.approx(floor.value, rel=1e-3)


def _follow(state, a, steps, window):
    for _ in range(steps):
        yield state
        state = advance(state, a, 1, window)
