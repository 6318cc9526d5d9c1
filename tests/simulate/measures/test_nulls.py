"""Two samples of one network, and distances between networks beside theirs."""

import numpy as np
import pytest

from simulate.measures.dsa import DSA
from simulate.measures.nulls import against_halves, split_trials
from simulate.measures.pairwise import NoPairs
from simulate.measures.samples import TooFewSamples


def process(seed: int, turn: float) -> np.ndarray:
    """200 trials of a noisy rotation by `turn`, as seen by six units."""
    rng = np.random.default_rng(seed)
    M = 0.9 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    state, states = rng.normal(size=(200, 2)), []
    for _ in range(20):
        state = state @ M.T + 0.3 * rng.normal(size=(200, 2))
        states.append(state)
    return np.stack(states, axis=1) @ rng.normal(size=(2, 6))


def test_halves_share_no_trial_and_follow_the_seed() -> None:
    activity = np.arange(7 * 2 * 3).reshape(7, 2, 3)
    one, other = split_trials(activity, seed=3)
    assert len(one) == len(other) == 3
    assert not {*one[:, 0, 0].tolist()} & {*other[:, 0, 0].tolist()}
    np.testing.assert_array_equal(one, split_trials(activity, seed=3)[0])
    assert any(not np.array_equal(one, split_trials(activity, seed=k)[0]) for k in range(3))


def test_the_same_dynamics_are_near_the_null_and_others_are_not() -> None:
    dsa = DSA(1, 2)
    same = against_halves(dsa, [process(k, 0.3) for k in range(6)], seed=0)
    other = against_halves(dsa, [process(k, 0.1 + 0.2 * k) for k in range(6)], seed=0)
    assert 1 / 3 < same.ratio < 3
    assert other.ratio > 5
    assert (same.null_lower <= same.null).all()
    assert same.null.shape == (6,)


def test_any_function_of_two_activities_can_be_calibrated() -> None:
    def means_apart(one: np.ndarray, other: np.ndarray) -> float:
        return float(abs(np.mean(one) - np.mean(other)))

    activities = [np.random.default_rng(k).normal(size=(10, 4, 2)) for k in range(3)]
    found = against_halves(means_apart, activities, seed=1)
    halves = [split_trials(each, seed=1) for each in activities]
    np.testing.assert_allclose(found.null, [means_apart(*each) for each in halves])
    assert found.pairs.value[0, 2] == pytest.approx(means_apart(halves[0][0], halves[2][1]))


def test_a_copy_is_as_far_from_a_network_as_the_network_from_itself() -> None:
    """Copies that were turned, shown the same trials: nothing but the trials differs between the halves of a pair."""
    activity, rng = process(0, 0.4)[:30], np.random.default_rng(1)
    copies = [activity, *(activity @ np.linalg.qr(rng.normal(size=(6, 6)))[0] for _ in range(2))]
    found = against_halves(DSA(1, 2), copies, seed=0)
    assert found.null[0] > 1e-3
    np.testing.assert_allclose(found.pairs.each, found.null, rtol=1e-6)
    assert found.ratio == pytest.approx(1.0, rel=1e-6)


def test_networks_without_pairs_are_refused() -> None:
    with pytest.raises(NoPairs, match="1 items"):
        against_halves(DSA(1, 2), [process(0, 0.4)], seed=0)
    with pytest.raises(NoPairs, match="0 items"):
        against_halves(DSA(1, 2), [], seed=0)


def test_one_trial_cannot_be_split() -> None:
    with pytest.raises(TooFewSamples, match="two trials"):
        split_trials(np.ones((1, 4, 2)), seed=0)
