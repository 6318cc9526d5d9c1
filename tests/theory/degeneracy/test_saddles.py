"""The laws of leaving a saddle, held to draws of the amplitudes and to a path that is known in closed form."""

import numpy as np
import pytest

from theory.degeneracy import saddles

DRAWS = 10_000
RATE = 0.05
TIMES = np.arange(600.0)


def escape() -> saddles.ChannelEscape:
    """A logistic fall by 1 from the amplitude 1e-6 on: x = 1 / (1 + 1e6 exp(-rate t)); zm is x, all else zero."""
    x = 1 / (1 + 1e6 * np.exp(-RATE * TIMES))
    overlaps = np.zeros((len(TIMES), 4, 4))
    overlaps[:, 3, 0] = x
    return saddles.ChannelEscape(np.exp(RATE), 1e6, -x, overlaps)


def test_the_ratio_of_amplitudes_has_its_law():
    sizes = saddles.leaving_together(channels=2, rank=2, networks=DRAWS, seed=0).sizes
    shares = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    below = (sizes[:, 1] / sizes[:, 0] < saddles.ratio_of_amplitudes(shares)[:, None]).mean(axis=1)
    np.testing.assert_array_less(np.abs(below - shares), 4.5 * np.sqrt(shares * (1 - shares) / DRAWS))


def test_turns_of_equal_channels_are_by_any_angle_and_rebuild_what_leaves():
    leaving = saddles.leaving_together(channels=2, rank=3, networks=DRAWS, seed=1)
    built = leaving.overlaps(np.tile([3.0, 1.0], (DRAWS, 1)))  # 2 + [[cos, sin], [sin, -cos]]
    np.testing.assert_allclose(np.linalg.eigvalsh(built), np.tile([1.0, 3.0], (DRAWS, 1)), atol=1e-12)
    np.testing.assert_allclose(built[:, 0, 0].std(), np.sqrt(0.5), rtol=4.5 / np.sqrt(8 * DRAWS))
    np.testing.assert_allclose(built[:, 0, 1].std(), np.sqrt(0.5), rtol=4.5 / np.sqrt(8 * DRAWS))


def test_channels_that_leave_in_turn_lose_a_dimension_each():
    sizes = saddles.leaving_in_turn(channels=2, rank=3, networks=DRAWS, seed=2).sizes
    for k, freedom in enumerate((3, 2)):  # chi squared of so many degrees
        assert (sizes[:, k] ** 2).mean() == pytest.approx(freedom, abs=4.5 * np.sqrt(2 * freedom / DRAWS))


@pytest.mark.parametrize("neurons", [10**4, 10**8])
def test_one_channel_leaves_later_by_ln_n_with_a_spread_of_any_width(neurons):
    leaving = saddles.leaving_in_turn(channels=1, rank=1, networks=DRAWS, seed=3)
    found = saddles.stopped([escape()], leaving, saddle_loss=1.0, threshold=0.5, neurons=neurons)
    factor, spread = np.exp(RATE), saddles.spread_of_time(np.exp(RATE))
    # x = 1/2 at amplitude 1; <ln|g|> = -(gamma + ln 2) / 2; whole epochs add a half
    mean = np.log(neurons) * saddles.epochs_per_efold(factor) + (np.euler_gamma + np.log(2)) / 2 / RATE + 0.5
    assert found.epochs.mean() == pytest.approx(mean, abs=4.5 * spread / DRAWS**0.5)
    assert found.epochs.std() == pytest.approx(spread, rel=4.5 * np.sqrt(6 / (4 * DRAWS)))  # ln|g| has kurtosis 7
    reached = found.modes("z", "m")
    assert ((reached >= 0.5) & (reached < 0.5 + RATE / 4 + 1e-9)).all()  # one epoch moves x by rate / 4 at most
    assert reached.std() == pytest.approx(RATE / 4 / np.sqrt(12), rel=0.05)


def test_the_later_channel_is_behind_by_the_ratio_of_amplitudes():
    one = escape()
    leaving = saddles.Leaving(np.array([[2.0, 0.5]]), np.eye(2)[None])
    found = saddles.stopped([one, one], leaving, saddle_loss=2.0, threshold=0.8, neurons=10**6)
    first, second = (1 / reached - 1 for reached in found.modes("z", "m")[0])
    assert second / first == pytest.approx(4.0, rel=1e-3)  # straight lines between epochs: rate^2 / 8 of x at most
    loss = 2 - found.modes("z", "m").sum()
    assert 0.8 - 2 * RATE / 4 < loss <= 0.8 + 1e-9


def test_what_never_leaves_is_refused():
    with pytest.raises(saddles.NoEscape, match="above 1"):
        saddles.growth(np.diag([0.9, 1.0]))
    with pytest.raises(saddles.NoEscape, match="at least 2"):
        saddles.leaving_together(channels=2, rank=1, networks=3, seed=0)
    leaving = saddles.leaving_in_turn(channels=1, rank=1, networks=3, seed=0)
    with pytest.raises(saddles.NoEscape, match="longer"):
        saddles.stopped([escape()], leaving, saddle_loss=1.0, threshold=-0.1, neurons=100)


def test_a_path_whose_loss_rises_is_refused():
    path = escape()
    with pytest.raises(saddles.PathRises, match="higher at epoch 301"):
        saddles.ChannelEscape(path.factor, 1e6, np.where(TIMES > 300, path.gained + 0.1, path.gained), path.overlaps)
