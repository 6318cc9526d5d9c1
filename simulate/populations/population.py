"""A trained population: its networks, where they started, how their training ended."""

from dataclasses import dataclass, replace
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from simulate.populations.condition import Network, TrainingCondition
from simulate.tasks.task import Batch
from simulate.training.checkpoint import Checkpoint
from simulate.training.outcome import TrainingOutcome
from simulate.training.progress import Progress
from simulate.training.selection import measured_on
from simulate.training.train import train


@dataclass(frozen=True)
class TrainedPopulation:
    """Networks of one condition (leading axis on every array), what they started from, and how training ended for each.

    `updates` is how many each of them had, `loss` the last that was measured.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import optax
    >>> from simulate.cells import UniformWeights
    >>> from simulate.populations import TrainingCondition, train_population
    >>> from simulate.tasks import NBitFlipFlop
    >>> task = NBitFlipFlop(jax.random.key(0), trials=8, bits=1, steps=5, threshold=0.5)
    >>> start = UniformWeights(8, inputs=1, outputs=1)
    >>> population = train_population(TrainingCondition(task, start, optax.adam(1e-2), networks=3, updates=60, every=4))
    >>> len(population.trained), population.losses(task.draw(jax.random.key(1))).shape
    (3, (3,))
    """

    condition: TrainingCondition
    networks: Network
    first: Network
    outcomes: tuple[TrainingOutcome, ...]
    updates: Int[np.ndarray, " networks"]
    loss: Float[np.ndarray, " networks"]

    def __len__(self) -> int:
        return len(self.outcomes)

    @property
    def converged(self) -> Bool[np.ndarray, " networks"]:
        """Which networks reached the threshold."""
        return np.array([outcome is TrainingOutcome.converged for outcome in self.outcomes])

    @property
    def trained(self) -> "TrainedPopulation":
        """Those that reached the threshold."""
        return self.of(np.flatnonzero(self.converged))

    def of(self, which: Int[np.ndarray, " chosen"]) -> "TrainedPopulation":
        """Some of the networks."""
        networks, first = (jax.tree.map(lambda leaf: leaf[which], each) for each in (self.networks, self.first))
        outcomes = tuple(self.outcomes[i] for i in which)
        return replace(
            self,
            networks=networks,
            first=first,
            outcomes=outcomes,
            updates=self.updates[which],
            loss=self.loss[which],
        )

    def each(self, *, at_start: bool = False) -> list[Network]:
        """The networks one by one, trained or as they started."""
        networks = self.first if at_start else self.networks
        return [jax.tree.map(lambda leaf, i=i: jnp.asarray(leaf[i]), networks) for i in range(len(self))]

    def losses(self, batch: Batch) -> Float[np.ndarray, " networks"]:
        """Of each network on a batch."""
        return measured_on(self.networks, batch, together=max(1, len(batch.inputs)))[0]


def train_population(
    condition: TrainingCondition,
    *,
    checkpoint: Checkpoint | None = None,
    progress: Progress = lambda done: None,
    dtype: str = "float32",
) -> TrainedPopulation:
    """Train the population of a condition; networks that are finished leave the program.

    Arguments:
        checkpoint: a file from which a training that was stopped goes on.
        progress: is told the number of updates done, and how many networks still learn.
        dtype: the precision of training.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import optax
    >>> from simulate.cells import UniformWeights
    >>> from simulate.populations import TrainingCondition, train_population
    >>> from simulate.tasks import NBitFlipFlop
    >>> task = NBitFlipFlop(jax.random.key(0), trials=8, bits=1, steps=5)
    >>> start = UniformWeights(8, inputs=1, outputs=1)
    >>> condition = TrainingCondition(task, start, optax.adam(1e-2), networks=3, updates=8)
    >>> train_population(condition).updates.tolist()
    [8, 8, 8]

    Raises:
        TrainingInterrupted: on Ctrl-C.
    """
    first = condition.first_networks(jnp.dtype(dtype))
    done = train(
        first,
        condition.task,
        rule=condition.training_rule,
        epochs=condition.updates,
        stop=condition.stop,
        record_every=condition.every,
        checkpoint=checkpoint,
        progress=progress,
        chunk=condition.every,
    )
    return TrainedPopulation(
        condition=condition,
        networks=cast(Network, done.networks),
        first=jax.tree.map(np.asarray, first),
        outcomes=done.outcomes,
        updates=done.stopped_at,
        loss=np.asarray(done.after.loss, float),
    )
