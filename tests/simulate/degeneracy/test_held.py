"""When the leading order of a spread over networks is not enough, and what is told instead."""

import numpy as np
import pytest

from simulate.degeneracy import Rows, TrainingMap, carried, predict_spread
from simulate.degeneracy.drawn import NoSpread, drawn
from simulate.degeneracy.held import Seen
from simulate.degeneracy.leading import leading_order
from simulate.degeneracy.trials import OtherTrials
from simulate.overlaps import closure_of, square_root
from simulate.tasks import filter_task, fixed_task
from simulate.training import GradientDescent
from theory.degeneracy import operator_coordinates
from theory.degeneracy.points import points_of
from theory.overlaps import LINEAR, Shape

LEARNING = TrainingMap(closure_of(Shape(), LINEAR), filter_task(dt=0.1, steps=40), GradientDescent(0.02))
TRIALS = OtherTrials(filter_task(dt=0.1, steps=80).batch)
S, SADDLE, ALIKE = 0.8 * np.eye(4) + 0.2, np.eye(4), np.ones((4, 4))


def test_the_standard_error_is_that_of_standard_deviations_drawn():
    random = np.random.default_rng(0)
    found = [Seen.of_deviations(random.normal(size=500)) for _ in range(400)]
    values, errors = (np.array([getattr(each, name) for each in found]) for name in ("value", "error"))
    np.testing.assert_allclose(errors.mean(), values.std(), rtol=4 / np.sqrt(2 * 400))
    assert values.mean() == pytest.approx(1.0, abs=4 * values.std() / 400**0.5)


@pytest.mark.parametrize(
    ("leading", "value", "error", "told"),
    [
        (1.05, 1.0, 0.02, 1.05),  # within three standard errors
        (1.07, 1.0, 0.02, 1.0),
        (1.09, 1.0, 0.05, 1.09),
        (1.11, 1.0, 0.05, 1.0),  # within three, and off by a tenth
        (1.09, 1.0, 0.4, 1.09),
        (1.11, 1.0, 0.4, np.nan),  # a few decide it
        (np.nan, 1.0, 0.02, 1.0),
        (np.nan, np.nan, np.nan, np.nan),
        (0.0, 0.0, 0.0, 0.0),
    ],
)
def test_what_is_told(leading, value, error, told):
    np.testing.assert_equal(float(Seen(np.asarray(value), np.asarray(error), np.asarray(0.0)).told(leading)), told)


def test_epochs_are_whole_numbers_of_which_one_network_more_or_less_is_nothing():
    """None of 1,024 networks stops at another epoch, or one does; to leading order few do."""
    for others in (0, 1):
        found = Seen.of_deviations(np.append(np.full(1024 - others, 7.0), np.full(others, 8.0)), step=1.0)
        assert found.told(0.02) == 0.02
        assert not found.stands(0.5)


def population(start, neurons, epochs, loss):
    """Other networks, drawn row by row and carried by the map that test_carried.py holds to trained networks."""
    grams = Rows(square_root(start)).draw_overlaps(neurons=neurons, networks=1024, seed=5)
    return carried(LEARNING, grams, epochs=epochs, loss=loss, trials=TRIALS)


def dsa(sigma):
    """How far each network is from the mean point."""
    points = points_of(operator_coordinates(), sigma)
    return np.linalg.norm(points - points.mean(axis=0), axis=1)


CASES = {  # of the numbers that a leading order gave: how wrong they were
    "the page's command stopped at 0.3": (
        S,
        1000,
        300,
        0.3,
        {"unseen_loss_sd": 1.13, "dsa_sd": 1.09, "epochs_sd": 0.91},
    ),
    "few neurons that stop": (S, 64, 300, 0.3, {"epochs_sd": 0.35, "dsa_sd": 1.28}),
    "a saddle": (SADDLE, 1000, 150, None, {"vm": 5.8, "loss_sd": 0.0}),
    "vectors that are one and the same": (ALIKE, 1000, 3, None, {"loss_sd": 0.12, "unseen_loss_sd": 0.1}),
}


@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", CASES)
def test_where_the_leading_order_is_wrong_networks_say_what_is_told(name):
    """Beside others that were drawn by rows: within four of both standard errors, and the leading order is not."""
    start, neurons, epochs, loss, wrong = CASES[name]
    question = {"neurons": neurons, "epochs": epochs, "loss": loss, "trials": TRIALS}
    found, networks = predict_spread(LEARNING, start, **question), population(start, neurons, epochs, loss)
    leading = leading_order(LEARNING, start, **question)
    for number, ratio in wrong.items():
        if number == "dsa_sd":
            other, told, of_leading = Seen.of(dsa(networks["sigma"]) ** 2), found.dsa_sd, leading.sd["dynamics"]
        elif number == "vm":
            other = Seen.of_deviations(networks["sigma"][:, 0, 2])
            told, of_leading = found.sigma_sd[0, 2], leading.sd["sigma"][0, 2]
        else:
            quantity = number.removesuffix("_sd")
            other, told, of_leading = (
                Seen.of_deviations(networks[quantity].astype(float)),
                getattr(found, number),
                leading.sd[quantity],
            )
        np.testing.assert_allclose(told, other.value, atol=4 * 2**0.5 * float(other.error))
        assert np.linalg.norm(of_leading) / other.value == pytest.approx(ratio, rel=0.2, abs=1e-6)
        assert number == "vm" or "is not enough" in found.remarks[number]


def test_networks_that_end_nowhere_have_no_spread():
    wild = TrainingMap(LEARNING.closure, LEARNING.task, GradientDescent(50.0))
    with pytest.raises(NoSpread, match="of 1024 networks drawn diverge"):
        drawn(wild, S, neurons=50, epochs=20, trials=TRIALS)
    task = LEARNING.task.batch
    coarse = TrainingMap(LEARNING.closure, fixed_task(task.inputs, task.targets, dt=5.0), GradientDescent(50.0))
    with pytest.raises(NoSpread, match="steps are 5 tau long"):
        drawn(coarse, S, neurons=50, epochs=20)
    with pytest.raises(NoSpread, match="are above the loss after 20 epochs"):
        drawn(LEARNING, S, neurons=1000, epochs=300, loss=0.3, usual=2, trials=TRIALS)
