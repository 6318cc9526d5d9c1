"""Pieces of the section on memory: training of populations, the decoder's accuracy, its fall under noise."""

import numpy as np
import pytest

from simulate.training.rule import GradientDescent
from validate.overlaps.decoding import decode, expected_accuracy
from validate.overlaps.decoding_histories import Histories
from validate.overlaps.histories import RATE, A, B, after, random_overlaps
from validate.overlaps.memory_under_noise import NOISE, predicted_accuracy


def test_a_decay_a_run_and_one_for_all_are_the_same_training() -> None:
    starts = random_overlaps(np.random.default_rng(0), 2)
    both = after(starts, (np.array([A, B]), A), 20)
    for k, decay in enumerate((A, B)):
        np.testing.assert_allclose(both[k], after(starts[k : k + 1], (decay, A), 20)[0], atol=1e-13)
    halves = after(after(starts, (A,), 7), (A,), 13)
    np.testing.assert_allclose(halves, after(starts, (A,), 20), atol=1e-13)
    assert np.abs(after(starts, (A,), 20, GradientDescent(2 * RATE)) - halves).max() > 1e-3


@pytest.mark.parametrize("distance", [0.7, 1.5, 3.0])
def test_expected_accuracy_of_a_decoder_that_knows_few_runs(distance: float) -> None:
    """Mean of 300 decoders, each of 100 known and 100 held-out runs: standard error below 0.004; next order 0.01."""
    rng = np.random.default_rng(1)
    labels = np.arange(200) >= 100
    direction = np.array([1.0, 2, 0, 0, -1, 0]) / np.sqrt(6)
    found = [
        decode(rng.normal(size=(200, 6)) + distance * np.outer(labels, direction), labels, rng).accuracy
        for _ in range(300)
    ]
    assert float(expected_accuracy(np.array(distance), 6, 100)) == pytest.approx(np.mean(found), abs=0.03 / distance)


def test_predicted_accuracy_falls_from_the_start_to_chance() -> None:
    rng = np.random.default_rng(2)
    sigma = after(random_overlaps(rng, 100), (A,), 400).copy()
    labels = np.arange(100) >= 50
    sigma[labels, 1, 1] += 0.05
    sigma[labels, 2, 2] -= 0.05
    histories = Histories(sigma, labels)
    weak, strong = (predicted_accuracy(histories, noise, rng) for noise in (NOISE, 100 * NOISE))
    assert weak[0] > 0.99
    assert np.all(np.diff(weak) <= 1e-12)
    assert strong[-1] < 0.52
