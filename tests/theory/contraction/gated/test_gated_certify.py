"""What is certified holds along trajectories; what is forged does not; published conditions are contained."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from theory.contraction import gated
from theory.contraction.gated.bounds import Bounds
from theory.contraction.gated.search import MOST_PIECES, BadPieces, proposed, shrunk
from validate.contraction import certificate_checker as checker

KINDS = ("after", "before", "lstm")


def random_layer(kind, seed, *, units=4, inputs=2, recurrent=0.25, input_box=0.5):
    rng = np.random.default_rng(seed)
    rows = (4 if kind == "lstm" else 3) * units
    given = [rng.normal(size=shape) for shape in ((rows, inputs), (rows, units), (rows,), (rows,))]
    scaled = [0.5 * given[0], recurrent * given[1], 0.3 * given[2], 0.3 * given[3]]
    if kind == "lstm":
        return gated.lstm.from_arrays(*scaled, input_box=input_box)
    return gated.gru.from_arrays(*scaled, input_box=input_box, reset_after=kind == "after")


@pytest.fixture(scope="module", params=KINDS)
def certified(request):
    small = 0.1 if request.param == "lstm" else 0.25
    found = gated.decide.certify(random_layer(request.param, seed=1, recurrent=small))
    assert found.verdict.word == "contracting"
    return found


def test_pairs_approach_at_least_as_fast_as_certified(certified):
    layer, claim, rng = certified.layer, certified.claim, np.random.default_rng(0)
    low, high, weights = (each.astype(float) for each in (claim.box.low, claim.box.high, claim.weights))
    states = low + rng.random((2, 200, layer.size)) * (high - low)
    for _ in range(40):
        before = (np.abs(states[0] - states[1]) / weights).max(axis=1)
        value = layer.inputs.low + rng.random(2) * (layer.inputs.high - layer.inputs.low)
        states = np.array([layer.step(each, value) for each in states])
        after = (np.abs(states[0] - states[1]) / weights).max(axis=1)
        assert (after <= float(claim.factor) * before + 1e-15).all()
        assert (states >= low - 1e-12).all()
        assert (states <= high + 1e-12).all()


def test_inputs_that_differ_keep_states_within_the_gain(certified):
    layer, claim, rng = certified.layer, certified.claim, np.random.default_rng(0)
    weights, ends = claim.weights.astype(float), layer.inputs
    states, largest = np.zeros((2, 20, layer.size)), 0.0
    constant = ends.low + rng.random((2, 20, 2)) * (ends.high - ends.low)
    apart = np.abs(constant[0] - constant[1]).max(axis=1)
    for _ in range(200):
        states = np.array([layer.step(h[:, None], x)[:, 0] for h, x in zip(states, constant, strict=True)])
        distance = (np.abs(states[0] - states[1]) / weights).max(axis=1)
        assert (distance <= float(claim.gain) * apart + 1e-12).all()
        largest = max(largest, (distance / apart).max())
    assert largest > 0.02 * float(claim.gain)  # the gain is no idle number


def test_the_box_of_the_proof_holds_the_state_of_zeros_and_the_sentence_speaks_of_it(certified):
    box = certified.claim.box
    assert (box.low <= 0).all()
    assert (box.high >= 0).all()
    assert "from a box of states" in certified.sentence


@pytest.mark.parametrize("pieces", [0, 65])
def test_pieces_that_the_checker_would_not_take_are_refused_first(pieces):
    assert MOST_PIECES == checker.MOST_PIECES
    for ask in (gated.decide.certify, gated.decide.largest_recurrence):
        with pytest.raises(BadPieces, match=f"pieces are {pieces}; a whole number from 1 to 64 is needed"):
            ask(bistable(1.0), pieces=pieces)


@pytest.mark.parametrize("make", [gated.gru.from_arrays, gated.lstm.from_arrays])
def test_layers_that_the_checker_would_not_take_are_refused_first(make):
    assert gated.layer.LARGEST == checker.LARGEST_LAYER
    blocks = 3 if make is gated.gru.from_arrays else 4
    most = gated.layer.LARGEST // blocks - 1
    assert make(np.ones((blocks, most)), np.ones((blocks, 1)), input_box=1.0).units == 1
    with pytest.raises(gated.layer.NotALayer, match="weights may number 524288 at most"):
        make(np.ones((blocks, most + 1)), np.ones((blocks, 1)), input_box=1.0)


def test_what_is_forged_does_not_hold(certified):
    layer, claim = certified.layer, certified.claim
    assert claim.holds(layer)
    few = claim.weights.copy()
    few[0] = few[0] / 1000
    half = (claim.box.high + claim.box.low) / 2
    for forged in (
        replace(claim, factor=claim.factor * Fraction(9, 10)),
        replace(claim, factor=Fraction(1)),
        replace(claim, factor=Fraction(0)),
        replace(claim, gain=claim.gain * Fraction(9, 10)),
        replace(claim, weights=few),
        replace(claim, weights=-claim.weights),
        replace(claim, weights=claim.weights[1:]),
        replace(claim, pieces=0),
        replace(claim, box=Bounds(claim.box.low, half)),
        replace(claim, box=Bounds(claim.box.high, claim.box.low)),
    ):
        assert not forged.holds(layer)
    assert not claim.holds(layer.with_recurrence(3.0))
    assert not claim.holds(replace(layer, inputs=Bounds(4 * layer.inputs.low, 4 * layer.inputs.high)))


def bistable(gain=6.0):
    """Two units that each feed themselves: h+ = (h + tanh(gain h / 2)) / 2."""
    recurrent = np.concatenate([np.zeros((4, 2)), gain * np.eye(2)])
    return gated.gru.from_arrays(np.zeros((6, 1)), recurrent, input_box=1.0)


def test_two_trajectories_that_do_not_meet_are_found_and_proved():
    found = gated.decide.certify(bistable())
    assert (found.verdict.word, found.factor) == ("not_contracting", None)
    assert found.certificate.holds()
    apart, layer = found.apart, found.layer
    states = np.array([apart.first, apart.second])
    for _ in range(apart.steps):
        states = layer.step(states, apart.input)
    assert np.abs(states[0] - states[1]).max() == pytest.approx(apart.distance)
    assert apart.distance > 1.5
    first, second = found.claim.boxes
    for forged in (
        replace(found.claim, boxes=(first, first)),
        replace(found.claim, boxes=(first, Bounds(second.low / 2, second.high / 2))),
        replace(found.claim, input=found.claim.input + 2),
        replace(found.claim, boxes=(first, Bounds(second.low[1:], second.high[1:]))),
    ):
        assert not forged.holds(layer)
    assert not found.claim.holds(bistable(1.0))


def test_a_memory_that_keeps_its_sign_is_proved_to_keep_it():
    bias = np.array([4.0, 0.0, 0.0, 4.0])
    layer = gated.lstm.from_arrays(np.zeros((4, 1)), np.array([[0.0], [0.0], [6.0], [0.0]]), bias, input_box=1.0)
    found = gated.decide.certify(layer)
    assert found.verdict.word == "not_contracting"
    assert found.claim.holds(layer)


def test_where_nothing_is_proved_it_is_said_how_close_it_came():
    found = gated.decide.certify(random_layer("after", seed=0, recurrent=0.8, input_box=2.0))
    assert (found.verdict.word, found.certificate) == ("undecided", None)
    literature, whole, inner, squares = found.attempts
    assert literature.rate > whole.rate >= inner.rate > 1
    assert squares.rate > 1
    assert (whole.proved, inner.proved, squares.proved) == (False, False, False)


def test_the_largest_recurrence_of_a_unit_that_feeds_itself_is_bracketed():
    """h+ = (h + tanh(s h / 2)) / 2 is contracting below s = 2 and has three fixed points above."""
    scale = gated.decide.largest_recurrence(bistable(1.0))
    assert 1.99 < scale.low < 2 < scale.high < 2.5
    assert scale.low_claim.holds(bistable(1.0).with_recurrence(scale.low))
    assert scale.high_claim.holds(bistable(1.0).with_recurrence(scale.high))


@pytest.mark.parametrize("kind", KINDS)
def test_published_conditions_are_contained(kind):
    """Wherever the number of the literature is below one, rows in the box of all states are too."""
    proved, more = 0, 0
    for seed in range(6):
        layer = random_layer(kind, seed, units=2 + seed % 3, recurrent=0.04 * (1 + seed % 5), input_box=0.2)
        value = gated.literature.published(layer).value
        whole, inner = (proposed(layer, box, pieces=1).factor for box in (layer.everywhere(), shrunk(layer)))
        assert inner <= whole + 1e-6
        if value < 1:
            assert whole < 1
            proved += 1
        more += value >= 1 > inner
    assert proved >= 2
    assert more >= 2


def test_the_published_numbers_of_one_unit():
    """By hand, where no gate but the candidate depends on anything: |U| / 2, and [[f, i U], [o f, o i U]]."""
    recurrent = np.array([[0.0], [0.0], [0.5]])
    before = gated.gru.from_arrays(np.zeros((3, 1)), recurrent, input_box=0.0, reset_after=False)
    assert gated.literature.published(before).value == pytest.approx(0.25)
    memory = gated.lstm.from_arrays(np.zeros((4, 1)), np.array([[0.0], [0.0], [0.5], [0.0]]), input_box=0.0)
    matrix = np.array([[0.5, 0.25], [0.25, 0.125]])
    assert gated.literature.published(memory).value == pytest.approx(np.abs(np.linalg.eigvals(matrix)).max())


def test_the_published_number_of_a_unit_with_all_gates():
    """|U_r| (s_f + |U_f| / 4) + (1 + t) |U_z| / (4 (1 - s_z)), each bound a gate's largest argument."""
    reset, update, candidate = 0.2, 0.1, 0.3
    recurrent = np.array([[reset], [update], [candidate]])
    layer = gated.gru.from_arrays(np.zeros((3, 1)), recurrent, input_box=0.0, reset_after=False)
    s_f, s_z = (1 / (1 + np.exp(-u)) for u in (reset, update))
    expected = candidate * (s_f + reset / 4) + (1 + np.tanh(candidate)) * update / 4 / (1 - s_z)
    assert gated.literature.published(layer).value == pytest.approx(expected)


@pytest.mark.parametrize("kind", KINDS)
def test_inputs_without_a_limit_worth_its_name_leave_it_undecided(kind):
    """Gates come so near to one that double precision cannot tell: no warning, no verdict, numbers or infinity."""
    layer = random_layer(kind, seed=0, units=2, input_box=1e6)
    found = gated.decide.certify(layer)
    assert (found.verdict.word, gated.literature.published(layer).value) == ("undecided", np.inf)
    assert found.inner.factor >= 1 or not np.isfinite(found.inner.box.high).all()
