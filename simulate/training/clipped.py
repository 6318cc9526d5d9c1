"""Gradients that are cut to a length, before a rule steps by them."""

from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PyTree

from simulate.training.epoch import norm
from simulate.training.rule import Real, Rule, as_rule

LearnerT = TypeVar("LearnerT")


class Clipped(Rule):
    """A rule that is given no gradient longer than `longest`: of all parameters together, each network by itself.

    `optax.clip_by_global_norm`, which the tests compare it with; `longest` may have an axis of networks.

    >>> from simulate.training import GradientDescent
    >>> Clipped(GradientDescent(0.1), longest=1.0).longest
    1.0
    """

    rule: Rule = eqx.field(converter=as_rule)
    longest: Real

    def init(self, learner: Any) -> PyTree:
        """What the inner rule keeps."""
        return self.rule.init(learner)

    def step(
        self, learner: LearnerT, gradient: PyTree, state: PyTree, *, loss: Float[Array, ""], key: Key[Array, ""]
    ) -> tuple[LearnerT, PyTree]:
        """The inner rule's step by the shorter gradient."""
        length = norm(gradient)
        shorter = jnp.minimum(1, jnp.asarray(self.longest, length.dtype) / length)
        cut = jax.tree.map(lambda each: each * shorter.astype(each.dtype), gradient)
        return self.rule.step(learner, cut, state, loss=loss, key=key)

    def slowed(self, factor: Real) -> "Clipped":
        """With the inner rule at `factor` times its rate."""
        return eqx.tree_at(lambda own: own.rule, self, self.rule.slowed(factor))
