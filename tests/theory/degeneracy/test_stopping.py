import numpy as np
import pytest

from theory.degeneracy import Dispersion, LossCrossing, WholeEpochs
from theory.degeneracy.stopping import NotCrossed, NotFalling

EPOCHS, DRAWS = 60, 50_000
TIMES = np.arange(EPOCHS, dtype=float)
LEVEL = np.stack([2.0 + 0.06 * (TIMES - 29.3) + 0.002 * (TIMES - 29.3) ** 2, np.cos(TIMES / 9)], axis=1)
TURN = 1 + 0.01 * (TIMES - 29.3)


def problem(scale: float) -> tuple[Dispersion, Dispersion]:
    """A loss that falls ever more slowly through 1 at 29.3, and two quantities; slopes turn slowly, all times scale."""
    loss = np.exp(-0.1 * (TIMES - 29.3))
    b = scale * np.stack([0.4 * TURN, -0.3 / TURN, 0.1 * np.ones(EPOCHS)]) * loss
    a = scale * np.random.default_rng(1).normal(size=(3, 1, 2)) * np.stack([TURN, TURN**2], axis=1)
    return Dispersion(loss, b), Dispersion(LEVEL, a)


def drawn(loss: Dispersion, quantity: Dispersion) -> tuple[np.ndarray, np.ndarray]:
    """Epochs at which networks stop that are exactly linear in normal numbers, and the quantity there."""
    e = np.random.default_rng(7).standard_normal((DRAWS, 3))
    low = loss.value + e @ loss.slopes <= 1
    low[:, -1] = True
    epochs = low.argmax(axis=1)
    answers = np.einsum("ni,niq->nq", e, quantity.slopes[:, epochs].transpose(1, 0, 2))
    return epochs, quantity.value[epochs] + answers


# the spread of the time of the crossing is 5.1 epochs times the scale
@pytest.mark.parametrize("scale", [0.02, 0.05, 0.2, 0.6, 1.0])
def test_means_and_spreads_at_the_stop_are_those_of_draws(scale):
    loss, quantity = problem(scale)
    epochs, found = drawn(loss, quantity)
    stop = WholeEpochs(loss, threshold=1.0, first=0)
    for predicted, values in (
        ((stop.mean(quantity, 1), stop.spread(quantity, 1)), found),
        (([stop.mean_epoch(1)], [stop.spread_of_epoch(1)]), epochs[:, None].astype(float)),
    ):
        deviation = values.std(axis=0)
        np.testing.assert_array_less(np.abs(predicted[0] - values.mean(axis=0)), 4.5 * deviation / DRAWS**0.5 + 1e-9)
        kurtosis = ((values - values.mean(axis=0)) ** 4).mean(axis=0) / deviation**4
        reach = 4.5 * deviation * np.sqrt((kurtosis - 1) / (4 * DRAWS))
        np.testing.assert_array_less(np.abs(predicted[1] - deviation), reach + 1e-9)


def test_neurons_scale_the_slopes():
    (loss, quantity), (small, little) = problem(1.0), problem(0.5)
    one, other = WholeEpochs(loss, 1.0, 0), WholeEpochs(small, 1.0, 0)
    np.testing.assert_allclose(one.spread(quantity, 4), other.spread(little, 1), rtol=1e-12)


def linear(spread: float) -> tuple[Dispersion, Dispersion]:
    """Both change evenly; the crossing at 29.3 has that spread in epochs."""
    loss = Dispersion(1 - 0.1 * (TIMES - 29.3), np.tile(0.1 * spread * np.array([[0.6], [-0.8]]), EPOCHS))
    return loss, Dispersion(0.5 * TIMES, np.tile([[0.3], [0.7]], EPOCHS))


def at(path: Dispersion, epoch: int) -> Dispersion:
    return Dispersion(np.asarray(path.value[epoch]), path.slopes[:, epoch])


def test_whole_epochs_add_a_twelfth_while_the_spread_is_above_one_and_are_gone_once_it_is_far_below():
    loss, quantity = linear(2.0)
    between = LossCrossing(*(at(loss, k) for k in (29, 30)), threshold=1.0, epoch=30)
    assert between.time == pytest.approx(29.3, rel=1e-12)
    assert between.spread_of_time(1) == pytest.approx(2.0, rel=1e-12)
    at_crossing = between.stopped(*(at(quantity, k) for k in (29, 30)))
    variance = WholeEpochs(loss, 1.0, 0).spread(quantity, 1) ** 2
    assert variance == pytest.approx(float(at_crossing.coefficient) ** 2 + 0.25 / 12, rel=1e-12)  # exp(-2 pi^2 4)
    loss, quantity = linear(0.02)
    assert WholeEpochs(loss, 1.0, 0).spread(quantity, 1) ** 2 == pytest.approx(0.58, rel=1e-12)
    assert WholeEpochs(loss, 1.0, 0).mean_epoch(1) == pytest.approx(30, rel=1e-12)


def test_a_loss_that_does_not_cross_is_refused():
    above, below = (Dispersion(np.array(value), np.array([0.5])) for value in (1.03, 0.93))
    for pair, threshold in (((above, below), 0.9), ((above, below), 1.1), ((below, above), 1.0)):
        with pytest.raises(NotCrossed, match="do not enclose"):
            LossCrossing(*pair, threshold=threshold, epoch=10)


def test_networks_that_pass_the_threshold_again_are_refused():
    """A loss that rises, and one that falls while its spread grows faster, so that a share is above it again."""
    quantity = Dispersion(0.5 * TIMES, np.tile([[0.3], [0.7]], EPOCHS))
    rising = Dispersion(1 + 0.3 * np.cos(TIMES / 8), np.full((2, EPOCHS), 0.1))
    spreading = Dispersion(0.95 - 0.001 * TIMES, np.full((2, EPOCHS), 0.02) * np.exp(0.05 * TIMES))
    for loss in (rising, spreading):
        with pytest.raises(NotFalling, match="again"):
            WholeEpochs(loss, 1.0, 0).mean(quantity, 1)
    assert WholeEpochs(spreading, 1.0, 0).mean_epoch(10**6) == pytest.approx(0.0)  # all stop before they spread
