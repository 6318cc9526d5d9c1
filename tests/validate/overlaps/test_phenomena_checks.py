"""The sections on memory, probes and twins: the decoder by itself, and the cheap sections as a command runs them."""

import numpy as np
import pytest

from validate.overlaps import probes
from validate.overlaps.decoding import Decoding, decode
from validate.overlaps.decoding_histories import features, functions
from validate.overlaps.histories import random_overlaps
from validate.overlaps.settings import QUICK, Config
from validate.overlaps.twins import _held_out
from validate.progress import Progress
from validate.report import Report


def test_decoder_reaches_the_best_accuracy_of_two_normal_clouds() -> None:
    """Unit clouds 2 apart in a slanted direction: the best line is right in Phi(1) = 0.841 of 4,000 held-out runs."""
    rng = np.random.default_rng(0)
    labels = np.arange(8000) >= 4000
    direction = np.array([3.0, -1.0, 2.0]) / np.sqrt(14)
    cloud = rng.normal(size=(8000, 3)) + np.outer(2.0 * labels, direction)
    found = decode(cloud * [1.0, 1e3, 1e-3], labels, rng)
    assert found.trials == 4000
    assert found.accuracy == pytest.approx(0.8413, abs=5 * np.sqrt(0.84 * 0.16 / 4000))


def test_decoder_is_at_chance_where_nothing_differs_however_many_features() -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(400) >= 200
    found = [decode(rng.normal(size=(400, 50)), labels, rng).accuracy for _ in range(20)]
    assert np.mean(found) == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(4000))


def test_lower_end_of_the_accuracy() -> None:
    """20 of 20: the bound p at which p^20 = 0.001."""
    assert Decoding(1.0, 20).at_least() == pytest.approx(0.001 ** (1 / 20), rel=1e-9)
    assert Decoding(0.5, 100).at_least() < 0.5


def test_features_are_the_overlaps_read_with_an_error() -> None:
    sigma = random_overlaps(np.random.default_rng(2), 500)
    np.testing.assert_allclose(np.diagonal(sigma, axis1=1, axis2=2), 1.0, rtol=1e-12)
    read = features(sigma, ((0, 1), (3, 3)), np.random.default_rng(3))
    error = read - np.stack([sigma[:, 0, 1], sigma[:, 3, 3]], axis=1)
    assert error.std() == pytest.approx(1e-4, rel=5 / np.sqrt(2000))
    answer = functions(sigma, np.random.default_rng(4))
    assert np.abs(answer[:, 2] - sigma[:, 3, 1] * sigma[:, 2, 0]).max() < 1e-3


def test_held_out_score_is_positive_for_a_common_difference() -> None:
    noise = np.random.default_rng(5).normal(size=(40, 3))
    assert np.all(_held_out(noise + np.array([10.0, 0.0, -10.0])) > 0)


def test_held_out_score_is_a_fair_coin_where_nothing_is_common() -> None:
    """The first of eight pairs, in 1,000 draws: at most five standard errors from as many above 0 as below.

    A pair that had a part in its own direction would be above 0 in three of four.
    """
    rng, draws = np.random.default_rng(5), 1000
    above = sum(_held_out(rng.normal(size=(8, 3)))[0] > 0 for _ in range(draws))
    assert above / draws == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(draws))


def test_probe_section_holds_and_draws() -> None:
    config = Config(effort=QUICK)
    report = Report("overlaps", config)
    with Progress() as progress:
        results = probes.checks(config, report, progress)
    assert report.passed
    assert len(report.checks) == 14
    (drawn,) = probes.figures(config, results)
    np.testing.assert_array_equal(drawn.data["loss"], results.loss)
    assert results.loss[0, 0] == pytest.approx(results.loss[1, 0], rel=1e-13)
    assert abs(results.loss[0, 80] - results.loss[1, 80]) > 0.1
