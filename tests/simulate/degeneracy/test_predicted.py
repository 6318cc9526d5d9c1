"""What is not predicted has its reason: every branch by which a number is missing, or is less than it could be."""

import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells.nonlinearity import LINEAR as LINEAR_UNITS
from simulate.degeneracy import PopulationSpread, TrainingMap, measure_spread, predict_spread, train_rows
from simulate.degeneracy.population import LowRankPopulation
from simulate.degeneracy.rows import Rows
from simulate.overlaps import closure_of
from simulate.tasks import filter_task
from simulate.tasks.task import fixed_task
from simulate.training import GradientDescent
from theory.overlaps import LINEAR, Shape

TASK = filter_task(dt=0.2, steps=5)
S = 0.8 * np.eye(4) + 0.2
MANY = 100_000


def leaning(overlap: float) -> np.ndarray:
    """Rows of which u and v have this overlap, and m and u lean on one another."""
    start = np.eye(4)
    start[1, 2] = start[2, 1] = overlap
    start[0, 1] = start[1, 0] = 0.1
    start[0, 2] = start[2, 0] = 0.1 * overlap
    return start


def predicted(start: np.ndarray, neurons: int = MANY, epochs: int = 2, loss: float | None = None) -> PopulationSpread:
    learning = TrainingMap(closure_of(Shape(), LINEAR), TASK, GradientDescent(0.01))
    return predict_spread(learning, start, neurons=neurons, epochs=epochs, loss=loss)


def test_what_was_not_asked_for_is_missing() -> None:
    found = predicted(S)
    assert found.unseen_loss_sd is None
    assert set(found.missing.values()) == {"no trials twice as long were given"}
    assert not found.remarks


def test_where_a_coordinate_has_a_kink_networks_are_compared() -> None:
    """Normal activity: the leading order has no derivative there."""
    found = predicted(np.eye(4), neurons=20)
    assert found.dsa_sd > 0
    assert "no derivative there" in found.remarks["dsa_sd"]


def test_vectors_that_are_parallel_have_no_dynamics_and_no_weights() -> None:
    found = predicted(np.ones((4, 4)))
    assert found.dsa_sd is found.weights_distance is None
    assert "fewer directions" in found.missing["dsa_sd"]
    assert "rows on a line" in found.missing["weights_distance"]
    assert found.loss_sd is not None


@pytest.mark.parametrize("start", [S, np.zeros((4, 4))])
def test_two_neurons_are_told_or_have_their_reason(start: np.ndarray) -> None:
    found = predicted(start, neurons=2, epochs=5)
    for name in ("loss_sd", "dsa_sd", "weights_distance"):
        assert (getattr(found, name) is None) == (name in found.missing)


@pytest.mark.parametrize(("loss", "reason"), [(1e9, "from the start"), (1e-9, "in none of 2 epochs")])
def test_a_loss_that_is_not_crossed(loss: float, reason: str) -> None:
    found = predicted(S, loss=loss)
    for name in ("sigma_sd", "loss_sd", "unseen_loss_sd", "dsa_sd", "weights_distance"):
        assert getattr(found, name) is None
        assert reason in found.missing[name]


def test_training_that_diverges() -> None:
    learning = TrainingMap(closure_of(Shape(), LINEAR), TASK, GradientDescent(1e200))
    found = predict_spread(learning, S, neurons=MANY, epochs=2)
    assert found.sigma_sd is found.weights_distance is None
    assert "lower the learning rate" in found.missing["sigma_sd"]


@pytest.mark.sampled(0)  # most of its time is that of compilers
def test_more_than_one_input_and_rank_two() -> None:
    """DSA has no closed form and is searched; the matching has no constant."""
    inputs, targets = np.zeros((1, 4, 2)), np.ones((1, 4, 1))
    inputs[0, 0] = 1.0
    shape = Shape(2, 3, 1)
    learning = TrainingMap(
        closure_of(shape, LINEAR), fixed_task(jnp.asarray(inputs), jnp.asarray(targets), 0.2), GradientDescent(0.01)
    )
    found = predict_spread(learning, np.eye(shape.size), neurons=MANY, epochs=1)
    assert found.weights_distance is None
    assert found.dsa_sd is not None
    assert "by search" in found.remarks["dsa_sd"]
    assert "N^-1/6" in found.missing["weights_distance"]
    assert found.loss_sd is not None


def test_the_leading_law_is_told_where_it_is_alone() -> None:
    """u and v nearly parallel: a thin cloud of rows, to few neurons."""
    few, many = (predicted(leaning(0.99), neurons=n) for n in (30, MANY))
    assert few.weights_distance is not None
    assert "leading term" in few.remarks["weights_distance"]
    assert many.weights_distance is not None
    assert not many.remarks


@pytest.mark.sampled(0)
def test_what_is_not_measured_has_its_reason() -> None:
    theta = Rows(np.eye(4)).draw(neurons=6, networks=3, seed=0)
    population = train_rows(theta, (1, 1, 1, 1), LINEAR_UNITS, TASK, rule=GradientDescent(0.01), epochs=1)
    found = measure_spread(population, TASK.batch)
    assert set(found.missing) == {"unseen_loss_mean", "unseen_loss_sd"}
    assert set(found.missing.values()) == {"no trials twice as long were given"}
    theta[1:] = np.inf
    gone = train_rows(theta, (1, 1, 1, 1), LINEAR_UNITS, TASK, rule=GradientDescent(0.01), epochs=1)
    assert isinstance(gone, LowRankPopulation)
    found = measure_spread(gone, TASK.batch)
    assert found.weights_distance is found.loss_sd is None
    assert "2 of 3 networks diverged" in found.missing["loss_mean"]
    assert {name for name in found.__dataclass_fields__ if getattr(found, name) is None} == set(found.missing) | {
        "remarks"
    }


@pytest.mark.parametrize("far", [np.inf, 1e60])  # 1e60: the loss is finite, and its square is not
def test_networks_that_diverged_and_such_as_never_stopped_are_told_of(far) -> None:
    theta = Rows(np.eye(4)).draw(neurons=6, networks=3, seed=0)
    theta[1] = far
    population = train_rows(theta, (1, 1, 1, 1), LINEAR_UNITS, TASK, rule=GradientDescent(0.0), epochs=1)
    found = measure_spread(population, TASK.batch, stop_at=1e-9)
    others = population.loss(TASK.batch)[[0, 2]]
    assert found.loss_sd == others.std(ddof=1)
    assert set(found.remarks) | set(found.missing) == set(found.__dataclass_fields__) - {"missing", "remarks"}
    for said in ("1 of 3 networks diverged and are left out", "2 of 2 networks did not reach the loss in 1 epochs"):
        assert said in found.remarks["loss_sd"]
