"""What is predicted from overlaps, at small sizes: all of it holds, and the figures show what was measured."""

import numpy as np
import pytest

from theory.overlaps import TANH
from validate.degeneracy import predicted_dynamics, predicted_nonlinear, predicted_weights
from validate.degeneracy.settings import QUICK, Config
from validate.progress import Progress
from validate.report import Report


@pytest.fixture
def report():
    return Report("degeneracy", Config(effort=QUICK))


def test_weights_stay_above_their_coupling_and_are_drawn(report, monkeypatch):
    monkeypatch.setattr(predicted_weights, "effort_of", lambda config: ((16, 32), (3, 3)))
    monkeypatch.setattr(predicted_weights, "CASES", predicted_weights.CASES[:2])
    monkeypatch.setattr(predicted_weights, "FAQ_NEURONS", 24)
    monkeypatch.setattr(predicted_weights, "FAQ_PAIRS", 1)
    found = predicted_weights.checks(report.config, report, Progress())
    assert report.passed
    (plot,) = predicted_weights.figures(report.config, found)
    assert plot.data["rank_one_unequal_covariances_neurons"].tolist() == [16.0, 32.0]
    np.testing.assert_allclose(plot.data["rank_one_measured"] ** 2, [(d**2).mean() for d in found[0].distances])
    assert found[1].case.limit > 0.5 > found[0].case.limit


def test_the_law_of_rank_two_is_off_by_thin_places_alone():
    """Their share of the integral of sqrt(rho), by quadrature: in four dimensions energy e has weight e exp(-e / 2)."""
    energies = np.linspace(0, 200, 200_001)
    weight = energies * np.exp(-energies / 2)
    beyond = energies > np.log(500)
    assert predicted_weights._thin(np.array([500.0]), 2) == pytest.approx(weight[beyond].sum() / weight.sum(), rel=1e-3)


def test_dynamics_are_those_of_the_overlaps(report, monkeypatch):
    monkeypatch.setattr(predicted_dynamics, "FAMILY", 3)
    monkeypatch.setattr(predicted_dynamics, "POPULATION", ((256, 1024), 60))
    found = predicted_dynamics.checks(report.config, report, Progress())
    assert report.passed
    assert found.family.in_activity[-1] > 0.1
    (plot,) = predicted_dynamics.figures(report.config, found)
    np.testing.assert_allclose(plot.data["dsa_whitened"], 0.0, atol=1e-6)


@pytest.mark.sampled(0)  # most of its time is that of compilers
def test_nonlinear_networks_are_spread_as_their_rows_say(report, monkeypatch):
    small = predicted_nonlinear.NonlinearEffort((TANH,), (64, 256), 60, 4, (64,), 3, 6)
    monkeypatch.setattr(predicted_nonlinear, "effort_of", lambda config: small)
    found = predicted_nonlinear.checks(report.config, report, Progress())
    assert report.passed
    (plot,) = predicted_nonlinear.figures(report.config, found)
    np.testing.assert_allclose(plot.data["loss_by_rows"], found[0].by_rows["loss"].spread(np.array([64, 256])))
    assert (plot.data["loss_by_closure"] < plot.data["loss_by_rows"]).all()
