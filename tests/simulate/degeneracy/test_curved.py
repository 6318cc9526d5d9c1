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
    slope = dispersed(LEARNING, ALIKE, along, epochs=3)["loss"].spread(1000)
    curvature = spread_by_curvature(LEARNING, ALIKE, along, neurons=1000, epochs=3)["loss"]
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
