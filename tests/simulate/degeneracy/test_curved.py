"""When the leading order of a spread over networks is not enough."""

import numpy as np
import pytest

from simulate.degeneracy import Rows, TrainingMap, carried, dispersed, predict_spread
from simulate.degeneracy.curved import _next_terms, spread_by_curvature
from simulate.overlaps import closure_of
from simulate.tasks import filter_task
from simulate.training import GradientDescent
from theory.degeneracy import directions, normal_rows
from theory.overlaps import LINEAR, Shape

LEARNING = TrainingMap(closure_of(Shape(), LINEAR), filter_task(steps=40), GradientDescent(0.05))
ALIKE, NETWORKS = np.ones((4, 4)), 4000
"""All vectors one and the same: overlaps vary along a single direction."""


def test_next_terms_are_those_of_a_polynomial():
    """Of a x + b x^2 + c x^3 along two directions: sqrt(2) b and sqrt(6) c, as squares, whatever a is."""
    a, b, c = np.array([[0.7, -0.2], [0.3, 0.5], [0.0, -0.1]])
    values = [0 * a, *(a * x + b * x**2 + c * x**3 for x in (1.0, -1.0, 2.0, -2.0))]
    stacked = np.concatenate([[0.0], *values[1:]])
    np.testing.assert_allclose(_next_terms(stacked, a), np.sqrt((2 * b**2 + 6 * c**2).sum()), rtol=1e-14)


def test_the_slope_alone_is_not_enough_where_next_terms_are_large():
    """Of 1,000 neurons they are half the leading order, and networks spread by more than that order, beyond chance."""
    along = directions(normal_rows(ALIKE))
    assert len(along) == 1
    leading = dispersed(LEARNING, ALIKE, along, epochs=3)
    slope = leading["loss"].spread(1000)
    assert spread_by_curvature(LEARNING, ALIKE, along, leading, neurons=1000, epochs=3)["loss"] > 0.5 * slope
    grams = Rows(np.ones((1, 4))).draw_overlaps(neurons=1000, networks=NETWORKS, seed=1)
    measured = carried(LEARNING, grams, epochs=3)["loss"].std()
    error = 4 * np.sqrt(5 / (4 * NETWORKS))  # four standard errors of a standard deviation, kurtosis up to six
    assert measured / slope - 1 > error


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
