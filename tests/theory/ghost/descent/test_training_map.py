"""The map derived from the loss, its safety at a <= 1, and the length of the plateau."""

import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.ghost.descent.errors import RateError, StartError, WindowError
from theory.ghost.descent.plateau import epoch_terms, plateau_length
from theory.ghost.descent.safety import safety_proof
from theory.ghost.descent.training_map import (
    PAPER,
    Window,
    advance,
    attractor,
    branch,
    cut,
    jump,
    loss,
    orbit,
    rate_ratio,
    response_ratio,
    rho,
    scale,
    scaled_rate,
    step,
    u,
)
from theory.ghost.toy import step_output


def paper(expression: sp.Expr) -> sp.Expr:
    return sp.simplify(expression.subs(response_ratio, 1))


def test_map_is_the_one_of_the_paper() -> None:
    move = sp.Rational(3, 4) * rate_ratio * rho ** sp.Rational(-3, 2)
    assert paper(step("R") - (rho - move)) == 0
    assert paper(step("L") - (rho + move)) == 0
    assert paper(cut()) == sp.Rational(1, 4)
    assert paper(scale()) == 1


def test_map_for_any_window() -> None:
    move = rate_ratio * (1 - cut()) * rho ** sp.Rational(-3, 2)
    assert sp.simplify(step("R") - (rho - move)) == 0
    assert sp.simplify(step("L") - (rho + move)) == 0
    assert sp.simplify(cut() - 1 / (1 + response_ratio) ** 2) == 0


def test_scale_symmetry_leaves_no_rate_in_the_branches() -> None:
    kick = sp.Rational(3, 4) * u ** sp.Rational(-3, 2)
    assert sp.simplify(branch("L") - (u + kick)) == 0
    assert sp.simplify(branch("R") - (u - kick)) == 0
    stretch = scaled_rate ** sp.Rational(2, 5)
    for letter, sign in (("L", 1), ("R", -1)):
        in_rho = (rho + sign * jump()).subs(rho, stretch * u) / stretch
        assert sp.simplify(sp.powsimp(sp.expand(in_rho)) - branch(letter)) == 0


@pytest.mark.parametrize("delay", [1.0, 7.3, 100.0, 1e6])
@pytest.mark.parametrize("response", [0.5, 1.0, 3.0])
def test_map_is_gradient_descent_at_every_delay(delay: float, response: float) -> None:
    """Brute force in r: rounding allowed is 200 steps of 1e-16, amplified by no more than the factor 1e3 met."""
    window, a = Window(response), 0.7
    values = {step_output.delay: delay, step_output.response: response * delay}
    optimum = float(step_output.optimal_r().subs(values))
    alpha = a * float(step_output.critical_learning_rate().subs(values))
    slope = sp.lambdify(step_output.r, step_output.confident_gradient().subs(values), "math")
    r, steps = 3.0 * optimum, 12
    for _ in range(steps):
        r -= alpha * slope(r)
    assert r / optimum == pytest.approx(orbit(3.0, a, steps + 1, window)[-1], rel=1e-11)


def test_loss_is_the_confident_loss() -> None:
    assert sp.simplify(loss() - sp.Abs(1 - rho ** sp.Rational(-1, 2))) == 0


def test_conventions_at_the_corner_and_at_the_cut() -> None:
    assert advance(np.array([1.0]), 0.5, 10)[0] == 1.0
    at_cut, below = advance(np.array([0.25, np.nextafter(0.25, 0)]), 0.5, 1)
    assert at_cut == 0.25 + 0.375 * 8
    assert below == np.nextafter(0.25, 0)


def test_single_orbit_is_its_row_of_many() -> None:
    starts = np.array([0.3, 0.9, 1.0, 1.4, 12.0])
    for index, start in enumerate(starts):
        assert orbit(start, 0.9, 101)[-1] == pytest.approx(advance(starts, 0.9, 100)[index], rel=1e-9)


# ---------------------------------------------------------------------------------------------------- safety


def test_every_step_of_the_safety_proof() -> None:
    steps = safety_proof().steps
    assert [each.reason for each in steps if not each.holds()] == []
    assert len(steps) == 5
    positive = [each for each in steps if isinstance(each.relation, sp.Gt)]
    rng = np.random.default_rng(1)
    for each in positive:
        for _ in range(20):
            at = dict(zip((rho, rate_ratio, response_ratio), np.exp(rng.normal(size=3)), strict=True))
            assert each.relation.lhs.subs(at) > 0


@pytest.mark.parametrize("ratio", [0.2, 1.0, 5.0])
def test_critical_rate_is_sharp_from_both_sides(ratio: float) -> None:
    """Just right of the optimum, 1e-12 above it, the worst start."""
    window, worst = Window(ratio), np.array([1 + 1e-12])
    assert advance(worst, 1 - 1e-9, 1, window)[0] >= window.cut
    assert advance(worst, 1 + 1e-9, 1, window)[0] < window.cut


@settings(max_examples=150, deadline=None)
@given(
    a=st.floats(1e-3, 3.0),
    start=st.floats(0.25, 1e3),
    ratio=st.floats(0.05, 20.0),
)
def test_orbits_stay_finite_and_safe(a: float, start: float, ratio: float) -> None:
    window = Window(ratio)
    values = orbit(max(start, window.cut), a, 300, window)
    assert np.all(np.isfinite(values))
    if a <= 1:
        assert values.min() >= window.cut * (1 - 1e-12)
    assert np.all(np.isfinite(advance(values[::50].copy(), a, 40, window)))
    stuck = np.flatnonzero(values < window.cut)
    if len(stuck):
        assert np.all(values[stuck[0] :] == values[stuck[0]])


# --------------------------------------------------------------------------------------------------- plateau


def test_plateau_terms() -> None:
    leading, logarithm, _ = epoch_terms()
    assert sp.simplify(leading - 8 / (15 * scaled_rate) * (rho ** sp.Rational(5, 2) - 1)) == 0
    assert sp.simplify(logarithm - sp.Rational(3, 4) * sp.log(rho)) == 0


@pytest.mark.parametrize(("orders", "slope"), [(1, 0), (2, 1), (3, 2)])
def test_each_plateau_term_gains_one_order(orders: int, slope: int) -> None:
    """N(start) - N(end) - steps, over the stretch of the exact map from 10 down to about 2.

    What is left of the terms up to b^(orders - 2) is of order b^(orders - 1).
    """
    terms = [sp.lambdify((rho, scaled_rate), term, "mpmath") for term in epoch_terms(orders)]
    errors = []
    for b in (0.4, 0.2, 0.1):
        state, steps = 10.0, 0
        while state > 2:
            state -= 0.75 * b * state**-1.5
            steps += 1
        errors.append(abs(sum(float(t(10.0, b) - t(state, b)) for t in terms) - steps))
    measured = math.log(errors[0] / errors[-1]) / math.log(4)
    assert measured == pytest.approx(slope, abs=0.15)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("a", [0.02, 0.1095, 0.5])
def test_plateau_length_against_the_exact_map(a: float, ratio: float) -> None:
    window = Window(ratio)
    predicted = plateau_length(10.0, a, window)
    values = orbit(10.0, a, int(predicted.epochs) + 50, window)
    first = int(np.flatnonzero(values <= 1)[0])
    assert abs(first - predicted.epochs) <= predicted.error_bound


def test_plateau_of_figure_2b() -> None:
    a = 1e-10 / float(step_output.critical_learning_rate().subs({step_output.delay: 100, step_output.response: 100}))
    assert a == pytest.approx(0.1095, abs=1e-4)
    assert plateau_length(10.0, a).continuum == pytest.approx(1535, abs=1)


def test_plateau_length_is_its_terms_and_a_bracket() -> None:
    """Epochs from the exact recursion N(rho) = 1 + N(rho - h rho^(-3/2)), order by order in h = 3 b / 4.

    With s = rho^(5/2) = exp(5 y / 2): N_1 = (3/4) y, and N_2 solves the order b; its derivative is written out.
    """
    third = epoch_terms(3)[2]
    slope = sp.simplify(sp.diff(third, rho) / scaled_rate)
    h = sp.Rational(3, 4) * rho ** sp.Rational(-3, 2)
    first, second = epoch_terms(2)
    first = first * scaled_rate
    order_one = -h * slope + h**2 * sp.diff(second, rho, 2) / 2 - h**3 * sp.diff(first, rho, 3) / 6
    assert sp.simplify(order_one) == 0
    assert third.subs(rho, 1) == 0
    for start, a in ((1.0, 0.5), (10.0, 0.1), (3.0, 0.7)):
        length = plateau_length(start, a)
        assert length.start == start
        assert length.continuum == pytest.approx(8 * (start**2.5 - 1) / (15 * a), rel=1e-14)
        assert length.logarithm == pytest.approx(0.75 * math.log(start), rel=1e-14)
        assert length.epochs == length.continuum + length.logarithm
        left_out = abs(float(third.subs({rho: start, scaled_rate: a})))
        assert length.error_bound == pytest.approx(1 + 2 * left_out, rel=1e-12)
    with pytest.raises(StartError, match="at least 1"):
        plateau_length(np.nextafter(1.0, 0), 0.5)


# ----------------------------------------------------------------------------------------------------- edges


def test_one_orbit_at_the_corner_and_at_the_cut() -> None:
    assert np.all(orbit(1.0, 0.5, 5) == 1.0)
    assert orbit(0.25, 0.5, 2).tolist() == [0.25, 0.25 + 0.375 * 8]
    stuck = orbit(float(np.nextafter(0.25, 0)), 0.5, 4)
    assert np.all(stuck == np.nextafter(0.25, 0))
    assert orbit(4.0, 0.5, 3)[:2].tolist() == [4.0, 4.0 - 0.375 / 8]
    assert len(orbit(4.0, 0.5, 0)) == 0


@pytest.mark.parametrize(("b", "start"), [(0.05, 10.0), (0.2, 40.0), (0.9, 0.5)])
def test_the_attractor_is_reached_before_it_is_sampled(b: float, start: float) -> None:
    """From far up every sample lies in the attracting interval, and both branches are met; nothing is left of 300."""
    values = attractor(b, 400, start=start)
    assert values.shape == (400,)
    assert 1 - 0.75 * b <= values.min() < 1 < values.max() <= 1 + 0.75 * b * (1 - 0.75 * b) ** -1.5
    assert np.array_equal(values, orbit(values[0], b, 400))


def test_attractor_samples() -> None:
    assert np.ptp(attractor(0.5, 30).reshape(10, 3), axis=0).max() < 1e-12  # LRR
    assert np.all(np.isnan(attractor(1.2, 5)))


@pytest.mark.parametrize("a", [0.0, -1.0, math.nan, math.inf])
def test_bad_rate(a: float) -> None:
    with pytest.raises(RateError, match="positive finite"):
        PAPER.scaled(a)


@pytest.mark.parametrize("start", [math.nan, math.inf, -math.inf])
def test_bad_start(start: float) -> None:
    for call in (lambda: orbit(start, 0.5, 3), lambda: advance(np.array([start]), 0.5, 3)):
        with pytest.raises(StartError, match="finite"):
            call()
    with pytest.raises(StartError, match="at least 1"):
        plateau_length(start, 0.5)


@pytest.mark.parametrize("start", [-3.0, 0.0, 0.1])
def test_a_start_in_the_no_learning_zone_stays(start: float) -> None:
    assert np.all(orbit(start, 0.5, 5) == start)
    assert advance(np.array([start]), 0.5, 5)[0] == start


@pytest.mark.parametrize("ratio", [0.0, -1.0, math.nan, math.inf])
def test_bad_window(ratio: float) -> None:
    with pytest.raises(WindowError, match="positive finite"):
        Window(ratio)
