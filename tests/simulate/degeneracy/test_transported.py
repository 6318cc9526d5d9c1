"""Infinitely many neurons and their influences: beside differences, linear networks, and networks of N neurons."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.degeneracy import OtherTrials, Rows, TrainingMap, dispersed, train_rows, transported_rows
from simulate.degeneracy.transported import Kinked, measured_of_rows, slope_of_rows, trained
from simulate.overlaps import InfiniteWidth, SobolNodes, TensorNodes, closure_of
from simulate.tasks import filter_task, fixed_task, random_task
from simulate.training import GradientDescent
from theory.degeneracy import directions, normal_rows
from theory.overlaps import ERF, LINEAR, RELU, TANH, Shape

S, EPOCHS = 0.8 * np.eye(4) + 0.2, 6
TASK = filter_task(dt=0.2, steps=12)
RULE = GradientDescent(0.03, momentum=0.5, weight_decay=1e-3, block_rates=(1.0, 0.5, 2.0, 1.0))


def test_influences_are_derivatives_in_the_shares():
    """Central differences of the whole training, at nodes, and at a row of share zero."""
    learning = TrainingMap(closure_of(Shape(), TANH), TASK, RULE)
    given = transported_rows(learning, S, epochs=EPOCHS, nodes=TensorNodes(3), rows=np.array([[0.3, -1.0, 0.7, 2.0]]))
    before = jnp.asarray(given.before)

    @jax.jit
    def ends(shares):
        rows = before, trained(learning, before, shares, EPOCHS)
        return measured_of_rows(learning, rows, shares, OtherTrials(), TASK.batch)

    step = 1e-5
    for row in (0, 7, len(before) - 1):
        change = step * np.eye(len(before))[row]
        up, down = ends(given.shares + change), ends(given.shares - change)
        for name, found in given.found.items():
            quotient = (np.asarray(up[name]) - np.asarray(down[name])) / (2 * step)
            np.testing.assert_allclose(found.slopes[row], quotient, atol=1e-7 * (1 + np.abs(found.slopes).max()))


def test_rows_move_as_those_of_a_network():
    """Its own gradient, over the share of each; two inputs and outputs, rank two."""
    shape = Shape(inputs=2, rank=2, outputs=2)
    batch = random_task(jax.random.key(1), 2, 2, trials=2, steps=10, dt=0.2).batch
    learning = TrainingMap(closure_of(shape, ERF), TASK, RULE)
    network = InfiniteWidth(SobolNodes(64)).start(np.eye(8), shape, ERF)
    gradient = (
        jax.jit(lambda given: network.loss_and_gradient(given)[1])(batch).connectivity.theta / network.share[:, None]
    )
    slope = jax.jit(lambda theta: slope_of_rows(learning, theta, network.share, batch))(network.connectivity.theta)
    np.testing.assert_allclose(slope, gradient, atol=1e-13 * float(np.abs(gradient).max()) + 1e-14)


def test_spreads_do_not_depend_on_the_nodes_that_are_chosen():
    """Two inputs: 2,048 of Sobol's would be off by some per cent."""
    shape, epochs = Shape(inputs=2), 3
    batch = random_task(jax.random.key(2), 2, 1, trials=1, steps=8, dt=0.2).batch
    learning = TrainingMap(closure_of(shape, ERF), fixed_task(batch.inputs, batch.targets, batch.dt, batch.mask), RULE)
    start = 0.8 * np.eye(5) + 0.2
    one, other = (transported_rows(learning, start, epochs=epochs, nodes=n).found for n in (None, TensorNodes(4)))
    for name in ("sigma", "loss"):
        of_one, of_other = one[name].dispersion.coefficient, other[name].dispersion.coefficient
        np.testing.assert_allclose(of_one, of_other, rtol=0.01)


@pytest.mark.sampled(0)  # most of its time is that of compilers
def test_linear_networks_are_spread_as_their_overlaps_say():
    """To rounding: influences are quadratic forms, whose squares the nodes integrate exactly."""
    learning, trials = TrainingMap(closure_of(Shape(), LINEAR), TASK, RULE), OtherTrials(filter_task(steps=20).batch)
    by_rows = transported_rows(learning, S, epochs=EPOCHS, trials=trials, nodes=TensorNodes(4)).found
    by_overlaps = dispersed(learning, S, directions(normal_rows(S)), epochs=EPOCHS, trials=trials)
    for name in ("sigma", "loss", "change", "unseen_loss"):
        one, other = by_rows[name].dispersion, by_overlaps[name]
        np.testing.assert_allclose(one.value, other.value, rtol=1e-11)
        np.testing.assert_allclose(one.coefficient, other.coefficient, rtol=1e-11)


@pytest.mark.sampled(0)
def test_each_network_is_where_its_rows_say_but_for_terms_of_order_1_over_n():
    """The rest falls by 4 where N grows by 4; the slope over three sizes is within 0.25 of -1 (64 networks each)."""
    learning = TrainingMap(closure_of(Shape(), TANH), TASK, GradientDescent(0.03))
    sizes, networks, left = (16, 64, 256), 64, []
    for size in sizes:
        theta = Rows(np.linalg.cholesky(S).T).draw(neurons=size, networks=networks, seed=size)
        limit = transported_rows(learning, S, epochs=EPOCHS, nodes=TensorNodes(8), rows=theta.reshape(-1, 4))
        population = train_rows(theta, Shape().counts, TANH, TASK, rule=learning.rule, epochs=EPOCHS)
        loss = limit.found["loss"]
        told = loss.value + loss.of_rows[limit.shares == 0].reshape(networks, size).mean(axis=1)
        left.append(np.sqrt(np.mean((population.loss(TASK.batch) - told) ** 2)))
    assert np.polyfit(np.log(sizes), np.log(left), 1)[0] == pytest.approx(-1, abs=0.25)


def test_a_kink_is_refused():
    with pytest.raises(Kinked):
        transported_rows(TrainingMap(closure_of(Shape(), RELU), TASK, RULE), S, epochs=1)
