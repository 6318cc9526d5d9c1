"""The operator of activity whose dynamics are known, and what must not change it."""

import numpy as np
import pytest

from simulate.measures.dsa import DSA, BadEmbedding
from simulate.measures.operator import embedded
from simulate.measures.orthogonal import OperatorDistance
from simulate.measures.pairwise import pairwise
from simulate.measures.samples import FewerSamplesThanFeatures, NotFinite, NotReal, TooFewSamples, WrongShape


def linear(seed: int = 0, trials: int = 20, steps: int = 40, units: int = 6) -> np.ndarray:
    """Activity of x' = M x with M of eigenvalues .95 exp(+-.4 i) and .8, seen by `units` random units."""
    rng = np.random.default_rng(seed)
    turn = 0.95 * np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])
    M = np.block([[turn, np.zeros((2, 1))], [np.zeros((1, 2)), np.array([[0.8]])]])
    states = [rng.normal(size=(trials, 3))]
    for _ in range(steps - 1):
        states.append(states[-1] @ M.T)
    return np.stack(states, axis=1) @ rng.normal(size=(3, units))


def noisy(seed: int = 0, units: int = 6) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.tanh(rng.normal(size=(20, 40, units)).cumsum(axis=1) @ rng.normal(size=(units, units)) / units)


def test_embedding_by_hand() -> None:
    activity = np.random.default_rng(0).normal(size=(3, 10, 2))
    found = embedded(activity, 3, 2)
    assert found.shape == (3, 6, 6)
    for trial in range(3):
        for t in range(6):
            by_hand = [activity[trial, t + 4 - 2 * back, unit] for back in range(3) for unit in range(2)]
            np.testing.assert_array_equal(found[trial, t], by_hand)


@pytest.mark.parametrize(("delays", "interval"), [(1, 1), (3, 1), (2, 3)])
def test_linear_dynamics_come_back(delays: int, interval: int) -> None:
    found = DSA(delays, 5, interval).fit_operator(linear())
    assert found.rank == 3
    assert found.discarded < 1e-20
    assert found.error < 1e-20
    eigenvalues = sorted(found.eigenvalues, key=lambda z: (abs(z), z.imag))
    expected = [0, 0, 0.8, 0.95 * np.exp(-0.4j), 0.95 * np.exp(0.4j)]
    np.testing.assert_allclose(eigenvalues, expected, atol=1e-9)


def test_a_trial_never_goes_on_into_the_next() -> None:
    """Trials that are parts of one another's future would be fitted as well across their borders; others not."""
    activity = linear()
    assert DSA(2, 3).fit_operator(activity).error < 1e-20
    run_on = activity.reshape(1, -1, activity.shape[2])
    assert DSA(2, 3).fit_operator(run_on).error > 1e-3
    assert DSA(2, 3).fit_operator(activity).transitions == 20 * 38


def test_silent_and_constant_units_change_nothing_to_the_bit() -> None:
    activity = noisy()
    silent = np.concatenate(
        [activity[..., :2], np.zeros((20, 40, 3)), activity[..., 2:], np.full((20, 40, 1), 0.3)], axis=2
    )
    one, other = (DSA(3, 5).fit_operator(each) for each in (activity, silent))
    np.testing.assert_array_equal(one.matrix, other.matrix)
    assert (one.discarded, one.error, one.rank) == (other.discarded, other.error, other.rank)


def test_repeated_units_and_noise_of_rounding_add_no_direction() -> None:
    activity = linear()
    twice = np.concatenate([activity, 1e-3 * activity[..., :1] + activity[..., 1:2]], axis=2)
    assert DSA(2, 6).fit_operator(twice).rank == 3
    assert DSA(2, 6).fit_operator(twice.astype(np.float32)).rank == 3


def test_rotated_shifted_scaled_and_shuffled_activity_is_at_zero() -> None:
    """Also mirrored, and with the same trials in another order."""
    activity, rng = noisy(), np.random.default_rng(1)
    Q = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    dsa = DSA(3, 5)
    size = np.linalg.norm(dsa.fit_operator(activity).matrix)
    for other in (
        activity @ Q,
        activity + rng.normal(size=6),
        3.7 * activity,
        -activity,
        activity[rng.permutation(20)],
    ):
        found = dsa(activity, other)
        assert found.lower <= found.value < 1e-11 * size


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("power", [-1000, 1000])
def test_no_power_of_two_changes_a_bit_of_the_operator(power: int) -> None:
    activity = noisy()
    found, known = (DSA(3, 5).fit_operator(each) for each in (np.ldexp(activity, power), activity))
    np.testing.assert_array_equal(found.matrix, known.matrix)
    assert (found.error, found.discarded) == (known.error, known.discarded)


def test_other_dynamics_are_not_at_zero() -> None:
    dsa = DSA(3, 5)
    assert dsa(noisy(0), noisy(1)).lower > 0.01


def test_error_and_discarded_are_shares_of_variance() -> None:
    """Of white noise nothing is predicted; without delays, rank 2 of units with variances 9, 4, 1 leaves 1 in 14."""
    activity = np.random.default_rng(0).normal(size=(200, 50, 3)) * np.array([3.0, 2.0, 1.0])
    found = DSA(1, 2).fit_operator(activity)
    assert found.error == pytest.approx(1, abs=5 / np.sqrt(9800))
    assert found.discarded == pytest.approx(1 / 14, abs=0.005)
    assert np.abs(found.matrix).max() < 5 / np.sqrt(9800)


def test_all_pairs_of_networks_and_pair_by_pair() -> None:
    activities = [noisy(k) for k in range(4)]
    dsa = DSA(2, 4)
    found = pairwise(dsa, activities)
    for i in range(4):
        assert found.value[i, i] == found.lower[i, i] == 0
        for j in range(4):
            assert found.value[i, j] == found.value[j, i]
    assert found.value[1, 3] == pytest.approx(dsa(activities[1], activities[3]).value, rel=1e-9)


def test_inputs_are_not_changed() -> None:
    activity = noisy()
    before = activity.copy()
    DSA(2, 4).fit_operator(activity)
    np.testing.assert_array_equal(activity, before)


def test_a_silent_network_has_the_zero_operator() -> None:
    found = DSA(2, 4).fit_operator(np.ones((5, 30, 3)))
    assert found.rank == 0
    assert not found.matrix.any()


def test_refusals() -> None:
    with pytest.raises(WrongShape, match="trials x steps x units"):
        DSA(2, 4).fit_operator(np.ones((5, 3)))
    with pytest.raises(NotFinite, match="activity with NaN"):
        DSA(2, 4).fit_operator(np.full((5, 30, 3), np.nan))
    with pytest.raises(NotReal, match="activity of complex numbers"):
        DSA(2, 4).fit_operator(noisy() + 1j)
    with pytest.raises(NotReal, match="an operator of complex numbers"):
        OperatorDistance()(np.eye(2), 1j * np.eye(2))
    with pytest.raises(TooFewSamples, match="0 transitions"):
        DSA(30, 4).fit_operator(noisy()[:, :20])
    with pytest.raises(TooFewSamples, match="3 transitions for an operator of rank 4"):
        DSA(2, 4).fit_operator(noisy()[:1, :5])
    with pytest.warns(FewerSamplesThanFeatures, match="10 transitions for 12 delay coordinates"):
        DSA(2, 4).fit_operator(noisy()[:1, :12])
    with pytest.raises(NotFinite, match=r"values up to 1e\+200"):
        OperatorDistance()(np.eye(2), 1e200 * np.eye(2))
    for wrong in ((0, 1, 1), (1, -1, 1), (1, 1, 0)):
        with pytest.raises(BadEmbedding, match="one or more"):
            DSA(*wrong)
