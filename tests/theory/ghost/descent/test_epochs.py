"""Epochs between two places: the confident loss's plateau term by term, and iterated descent at finite confidence."""

import numpy as np
import pytest

from theory.ghost.descent.epochs import NODES, DescentPath
from theory.ghost.descent.errors import RateError, StartError
from theory.ghost.descent.plateau import plateau_length
from theory.ghost.toy import confidence
from theory.ghost.toy.toy_model import ToyModel


def confident(rho):
    """Sign and logarithm of dL/drho of the map whose scaled rate is the learning rate."""
    return np.ones_like(rho), np.log(0.75 * rho**-1.5)


def mirrored(rho):
    sign, size = confident(-rho)
    return -sign, size


@pytest.mark.parametrize("rate", [0.01, 0.1095, 0.98, 1.2])
@pytest.mark.parametrize("start", [1.5, 3.0, 10.0])
def test_the_confident_plateau_term_by_term(rate, start):
    known, found = plateau_length(start, rate), DescentPath(confident, start, 1.0).count(rate)
    assert found.epochs == pytest.approx(known.epochs, rel=1e-11)
    # two derivatives of an interpolation through n points cost n^4 roundings
    assert found.error_bound == pytest.approx(known.error_bound, rel=NODES**4 * 2**-52)


def test_upwards_as_well():
    """Towards larger r, on the mirrored loss, the count is the same."""
    down, up = DescentPath(confident, 5.0, 1.0), DescentPath(mirrored, -5.0, -1.0)
    assert up.count(0.3).epochs == pytest.approx(down.count(0.3).epochs, rel=1e-12)


@pytest.mark.parametrize("epochs", [3.0, 40.0])
def test_a_start_that_is_so_many_epochs_away(epochs):
    path = DescentPath(confident, 10.0, 1.0)
    start = path.start_for(0.5, epochs)
    assert path.count(0.5, start).epochs == pytest.approx(epochs, rel=1e-9)
    assert path.start_for(0.5, 1e6) == 10.0


@pytest.mark.parametrize(("c", "threshold", "ratio"), [(0.5, 1.0, 0.5), (10.0, 10.0, 5.0), (3.0, 1.0, 1.0)])
def test_descent_at_finite_confidence_takes_so_many_epochs(c, threshold, ratio):
    model = ToyModel(20.0, threshold=threshold, confidence=c)
    rate = ratio * model.critical_learning_rate

    def gradient(r):
        found = confidence.loss_and_gradient(r, model)
        return found.gradient_sign, found.log_gradient

    best = confidence.optimal_r(model)
    path = DescentPath(gradient, 10 * best, 2 * best)
    start = path.start_for(rate, 25.0)
    predicted = path.count(rate, start)
    r, taken = np.array([start]), 0
    while r[0] > 2 * best:
        r, taken = r - rate * confidence.loss_and_gradient(r, model).gradient, taken + 1
    assert abs(taken - predicted.epochs) <= predicted.error_bound
    assert predicted.error_bound < 2


def test_a_minimum_on_the_way_is_refused():
    with pytest.raises(StartError, match="a minimum lies on the way"):
        DescentPath(lambda r: (np.sign(r - 2), np.zeros_like(r)), 3.0, 1.0)
    with pytest.raises(StartError, match="no length"):
        DescentPath(confident, 1.0, 1.0)


@pytest.mark.parametrize("rate", [0.0, -1.0, np.inf, np.nan])
def test_a_rate_without_meaning_is_refused(rate):
    with pytest.raises(RateError, match="positive finite"):
        DescentPath(confident, 2.0, 1.0).count(rate)


def test_where_the_gradient_is_below_the_smallest_float():
    """In the no-learning zone of a confident learner the count is infinite, and nothing overflows on the way."""
    model = ToyModel(100.0, threshold=100.0, confidence=100.0)

    def gradient(r):
        found = confidence.loss_and_gradient(r, model)
        return found.gradient_sign, found.log_gradient

    path = DescentPath(gradient, 0.0, model.point_of_no_return / 2)
    assert path.count(1e-9).epochs == np.inf
