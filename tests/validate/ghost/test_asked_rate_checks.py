"""The rate that the user asks for is descended on and held against its own prediction, wherever it lies."""

from dataclasses import replace

import numpy as np
import pytest

from theory.ghost.descent.plateau import plateau_length
from theory.ghost.toy.toy_model import ToyModel
from validate.ghost.asked_rate import LONGEST_PLATEAU, Way, _attracted, _compare_attractor, _compare_captured
from validate.ghost.asked_rate import _compare_plateau as compare_plateau
from validate.ghost.scaled_descent import analytic
from validate.ghost.settings import Config
from validate.report import Report


def way(delay=37.0):
    return Way("lowered gradient", analytic(ToyModel(delay)), LONGEST_PLATEAU, 10)


def report():
    return Report("ghost", Config(delay=37.0))


@pytest.mark.parametrize("ratio", [0.01, 0.5, 1.02, 5.0, 50.0])
def test_the_plateau_is_that_of_the_rate_asked_for(ratio):
    found = report()
    compare_plateau(found, way(), ratio)
    (check,) = found.checks
    assert check.passed is (True if ratio < 50 else None)  # beyond, any length is within the bound
    assert check.predicted == pytest.approx(plateau_length(10.0, ratio).epochs, rel=1e-12)


@pytest.mark.parametrize("rate", [0.01, 1e100])
def test_far_beyond_the_critical_rate_the_plateau_is_a_few_steps(rate):
    """The first term left out grows with the rate, and the epochs that are descended would with it."""
    found, model = report(), ToyModel(1e6 if rate > 1 else 37.0)
    descended = compare_plateau(found, Way("gradient", analytic(model), 10, 1), rate / model.critical_learning_rate)
    (check,) = found.checks
    assert check.measured == 1
    assert len(descended.rho) <= 6


def test_a_rate_that_is_descended_on_wrongly_is_noticed():
    """A learner that steps 1 % too far ends its plateau fifteen epochs early."""
    honest = way()
    loss_and_gradient = honest.descent.loss_and_gradient

    def steeper(r):
        loss, gradient = loss_and_gradient(r)
        return loss, 1.01 * gradient

    found = report()
    compare_plateau(found, replace(honest, descent=replace(honest.descent, loss_and_gradient=steeper)), 0.1095)
    (check,) = found.checks
    assert not check.passed
    assert check.error > 14


def test_steps_below_the_rounding_of_r_are_not_called_measured():
    found = report()
    compare_plateau(found, way(), 1e-17)
    (check,) = found.checks
    assert check.measured is None
    assert not check.asserted


@pytest.mark.parametrize(("ratio", "word"), [(0.5, "LRR"), (0.999, "LRR"), (0.3, None)])
def test_up_to_the_critical_rate_the_attractor_is_met(ratio, word):
    found = report()
    _compare_attractor(found, way(), ratio, _attracted(np.random.default_rng(0), ratio))
    assert not found.failures, [(check.name, check.predicted, check.measured) for check in found.failures]
    assert word is None or found.checks[-1].measured == word


def test_between_critical_rate_and_failure_ratio_some_are_captured_and_the_others_meet_the_cycle():
    found, generator = report(), np.random.default_rng(0)
    survivors = _compare_captured(found, way(), 1.02, generator)
    _compare_attractor(found, way(), 1.02, survivors)
    assert not found.failures
    assert 0.55 < found.checks[0].measured < 0.7
    assert found.checks[-1].measured == "LRR"


@pytest.mark.parametrize("ratio", [1.1, 5.0, 50.0])
@pytest.mark.sampled(2)
def test_above_the_failure_ratio_all_are_captured(ratio):
    found = report()
    _compare_captured(found, way(), ratio, np.random.default_rng(0))
    (check,) = found.checks
    assert check.predicted == check.measured == 1
    assert check.passed
