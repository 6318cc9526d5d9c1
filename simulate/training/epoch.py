"""One epoch of one network: measure, then step. All that every way of training has in common."""

from collections.abc import Callable
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, PyTree

from simulate.tasks.task import Batch
from simulate.training.history import Probes
from simulate.training.learner import Learner, Measured
from simulate.training.rule import Rule
from simulate.training.stopping import Stopping

LearnerT = TypeVar("LearnerT", bound=Learner)
Observe = Callable[[Any], PyTree]


def own_observation(learner: Learner) -> PyTree:
    """What the network records of itself."""
    return learner.observe()


class Regime(eqx.Module):
    """By what one network is trained: its rule, when it stops, the key of its noise, what is observed of it.

    That of a population has a leading axis of networks on every number.
    """

    rule: Rule
    stop: Stopping
    key: Key[Array, "*networks"]
    observe: Observe = eqx.field(static=True, default=own_observation)


def measure_and_step(
    learner: LearnerT, state: PyTree, regime: Regime, batch: Batch, epoch: Int[Array, ""]
) -> tuple[LearnerT, PyTree, Probes]:
    """The network after an epoch, what its rule keeps, and what was measured before the step."""
    measured, gradient = loss_and_gradient(learner, batch)
    probes = Probes(measured.loss, measured.accuracy, norm(gradient), regime.observe(learner))
    key = jax.random.fold_in(regime.key, epoch)
    stepped, state = regime.rule.step(learner, gradient, state, loss=measured.loss, key=key)
    return stepped, state, probes


@eqx.filter_jit
def loss_and_gradient(learner: Learner, batch: Batch) -> tuple[Measured, PyTree]:
    """The learner's own; traced once for all the programs that it is part of."""
    return learner.loss_and_gradient(batch)


def norm(gradient: PyTree) -> Float[Array, ""]:
    """The Euclidean norm over all arrays together."""
    squares = [jnp.sum(g**2) for g in jax.tree.leaves(gradient)]
    return jnp.sqrt(sum(squares[1:], squares[0]))
