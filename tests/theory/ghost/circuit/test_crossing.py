import math

import numpy as np
import pytest
import sympy
from scipy.optimize import brentq

from theory.ghost.circuit import normal_form as nf
from theory.ghost.circuit.crossing import (
    FIRST,
    MIXED,
    SECOND,
    CrossingOutcome,
    GradientShapeError,
    crossing_rate,
    effective_r_along_step,
    predict_crossing,
    step_response,
)
from theory.ghost.circuit.reduction import RATE


def random_gradient(seed, circuit, towards_saddle_node=True):
    parts = np.random.default_rng(seed).normal(size=(3, len(circuit.m)))
    d_r = circuit.parameter_gradient(circuit.slowest().location)
    downhill = sum(float(a @ g) for a, g in zip(d_r, parts, strict=True)) > 0
    sign = 1.0 if downhill == towards_saddle_node else -1.0
    return tuple(sign * part for part in parts)


def true_r_eff(circuit, gradient, rate, near):
    """f at the turning point of the stepped circuit, certified anew."""
    forms = circuit.stepped(gradient, rate).normal_forms()
    return min(forms, key=lambda point: abs(point.location - near)).effective_r


def true_critical_rate(circuit, gradient, guess):
    place = circuit.slowest().location
    return brentq(lambda rate: true_r_eff(circuit, gradient, rate, place), 0.0, 3 * guess, xtol=1e-16, rtol=1e-13)


def test_the_envelope_theorem():
    """For any smooth flow: the value at the extremum, by its Taylor coefficients to third order in y and alpha."""
    y, first_move, second_move = sympy.symbols("y y_1 y_2")
    c = {(i, j): sympy.Symbol(f"c_{i}{j}") for i in range(4) for j in range(4 - i)}
    c[1, 0] = sympy.Integer(0)  # the expansion is about a turning point
    flow = sum(value * y**i * RATE**j for (i, j), value in c.items())
    path = RATE * first_move + RATE**2 * second_move
    slope = sympy.expand(sympy.diff(flow, y).subs(y, path))
    turning = {first_move: sympy.solve(slope.coeff(RATE, 1), first_move)[0]}
    value = sympy.expand(flow.subs(y, path))
    assert value.coeff(RATE, 1) == c[0, 1]  # wherever the turning point goes
    coefficients = {
        nf.EFFECTIVE_R: c[0, 0], nf.CURVATURE: c[2, 0], FIRST: c[0, 1], SECOND: 2 * c[0, 2], MIXED: c[1, 1]
    }  # fmt: skip
    ours = effective_r_along_step().subs(coefficients, simultaneous=True)
    for order in range(3):
        difference = value.coeff(RATE, order).subs(turning) - sympy.expand(ours).coeff(RATE, order)
        assert sympy.simplify(difference) == 0


def test_the_two_rates_solve_their_equations_and_agree_when_the_square_term_vanishes():
    line = effective_r_along_step().coeff(RATE, 0) + RATE * effective_r_along_step().coeff(RATE, 1)
    assert sympy.simplify(line.subs(RATE, crossing_rate(1))) == 0
    for sign in (1, -1):
        r, slope = sympy.symbols("r s", positive=True)
        towards = {nf.EFFECTIVE_R: sign * r, FIRST: -sign * slope}
        assert sympy.simplify(effective_r_along_step().subs(RATE, crossing_rate(2)).subs(towards)) == 0
        straight = {**towards, SECOND: 0, MIXED: 0}
        assert sympy.simplify((crossing_rate(2) - crossing_rate(1)).subs(straight)) == 0


def test_the_predicted_rate_brackets_the_bifurcation_from_both_sides(ghostly):
    circuit = ghostly(1e-6)
    for seed in range(5):
        gradient = random_gradient(seed, circuit)
        crossing = predict_crossing(circuit, gradient, 1.0)
        before, after = (
            circuit.stepped(gradient, factor * crossing.critical_learning_rate).fixed_points()
            for factor in (0.999, 1.001)
        )
        assert before.certified
        assert after.certified
        assert len(after.roots) == len(before.roots) + 2


def test_the_errors_of_the_two_rates_fall_with_the_ghosts_height(ghostly):
    """The rate is proportional to r_eff, so the first order misses O(r_eff) of it and the second O(r_eff^2)."""
    heights = 10.0 ** -np.linspace(2, 4, 5)
    for seed in range(3):
        missed = []
        for height in heights:
            circuit = ghostly(height)
            crossing = predict_crossing(circuit, random_gradient(seed, circuit), 0.0)
            truth = true_critical_rate(circuit, random_gradient(seed, circuit), crossing.critical_learning_rate)
            rates = np.array([crossing.critical_learning_rate, crossing.second_order_rate])
            missed.append(np.abs(rates / truth - 1))
        slopes = np.polyfit(np.log(heights), np.log(missed), 1)[0]
        assert slopes == pytest.approx([1.0, 2.0], abs=0.15)


def test_the_response_of_a_ghost_to_a_small_step(ghostly):
    circuit = ghostly(0.01)
    gradient = random_gradient(2, circuit)
    ghost = circuit.slowest()
    response = step_response(circuit, ghost, gradient)
    against = sum(float(a @ g) for a, g in zip(circuit.parameter_gradient(ghost.location), gradient, strict=True))
    assert response.first == pytest.approx(-against, rel=1e-12)
    rates = 1e-2 / 2.0 ** np.arange(5)
    error = [abs(response.effective_r(a) - true_r_eff(circuit, gradient, a, ghost.location)) for a in rates]
    assert np.polyfit(np.log(rates), np.log(error), 1)[0] == pytest.approx(3.0, abs=0.15)


def test_what_a_prediction_says(ghostly):
    circuit = ghostly(1e-4)
    towards, away = random_gradient(0, circuit), random_gradient(0, circuit, towards_saddle_node=False)
    critical = predict_crossing(circuit, towards, 0.0).second_order_rate
    above = predict_crossing(circuit, towards, 1.25 * critical)
    below = predict_crossing(circuit, towards, 0.75 * critical)
    assert above.predicted
    assert above.predicted_to_first_order  # the two rates differ by O(r_eff) = 1e-4
    assert above.outcome is CrossingOutcome.CROSSES
    assert above.margin == pytest.approx(-0.25)
    assert above.ghost == circuit.slowest()
    assert not below.predicted
    assert not below.predicted_to_first_order
    assert below.outcome is CrossingOutcome.STAYS
    assert below.margin == pytest.approx(0.25)
    safe = predict_crossing(circuit, away, 1e-2 * critical)
    assert safe.critical_learning_rate == math.inf
    assert not safe.predicted
    nothing = predict_crossing(ghostly(-1e-4), towards, 1e9)
    assert nothing.outcome is CrossingOutcome.NO_GHOST
    assert nothing.ghost is None


def test_the_rate_that_reaches_a_target(ghostly):
    """For the point of no return: the same law, with the distance to the target instead of to zero."""
    circuit = ghostly(1e-4)
    place = circuit.slowest().location
    gradient = random_gradient(4, circuit)
    response = step_response(circuit, circuit.slowest(), gradient)
    for target in (2.5e-5, -5e-5):
        rate = response.critical_learning_rate(order=2, target=target)
        # the third order misses O(distance^2) of the distance
        assert true_r_eff(circuit, gradient, rate, place) == pytest.approx(target, abs=1e-4 * 1e-4)
    assert response.critical_learning_rate(target=2e-4) == math.inf


def test_a_pair_is_released_at_the_rate_predicted_from_the_other_side(ghostly):
    circuit = ghostly(-1e-6)
    (pair,) = [point for point in circuit.pairs() if abs(point.location - 0.3) < 0.1]
    gradient = tuple(-part for part in random_gradient(1, ghostly(1e-6)))
    rate = step_response(circuit, pair, gradient).critical_learning_rate()
    before, after = (circuit.stepped(gradient, factor * rate).fixed_points() for factor in (0.999, 1.001))
    assert len(before.roots) == len(after.roots) + 2


def test_bad_gradients_are_refused_by_name(ghostly):
    circuit = ghostly(1e-3)
    size = len(circuit.m)
    for bad in (np.zeros(size - 1), np.full(size, np.nan)):
        with pytest.raises(GradientShapeError, match="for n"):
            predict_crossing(circuit, (np.zeros(size), bad, np.zeros(size)), 0.1)
