"""Cycles: refined, catalogued with a certificate, and met by iteration; each checked against a brute-force twin."""

import mpmath as mp
import numpy as np
import pytest

from theory.ghost.descent.catalogue import attracting_cycles
from theory.ghost.descent.cycles import MOVE, Cycle, refine
from theory.ghost.descent.errors import RateError, WordError
from theory.ghost.descent.itinerary import find_cycles, is_rotation
from theory.ghost.descent.training_map import Window, advance, orbit


def lrr() -> Cycle:
    cycle = refine("LRR", 1.0)
    assert cycle is not None
    return cycle


def mp_step(state: mp.mpf, a: mp.mpf) -> mp.mpf:
    """The paper's map written out, in long floats."""
    if state < mp.mpf(1) / 4 or state == 1:
        return state
    return state - mp.sign(state - 1) * mp.mpf(3) / 4 * a / state ** mp.mpf("1.5")


def test_refined_cycle_closes_to_30_digits() -> None:
    cycle = lrr()
    with mp.workdps(50):
        for index, point in enumerate(cycle.points):
            image = MOVE[cycle.word[index]](point)
            assert abs(image - cycle.points[(index + 1) % 3]) < mp.mpf(10) ** -38


def test_multiplier_is_the_derivative_of_the_orbit() -> None:
    """Central difference of three brute-force steps at 50 digits: error of order 1e-20 squared."""
    with mp.workdps(50):
        a, h = mp.mpf("0.7"), mp.mpf(10) ** -20
        start = lrr().points[0] * a ** mp.mpf("0.4")
        ends = []
        for state in (start + h, start - h):
            for _ in range(3):
                state = mp_step(state, a)
            ends.append(state)
        assert abs((ends[0] - ends[1]) / (2 * h) - lrr().multiplier) < mp.mpf(10) ** -28


@pytest.mark.parametrize("word", ["RRL", "RLR"])
def test_rotations_of_a_word_are_one_cycle(word: str) -> None:
    turned = refine(word, lrr().points["RRL".index("L") if word == "RLR" else 1])
    assert turned is not None
    assert turned.word == "LRR"
    assert abs(turned.points[0] - lrr().points[0]) < mp.mpf(10) ** -35


def test_refine_refuses() -> None:
    assert refine("LLLR", 1.0) is None
    for word in ("", "LXR"):
        with pytest.raises(WordError, match="letters L and R"):
            refine(word, 1.0)


def test_limits_are_sharp_from_both_sides() -> None:
    """At 1e-9 outside its interval the cycle's points contradict its word, inside they are an orbit of the map."""
    limits = lrr().limits()
    for edge, inwards in ((limits.lower, +1), (limits.upper, -1)):
        for side in (+1, -1):
            with mp.workdps(40):
                a = edge * (1 + side * mp.mpf(10) ** -9)
                state = start = lrr().points[0] * a ** mp.mpf("0.4")
                for _ in range(3):
                    state = mp_step(state, a)
                assert (abs(state - start) < mp.mpf(10) ** -30) == (side == inwards)


def test_catalogue_is_complete_and_known() -> None:
    catalogue = attracting_cycles(max_length=18)
    assert catalogue.complete
    expected = {
        "LRR": (0.410313, 1.029043, -0.2943),
        "LRRLRRLR": (0.395953, 0.413489, -0.0430),
        "LRRLRRLRLRRLR": (0.390382, 0.396145, -0.0090),
        "LRRLRRLRLRRLRLRRLR": (0.388311, 0.390399, -0.0025),
        "LRRLR": (0.310445, 0.387048, 0.3829),
        "LRRLRLRRLRLRRLRLR": (0.299450, 0.305888, 0.0989),
    }
    assert {c.word for c in catalogue.cycles} == set(expected)
    for cycle in catalogue.cycles:
        low, high, multiplier = expected[cycle.word]
        limits = cycle.limits()
        assert float(limits.lower) == pytest.approx(low, abs=1e-6)
        assert float(limits.upper) == pytest.approx(high, abs=1e-6)
        assert float(cycle.multiplier) == pytest.approx(multiplier, abs=1e-4)
        assert not limits.ended_by_cut
    assert catalogue.covered() == pytest.approx(0.8036, abs=1e-3)


def test_catalogue_against_iteration() -> None:
    """Brute-force twin: whatever short cycle an orbit ends on is in the catalogue, and exists at that rate there."""
    catalogue = attracting_cycles(max_length=18)
    rng = np.random.default_rng(3)
    met = set()
    for a in np.concatenate([np.linspace(0.3003, 1.0287, 100), np.linspace(0.3885, 0.39, 3)]):
        settled = advance(rng.uniform(0.26, 1.7, 40), a, 4000)
        for state in settled[settled > 0.25]:
            values = orbit(float(state), a, 19)
            close = np.flatnonzero(np.abs(values[1:] - state) < 1e-10)
            if not len(close):
                continue
            length = int(close[0]) + 1
            word = "".join("L" if v < 1 else "R" for v in values[:length])
            owners = [c for c in catalogue.cycles if c.exists_at(a) and c.word in word * 2 and len(c.word) == length]
            assert len(owners) == 1, (a, word)
            met.add(owners[0].word)
    assert met == {c.word for c in catalogue.cycles}


def test_weaker_cut_adds_no_cycle_at_high_rates() -> None:
    """Above the end of LRR nothing attracts even in a window ten times as long, up to its critical rate and past it."""
    window = Window(10.0)
    catalogue = attracting_cycles(a_min=1.03 / window.scale, a_max=1.1, max_length=14, window=window)
    assert catalogue.complete
    assert catalogue.cycles == ()


@pytest.mark.parametrize("q", [0.5, 1.0, 2.0])
def test_cycles_are_those_of_the_paper_window_at_the_scaled_rate(q: float) -> None:
    window = Window(q)
    for b in (0.35, 0.6):
        ours, papers = find_cycles(b / window.scale, window), find_cycles(b)
        assert ours.reached is not None
        assert papers.reached is not None
        assert ours.reached.word == papers.reached.word


def test_coexisting_cycles_are_both_found() -> None:
    met = find_cycles(0.4115)
    words = {c.word for c in (met.reached, *met.others) if c is not None}
    assert words == {"LRR", "LRRLRRLR"}


@pytest.mark.parametrize("a", [0.0801, 0.1095, 0.17, 0.25, 0.33])
def test_long_words_at_low_rates(a: float) -> None:
    met = find_cycles(a)
    if met.reached is None:
        pytest.fail(f"no cycle of at most 200 letters at {a}")
    assert met.reached.exists_at(a)
    assert abs(met.reached.multiplier) < 1
    assert is_rotation(a)
    word = met.reached.word * 2
    starts = [i for i in range(len(word) - 1) if word[i : i + 2] == "RR"]
    turns = {int(length) for length in np.diff(starts)}
    assert max(turns) - min(turns) in (0, 2)  # a balanced word: turns of two neighbouring odd lengths
    assert all(length % 2 for length in turns)


def test_no_word_at_very_low_rates() -> None:
    for a in (1e-6, 1e-3):
        met = find_cycles(a)
        assert met.reached is None
        assert not met.captured


def test_captured_above_failure() -> None:
    met = find_cycles(1.1)
    assert met.reached is None
    assert met.others == ()
    assert met.captured


def test_bad_ranges() -> None:
    with pytest.raises(RateError, match="a_min < a_max"):
        attracting_cycles(a_min=1.0, a_max=0.5)
    with pytest.raises(WordError, match="at least 2"):
        attracting_cycles(max_length=1)
