import numpy as np
import pytest

from simulate.cells.nonlinearity import LINEAR
from simulate.degeneracy import TrainingMap, carried, dispersed
from simulate.degeneracy.trials import OtherTrials
from simulate.overlaps import closure_of
from simulate.training import GradientDescent
from theory.degeneracy import directions, normal_rows
from theory.degeneracy.arrows import channels_factor, delayed_channels
from theory.overlaps import Shape
from validate.degeneracy import predicted_table as table
from validate.degeneracy.settings import Config
from validate.report import Report


def measured(level: table.TableLevel, scale: float, seed: int = 0) -> table.LevelMeasured:
    """As if networks had this spread on every level."""
    draws = np.random.default_rng(seed).normal(size=(3, 400))
    squares = {name: (scale * each) ** 2 for name, each in zip(table.LEVELS, draws, strict=True)}
    return table.LevelMeasured(level, dict.fromkeys(table.LEVELS, scale), squares)


def test_the_standard_error_is_that_of_ratios_drawn():
    random, draws, networks = np.random.default_rng(0), 400, 300
    low = random.normal(size=(draws, networks)) ** 2
    high = 4 * random.normal(size=(draws, networks)) ** 2
    ratios, errors = np.array(
        [table.ratio_of(one, other, paired=False) for one, other in zip(low, high, strict=True)]
    ).T
    assert ratios.mean() == pytest.approx(np.log(2), abs=4 * ratios.std() / draws**0.5)
    assert errors.mean() == pytest.approx(ratios.std(), rel=4 / np.sqrt(2 * draws))
    alike = [table.ratio_of(one, 4 * one * random.uniform(0.9, 1.1, networks), paired=True)[1] for one in low]
    assert np.mean(alike) < 0.1 * errors.mean()


def test_an_arrow_that_points_as_predicted_passes_and_one_that_does_not_fails():
    low, high = measured(table.TableLevel(gamma=1.0), 1.0), measured(table.TableLevel(gamma=2.0), 2.0, seed=1)
    arrow = table.arrow_of("richness", "dynamics", low, high)
    assert arrow.words == ("up", "up")
    for each, passed in ((arrow, True), (table.Arrow("richness", "dynamics", -0.7, *(arrow.measured, 0.01)), False)):
        report = Report("degeneracy", Config())
        report.section("arrows")
        table._judged(each, report)
        assert report.passed is passed
    assert table.Arrow("richness", "dynamics", 0.1, 0.1, 0.05).words == ("up", "not seen")


def test_two_equal_channels_have_the_law_of_channels_to_leading_order():
    """Variances and the covariance of both losses are halved, so that it holds at a common loss as well."""
    products = []
    for count, made in ((1, table._filter), (2, table._filters)):
        start = np.kron(table.START, np.eye(count))
        rule = GradientDescent(count * table.RATE)
        learning = TrainingMap(closure_of(Shape(count, count, count), LINEAR), made(table.STEPS), rule)
        trials = OtherTrials(made(2 * table.STEPS).batch)
        found = dispersed(learning, start, directions(normal_rows(start)), epochs=100, trials=trials)
        slopes = np.stack([found[name].slopes for name in ("loss", "unseen_loss")])
        products.append(slopes @ slopes.T)
    np.testing.assert_allclose(products[1], float(channels_factor(2)) ** 2 * products[0], rtol=1e-12)


@pytest.mark.sampled(0)
def test_delays_of_channels_are_the_second_derivative_of_the_map_of_two():
    """Along differences of two channels, and along what turns them into one another, the loss bends alike."""
    bends = []
    learning = TrainingMap(
        closure_of(Shape(2, 2, 2), LINEAR), table._filters(table.STEPS), GradientDescent(2 * table.RATE)
    )
    change = np.random.default_rng(0).normal(size=(4, 4))
    for turn in (np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])):
        step = 1e-3 * np.kron(change + change.T, turn)
        start = np.kron(table.START, np.eye(2))
        found = carried(
            learning,
            np.stack([start, start + step, start - step]),
            epochs=100,
            trials=OtherTrials(table._filters(2 * table.STEPS).batch),
        )
        bends.append([found[name][1] + found[name][2] - 2 * found[name][0] for name in ("loss", "unseen_loss")])
        assert np.abs(found["loss"][1] - found["loss"][2]) < 1e-12
    np.testing.assert_allclose(bends[0], bends[1], rtol=1e-6)


def test_delays_spread_the_loss_of_channels_as_far_as_the_path_bends():
    """Of few delays, f'' of a parabola: the variance of as many squares as there are traceless symmetric matrices."""
    t = np.arange(400.0)
    loss, delay = 3 - t / 100, 4.0
    for channels in (1, 2, 3):
        found = delayed_channels(loss, loss**2, threshold=1.0, delay=delay, channels=channels, draws=4000)
        squares = channels * (channels + 1) / 2 - 1
        expected = 2 * (delay / 100) ** 2 * np.sqrt(squares / 2) / channels
        assert found == pytest.approx(expected, rel=4 * np.sqrt(2 / 4000), abs=1e-9)  # kurtosis of such sums: 9


@pytest.mark.parametrize(
    ("intervals", "told", "verdict"),
    [
        ([(0.2, 0.9), (-0.1, 0.5)], "up in 1, down in 0, not seen in 1", "agrees"),
        ([(0.2, 0.9), (-0.9, -0.5)], "up in 1, down in 1, not seen in 0", "agrees in part"),
        ([(-0.9, -0.5)], "up in 0, down in 1, not seen in 0", "does not agree"),
        ([(-0.9, 0.5)], "up in 0, down in 0, not seen in 1", "neither agrees nor contradicts"),
        ([], "not measured", "no full-rank populations in this run"),
    ],
)
def test_full_rank_networks_are_those_of_the_same_factor_and_measure(intervals, told, verdict):
    quantities = {
        f"richness, task {k}: DSA: trend": {"raw": {"low": low, "high": high}}
        for k, (low, high) in enumerate(intervals)
    }
    quantities |= {"width, sine: DSA: trend": {"raw": {"low": 0.5, "high": 0.9}}, "other": 1}
    assert table.full_rank(table.Arrow("richness", "dynamics", 0.3, 0.3, 0.1), quantities) == (verdict, told)


def test_the_figure_has_what_is_drawn():
    levels = {
        "richness": [table.TableLevel(gamma=each) for each in (1.0, 2.0)],
        "weight decay": [table.TableLevel(decay=each) for each in (0.0, 0.1)],
        "width": [table.TableLevel(neurons=each) for each in (1024, 4096)],
    }
    found = {factor: tuple(measured(each, 1.0) for each in of_it) for factor, of_it in levels.items()}
    (plot,) = table.figures(Config(), table.TableResults(found, ()))
    assert plot.data["weight_decay_dynamics_measured"].shape == (2,)


@pytest.mark.sampled(0)
@pytest.mark.parametrize("first", [0])
def test_the_section_passes(first, monkeypatch):
    from validate.degeneracy.settings import QUICK
    from validate.progress import Progress

    report = Report("degeneracy", Config(effort=QUICK))
    report.section("arrows")
    found = table.checks(report.config, report, Progress())
    assert report.passed
    assert len(found.arrows) == 10 + first
