import numpy as np
import pytest

from theory.degeneracy import Dispersion, LossCrossing
from theory.degeneracy.stopping import NotCrossed

LOSS = (
    Dispersion(np.array(1.03), np.array([0.04, -0.03, 0.01])),
    Dispersion(np.array(0.93), np.array([0.05, -0.04, 0.0])),
)
QUANTITY = Dispersion(np.array([2.0, 1.0]), np.zeros((3, 2))), Dispersion(np.array([2.6, 1.0]), np.zeros((3, 2)))
SLOPES = np.array([[0.3, 0.1], [0.5, -0.2], [-0.2, 0.4]])
ANSWERING = tuple(Dispersion(each.value, SLOPES) for each in QUANTITY)
CROSSING = LossCrossing(*LOSS, threshold=1.0, epoch=10)
DRAWS = 50_000


def drawn(neurons: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, whole epochs, and the quantity at these, of networks that are exactly linear in normal numbers."""
    e = np.random.default_rng(7).standard_normal((DRAWS, 3)) / np.sqrt(neurons)
    slope = 0.7 * LOSS[0].slopes + 0.3 * LOSS[1].slopes
    times = 9.3 + e @ slope / 0.1
    epochs = np.ceil(times)
    rate = QUANTITY[1].value - QUANTITY[0].value
    return times, epochs, (epochs - 9.3)[:, None] * rate + e @ SLOPES


def test_the_crossing_lies_between_the_epochs():
    assert CROSSING.fraction == pytest.approx(0.3, rel=1e-12)
    assert CROSSING.time == pytest.approx(9.3, rel=1e-12)
    np.testing.assert_allclose(CROSSING.delays, [0.43, -0.33, 0.07], rtol=1e-12)


# the spread of the time, 0.55 / sqrt(N), is from 5 epochs down to a fiftieth
@pytest.mark.parametrize("scale", [0.0121, 0.3, 1.0, 3.0, 10.0, 30.0, 700.0])
def test_spreads_of_time_epochs_and_quantity_are_those_of_draws(scale):
    times, epochs, quantity = drawn(scale)
    four = 4 / np.sqrt(2 * DRAWS)  # standard errors of a standard deviation of normal numbers
    shrunk = [Dispersion(each.value, each.slopes / np.sqrt(scale)) for each in LOSS]
    crossing = LossCrossing(*shrunk, threshold=1.0, epoch=10)
    answering = [Dispersion(each.value, each.slopes / np.sqrt(scale)) for each in ANSWERING]
    assert crossing.spread_of_time(1) == pytest.approx(times.std(), rel=four)
    both = quantity.std(axis=0)
    np.testing.assert_allclose(crossing.spread(*answering, 1), both, rtol=2 * four)
    kurtosis = ((epochs - epochs.mean()) ** 4).mean() / max(epochs.var(), 1e-30) ** 2
    within = 4 * np.sqrt(max(kurtosis - 1, 2) / (4 * DRAWS))
    assert crossing.spread_of_epochs(1) == pytest.approx(epochs.std(), rel=within)


def test_far_above_one_epoch_of_spread_whole_epochs_add_a_twelfth_and_far_below_nothing_is_left_but_the_fixed_epoch():
    rate = QUANTITY[1].value - QUANTITY[0].value
    wide = CROSSING.spread(*ANSWERING, 1) ** 2  # sums over whole numbers
    between = CROSSING.stopped(*ANSWERING).spread(1) ** 2
    assert CROSSING.spread_of_time(1) == pytest.approx(0.5466, abs=1e-4)
    np.testing.assert_allclose(wide, between + rate**2 / 12, rtol=2e-3)  # exp(-2 pi^2 s^2) = 0.0027
    fixed = ANSWERING[0].spread(10_000)
    np.testing.assert_allclose(CROSSING.spread(*ANSWERING, 10_000), fixed, rtol=1e-12)
    assert CROSSING.spread_of_epochs(10_000) == pytest.approx(0, abs=1e-12)


def test_a_loss_that_does_not_cross_is_refused():
    for pair, threshold in ((LOSS, 0.9), (LOSS, 1.1), (LOSS[::-1], 1.0)):
        with pytest.raises(NotCrossed, match="do not enclose"):
            LossCrossing(*pair, threshold=threshold, epoch=10)
