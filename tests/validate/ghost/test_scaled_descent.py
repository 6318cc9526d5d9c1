"""Descent through the solver: learners far in the no-learning zone stay where they are, and cost nothing."""

import numpy as np
import pytest

from simulate.ghost.toy_model import confident_loss
from simulate.integrate import FORWARD
from theory.ghost.toy.toy_model import ToyModel
from validate.ghost.scaled_descent import AT_REST, simulated

MODEL = ToyModel(37.0)


def test_far_in_the_no_learning_zone_nothing_moves():
    """At rho = -1e100 the solver by itself gives up, with a loss that is not a number."""
    start = np.array([AT_REST / 2, 2 * AT_REST, -1e9, -1e100])
    rho, loss = simulated(MODEL).descend(start, np.full(4, 1e3), 2)
    assert np.array_equal(rho, np.tile(start, (3, 1)))
    assert loss == pytest.approx(1.0, rel=1e-9)  # no output in the whole of the response window, which is the delay


def test_where_the_solver_is_asked_no_further_the_loss_is_flat():
    losses = [
        float(confident_loss(rho * MODEL.optimal_r, 37.0, 37.0, MODEL.threshold, FORWARD).value) / 37.0
        for rho in (-0.5, AT_REST, 4 * AT_REST)
    ]
    assert losses == pytest.approx([1.0] * 3, rel=1e-9)
