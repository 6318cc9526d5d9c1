"""What a population is trained on and how: everything that its networks share."""

from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Key

from simulate.cells.dense import DenseCell
from simulate.cells.scaled import Scaled
from simulate.tasks.drawn import DrawnTask
from simulate.training.rule import Optax, Rule
from simulate.training.stopping import Threshold


class BadCondition(ValueError):
    """A population of no networks, or one that is not to be trained."""


Network: TypeAlias = DenseCell | Scaled
"""Of dense weights, in any parametrisation."""


@runtime_checkable
class Start(Protocol):
    """Where networks start, as `UniformWeights` and `MaximalUpdate` say it."""

    @property
    def units(self) -> int:
        """Of each network."""

    def draw(self, key: Key[Array, ""], dtype: jnp.dtype) -> Network:
        """One network."""


@dataclass(frozen=True)
class TrainingCondition:
    """A task, a start and a rule; a population is trained under one condition, each network from weights of its own.

    The batches of training are the same for all networks (they come from the task's own key), so that networks differ
    by their first weights alone. A network is trained until the mean loss of `every` updates was at most the task's
    threshold `patience` times on end (Huang et al., section 2.1: a patience of 3 epochs; an epoch of 128 updates is
    from later code of the same group), or for `updates` updates.

    >>> import jax, optax
    >>> from simulate.cells import UniformWeights
    >>> from simulate.populations import TrainingCondition
    >>> from simulate.tasks import NBitFlipFlop
    >>> task = NBitFlipFlop(jax.random.key(0), bits=2)
    >>> TrainingCondition(task, UniformWeights(64, inputs=2, outputs=2), optax.adam(1e-3)).networks
    50

    Raises:
        BadCondition: without networks or updates, or where the start's inputs and outputs are not the task's.
    """

    task: DrawnTask
    start: Start
    rule: Rule | optax.GradientTransformation
    networks: int = field(default=50, kw_only=True)
    updates: int = field(default=128_000, kw_only=True)
    seed: int = field(default=0, kw_only=True)
    patience: int = field(default=3, kw_only=True)
    every: int = field(default=128, kw_only=True)

    def __post_init__(self) -> None:
        for name in ("networks", "updates", "patience", "every"):
            if getattr(self, name) < 1:
                raise BadCondition(f"{name} is {getattr(self, name)}: give one or more")
        for name in ("inputs", "outputs"):
            drawn, asked = getattr(self.start, name, None), getattr(self.task, name)
            if drawn is not None and drawn != asked:
                raise BadCondition(f"networks of {drawn} {name}, and a task of {asked}: draw them with {name}={asked}")

    @property
    def training_rule(self) -> Rule:
        """The rule as the trainer has it."""
        return self.rule if isinstance(self.rule, Rule) else Optax(self.rule)

    @property
    def stop(self) -> Threshold:
        """When a network is finished."""
        return Threshold(self.task.threshold, patience=self.patience, every=self.every)

    def first_networks(self, dtype: jnp.dtype) -> Network:
        """The population before training (leading axis: networks)."""
        keys = jax.random.split(jax.random.key(self.seed), self.networks)
        drawn: Network = jax.vmap(lambda key: self.start.draw(key, dtype))(keys)
        return drawn
