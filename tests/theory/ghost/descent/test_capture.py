"""Capture: the claims of the proof, the threshold from both sides, and the fraction captured in between."""

import mpmath as mp
import numpy as np
import pytest

from theory.ghost.descent.capture import capture_certificate, failure_ratio, last_cycle
from theory.ghost.descent.captured_fraction import NormalStarts, UniformStarts, captured_fraction
from theory.ghost.descent.errors import RateError, StartError
from theory.ghost.descent.training_map import Window, advance


def left(u: np.ndarray) -> np.ndarray:
    return u + 0.75 * u**-1.5


def right(u: np.ndarray) -> np.ndarray:
    return u - 0.75 * u**-1.5


def test_certificate_holds() -> None:
    certificate = capture_certificate()
    assert certificate.holds
    assert [claim.name for claim in certificate.claims] == ["longer", "twice", "absorbed"]
    for claim in certificate.claims:
        assert claim.uncertified == ()
        assert claim.weakest > 1
    low, high = certificate.fixed_point
    assert low <= float(last_cycle().points[0]) <= high


def test_claims_on_a_grid() -> None:
    """The certificate's bounds lie below what plain arithmetic finds on a grid, and the claims are not empty."""
    fixed = float(last_cycle().points[0])
    grid = np.linspace(0.5, fixed, 20_001)

    def growth(start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        w1 = left(start)
        w2 = right(w1)
        w3 = right(w2)
        slopes = [1 + 1.125 * w**-2.5 for w in (w1, w2, w3)]
        return right(w3), np.abs(1 - 1.125 * start**-2.5) * slopes[0] * slopes[1] * slopes[2]

    w4, first = growth(grid)
    assert first.min() < 1  # one return alone would not do: this is why the proof takes two
    assert np.all((w4 < grid) | (first > 1))
    back = (w4 > 0) & (w4 < fixed)
    twice = first[back] * growth(w4[back])[1]
    assert twice.min() > next(c for c in capture_certificate().claims if c.name == "twice").weakest > 1


@pytest.mark.parametrize("a", [1.03, 1.2, 1.5, 1.7])
def test_every_return_word_has_three_rs(a: float) -> None:
    """Step 1 of the proof at four rates, by counting."""
    states = np.linspace(0.2501, 1, 4001)[:-1]
    for _ in range(3):
        states = advance(states, a, 1)
        assert np.all(states > 1)


def test_failure_ratio_to_30_digits() -> None:
    with mp.workdps(40):
        residual = mp.findroot(lambda k: _lrr(k) - k, mp.mpf("0.9886")) ** mp.mpf("-2.5") - failure_ratio()
        assert abs(residual) < mp.mpf(10) ** -30
    assert float(failure_ratio()) == pytest.approx(1.02904346942965, rel=1e-13)


def _lrr(u: mp.mpf) -> mp.mpf:
    for sign in (1, -1, -1):
        u += sign * mp.mpf(3) / 4 / u ** mp.mpf("1.5")
    return u


@pytest.mark.parametrize(
    ("ratio", "excess", "starts", "steps"),
    [(0.5, 1.03, 5000, 6000), (1.0, 1.03, 5000, 6000), (2.0, 1.5, 2000, 8000), (4.0, 2.0, 100, 400_000)],
)
@pytest.mark.sampled(2)
def test_failure_ratio_is_sharp_from_both_sides(ratio: float, excess: float, starts: int, steps: int) -> None:
    """Above: all but 1 % are captured in the time given; a miss of the cut costs (8 / 15 b) rho^(5/2) steps, with
    rho = L(cut), before the next try: 10^5 in the longest window, hence the different times and excesses.

    Just below (1e-9, in long floats) the last cycle draws a neighbour in, or, where the threshold is the critical
    rate itself, nothing is ever captured.
    """
    window = Window(ratio)
    threshold = failure_ratio(window)
    sample = np.random.default_rng(0).normal(10, 0.1, starts)
    above = advance(sample, float(threshold) * excess, steps, window)
    assert np.mean(above < window.cut) > 0.99
    if threshold == 1:
        assert advance(sample, 1 - 1e-9, 6000, window).min() >= window.cut
        return
    with mp.workdps(40):
        for side in (-1, 1):
            b = threshold * (1 + side * mp.mpf(10) ** -9) * mp.mpf(4) / 3 * (1 - 1 / (1 + mp.mpf(ratio)) ** 2)
            centre = last_cycle().points[0] * b ** mp.mpf("0.4")
            state = centre * (1 - mp.mpf(10) ** -12)
            for _ in range(30):
                state -= mp.sign(state - 1) * mp.mpf(3) / 4 * b / state ** mp.mpf("1.5")
                if state <= 0:
                    break
            assert (abs(state - centre) < mp.mpf(10) ** -16) == (side < 0)


def test_failure_ratio_against_the_window() -> None:
    ratios = {q: float(failure_ratio(Window(q))) for q in (0.5, 1.0, 1.09, 1.1, 2.0, 4.0)}
    assert ratios[0.5] == pytest.approx(0.75 * ratios[1.0] / (1 - 4 / 9), rel=1e-14)
    assert ratios[1.09] > 1
    assert ratios[1.1] == ratios[2.0] == ratios[4.0] == 1


@pytest.mark.parametrize("a", [1.001, 1.01, 1.02])
def test_captured_fraction_against_plain_sampling(a: float) -> None:
    """Independent starts, other seed: the difference is within the bound and 5 binomial errors of the twin."""
    found = captured_fraction(a)
    twin = np.mean(advance(np.random.default_rng(7).normal(10, 0.1, 10_000), a, 3000) < 0.25)
    assert found.undecided == 0  # captured or on LRR: there is no third fate
    assert abs(found.value - twin) <= found.error_bound + 5 * np.sqrt(found.value * (1 - found.value) / 10_000)
    assert 0.02 < found.value < 0.7


def test_captured_fraction_grows_from_zero_to_one() -> None:
    rates = (0.9, 1.0, 1.002, 1.01, 1.02, 1.028, 1.0290, 1.03)
    values = [captured_fraction(a, starts=10_000).value for a in rates]
    assert values == sorted(values)
    assert values[:2] == [0.0, 0.0]
    assert values[-1] == 1.0
    assert captured_fraction(1.0).error_bound == captured_fraction(1.5).error_bound == 0


def test_capture_starts_linearly_above_the_critical_rate() -> None:
    """The hole just right of the corner has a width proportional to a - 1; slope 1 to the errors of 1e5 starts."""
    excess = np.array([1e-3, 4e-3])
    found = [captured_fraction(1 + e, starts=100_000) for e in excess]
    slope = np.log(found[1].value / found[0].value) / np.log(4)
    error = sum(f.error_bound / f.value for f in found) / np.log(4)
    assert abs(slope - 1) < error + 0.05


def test_uniform_starts_and_starts_below_the_cut() -> None:
    inside = captured_fraction(1.01, distribution=UniformStarts(0.25, 2.0))
    outside = captured_fraction(0.9, distribution=UniformStarts(0.0, 1.0))
    assert abs(inside.value - 0.29) < 0.03
    assert outside.value == pytest.approx(0.25, abs=outside.error_bound + 1e-3)


def test_capture_at_a_short_window_gives_way_to_the_cycle_again() -> None:
    """With T_r = T/10 the cut kills every cycle just above the critical rate; LRR clears it at higher rates."""
    window = Window(0.1)
    low, high = (captured_fraction(a, window).value for a in (1.5, 3.5))
    assert low == 1.0
    assert 0.1 < high < 0.9
    limits = last_cycle().limits(window)
    assert limits.ended_by_cut
    assert 2.7 < limits.lower < 3.5 < limits.upper


def test_refusals() -> None:
    with pytest.raises(RateError):
        captured_fraction(-1.0)
    with pytest.raises(StartError, match="at least 1"):
        captured_fraction(1.01, starts=0)
    assert NormalStarts() == NormalStarts(10.0, 0.1)
