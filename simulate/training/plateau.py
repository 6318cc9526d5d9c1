"""A rate that falls when the loss no longer does, each network by itself."""

from typing import Any, TypeVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, PyTree

from simulate.training.rule import Real, Rule, as_rule

LearnerT = TypeVar("LearnerT")


class BadSchedule(ValueError):
    """A factor that does not slow down, or a plateau of no length."""


class PlateauMemory(eqx.Module):
    """What is remembered of one network: its rate in units of the first, its best loss, and how long ago that was."""

    scale: Float[Array, "*networks"]
    best: Float[Array, "*networks"]
    waited: Int[Array, "*networks"]
    within: Int[Array, "*networks"]
    total: Float[Array, "*networks"]


class ReducedOnPlateau(Rule):
    """A rule whose rate is multiplied by `factor` whenever the loss has not improved for `patience` stretches.

    The loss is the task's, averaged over each stretch of `every` epochs. It improves if it falls below (1 - threshold)
    times the best so far. After a reduction the count begins anew; the rate stays above `smallest` times the first.

    The rule of `optax.contrib.reduce_on_plateau`, which the tests compare it with. (PyTorch's waits one stretch longer
    for the same patience.) Huang et al. (2025) train by Adam at 1e-3 with a factor of 0.5 and a patience of 40 of their
    epochs, which are 128 steps each.

    Raises:
        BadSchedule: if `patience` or `every` is below 1, or a single `factor` is not between 0 and 1.

    >>> import optax
    >>> ReducedOnPlateau(optax.adam(1e-3), every=128).patience
    40
    """

    rule: Rule = eqx.field(converter=as_rule)
    factor: Real = 0.5
    patience: int = eqx.field(static=True, default=40)
    every: int = eqx.field(static=True, default=1)
    threshold: Real = 1e-4
    smallest: Real = 0.0

    def __check_init__(self) -> None:
        """Something to wait for, and something to do then."""
        if self.patience < 1 or self.every < 1:
            raise BadSchedule(f"patience {self.patience}, every {self.every}: give whole numbers from 1")
        if isinstance(self.factor, float) and not 0 < self.factor < 1:
            raise BadSchedule(f"factor {self.factor}: give a number between 0 and 1")

    def init(self, learner: Any) -> tuple[PyTree, PlateauMemory]:
        """What the inner rule keeps, and no loss seen yet."""
        one, zero = jnp.ones((), learner.dtype), jnp.zeros((), int)
        return self.rule.init(learner), PlateauMemory(one, jnp.inf * one, zero, zero, 0 * one)

    def step(
        self,
        learner: LearnerT,
        gradient: PyTree,
        state: tuple[PyTree, PlateauMemory],
        *,
        loss: Float[Array, ""],
        key: Key[Array, ""],
    ) -> tuple[LearnerT, tuple[PyTree, PlateauMemory]]:
        """The inner rule's step at the rate that this loss leaves it."""
        kept, memory = state
        memory = self.looked(memory, loss)
        learner, kept = self.rule.slowed(memory.scale).step(learner, gradient, kept, loss=loss, key=key)
        return learner, (kept, memory)

    def looked(self, memory: PlateauMemory, loss: Float[Array, ""]) -> PlateauMemory:
        """After the loss of one more epoch."""
        within, total = memory.within + 1, memory.total + loss.astype(memory.total.dtype)
        mean, ended = total / self.every, within == self.every
        better = ended & (mean < (1 - self.threshold) * memory.best)
        waited = jnp.where(better, 0, jnp.where(ended, memory.waited + 1, memory.waited))
        enough = waited == self.patience
        slower = jnp.maximum(memory.scale * self.factor, self.smallest)
        return PlateauMemory(
            scale=jnp.where(enough, slower, memory.scale),
            best=jnp.where(better, mean, memory.best),
            waited=jnp.where(enough, 0, waited),
            within=jnp.where(ended, 0, within),
            total=jnp.where(ended, 0.0, total),
        )

    def slowed(self, factor: Real) -> "ReducedOnPlateau":
        """With the inner rule at `factor` times its rate."""
        return eqx.tree_at(lambda own: own.rule, self, self.rule.slowed(factor))
