"""The spread of losses, and its jackknife beside a loop."""

import numpy as np
import pytest

from simulate.measures import loss_spread
from simulate.measures.samples import NotFinite, TooFewSamples, WrongShape


def test_the_spread_is_the_paper_s() -> None:
    losses = np.random.default_rng(0).exponential(size=17)
    total = 0.0
    for loss in losses:
        total += (loss - losses.sum() / 17) ** 2
    found = loss_spread(losses)
    assert found.value == pytest.approx(np.sqrt(total / 17), rel=1e-12)
    assert (found.networks, found.mean) == (17, pytest.approx(losses.mean()))


def test_the_error_is_that_of_leaving_one_out() -> None:
    losses = np.random.default_rng(1).exponential(size=9)
    without = np.array([np.delete(losses, i).std() for i in range(9)])
    expected = np.sqrt(8 / 9 * ((without - without.mean()) ** 2).sum())
    assert loss_spread(losses).standard_error == pytest.approx(expected, rel=1e-12)


def test_the_error_is_how_far_another_sample_is_off() -> None:
    """Over 400 samples of 40 normal losses: the mean variance is that of the values, within four standard errors of
    the ratio, each of about sqrt(2 / 400)."""
    rng = np.random.default_rng(2)
    found = [loss_spread(rng.normal(size=40)) for _ in range(400)]
    ratio = np.mean([each.standard_error**2 for each in found]) / np.var([each.value for each in found])
    assert ratio == pytest.approx(1.0, abs=4 * np.sqrt(2 / 400) + 1 / 40)


def test_what_has_no_spread_is_refused() -> None:
    with pytest.raises(TooFewSamples):
        loss_spread([1.0, 2.0])
    with pytest.raises(NotFinite):
        loss_spread([1.0, 2.0, np.inf])
    with pytest.raises(WrongShape):
        loss_spread(np.ones((3, 3)))
    assert loss_spread([2.0, 2.0, 2.0]).standard_error == 0.0
