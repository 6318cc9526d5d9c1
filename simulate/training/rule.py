"""The learning rule: what a gradient does to the parameters of a network."""

from abc import abstractmethod
from dataclasses import replace
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Key, PyTree

from simulate.training.made_of import Described

Real = float | Float[Array, "*networks"]
LearnerT = TypeVar("LearnerT")
RuleT = TypeVar("RuleT", bound="Rule")


class Rule(eqx.Module):
    """A learning rule. Its numbers may have a leading axis of networks: each network then learns by its own.

    >>> issubclass(GradientDescent, Rule), issubclass(Optax, Rule)
    (True, True)
    """

    @abstractmethod
    def init(self, learner: Any) -> PyTree:
        """What the rule keeps of one network from step to step, at the start."""

    @abstractmethod
    def step(
        self, learner: LearnerT, gradient: PyTree, state: PyTree, *, loss: Float[Array, ""], key: Key[Array, ""]
    ) -> tuple[LearnerT, PyTree]:
        """One network after one step, and what the rule keeps.

        `loss` is that of the task, of which `gradient` is the gradient; `key` is for noise.
        """

    @abstractmethod
    def slowed(self: RuleT, factor: Real) -> RuleT:
        """The same rule at `factor` times its rate; what it keeps of a network stays valid."""


class GradientDescent(Rule):
    """Gradient descent on the parameters theta, with what may come with it.

        w <- momentum w - rate dL/dtheta
        theta <- (1 - weight_decay) theta + w + noise xi

    xi is standard normal, drawn anew for every weight in every epoch. What is None is left out, and (unlike zero) costs
    nothing: without momentum, w is the step alone. A low-rank network of N neurons, and the theory of its overlaps,
    step by

        w <- momentum w - rate N (dL/dtheta) Lambda

    where `block_rates` are the diagonal of Lambda, one number for each of m, u, v, z (None: ones); zero freezes one.

    >>> GradientDescent(rate=0.05).momentum is None
    True
    """

    rate: Real
    momentum: Real | None = None
    weight_decay: Real | None = None
    noise: Real | None = None
    block_rates: tuple[Real, Real, Real, Real] | None = None

    def init(self, learner: Any) -> PyTree:
        """The velocity of momentum, or None."""
        return learner.still(self)

    def step(
        self, learner: Any, gradient: PyTree, state: PyTree, *, loss: Float[Array, ""], key: Key[Array, ""]
    ) -> tuple[Any, PyTree]:
        """The learner's own step under this rule: only it knows what its parameters are."""
        return learner.descended(gradient, self, state, key)

    def slowed(self, factor: Real) -> "GradientDescent":
        """At `factor` times its rate; velocity, weight decay and noise are what they were."""
        return replace(self, rate=self.rate * factor)


class Optax(Rule):
    """Any rule of optax, for each network by itself.

    Without a rate the updates are added as optax means them: `Optax(optax.adam(1e-3))`. With a rate, which may differ
    from network to network, theta <- theta - rate * direction: `Optax(optax.scale_by_adam(), rate=rates)`. Rules that
    look at the loss are told it, as optax has it, by `value`.

    >>> import optax
    >>> Optax(optax.adam(1e-3)).rate is None
    True
    """

    described: Described = eqx.field(static=True)
    rate: Real | None
    factor: Real | None

    def __init__(self, transformation: optax.GradientTransformation, rate: Real | None = None) -> None:
        self.described = Described(transformation)
        self.rate = rate
        self.factor = None

    @property
    def transformation(self) -> optax.GradientTransformation:
        """The rule of optax."""
        transformation: optax.GradientTransformation = self.described.value
        return transformation

    def init(self, learner: Any) -> PyTree:
        """The state of optax, made from what learns."""
        with jax.numpy_dtype_promotion("standard"):
            return self.transformation.init(eqx.filter(learner, learner.learns()))

    def step(
        self, learner: Any, gradient: PyTree, state: PyTree, *, loss: Float[Array, ""], key: Key[Array, ""]
    ) -> tuple[Any, PyTree]:
        """One update of optax on what learns."""
        moving, fixed = eqx.partition(learner, learner.learns())
        rule = optax.with_extra_args_support(self.transformation)
        with jax.numpy_dtype_promotion("standard"):  # optax raises floats to whole numbers
            update, state = rule.update(gradient, state, moving, value=loss)
            if self.rate is not None:
                update = _times(-jnp.asarray(self.rate), update)
            if self.factor is not None:
                update = _times(self.factor, update)
            moving = jax.tree.map(lambda theta, u: (theta + u).astype(theta.dtype), moving, update)
        return eqx.combine(moving, fixed), state

    def slowed(self, factor: Real) -> "Optax":
        """With updates of `factor` times the size."""
        factor = factor if self.factor is None else self.factor * factor
        return eqx.tree_at(lambda rule: rule.factor, self, factor, is_leaf=lambda leaf: leaf is None)


def as_rule(rule: Rule | optax.GradientTransformation) -> Rule:
    """A rule as it is, and a transformation of optax as the rule that it is."""
    return rule if isinstance(rule, Rule) else Optax(rule)


def _times(number: Real, tree: PyTree) -> PyTree:
    return jax.tree.map(lambda each: jnp.asarray(number, each.dtype) * each, tree)
