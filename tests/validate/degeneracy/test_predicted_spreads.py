from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from simulate.degeneracy import StoppedAtLoss
from theory.degeneracy import Dispersion, LossCrossing
from validate.degeneracy import predicted_spreads as predicted
from validate.degeneracy.settings import QUICK, Config
from validate.progress import Progress
from validate.report import Report

SIZES, NETWORKS = (64, 256, 1024), 40_000


def test_the_coefficient_is_the_limit_and_its_reach_that_of_draws_of_variances():
    """Of networks whose variance is (1 + 3 / N) c^2 / N."""
    random, draws = np.random.default_rng(0), 400
    spreads = np.stack([np.sqrt((1 + 3 / size) * random.chisquare(99, draws) / 99 / size) for size in SIZES])
    ratios = predicted.coefficient_ratio(SIZES, 5 * spreads[..., None, None], np.full((draws, 1, 1), 5.0))
    off = predicted.norm.isf((1 - predicted.LEVEL) / 2) / predicted.reach_of_coefficient(100, 1)
    deviation = ratios.std() * off
    assert deviation == pytest.approx(1, abs=4 / np.sqrt(2 * draws))
    assert ratios.mean() == pytest.approx(1, abs=4 * ratios.std() / draws**0.5 + 0.01)


def test_the_reach_at_a_loss_is_that_of_two_epochs():
    share, networks = 0.1, 300
    draws = np.random.default_rng(1).binomial(networks, share, 20_000) / networks
    spreads = np.sqrt(draws * (1 - draws)) / np.sqrt(share * (1 - share))
    reach = predicted.reach_at_loss(networks, 1) - 0.01
    assert reach / predicted.norm.isf((1 - predicted.LEVEL) / 2) == pytest.approx(spreads.std(), rel=0.03)


@pytest.mark.parametrize(
    ("ratios", "size"), [([1.3, 1.05, 0.99], 256), ([1.05, 1.3, 1.01], 1024), ([1.3, 1.2, 1.2], None), ([1, 1, 1], 64)]
)
def test_the_expansion_holds_from_the_first_size_after_the_last_that_is_off(ratios, size):
    assert predicted.holds_from(SIZES, np.array(ratios, float)[:, None]) == size


def test_slopes_are_those_of_spreads_that_bend_and_their_errors_those_of_draws():
    """Variances (1 + 3 / N) / N; spreads N^-0.35 are told from N^-1/2."""
    random, draws, networks, sizes = np.random.default_rng(2), 400, 2_000, (64, 256, 1024, 4096, 16_384)
    noise = np.sqrt(random.chisquare(networks - 1, (5, draws)) / (networks - 1))
    n = np.array(sizes)[:, None]
    found = predicted.slopes_of(sizes, np.sqrt((1 + 3 / n) / n) * noise, networks)
    for slopes, error in ((found.limits, found.error_of_limit), (found.over_all, found.error_over_all)):
        assert slopes.std() == pytest.approx(error, rel=4 / np.sqrt(2 * draws))
    assert found.limits.mean() == pytest.approx(-0.5, abs=4 * found.error_of_limit / draws**0.5)
    assert found.over_all.mean() < -0.5
    assert np.abs(found.limits + 0.5).max() < found.reach
    other = predicted.slopes_of(sizes, noise[:, :1] * n**-0.35, networks)
    assert abs(other.limits[0] + 0.5) > other.reach


def results() -> predicted.PredictedResults:
    """As if it had been measured, by the law itself."""
    problem = replace(predicted.problems()[0], sizes=SIZES, stopping_size=256)
    names = {name: (4, 4) if name == "sigma" else () for name in predicted.MEASURES}
    fixed = {name: Dispersion(np.ones(shape), np.ones((2, *shape))) for name, shape in names.items()}
    path = {name: Dispersion(np.ones((3, *shape)), np.ones((2, 3, *shape))) for name, shape in names.items()}
    path["loss"] = Dispersion(np.array([0.2, 0.09, 0.05]), np.ones((2, 3)))
    ends = (Dispersion(np.array(loss), np.ones(2)) for loss in (0.2, 0.09))
    stopped = StoppedAtLoss(LossCrossing(*ends, problem.loss, 7), path, 6, fewest=64)
    at_epoch = {name: np.stack([fixed[name].spread(size) for size in SIZES]) for name in names}
    at_loss = {name: np.stack([stopped.spread(name, size) for size in SIZES]) for name in names}
    at_loss["epochs"] = np.array([stopped.spread_of_epoch(size) for size in SIZES])
    return predicted.PredictedResults(problem, fixed, stopped, at_epoch, at_loss)


def test_networks_that_obey_the_law_pass_and_networks_that_do_not_fail():
    found = results()
    report = Report("degeneracy", Config())
    predicted._judged(found, NETWORKS, report)
    assert report.passed
    assert len(report.checks) == 3 * len(predicted.MEASURES)
    wrong = replace(found, at_epoch={**found.at_epoch, "alignment": 1.1 * found.at_epoch["alignment"]})
    other = Report("degeneracy", Config())
    predicted._judged(wrong, NETWORKS, other)
    assert [check.name.split(" of ")[1].split(" after")[0] for check in other.failures] == ["kernel alignment"]


def test_the_figure_has_what_is_drawn():
    (plot,) = predicted.figures(Config(), (results(),))
    assert plot.name == "predicted_1"
    assert plot.data["sigma_after_epochs_predicted"].shape == (3, 10)
    np.testing.assert_array_equal(plot.data["loss_at_loss_predicted"], plot.data["loss_at_loss_measured"])


@pytest.mark.sampled(0)
@pytest.mark.parametrize("seed", [0])
def test_the_section_passes_on_small_populations(seed, monkeypatch):
    monkeypatch.setattr(predicted, "NETWORKS", {"quick": 100})
    report = Report("degeneracy", Config(effort=QUICK, seed=seed))
    with Progress() as progress:
        found = predicted.checks(Config(effort=QUICK, seed=seed), report, progress)
    assert report.passed
    assert len(found) == 2
    assert jnp.isfinite(found[0].at_loss["loss"]).all()
