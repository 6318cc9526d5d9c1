"""Populations of networks trained on one task: how many learn, how many end stuck, how many recover."""

from dataclasses import dataclass, field, replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import binomtest

from simulate.cells.cell import Cell
from simulate.cells.rank_one import RankOne
from simulate.ghost.initial import Initial, ZeroBias, draw_networks
from simulate.tasks.delayed_activation import DelayedActivation
from simulate.training.checkpoint import Checkpoint
from simulate.training.progress import Progress
from simulate.training.rule import GradientDescent
from simulate.training.train import train
from simulate.training.trained import Trained

LEARNED = 0.95
"""Accuracy that counts as having learned the task."""
STUCK = 0.5
"""Accuracy that a network in the no-learning zone does not exceed: its output is the same at all steps."""


@dataclass(frozen=True)
class Count:
    """How many of how many, with the exact (Clopper-Pearson) confidence interval of the probability."""

    successes: int
    trials: int

    def interval(self, confidence_level: float = 0.95) -> tuple[float, float]:
        """Lower and upper end; (0, 1) if there were no trials."""
        if self.trials == 0:
            return 0.0, 1.0
        ends = binomtest(self.successes, self.trials).proportion_ci(confidence_level, method="exact")
        return float(ends.low), float(ends.high)


@dataclass(frozen=True)
class Experiment:
    """A population and its training; the defaults are those of the paper's Fig. 4.

    `learning_rate` is one number for all networks or one for each; `dtype` is float32 or float64.

    >>> Experiment(networks=3, epochs=100).learning_rate
    0.02
    """

    initial: Initial = field(default_factory=ZeroBias)
    task: DelayedActivation = field(default_factory=DelayedActivation)
    networks: int = 100
    epochs: int = 6000
    learning_rate: float | Float[np.ndarray, " networks"] = 0.02
    seed: int = 0
    dtype: str = "float64"
    record_every: int = 1
    snapshot_every: int | None = None

    def train(
        self,
        networks: Cell,
        checkpoint: Checkpoint | None = None,
        progress: Progress = lambda epochs_done: None,
        chunk: int = 500,
    ) -> Trained[Any]:
        """Train a population with the settings of the experiment."""
        return train(
            networks,
            self.task,
            rule=GradientDescent(jnp.asarray(self.learning_rate)),
            epochs=self.epochs,
            record_every=self.record_every,
            snapshot_every=self.snapshot_every,
            checkpoint=checkpoint,
            progress=progress,
            chunk=chunk,
        )


@dataclass(frozen=True)
class Population:
    """A trained population with its classification.

    A network has learned if its accuracy is at least 0.95 at some epoch, is stuck if it is at most 0.5 over
    all of the last fifty epochs. It can be both; one whose training broke down is neither.
    """

    experiment: Experiment
    result: Trained[Any]

    @property
    def learned(self) -> Bool[np.ndarray, " networks"]:
        """Which networks solved the task at some epoch."""
        return self.result.finite & (self.result.history.best_accuracy >= LEARNED)

    @property
    def stuck(self) -> Bool[np.ndarray, " networks"]:
        """Which networks ended in the no-learning zone."""
        return self.result.finite & np.all(self.result.history.tail.accuracy <= STUCK, axis=0)

    @property
    def final_accuracy(self) -> Float[np.ndarray, " networks"]:
        """Accuracy at the last epoch."""
        return np.asarray(self.result.history.tail.accuracy[-1])

    def count(self, which: Bool[np.ndarray, " networks"]) -> Count:
        """How many of the population, with its interval."""
        return Count(int(which.sum()), len(which))


@dataclass(frozen=True)
class Recovery:
    """The stuck networks of a population, trained further at one lower confidence."""

    confidence: float
    continued: Population

    @property
    def recovered(self) -> Count:
        """How many of the stuck networks are not stuck any more."""
        sound = self.continued.result.finite & ~self.continued.stuck
        return self.continued.count(sound)


def population(
    experiment: Experiment,
    checkpoint: Checkpoint | None = None,
    progress: Progress = lambda epochs_done: None,
) -> Population:
    """Draw the networks of an experiment and train them. Errors are those of `train`.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> found = population(Experiment(initial=ZeroBias(neurons=10), networks=3, epochs=20))
    >>> found.count(found.learned).trials, found.result.loss.shape
    (3, (21, 3))
    """
    networks = draw_networks(experiment.initial, experiment.networks, experiment.seed, jnp.dtype(experiment.dtype))
    return Population(experiment, experiment.train(networks, checkpoint, progress))


def recover(
    stuck_population: Population,
    confidences: tuple[float, ...] = (5.0, 3.0, 2.0, 1.0, 0.5),
    epochs: int = 6000,
    progress: Progress = lambda epochs_done: None,
) -> tuple[Recovery, ...]:
    """Train the stuck networks of a population further, once at each lower confidence, from where they ended.

    All confidences train in one program. The paper does not say how long; the default is as long as before.
    Empty if no network is stuck or no confidence is given. Raises `NoConfidence` for trained readouts.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> found = population(Experiment(initial=ZeroBias(neurons=10), networks=3, epochs=20))
    >>> [recovery.confidence for recovery in recover(found, confidences=(1.0,), epochs=20)]
    [1.0]
    """
    chosen = np.flatnonzero(stuck_population.stuck)
    if len(chosen) == 0 or len(confidences) == 0:
        return ()
    before = stuck_population.experiment
    copies = len(confidences)
    rows = np.tile(chosen, copies)
    levels = np.repeat(np.asarray(confidences, before.dtype), len(chosen))
    rates = np.broadcast_to(before.learning_rate, (before.networks,))[rows]
    everyone = replace(before, networks=len(rows), epochs=epochs, learning_rate=rates)
    networks = _at_confidence(jax.tree.map(lambda a: a[rows], stuck_population.result.networks), levels)
    result = everyone.train(networks, progress=progress)
    return tuple(
        Recovery(
            float(confidence),
            Population(
                replace(everyone, networks=len(chosen), learning_rate=rates[: len(chosen)]),
                result.part(slice(i * len(chosen), (i + 1) * len(chosen))),
            ),
        )
        for i, confidence in enumerate(confidences)
    )


def _at_confidence(networks: Cell, confidence: Float[np.ndarray, " networks"]) -> RankOne:
    if not isinstance(networks, RankOne):
        raise NoConfidence("an affine readout is trained, its confidence with it; only rank-one networks recover")
    return eqx.tree_at(lambda network: network.confidence, networks, confidence)


class NoConfidence(TypeError):
    """The readout has no fixed confidence that could be lowered."""
