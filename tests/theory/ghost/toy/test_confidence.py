"""Finite confidence: twelve digits against 30-digit quadrature, and the closed forms for a stuck learner."""

import math
from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.ghost.toy import confidence, flip, no_learning, output, step_output
from theory.ghost.toy.confidence import NoOptimumError, QuadratureError, loss_and_gradient, optimal_r
from theory.ghost.toy.panels import Panels
from theory.ghost.toy.step_output import r, time
from theory.ghost.toy.toy_model import ToyModel, ToyModelError
from theory.lowering import lower_mpmath

q = sp.Symbol("q", positive=True)
STATE, GROWTH = (lower_mpmath((r, time), f) for f in (step_output.trajectory(), step_output.sensitivity()))


def panels_for_twin(value, model):
    """Times at which the phase moves by two or the state relaxes, found without the code under test."""
    delay, end = mp.mpf(model.window[0]), mp.mpf(model.window[0]) + model.window[1]
    c, x_star, root = mp.mpf(model.confidence), mp.mpf(model.threshold), mp.sqrt(abs(value))
    blow_up = mp.pi / (2 * root) if value > 0 else mp.inf
    cuts = {mp.mpf(0), delay, end}
    if value != 0:
        cuts |= {k / root for k in range(1, 60)}
        centres = [x_star if value > 0 else mp.mpf(0)]
        centres += [STATE(value, m) for m in (delay, end) if m < blow_up]
        for level in (centre + 2 * k / c for centre in centres for k in range(-60, 61)):
            if value > 0 and level > 0:
                cuts.add(mp.atan(level / root) / root)
            if value < 0 and -root < level < 0:
                cuts.add(mp.atanh(-level / root) / root)
    if value > 0:
        cuts |= {blow_up * (1 - mp.mpf(2) ** -k) for k in range(1, 45)} | {blow_up}
    during = sorted(cut for cut in cuts if cut <= min(delay, blow_up))
    after = sorted(cut for cut in cuts if delay <= cut <= min(end, blow_up))
    return during, after, blow_up


def integrate(f, cuts):
    """Tanh-sinh over the pieces, scaled so that mpmath's absolute criterion is a relative one."""
    pieces = list(pairwise(cuts))
    scale = max((f((a + b) / 2) for a, b in pieces), default=mp.mpf(0))
    return scale * mp.fsum(mp.quad(lambda t: f(t) / scale, [a, b]) for a, b in pieces) if scale else mp.mpf(0)


def twin(value, model):
    """Loss and the two pulls by mpmath at 30 digits."""
    value, c, x_star = mp.mpf(value), mp.mpf(model.confidence), mp.mpf(model.threshold)
    during, after, blow_up = panels_for_twin(value, model)

    def on(t):
        return 1 / (1 + mp.exp(-c * (STATE(value, t) - x_star)))

    def off(t):
        return 1 / (1 + mp.exp(c * (STATE(value, t) - x_star)))

    loss = integrate(lambda t: on(t) ** 2, during) + integrate(lambda t: off(t) ** 2, after)
    loss += max(0, mp.mpf(model.delay) - blow_up)
    delay_pull = integrate(lambda t: 2 * c * on(t) ** 2 * off(t) * GROWTH(value, t), during)
    response_pull = integrate(lambda t: 2 * c * off(t) ** 2 * on(t) * GROWTH(value, t), after)
    return loss, delay_pull, response_pull


def random_case(seed):
    """One r and one model in the promised range; a third of the r are extremely close to the optimum."""
    rng = np.random.default_rng(seed)
    exponents = rng.uniform((0, -1, -1, -1), (6, 1, 3, 3))
    delay = 10 ** exponents[0]
    model = ToyModel(delay, delay * 10 ** exponents[1], 10 ** exponents[2], 10 ** exponents[3])
    if seed % 3 == 0:
        return model.optimal_r * (1 + rng.choice([-1, 1]) * 10 ** rng.uniform(-12, -1)), model
    return (-1) ** seed * model.optimal_r * 10 ** rng.uniform(-2, 2.5), model


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.sampled(3)
def test_twelve_digits_in_every_regime(seed):
    value, model = random_case(seed)
    found = loss_and_gradient(np.array([value]), model)
    with mp.workdps(30):
        loss, *pulls = twin(value, model)
        assert abs(mp.mpf(float(found.loss[0])) / loss - 1) < 1e-12
        for mine, exact in zip((found.log_delay_pull[0], found.log_response_pull[0]), pulls, strict=True):
            if exact == 0 or mp.log(exact) < -1e4:
                assert mine < -9e3
            else:  # the exponent's own rounding is relative to its size
                assert abs(mp.mpf(float(mine)) - mp.log(exact)) < 1e-12 * max(1, -mp.log(exact) / 700)
        gradient = pulls[0] - pulls[1]
        assert abs(mp.mpf(float(found.gradient[0])) - gradient) <= max(found.gradient_error[0], 1e-300)
        assert found.gradient_error[0] <= 2e-12 * (pulls[0] + pulls[1]) + 1e-300


def test_zero_is_like_its_neighbours():
    model = ToyModel(100.0, 70.0, 0.5, 3.0)
    found = loss_and_gradient(np.array([-1e-18, 0.0, 1e-18, -1e-300, 1e-300]), model)
    np.testing.assert_allclose(found.loss, found.loss[1], rtol=1e-13)
    np.testing.assert_allclose(found.gradient, found.gradient[1], rtol=1e-9)


def test_gradient_is_the_slope_of_the_loss():
    model = ToyModel(10.0, 15.0, 2.0, 1.5)
    for value in model.optimal_r * np.array([-2.0, 0.3, 0.9, 1.3, 5.0]):
        exact = loss_and_gradient(np.array([value]), model).gradient[0]
        errors = []
        for h in abs(value) * np.array([1e-2, 5e-3]):
            low, high = loss_and_gradient(np.array([value - h, value + h]), model).loss
            errors.append(abs((high - low) / (2 * h) - exact))
        assert abs(math.log2(errors[0] / errors[1]) - 2) < 0.05


def test_the_integrands_are_the_loss_and_its_derivative():
    c = step_output.confidence
    during, after = output.gradient_terms()
    errors = (output.output() ** 2, (1 - output.output()) ** 2, during, -after)
    for logarithm, direct in zip(output.log_integrands(), errors, strict=True):
        assert sp.simplify(sp.exp(sp.expand_log(logarithm, force=True)) / direct) == 1
    x = step_output.confidence * (step_output.trajectory() - step_output.threshold)
    chain = (output.output() ** 2).subs(output.phase, x).diff(r)
    stated = during.subs({output.phase: x, output.growth: step_output.sensitivity()})
    numbers = {r: -0.3, time: 1.7, c: 2.1, step_output.threshold: 0.4}
    assert abs(sp.N((chain - stated).subs(numbers), 30)) < 1e-15


@pytest.mark.parametrize("value", [q, -q])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_restarted_trajectory_solves_the_ode(value, sign):
    later = sp.Symbol("later", positive=True)
    x = output.level + output.restarted().subs({r: value, output.elapsed: sign * later}).rewrite(sp.tan)
    assert sp.simplify(sign * x.diff(later) - x**2 - value) == 0
    assert output.restarted().subs(output.elapsed, 0) == 0


def test_time_between_levels_inverts_the_restart():
    h = sp.Symbol("h", positive=True)
    moment = output.time_between().subs({r: q, output.state: output.level + h})
    rise = output.restarted().subs({r: q, output.elapsed: moment}).rewrite(sp.tan)
    assert sp.simplify(rise - h) == 0
    x = output.state_before_blow_up().subs(output.remaining, output.time_to_blow_up()).subs(r, q)
    assert sp.simplify(x - output.level) == 0


def test_panels_integrate_what_underflows():
    panels = Panels.between(np.array([0.0, 0.0]), np.array([3.0, -1.0]), np.array([[1.0, 2.0], [0.5, 0.7]]))
    (log_integral,) = panels.log_integrals(lambda row, t: (-5000.0 - t,), 2, 16)
    assert log_integral[0] == pytest.approx(-5000 + math.log(1 - math.exp(-3)), abs=1e-11)
    assert log_integral[1] == -np.inf  # an empty interval


def test_a_rule_too_coarse_is_refused(monkeypatch):
    monkeypatch.setattr(confidence, "ORDERS", (2, 3))
    with pytest.raises(QuadratureError, match="differ by"):
        loss_and_gradient(np.array([2e-4]), ToyModel(100.0, None, 10.0, 10.0))


def test_infinite_parameters_are_refused():
    with pytest.raises(ToyModelError, match="finite"):
        loss_and_gradient(np.array([1.0]), ToyModel(100.0))
    with pytest.raises(ToyModelError, match="finite"):
        loss_and_gradient(np.array([np.nan]), ToyModel(100.0, None, 1.0, 1.0))


def test_the_optimum_is_a_minimum_and_tends_to_the_steps_as_confidence_squared():
    """The O(1/c) shift vanishes: to that order the two pulls balance where the output is one half at T."""
    shifts = []
    for c in (100.0, 200.0):
        model = ToyModel(3.0, None, 1.0, c)
        best = optimal_r(model)
        around = loss_and_gradient(best * np.array([1 - 1e-6, 1.0, 1 + 1e-6]), model)
        assert around.gradient_sign[0] < 0 < around.gradient_sign[2]
        assert around.loss[1] <= min(around.loss[0], around.loss[2])
        shifts.append(abs(best / model.optimal_r - 1))
    assert abs(math.log2(shifts[0] / shifts[1]) - 2) < 0.05


def test_no_optimum_is_an_outcome_with_a_name():
    with pytest.raises(NoOptimumError, match="confidence"):
        optimal_r(ToyModel(1.0, None, 0.1, 0.1), span=1.5)


# The stuck learner


@pytest.mark.parametrize("c", [0.1, 1.0, 10.0, 100.0])
@pytest.mark.parametrize("response", [30.0, 100.0])
def test_gradient_at_zero_is_exact(c, response):
    model = ToyModel(100.0, response, 0.7, c)
    found = loss_and_gradient(np.array([0.0]), model)
    exact = lower_mpmath(no_learning.ARGUMENTS, no_learning.gradient_at_zero())
    with mp.workdps(30):
        value = exact(*map(mp.mpf, (0, *model.window, model.threshold, c)))
    assert found.gradient[0] == pytest.approx(float(value), rel=1e-12)


def test_exponential_integrals_are_antiderivatives():
    k, x, s = no_learning._k, no_learning._x, no_learning._s
    speed = x**2 - s**2
    assert sp.simplify(no_learning.exponential_integral().diff(x) * speed - sp.exp(k * x)) == 0
    whole = no_learning.growth_integral()
    growth = (x + time * speed) / (-2 * s**2)
    assert sp.simplify(whole.diff(x) * speed + whole.diff(time) - sp.exp(k * x) * growth) == 0


MODEL = ToyModel(100.0, None, 0.5, 1.0)


@pytest.mark.parametrize("formula", [no_learning.delay_below_exact(), no_learning.response_below()])
@pytest.mark.parametrize("value", [-1e-4, -1e-2, -1.0])
def test_closed_forms_miss_only_the_output_itself(formula, value):
    """Relative error at most 3 exp(-c x_star), twelve digits once that is below rounding."""
    found = no_learning.measure_asymptotic(formula, value, MODEL, (10, 20, 40, 60, 200))
    for c, error in zip(found.confidences, found.errors, strict=True):
        assert abs(error) < 3 * math.exp(-c * MODEL.threshold) + 1e-12 * max(1, 2 * c / 700)


@pytest.mark.parametrize(
    ("formula", "value", "confidences"),
    [
        (no_learning.delay_below(), -0.01, (1e3, 1e4)),
        (no_learning.response_above(), 0.2 * MODEL.optimal_r, (3e4, 3e5)),
        (no_learning.response_above(), 0.1 * MODEL.optimal_r, (1e5, 1e6)),
        (no_learning.response_below_laplace(), -1e-4, (1e5, 1e6)),
    ],
)
def test_laplace_formulas_have_the_predicted_error(formula, value, confidences):
    """The measured error is the first correction, the next one smaller by another power of 1/c."""
    found = no_learning.measure_asymptotic(formula, value, MODEL, confidences)
    assert abs(found.slope + formula.order) < 0.05
    for error, predicted in zip(found.errors, found.predicted, strict=True):
        assert error == pytest.approx(predicted, rel=0.05)


def test_confidences_from_which_each_formula_is_good():
    decades = (1, 3, 10, 30, 100, 300, 1000)
    below = (
        no_learning.delay_below(),
        no_learning.delay_below_exact(),
        no_learning.response_below(),
        no_learning.response_below_laplace(),
    )
    rows = [(formula, -1e-2) for formula in below]  # inside the no-learning zone for r > 0
    rows.append((no_learning.response_above(), 0.2 * MODEL.optimal_r))
    good = [no_learning.measure_asymptotic(formula, r, MODEL, decades).good_from() for formula, r in rows]
    assert good == [100, 10, 10, None, 100]


def test_loss_deficit_above_zero():
    value = 0.2 * MODEL.optimal_r
    errors = []
    for c in (1e3, 1e4):
        model = ToyModel(100.0, None, 0.5, c)
        with mp.workdps(30):
            leading = lower_mpmath(no_learning.ARGUMENTS, no_learning.loss_deficit_above())(
                *map(mp.mpf, (value, *model.window, 0.5, c))
            )
            _, after, _ = panels_for_twin(mp.mpf(value), model)

            def deficit(t, c=c):
                o = 1 / (1 + mp.exp(-c * (STATE(mp.mpf(value), t) - mp.mpf("0.5"))))
                return o * (2 - o)

            errors.append(float(abs(integrate(deficit, after) / leading - 1)))
    assert abs(math.log10(errors[0] / errors[1]) - 1) < 0.05


@pytest.mark.parametrize("delay", [1.0, 100.0])
@pytest.mark.parametrize("c", [30.0, 100.0, 1000.0])
@pytest.mark.sampled(2)
def test_flip_predicted_without_quadrature(delay, c):
    """Closed form against the root of the quadrature; they differ by the output itself, exp(-c x_star)."""
    model = ToyModel(delay, None, 0.5, c)
    predicted, measured = flip.flip(model), flip.flip_by_quadrature(model)
    assert measured == pytest.approx(predicted, rel=10 * math.exp(-c * 0.5) + 1e-11)
    above, below = loss_and_gradient(measured * np.array([0.999, 1.001]), model).gradient_sign
    assert above < 0 < below


def test_flip_deepens_as_the_confidence_falls_and_tends_to_its_limit():
    confidences = (0.1, 1.0, 10.0, 100.0, 1e3, 1e4, 1e5)
    flips = np.array([flip.flip_by_quadrature(ToyModel(100.0, None, 0.5, c)) for c in confidences])
    limit = flip.flip_in_the_limit(ToyModel(100.0, None, 0.5))
    assert limit == pytest.approx(-0.25, rel=1e-12)  # tanh(50) = 1
    assert np.all(np.diff(flips) > 0)
    assert np.all(flips < limit)
    # the prefactors enter as log(c) / c
    excess = (limit - flips[-2:]) * confidences[-2:] / np.log(confidences[-2:])
    assert excess[1] == pytest.approx(excess[0], rel=0.2)


@settings(max_examples=60, deadline=None)
@given(
    delay=st.floats(1, 1e6),
    rho=st.floats(-1e4, 1e4),
    ratio=st.floats(0.1, 10),
    threshold=st.floats(0.1, 1e3),
    c=st.floats(0.1, 1e3),
)
def test_finite_everywhere(delay, rho, ratio, threshold, c):
    model = ToyModel(delay, ratio * delay, threshold, c)
    found = loss_and_gradient(np.array([rho * math.pi**2 / (4 * delay**2)]), model)
    assert 0 < found.loss[0] <= sum(model.window)
    assert np.isfinite(found.gradient[0])
    assert found.loss_error[0] < 2e-12 * found.loss[0]
