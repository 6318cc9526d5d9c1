"""A rate that falls exponentially with the updates."""

from typing import Any, TypeVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, PyTree

from simulate.training.rule import Real, Rule, as_rule

LearnerT = TypeVar("LearnerT")


class Decayed(Rule):
    """A rule at decay^(t / over) times its rate after t updates: `decay` times as much after `over` of them.

    The schedule of `optax.exponential_decay`, which the tests compare it with; `decay` may have an axis of networks.

    >>> from simulate.training import GradientDescent
    >>> Decayed(GradientDescent(0.1), decay=0.5, over=1000).over
    1000
    """

    rule: Rule = eqx.field(converter=as_rule)
    decay: Real
    over: int = eqx.field(static=True)

    def init(self, learner: Any) -> tuple[PyTree, Int[Array, ""]]:
        """What the inner rule keeps, and no updates yet."""
        return self.rule.init(learner), jnp.zeros((), int)

    def step(
        self,
        learner: LearnerT,
        gradient: PyTree,
        state: tuple[PyTree, Int[Array, ""]],
        *,
        loss: Float[Array, ""],
        key: Key[Array, ""],
    ) -> tuple[LearnerT, tuple[PyTree, Int[Array, ""]]]:
        """The inner rule's step at the rate that is left."""
        kept, updates = state
        factor = jnp.asarray(self.decay, loss.dtype) ** (updates.astype(loss.dtype) / self.over)
        learner, kept = self.rule.slowed(factor).step(learner, gradient, kept, loss=loss, key=key)
        return learner, (kept, updates + 1)

    def slowed(self, factor: Real) -> "Decayed":
        """With the inner rule at `factor` times its rate."""
        return eqx.tree_at(lambda own: own.rule, self, self.rule.slowed(factor))
