"""The toy model's formulas, each checked twice: as a symbolic zero and by brute force at random points."""

import math
from itertools import pairwise, product

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from theory.ghost.toy import finite_threshold, step_output
from theory.ghost.toy.step_output import INTEGRAL, PER_DELAY, delay, r, response, threshold, time
from theory.ghost.toy.toy_model import ToyModel, ToyModelError
from theory.lowering import lower_mpmath, lower_numpy, secsq, secsq_array, tanc, tanc_array

q = sp.Symbol("q", positive=True)
z = sp.Symbol("z", positive=True)
DIGITS = 30


def random_models(count: int, seed: int = 0) -> list[tuple[mp.mpf, mp.mpf, mp.mpf]]:
    """Delay, response window, threshold."""
    rng = np.random.default_rng(seed)
    return [tuple(mp.mpf(float(10**x)) for x in rng.uniform((0, 0, -1), (2, 2, 1.5))) for _ in range(count)]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("function", [tanc, secsq])
def test_special_functions_have_the_derivatives_they_state(function, sign):
    stated = function(sign * z).diff(z).rewrite(sp.tan)
    direct = function(sign * z).rewrite(sp.tan).diff(z)
    assert sp.simplify(stated - direct) == 0


@pytest.mark.parametrize(("function", "array"), [(tanc, tanc_array), (secsq, secsq_array)])
def test_special_functions_to_relative_rounding(function, array):
    points = [-1e4, -50.0, -1.0, -1e-9, -1e-300, 0.0, 1e-300, 1e-9, 0.3, 2.0]
    for point in points:
        with mp.workdps(60):
            exact = lower_mpmath((z,), function(z))(mp.mpf(point))
            assert abs(mp.mpf(float(array(point))) / exact - 1) < 1e-14 * (1 + math.sqrt(abs(point)))


@pytest.mark.parametrize("branch", range(3))
def test_each_trajectory_case_solves_the_ode_from_zero(branch):
    x, _ = step_output.trajectory_cases().args[branch]
    value = {0: q, 1: 0, 2: -q}[branch]
    x = sp.sympify(x).subs(r, value)
    assert sp.simplify(x.diff(time) - x**2 - value) == 0
    assert x.subs(time, 0) == 0


@pytest.mark.parametrize("value", [q, sp.S.Zero, -q])
def test_the_one_expression_solves_the_ode_for_every_sign(value):
    x = step_output.trajectory().subs(r, value)
    residual = (x.diff(time) - x**2 - value).rewrite(sp.tan)
    assert sp.simplify(residual) == 0
    assert x.subs(time, 0) == 0


@pytest.mark.parametrize("value", [q, -q])
def test_sensitivity_is_the_derivative_of_the_case_formula(value):
    x = step_output.trajectory().rewrite(sp.tan).subs(r, value)
    sign = 1 if value == q else -1
    assert sp.simplify(sign * x.diff(q) - step_output.sensitivity().rewrite(sp.tan).subs(r, value)) == 0
    assert step_output.sensitivity().subs(r, 0) == time


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.sampled(1)
def test_trajectory_and_passage_against_a_taylor_integration(sign):
    for T, _, level in random_models(4):
        with mp.workdps(DIGITS):
            value = sign * mp.mpf(2) / T**2
            solve = mp.odefun(lambda t, x, value=value: [x[0] ** 2 + value], 0, [mp.mpf(0)])
            moment = T * mp.mpf("0.7")
            closed = lower_mpmath((r, time), step_output.trajectory())(value, moment)
            assert abs(solve(moment)[0] / closed - 1) < mp.mpf(10) ** (5 - DIGITS)
            level = min(level, abs(closed))
            passage = step_output.passage_time() if sign > 0 else step_output.descent_time()
            found = lower_mpmath((r, threshold), passage)(value, level / 2)
            assert abs(abs(solve(found)[0]) / (level / 2) - 1) < mp.mpf(10) ** (5 - DIGITS)


def step_loss_by_hand(value, T, T_r, level):
    """The squared error of a step output, integrated piece by piece, the passage found by bisection of x(t)."""
    end = T + T_r
    x = lower_mpmath((r, time), step_output.trajectory())
    if value <= 0:
        passage = end
    else:
        low, high = mp.mpf(0), mp.pi / (2 * mp.sqrt(value))
        for _ in range(120):
            middle = (low + high) / 2
            low, high = (middle, high) if mp.isinf(level) or x(value, middle) < level else (low, middle)
        passage = min(low, end)
    pieces = sorted({mp.mpf(0), T, end, passage})
    return mp.fsum((b - a) * (int((a + b) / 2 > passage) - int((a + b) / 2 > T)) ** 2 for a, b in pairwise(pieces))


@pytest.mark.parametrize("finite", [True, False])
def test_step_loss_and_gradient_by_brute_force(finite):
    arguments = (r, delay, response, threshold)
    loss = finite_threshold.step_loss() if finite else step_output.confident_loss()
    slope = finite_threshold.step_gradient() if finite else step_output.confident_gradient()
    loss, slope = (lower_mpmath(arguments, f) for f in (loss, slope))
    for (T, T_r, level), factor in product(random_models(6), (-1, 0.1, 0.6, 1.7, 30)):
        with mp.workdps(DIGITS):
            level = level if finite else mp.inf
            value = factor * finite_threshold.r_escaping_at(T, level)
            by_hand = step_loss_by_hand(value, T, T_r, level)
            assert abs(loss(value, T, T_r, level) - by_hand) < mp.mpf(10) ** (3 - DIGITS) * (T + T_r)
            h = abs(value) * mp.mpf(10) ** -10
            difference = (step_loss_by_hand(value + h, T, T_r, level) - step_loss_by_hand(value - h, T, T_r, level)) / (
                2 * h
            )
            assert abs(slope(value, T, T_r, level) - difference) < 1e-15 * (1 + abs(difference))


def test_confident_limit_is_the_limit_of_the_finite_threshold():
    root = sp.Symbol("s", positive=True)
    for finite, confident in zip(finite_threshold.step_loss().args, step_output.confident_loss().args, strict=True):
        value = sp.sympify(finite[0]).subs(r, root**2)
        assert sp.simplify(sp.limit(value, threshold, sp.oo) - confident[0].subs(r, root**2)) == 0


def test_landmarks_for_every_window_and_the_papers():
    law = sp.pi**4 / 8 * delay**-3 * (delay**-2 - (delay + response) ** -2)
    assert sp.simplify(step_output.critical_learning_rate() - law) == 0
    assert (
        sp.simplify(step_output.critical_learning_rate(PER_DELAY) / step_output.critical_learning_rate() - delay) == 0
    )
    paper = step_output.paper_window
    assert sp.simplify(paper(step_output.critical_learning_rate()) - 3 * sp.pi**4 / (32 * delay**5)) == 0
    assert sp.simplify(paper(step_output.point_of_no_return()) - step_output.optimal_r() / 4) == 0
    assert sp.simplify(step_output.confident_loss().args[0][0].subs(r, step_output.optimal_r())) == 0
    left, right = step_output.one_sided_slopes()
    assert left + right == 0
    assert sp.simplify(right - 2 * delay**3 / sp.pi**2) == 0


@pytest.mark.parametrize("normalisation", [INTEGRAL, PER_DELAY])
def test_a_critical_step_from_the_optimum_ends_at_the_point_of_no_return(normalisation):
    _, right = step_output.one_sided_slopes(normalisation)
    landed = step_output.optimal_r() - step_output.critical_learning_rate(normalisation) * right
    assert sp.simplify(landed - step_output.point_of_no_return()) == 0


def test_gradient_conventions_at_the_two_special_points():
    gradient = step_output.confident_gradient().subs({delay: 3, response: 2})
    optimum, cut = (
        f.subs({delay: 3, response: 2}) for f in (step_output.optimal_r(), step_output.point_of_no_return())
    )
    assert gradient.subs(r, optimum) == 0
    assert gradient.subs(r, cut) < 0
    assert gradient.subs(r, cut * sp.Rational(999, 1000)) == 0


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.sampled(1)
def test_expansions_in_softness_have_the_stated_order(order):
    numbers = {delay: 3, response: 5}
    series = [
        finite_threshold.optimal_r_series(order),
        finite_threshold.point_of_no_return_series(order),
        *([finite_threshold.critical_learning_rate_series(order)] if order < 3 else []),
    ]
    errors = []
    for e in (sp.Rational(1, 1000), sp.Rational(1, 2000)):
        with mp.workdps(40):
            level = mp.mpf(int(e.q))
            exact = [
                finite_threshold.r_escaping_at(3, level, 40),
                finite_threshold.r_escaping_at(8, level, 40),
                finite_threshold.critical_learning_rate((3, 5), level, 40),
            ]
            values = [sp.N(s.subs(numbers).subs(finite_threshold.softness, e), 40) for s in series]
            errors.append([abs(mp.mpf(v) - x) for v, x in zip(values, exact, strict=False)])
    for coarse, fine in zip(*errors, strict=True):
        assert abs(mp.log(coarse / fine, 2) - (order + 1)) < 0.02


def test_first_correction_of_the_critical_rate_for_the_papers_window():
    series = step_output.paper_window(finite_threshold.critical_learning_rate_series(1))
    stated = 3 * sp.pi**4 / 32 * delay**-5 * (1 - 16 * finite_threshold.softness / (3 * delay))
    assert sp.simplify(series - stated) == 0


@pytest.mark.parametrize("T", [1.0, 100.0, 1e6])
def test_numbers_of_the_papers_model(T):
    model = ToyModel(T)
    assert model.optimal_r == pytest.approx(math.pi**2 / (4 * T**2), rel=1e-15)
    assert model.point_of_no_return == pytest.approx(model.optimal_r / 4, rel=1e-15)
    assert model.critical_learning_rate == pytest.approx(3 * math.pi**4 / 32 / T**5, rel=1e-15)
    assert model.critical_learning_rate_per_delay == pytest.approx(3 * math.pi**4 / 32 / T**4, rel=1e-15)


def test_a_finite_threshold_moves_the_optimum_to_where_the_passage_takes_the_delay():
    model = ToyModel(100.0, 50.0, threshold=0.7)
    passage = lower_numpy((r, threshold), step_output.passage_time())
    assert passage(model.optimal_r, 0.7) == pytest.approx(100.0, rel=1e-14)
    assert passage(model.point_of_no_return, 0.7) == pytest.approx(150.0, rel=1e-14)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_bad_times_are_refused(bad):
    with pytest.raises(ToyModelError, match="positive finite"):
        ToyModel(bad)
    with pytest.raises(ToyModelError, match="response"):
        ToyModel(1.0, bad)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan])
def test_bad_thresholds_and_confidences_are_refused(bad):
    with pytest.raises(ToyModelError, match="threshold"):
        ToyModel(1.0, threshold=bad)
    with pytest.raises(ToyModelError, match="confidence"):
        ToyModel(1.0, confidence=bad)


CONFIDENT = [
    lower_numpy((r, delay, response), f) for f in (step_output.confident_loss(), step_output.confident_gradient())
]


@given(T=st.floats(1, 1e6), rho=st.floats(-1e3, 1e3), ratio=st.floats(0.1, 10))
def test_confident_loss_and_gradient_are_finite_everywhere(T, rho, ratio):
    value = rho * math.pi**2 / (4 * T**2)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):  # numpy evaluates every branch
        loss, slope = (float(f(value, T, ratio * T)) for f in CONFIDENT)
    rounding = 4 * np.finfo(float).eps * T  # at the optimum the loss is a difference of two delays
    assert -rounding <= loss <= max(1.0, ratio) * T + rounding
    assert math.isfinite(slope)
