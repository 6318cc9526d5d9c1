"""Networks that contract under inputs in a box: thresholds known by hand, trajectories by brute force, forgeries."""

from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import pairwise

import flint
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.contraction import DISCRETE, DISCRETE_VOLTAGE, RATE, VOLTAGE
from theory.contraction.regions.activation import RELU, SIGMOID, TANH
from theory.contraction.regions.autonomous import autonomous
from theory.contraction.regions.box import Driven, IntervalBox, Unbounded
from theory.contraction.regions.constant_inputs import (
    InputOutcome,
    amplitudes,
    contraction,
    decide,
    largest_gain_under,
)
from theory.contraction.regions.grown_box import largest_box
from theory.contraction.regions.input_certificate import InputCase
from theory.enclosures import Enclosed

SWITCH = np.array([[1.6, -0.2], [0.1, 1.5]])
FOLD = np.sqrt(2) - np.arcsinh(1)
"""Where tanh(2 h + u) = h loses two of its three solutions: h^2 = 1/2."""
CASES = {
    "rate": (RATE, {"time_constants": np.array([1.0, 3.0])}),
    "voltage": (VOLTAGE, {}),
    "discrete": (DISCRETE, {"leak": np.array([0.4, 0.9])}),
    "discrete-voltage": (DISCRETE_VOLTAGE, {}),
}
named = pytest.mark.parametrize("case", CASES)


@cache
def under(case, scale=1.0):
    form, own = CASES[case]
    return decide(autonomous(SWITCH, form, TANH, scale * np.array([1.0, 0.5]), **own))


def reached(case, inputs, states, steps=400):
    """By hand: Euler's steps of a flow, those of a map; neuron by neuron."""
    form, own = CASES[case]
    paces = own.get("leak", 0.25 / own.get("time_constants", np.ones(2)) if not form.discrete else np.ones(2))
    ends = []
    for start in states:
        x = [float(each) for each in start]
        for _ in range(steps):
            seen = [sum(SWITCH[i][j] * x[j] for j in range(2)) + inputs[i] for i in range(2)]
            if form.slopes_multiply_rows:
                driven = [np.tanh(z) for z in seen]
            else:
                driven = [sum(SWITCH[i][j] * np.tanh(x[j]) for j in range(2)) + inputs[i] for i in range(2)]
            x = [x[i] + paces[i] * (driven[i] - x[i]) for i in range(2)]
        ends.append(x)
    return np.array(ends)


@named
def test_under_a_strong_input_all_trajectories_meet_in_the_last_box(case):
    found = under(case)
    assert found.outcome is InputOutcome.CONTRACTING
    assert found.case.proved(found.system.exact)
    assert 0 < found.rate < 1.1
    states = np.random.default_rng(0).normal(scale=5, size=(6, 2))
    ends = reached(case, found.system.inputs, states)
    np.testing.assert_allclose(ends, np.broadcast_to(ends[0], ends.shape), atol=1e-6)
    last = found.case.claim.boxes[-1]
    low, high = (np.array([float(end) for end in ends_of]) for ends_of in (last.lower, last.upper))
    assert (low - 1e-6 <= ends).all()
    assert (ends <= high + 1e-6).all()
    seen = ends[0] if not found.system.network.form.slopes_multiply_rows else SWITCH @ ends[0] + found.system.inputs
    for slope, bounds in zip(1 - np.tanh(seen) ** 2, found.slopes, strict=True):
        assert float(bounds.lower) - 1e-6 <= slope <= float(bounds.upper) + 1e-6


@named
def test_without_an_input_two_basins_lie_apart(case):
    found = under(case, 0.0)
    assert found.outcome is InputOutcome.TWO_BASINS
    assert found.case.proved(found.system.exact)
    points = np.array([[float(entry) for entry in basin.point] for basin in found.case.claim.basins])
    ends = reached(case, found.system.inputs, points)
    np.testing.assert_allclose(ends, points, atol=1e-6)
    assert np.abs(ends[0] - ends[1]).max() > 0.5


def test_of_one_neuron_the_fold_is_bracketed():
    system = autonomous(np.array([[2.0]]), DISCRETE, TANH)
    found = amplitudes(system, np.array([1.0]))
    assert 0.99 * FOLD < found.high < FOLD < found.low < 1.02 * FOLD
    assert all(case.proved(system.exact) for case in found.cases)
    ends = [(piece.inputs.lower[0], piece.inputs.upper[0]) for piece in found.pieces]
    assert ends[0][0] == Fraction(found.low)
    assert ends[-1][1] is None
    assert all(one[1] == other[0] for one, other in pairwise(ends))
    downwards = amplitudes(system, np.array([-1.0]))
    assert downwards.low == found.low
    assert downwards.pieces[-1].inputs.lower == (None,)


def test_gains_are_bracketed_under_an_input_and_without_one():
    assert largest_gain_under(autonomous(np.array([[1.0]]), RATE, TANH)).low == pytest.approx(1.0, rel=0.01)
    system = autonomous(np.array([[1.0]]), VOLTAGE, TANH, inputs=2 * FOLD)
    found = largest_gain_under(system)
    assert 1 < found.low < found.high < 1.1 * found.low
    assert all(case.proved(system.exact) for case in found.cases)
    assert found.low_case.gain == flint.fmpq(*float(found.low).as_integer_ratio())
    w = found.low  # of v = w tanh(v) + u the fold is at tanh(v)^2 = 1 - 1/w
    h = np.sqrt(1 - 1 / w)
    assert w * h - np.arctanh(h) == pytest.approx(2 * FOLD, rel=0.02)


def test_a_direction_that_holds_not_all_neurons_is_not_said_to_be_enough():
    system = autonomous(np.diag([2.0, 2.0]), RATE, TANH)
    found = amplitudes(system, np.array([1.0, 0.0]))
    assert (found.low, found.pieces) == (None, ())
    assert found.high is not None


def test_the_sigmoid_and_what_has_no_bounds():
    system = autonomous(np.array([[8.0]]), DISCRETE, SIGMOID, -4.0)  # as tanh(2 x)
    found = amplitudes(system, np.array([2.0]))
    assert 0.98 * FOLD < found.high < FOLD < found.low < 1.05 * FOLD
    with pytest.raises(Unbounded, match="give tanh or sigmoid"):
        decide(autonomous(np.array([[0.5]]), DISCRETE, RELU))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=8, max_size=8), st.booleans())
def test_images_hold_what_drives_states_of_a_box(numbers, rate_like):
    weights, inputs = np.array(numbers[:4]).reshape(2, 2), numbers[4:6]
    system = autonomous(weights, RATE if rate_like else VOLTAGE, TANH)
    low = np.array(numbers[6:]) - 0.5
    box = IntervalBox(IntervalBox.at(low.tolist()).lower, IntervalBox.at((low + 1).tolist()).lower)
    driven = Driven(system.exact, IntervalBox.at(inputs))
    image, slopes = driven.image(box), driven.slopes(box)
    assert image.within(driven.everywhere)
    for corner in np.ndindex(3, 3):
        x = low + np.array(corner) / 2
        seen = weights @ x + inputs if rate_like else x
        drives = np.tanh(seen) if rate_like else weights @ np.tanh(x) + inputs
        for i in range(2):
            assert float(image.lower[i]) - 1e-12 <= drives[i] <= float(image.upper[i]) + 1e-12
            assert float(slopes[i].lower) - 1e-12 <= 1 - np.tanh(seen[i]) ** 2 <= float(slopes[i].upper) + 1e-12


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=8, max_size=8), st.booleans(), st.floats(0.1, 0.9), st.booleans())
def test_no_step_of_a_leaky_map_that_inhibits_itself_leads_beyond_both(numbers, rate_like, leak, logistic):
    """From all states of a box: each end is that of what drives states, or of where steps lead."""
    weights, inputs = np.array(numbers[:4]).reshape(2, 2), np.array(numbers[4:6])
    weights[0, 0], weights[1, 1] = -1 - abs(weights[0, 0]), -abs(weights[1, 1])
    phi, form = SIGMOID if logistic else TANH, DISCRETE if rate_like else DISCRETE_VOLTAGE
    system = autonomous(weights, form, phi, leak=leak)
    low = np.array(numbers[6:]) - 0.5
    box = IntervalBox(IntervalBox.at(low.tolist()).lower, IntervalBox.at((low + 1).tolist()).lower)
    image = Driven(system.exact, IntervalBox.at(inputs.tolist())).image(box)
    states = low + np.stack(np.meshgrid(*[np.linspace(0, 1, 41)] * 2), axis=-1).reshape(-1, 2)
    phi_of = (lambda z: 1 / (1 + np.exp(-z))) if logistic else np.tanh
    drives = phi_of(states @ weights.T + inputs) if rate_like else phi_of(states) @ weights.T + inputs
    steps = (1 - leak) * states + leak * drives
    for i in range(2):
        least, most = (float(end[i]) for end in (image.lower, image.upper))
        assert least <= max(drives[:, i].min(), steps[:, i].min()) + 1e-12
        assert most >= min(drives[:, i].max(), steps[:, i].max()) - 1e-12
        if weights[i, i] < 0:
            assert least >= max(drives[:, i].min(), steps[:, i].min()) - 0.05
            assert most <= min(drives[:, i].max(), steps[:, i].max()) + 0.05


def test_a_box_that_is_not_left_holds_states_that_tend_to_one_point():
    system = autonomous(SWITCH, DISCRETE, TANH)
    first = IntervalBox.at([0.5, 0.5]).lower, IntervalBox.at([1.0, 1.0]).lower
    claim = contraction(system, IntervalBox.at([0.0, 0.0]), first=IntervalBox(*first))
    assert not claim.everywhere
    driven = Driven(system.exact, IntervalBox.at([0.0, 0.0]))
    assert claim.proved(driven)
    assert not replace(claim, everywhere=True).proved(driven)
    both = IntervalBox(IntervalBox.at([-0.5, 0.5]).lower, first[1])
    assert contraction(system, IntervalBox.at([0.0, 0.0]), first=both) is None


@named
def test_the_largest_box_holds_states_that_all_tend_to_its_point_and_is_hardly_to_be_larger(case):
    form, own = CASES[case]
    system = autonomous(SWITCH, form, TANH, np.array([0.1, -0.05]), **own)
    found = largest_box(system, np.array([1.0, 1.0]))
    assert found.claim.proved(Driven(system.exact, IntervalBox.at([0.1, -0.05])))
    lower, upper = found.faces
    corners = np.array([[(lower, upper)[a][0], (lower, upper)[b][1]] for a in (0, 1) for b in (0, 1)])
    ends = reached(case, system.inputs, corners)
    np.testing.assert_allclose(ends, np.broadcast_to(found.fixed_point.state, ends.shape), atol=1e-6)
    assert 0 < found.cube < np.abs(found.fixed_point.state).max()
    wider = IntervalBox(IntervalBox.at((lower - 0.2).tolist()).lower, found.claim.boxes[0].upper)
    assert contraction(system, IntervalBox.at([0.1, -0.05]), first=wider) is None


def test_where_absolute_values_are_too_large_no_box_is_found():
    """A rotation: stable, but no box around zero holds its image."""
    system = autonomous(np.array([[0.0, -0.95], [0.95, 0.0]]), DISCRETE, TANH)
    assert largest_box(system, np.zeros(2)).claim is not None
    turned = autonomous(0.7 * np.array([[1.0, -1.0], [1.0, 1.0]]), DISCRETE, TANH)
    found = largest_box(turned, np.zeros(2))
    assert found.fixed_point.stable
    assert found.claim is None


def test_forged_cases_are_refused():
    found = under("rate")
    exact, case, claim = found.system.exact, found.case, found.case.claim
    smaller = replace(claim, boxes=(IntervalBox.at([0.9, 0.9]), *claim.boxes[1:]))
    narrow = tuple(Enclosed(each.lower, each.middle) for each in claim.slopes)
    above = tuple(x + 1 for x in case.inputs.lower)
    forged = {
        "other inputs": replace(case, inputs=IntervalBox.at([0.0, 0.0])),
        "unbounded inputs": replace(case, inputs=IntervalBox((None, Fraction(0)), (None, Fraction(1)))),
        "inputs the wrong way": replace(case, inputs=IntervalBox(above, case.inputs.upper)),
        "steeper": replace(case, gain=flint.fmpq(2)),
        "no gain": replace(case, gain=flint.fmpq(0)),
        "a smaller box": replace(case, claim=smaller),
        "a box without an end": replace(case, claim=replace(claim, boxes=(IntervalBox((None, None), (None, None)),))),
        "fewer slopes": replace(case, claim=replace(claim, slopes=narrow)),
        "the last box first": replace(case, claim=replace(claim, boxes=claim.boxes[-1:])),
        "faster": replace(case, claim=replace(claim, proof=replace(claim.proof, rate=flint.fmpq(3)))),
    }
    assert case.proved(exact)
    assert [name for name, each in forged.items() if each.proved(exact)] == []
    apart = under("rate", 0.0).case
    first, second = apart.claim.basins
    assert apart.proved(exact)
    for wrong in (
        replace(apart.claim, basins=(first, first)),
        replace(apart.claim, direction=(flint.fmpq(0), flint.fmpq(0))),
        replace(apart.claim, basins=(first, replace(second, rate=flint.fmpq(5)))),
    ):
        assert not replace(apart, claim=wrong).proved(exact)
    assert not InputCase(case.inputs, apart.claim).proved(exact)
