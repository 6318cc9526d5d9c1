"""Gradient descent on one parameter: exact recursions, batches, and runs that break."""

import jax
import jax.numpy as jnp
import numpy as np

from simulate.ghost.descent import DescentOutcome, descend
from simulate.ghost.toy_model import ToyTask, sigmoid_loss_and_gradient


def bowl(r):
    return r**2 / 2, r


def test_a_bowl_contracts_geometrically():
    """r_k = (1 - rate)^k r_0, one rate for all and one rate each."""
    starts = jnp.array([1.0, -3.0])
    powers = np.arange(6)[:, None]
    run = jax.jit(lambda starts: descend(bowl, starts, 0.25, 5))(starts)
    np.testing.assert_allclose(run.r, 0.75**powers * np.asarray(starts), rtol=1e-14)
    np.testing.assert_allclose(run.loss, run.r**2 / 2, rtol=1e-14)
    each = descend(bowl, starts, jnp.array([0.5, 1.5]), 5)
    np.testing.assert_allclose(each.r, np.array([0.5, -0.5]) ** powers * np.asarray(starts), rtol=1e-14)
    assert run.outcome.tolist() == [DescentOutcome.finite] * 2
    assert run.epochs.tolist() == [5, 5]


def test_a_broken_run_stands_still_and_says_so():
    """Loss 1 / r, nan below zero: from 1 ascent at rate 1/2 goes to 1/2 and then to -3/2."""

    def cliff(r):
        return jnp.where(r > 0, 1 / r, jnp.nan), -1 / r**2

    run = descend(cliff, jnp.array([1.0, 10.0]), -0.5, 4)
    assert run.outcome.tolist() == [DescentOutcome.non_finite, DescentOutcome.finite]
    assert run.r[:, 0].tolist() == [1.0, 0.5, -1.5, -1.5, -1.5]
    assert run.epochs.tolist() == [2, 4]


def test_a_loss_that_is_not_a_number_at_the_end_is_told():
    run = descend(lambda r: (jnp.where(r > 0, r, jnp.nan), jnp.ones_like(r)), jnp.array([0.5]), 1.0, 1)
    assert run.r[:, 0].tolist() == [0.5, -0.5]
    assert run.outcome.tolist() == [DescentOutcome.non_finite]


def test_descent_on_the_simulated_loss():
    """Toy model, T = 100: a run above the optimum comes down; a stuck one moves by less than 1e-6."""
    task = ToyTask(100.0, 100.0, 10.0, 10.0)
    optimum = np.pi**2 / 4e4
    starts = jnp.asarray(optimum * np.array([1.5, 0.2]))
    run = jax.jit(lambda s: descend(lambda r: sigmoid_loss_and_gradient(r, task), s, 1e-11, 20))(starts)
    assert run.outcome.tolist() == [DescentOutcome.finite] * 2
    assert (np.diff(run.r[:, 0]) < 0).all()
    assert (np.diff(run.loss[:, 0]) < 0).all()
    assert abs(run.r[-1, 1] / run.r[0, 1] - 1) < 1e-6
    assert run.r[0].tolist() == starts.tolist()
