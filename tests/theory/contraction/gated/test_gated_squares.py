"""Squares fall where rows say nothing: along trajectories, in rational numbers, and in no forged claim."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from theory.contraction import gated
from theory.contraction.gated.bounds import RATIONALS, Bounds
from theory.contraction.gated.search import proposed, shrunk
from theory.contraction.gated.squares import LARGEST_STATE, proposed_squares
from theory.contraction.gated.statements import ContractingInBox, SquaresInBox


def drawn(units, factor):
    """As PyTorch draws it: all numbers uniform within 1 / sqrt(units); one input up to one."""
    rng, rows = np.random.default_rng(units), 3 * units
    given = [rng.uniform(-1, 1, size) / np.sqrt(units) for size in ((rows, 1), (rows, units), rows, rows)]
    return gated.gru.from_arrays(*given, input_box=1.0).with_recurrence(factor)


@pytest.fixture(scope="module")
def found():
    return gated.decide.certify(drawn(4, 1.05))


@pytest.fixture(scope="module")
def states(found):
    """Pairs of states of the box, in the middle and on its faces."""
    rng, (low, high) = np.random.default_rng(0), ends(found.claim.box)
    return low + np.clip(rng.uniform(-0.3, 1.3, (2, 200, 4)), 0, 1) * (high - low)


def ends(box):
    return box.low.astype(float), box.high.astype(float)


def test_a_layer_is_certified_that_rows_leave_undecided(found):
    assert found.verdict.word == "contracting"
    assert isinstance(found.claim, SquaresInBox)
    assert found.certificate.holds()
    *rows, squares = found.attempts
    assert min(each.rate for each in rows) > 1 > squares.rate
    assert [each.proved for each in rows] == [None, False, False]
    assert squares.proved
    assert 0 <= found.factor - found.squares.factor < 1e-5


def test_pairs_approach_at_least_as_fast_as_certified(found, states):
    layer, claim, rng = found.layer, found.claim, np.random.default_rng(1)
    weights, (low, high) = claim.weights.astype(float), ends(claim.box)
    fastest = 1.0
    for _ in range(30):
        before = np.sqrt((states[0] - states[1]) ** 2 @ weights)
        value = rng.uniform(layer.inputs.low, layer.inputs.high)
        states = np.array([layer.step(each, value) for each in states])
        after = np.sqrt((states[0] - states[1]) ** 2 @ weights)
        assert (after <= float(claim.factor) * before + 1e-15).all()
        assert (states >= low - 1e-12).all()
        assert (states <= high + 1e-12).all()
        fastest = min(fastest, (after / np.maximum(before, 1e-300)).min())
    assert fastest > 0.05  # they are not pairs that have met


def test_inputs_that_differ_keep_states_within_the_gain(found, states):
    layer, claim, rng = found.layer, found.claim, np.random.default_rng(2)
    constant = rng.uniform(layer.inputs.low, layer.inputs.high, (2, 20, 1))
    pairs = states[:, :20]
    pairs[1] = pairs[0]
    for _ in range(100):
        pairs = np.array([layer.step(h[:, None], x)[:, 0] for h, x in zip(pairs, constant, strict=True)])
        distance = np.sqrt((pairs[0] - pairs[1]) ** 2 @ claim.weights.astype(float))
        assert (distance <= float(claim.gain) * np.abs(constant[0] - constant[1]).max(axis=1)).all()


def test_forms_hold_the_rows_that_they_speak_of(found):
    """The squares of differences of steps, unit by unit, beside E_i: no step is longer than its form says."""
    layer, claim, rng = found.layer, found.claim, np.random.default_rng(3)
    low, high = ends(claim.box)
    (known,) = layer.coefficients(layer.gates(Bounds(low, high)), claim.pieces)
    sharpest = 0.0
    for _ in range(200):
        h, value = rng.uniform(low, high), rng.uniform(layer.inputs.low, layer.inputs.high)
        move = 1e-6 * rng.normal(size=4)
        moved = (layer.step((h + move)[None], value) - layer.step(h[None], value))[0]
        for i in range(4):
            y = known.sensed[i] @ move
            bound = np.sqrt(y @ claim.forms[i].astype(float) @ y)
            assert abs(moved[i]) <= bound * (1 + 1e-4) + 1e-15
            sharpest = max(sharpest, abs(moved[i]) / bound)
    assert sharpest > 0.7


def test_what_is_forged_does_not_hold(found):
    layer, claim = found.layer, found.claim
    few, forms, skew = claim.weights.copy(), claim.forms, claim.forms[2].copy()
    few[0] = few[0] / 100
    skew[0, 1] += 1
    half = (claim.box.high + claim.box.low) / 2
    for forged in (
        replace(claim, factor=claim.factor * Fraction(99, 100)),
        replace(claim, factor=Fraction(1)),
        replace(claim, gain=claim.gain * Fraction(9, 10)),
        replace(claim, gain=-claim.gain),
        replace(claim, weights=few),
        replace(claim, weights=-claim.weights),
        replace(claim, weights=claim.weights[1:]),
        replace(claim, forms=(forms[0] * Fraction(99, 100), *forms[1:])),
        replace(claim, forms=(*forms[:2], skew, forms[3])),
        replace(claim, forms=tuple(-each for each in forms)),
        replace(claim, forms=tuple(4 * each for each in forms)),
        replace(claim, forms=tuple(each[:3, :3] for each in forms)),
        replace(claim, forms=forms[1:]),
        replace(claim, pieces=0),
        replace(claim, box=Bounds(claim.box.low, half)),
    ):
        assert not forged.holds(layer)
    assert not claim.holds(layer.with_recurrence(1.3))
    assert not claim.holds(replace(layer, inputs=Bounds(4 * layer.inputs.low, 4 * layer.inputs.high)))


def test_of_one_unit_without_recurrent_gates_the_factor_is_the_largest_slope():
    """h+ = (h + tanh(h / 2 + x)) / 2: the slope is largest, 3 / 4, where the candidate is zero; rows say the same."""
    layer = gated.gru.from_arrays(np.array([[0.0], [0.0], [1.0]]), np.array([[0.0], [0.0], [1.0]]), input_box=0.2)
    box = shrunk(layer)
    squares, rows = proposed_squares(layer, box, 16), proposed(layer, box)
    assert 0.75 <= squares.factor < 0.75 * (1 + 1e-3)  # the least form is approached, not reached
    assert rows.factor == pytest.approx(0.75, rel=1e-6)


def test_the_recurrence_is_certified_beyond_that_of_rows():
    layer = drawn(4, 1.0)
    scale = gated.decide.largest_recurrence(layer)
    rows = proposed(layer.with_recurrence(scale.low), shrunk(layer.with_recurrence(scale.low)))
    assert isinstance(scale.low_claim, SquaresInBox)
    assert rows.factor > 1
    assert 1.05 < scale.low < 1.2
    assert scale.low_claim.holds(layer.with_recurrence(scale.low))


def test_an_lstm_is_certified_that_rows_leave_undecided():
    rng = np.random.default_rng(3)
    given = [rng.uniform(-1, 1, size) / np.sqrt(6) for size in ((24, 1), (24, 6), 24, 24)]
    layer = gated.lstm.from_arrays(*given, input_box=1.0).with_recurrence(0.7)
    found = gated.decide.certify(layer)
    assert isinstance(found.claim, SquaresInBox)
    assert found.inner.factor > 1 > found.factor
    low, high = ends(found.claim.box)
    for _ in range(20):
        h, value = rng.uniform(low, high, (2, 100, 12)), rng.uniform(-1, 1, 1)
        before, after = (
            (a - b) ** 2 @ found.claim.weights.astype(float) for a, b in (h, [layer.step(x, value) for x in h])
        )
        assert (after <= float(found.claim.factor) ** 2 * before).all()


def test_where_rows_serve_squares_are_not_asked():
    found = gated.decide.certify(drawn(4, 0.5))
    assert isinstance(found.claim, ContractingInBox)
    assert found.squares is None


def test_layers_too_large_or_without_known_sums_have_no_squares():
    rows = 3 * LARGEST_STATE + 3
    many = gated.gru.from_arrays(np.zeros((rows, 1)), np.zeros((rows, LARGEST_STATE + 1)), input_box=1.0)
    assert proposed_squares(many, many.everywhere()) is None
    before = gated.gru.from_arrays(np.ones((6, 1)), np.ones((6, 2)), input_box=1.0, reset_after=False)
    assert proposed_squares(before, before.everywhere()) is None
    weights = RATIONALS.numbers(np.ones(2))
    forms = (RATIONALS.numbers(np.eye(4)),) * 2
    box = Bounds(-weights, weights)
    assert not SquaresInBox(Fraction(1, 2), Fraction(9), 1, box, weights, forms).holds(before)
