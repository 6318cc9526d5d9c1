"""The toy model's checks hold at the ends of the options' ranges, where exponentials leave the range of floats."""

import pytest

from theory.ghost.toy.toy_model import ToyModel
from validate.ghost.settings import Config
from validate.ghost.toy_model import _compare_loss, _compare_no_learning_zone, _measure
from validate.report import Report


@pytest.mark.parametrize(
    ("confidence", "threshold"),
    [(0.1, 0.1), (10, 10), (1000, 10), (10, 1000), (1000, 1000), (69, 10), (71, 10), (74, 10)],
)
@pytest.mark.parametrize("delay", [1.0, 1e6])
@pytest.mark.sampled(4)
def test_no_learning_zone_checks_hold_whatever_the_confidence(delay, confidence, threshold):
    config = Config(delay=delay, confidence=float(confidence), threshold=float(threshold))
    report = Report("ghost", config)
    _compare_no_learning_zone(config, report, ToyModel(delay))
    assert len(report.checks) == 2
    assert not report.failures, [(check.name, check.predicted, check.measured) for check in report.failures]


@pytest.mark.parametrize(("delay", "threshold", "confidence"), [(12.0, 4.0, 3.0), (3.0, 2.0, 1.0)])
def test_gradients_at_the_edge_of_the_zone_are_held_to_the_solvers_absolute_error(
    delay: float, threshold: float, confidence: float
) -> None:
    """A state that escapes just after the trial leaves a small gradient with the error of a large one."""
    config = Config(delay=delay, threshold=threshold, confidence=confidence)
    report = Report("ghost", config)
    _compare_loss(report, _measure(config, ToyModel(delay)), ToyModel(delay).optimal_r)
    assert not report.failures, [(check.name, check.predicted, check.measured) for check in report.failures]
    assert any("at the edge" in check.name for check in report.checks)
