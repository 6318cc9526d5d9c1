"""Gains of exchanges and flips: each against the overlap of the relabelling that it leads to."""

from itertools import product

import numpy as np
import pytest

from simulate.measures.exchange import Frame, exchanged
from simulate.measures.matching import Matching, Pairs, Relabelling


def drawn(rng: np.random.Generator, n: int, signed: bool) -> Matching:
    """Blocks and features of every kind."""

    def pairs(count: int, width: int) -> Pairs:
        return tuple((rng.normal(size=(n, width)), rng.normal(size=(n, width))) for _ in range(count))

    return Matching(n, signed, pairs(2, n), pairs(int(signed), n), pairs(1, 3), pairs(int(signed), 2))


def stepped(at: Relabelling, r: int, s: int, signs: tuple[float, float]) -> Relabelling:
    order, factors = at.order.copy(), at.signs.copy()
    order[[r, s]], factors[[r, s]] = order[[s, r]], (signs[0] * factors[s], signs[1] * factors[r])
    return Relabelling(order, factors)


def best_gain(matching: Matching, at: Relabelling, r: int, s: int) -> float:
    """By computing every overlap anew."""
    before = matching.overlap(at)
    if r == s:
        return matching.overlap(stepped(at, r, r, (-1.0, -1.0))) - before if matching.signed else -np.inf
    free = (1.0, -1.0) if matching.signed else (1.0,)
    return max(matching.overlap(stepped(at, r, s, signs)) for signs in product(free, free)) - before


@pytest.mark.parametrize("signed", [False, True])
def test_gains_are_what_steps_gain_all_along_a_walk(signed: bool) -> None:
    rng, n = np.random.default_rng(0), 5
    matching = drawn(rng, n, signed)
    signs = rng.choice([-1.0, 1.0], n) if signed else np.ones(n)
    frame = Frame(matching, Relabelling(rng.permutation(n), signs))
    for _ in range(8):
        gains, before = frame.gains().copy(), matching.overlap(frame.at)
        for r, s in product(range(n), repeat=2):
            assert gains[r, s] == pytest.approx(best_gain(matching, frame.at, r, s), abs=1e-10)
        r, s = rng.integers(n, size=2) if signed else rng.choice(n, 2, replace=False)
        frame.step(int(r), int(s))
        assert matching.overlap(frame.at) - before == pytest.approx(gains[r, s], abs=1e-10)


@pytest.mark.parametrize("signed", [False, True])
def test_at_the_top_no_step_gains(signed: bool) -> None:
    rng, n = np.random.default_rng(1), 6
    matching = drawn(rng, n, signed)
    start = Relabelling(rng.permutation(n), np.ones(n))
    top = exchanged(matching, start)
    assert matching.overlap(top) > matching.overlap(start)
    assert max(best_gain(matching, top, r, s) for r, s in product(range(n), repeat=2)) < 1e-10
