"""The training map's checks do not fail by chance: at delays and seeds where fewer epochs or captured rates would."""

import numpy as np
import pytest

from theory.ghost.descent.capture import failure_ratio
from theory.ghost.toy.toy_model import ToyModel
from validate.ghost import training_map
from validate.ghost.fates import PATIENCE, SURVIVORS, _bracket_failure
from validate.ghost.scaled_descent import CHUNK, analytic
from validate.ghost.settings import Config
from validate.report import Report


@pytest.mark.parametrize("delay", [3.7, 100.0])
@pytest.mark.sampled(1)
def test_failure_bracket_waits_for_long_transients(delay):
    report = Report("ghost", Config(delay=delay))
    _bracket_failure(report, analytic(ToyModel(delay)), float(failure_ratio()))
    assert not report.failures


@pytest.mark.usefixtures("optimised_programs")  # which orbits of chaos are free, rounding decides
def test_some_start_is_free_for_two_thousand_epochs_but_none_for_the_patience():
    learner, starts = analytic(ToyModel(3.7)), 1 - np.geomspace(1e-11, 0.7, SURVIVORS)
    rates = np.full(SURVIVORS, 1.1)
    early, _ = learner.settle(starts, rates, 2000 // CHUNK)
    late, _ = learner.settle(starts, rates, PATIENCE // CHUNK)
    assert (early >= 0.25).any()
    assert (late < 0.25).all()


@pytest.mark.usefixtures("optimised_programs")  # which orbits of chaos are free, rounding decides
def test_floors_leave_out_a_rate_at_which_every_training_is_captured():
    config = Config(seed=5)  # at 1.02 of the critical rate all ten trainings of this seed are captured
    report = Report("ghost", config)
    floors = training_map._compare_floors(config, report, analytic(ToyModel(config.delay)))
    assert (floors.measured[-1] > 0.999).all()
    (check,) = report.checks
    assert check.name.endswith(f"(worst of {len(floors.rates) - 1})")
    assert check.passed
    assert np.all(np.isfinite(floors.measured))
