"""Networks of low rank in the universality command: its laws hold, and are seen to fail."""

import numpy as np
import pytest

from theory.universality import GaussianLoadings
from validate.report import Report
from validate.universality import low_rank
from validate.universality.settings import QUICK, Config


@pytest.fixture
def report():
    return Report("universality", Config(effort=QUICK))


def failed(report):
    return [check.name for check in report.checks if check.passed is False]


def test_points_of_drawn_networks_are_as_far_as_told(report):
    distances, errors, predicted = low_rank._hold_law(low_rank.memories(2), 40, Config(effort=QUICK), report)
    assert len(report.checks) == 2
    assert failed(report) == []
    assert distances.shape == errors.shape == predicted.shape == (len(low_rank.SIZES),)
    assert (np.abs(distances - predicted) < low_rank.FAR * errors).all()  # the bars of the figure


def test_a_scatter_four_times_as_large_is_seen_to_be_wrong(report, monkeypatch):
    true = GaussianLoadings.scatter
    monkeypatch.setattr(GaussianLoadings, "scatter", lambda self, kappa: 4 * true(self, kappa))
    low_rank._hold_law(low_rank.memories(2), 60, Config(effort=QUICK), report)
    assert failed(report) == ["its square with 1024 units, in units of what is predicted"]


def test_a_circle_of_points_moves_as_told(report):
    low_rank._hold_circle(40, Config(effort=QUICK), report)
    assert len(report.checks) == 3
    assert failed(report) == []


def test_overlaps_are_those_asked_for():
    assert low_rank.memories(3).slopes(np.zeros(3)).round(12).tolist() == (low_rank.OVERLAP * np.eye(3)).tolist()
    turned = low_rank.turning().slopes(np.zeros(2))
    np.testing.assert_allclose(turned, [[low_rank.OVERLAP, -low_rank.TURNING], [low_rank.TURNING, low_rank.OVERLAP]])


@pytest.fixture(autouse=True)
def smaller(monkeypatch):
    monkeypatch.setattr(low_rank, "SIZES", (512, 1024))
