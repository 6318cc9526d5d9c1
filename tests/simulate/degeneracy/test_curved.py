"""When the leading order of a spread over networks is not enough."""

import numpy as np
import pytest

from simulate.degeneracy import Rows, TrainingMap, carried, dispersed, predict_spread
from simulate.degeneracy.curved import spread_by_curvature
from simulate.overlaps import closure_of
from simulate.tasks import filter_task
from simulate.training import GradientDescent
from theory.degeneracy import directions, normal_rows
from theory.overlaps import LINEAR, Shape

LEARNING = TrainingMap(closure_of(Shape(), LINEAR), filter_task(steps=40), GradientDescent(0.05))
ALIKE, NETWORKS = np.ones((4, 4)), 4000
"""All vectors one and the same: overlaps vary along a single direction."""


def test_along_one_direction_slope_and_curvature_are_the_spread_to_the_next_order():
    """Of 1,000 neurons the curvature is half the slope; what is left out is N^-1/2 of that, 0.1 to be safe."""
    along = directions(normal_rows(ALIKE))
    assert len(along) == 1
    leading = dispersed(LEARNING, ALIKE, along, epochs=3)
    slope = leading["loss"].spread(1000)
    curvature = spread_by_curvature(LEARNING, ALIKE, along, leading, neurons=1000, epochs=3)["loss"]
    assert curvature > 0.4 * slope
    grams = Rows(np.ones((1, 4))).draw_overlaps(neurons=1000, networks=NETWORKS, seed=1)
    measured = carried(LEARNING, grams, epochs=3)["loss"].std()
    error = 4 * np.sqrt(5 / (4 * NETWORKS))  # four standard errors of a standard deviation, kurtosis up to six
    assert abs(measured / np.hypot(slope, curvature) - 1) < error + 0.1
    assert measured / slope - 1 > error  # the slope alone is not enough


@pytest.mark.parametrize(("neurons", "told"), [(100, False), (10_000, True)])
def test_what_is_too_curved_is_not_told_to_leading_order(neurons, told):
    found = predict_spread(LEARNING, ALIKE, neurons=neurons, epochs=20)
    assert (found.loss_sd is not None) == told
    assert bool(np.isfinite(found.sigma_sd).all()) == told
    assert ("curved within its spread" in found.missing.get("loss_sd", "")) == (not told)
    assert ("sigma_sd" in found.missing) == (not told)


def test_on_a_saddle_odd_overlaps_and_what_follows_from_them_are_not_told():
    """Vectors at right angles: overlaps grow from chance alone, to either side, and saturate: nothing even bends."""
    found = predict_spread(LEARNING, np.eye(4), neurons=1000, epochs=150)
    m, u, v = 0, 1, 2
    assert np.isnan([found.sigma_sd[u, v], found.sigma_sd[m, v], found.sigma_sd[u, u]]).all()
    assert found.weights_distance is None


def test_where_networks_stop_at_epochs_far_apart_nothing_is_told():
    learning = TrainingMap(closure_of(Shape(), LINEAR), filter_task(steps=40), GradientDescent(0.02))
    few, many = (predict_spread(learning, 0.8 * np.eye(4) + 0.2, neurons=n, epochs=200, loss=0.3) for n in (64, 4000))
    assert few.epochs_sd is None
    assert "fifth of their mean" in few.missing["loss_sd"]
    assert many.epochs_sd < 0.1 * many.epochs_mean
