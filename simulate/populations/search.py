"""A random search for the numbers of gradient descent with momentum: drawn, trained with, judged on other trials."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Float

from simulate.populations.condition import Start, TrainingCondition
from simulate.populations.population import train_population
from simulate.populations.resuming import checkpoint_of
from simulate.sweep.job import Job, JobProgress
from simulate.tasks.drawn import DrawnTask
from simulate.training.clipped import Clipped
from simulate.training.decayed import Decayed
from simulate.training.penalty import Penalised, Penalty
from simulate.training.rule import GradientDescent, Rule

_NONE = 1e-30
"""A loss at which no network is finished."""
Numbers = Float[np.ndarray, " networks"]


class NoneTrained(ValueError):
    """No draw of a search led to a finite loss."""


@dataclass(frozen=True, eq=False)
class DescentNumbers:
    """Of each network: first rate, the factor by which it falls over all updates, momentum, the longest gradient.

    >>> from simulate.populations import DescentNumbers
    >>> numbers = DescentNumbers.drawn(3, seed=0)
    >>> numbers.rate.shape, bool((numbers.rate < 0.1).all()), numbers.rule(updates=1000).over
    ((3,), True, 1000)
    """

    rate: Numbers
    decay: Numbers
    momentum: Numbers
    longest: Numbers

    @staticmethod
    def drawn(count: int, *, seed: int) -> "DescentNumbers":
        """In the ranges of Maheswaranathan et al. (2019), section 2.3: rates from 1e-5 to 0.1 and clipping from 0.1 to
        10, both uniform in their logarithms, decay from 0.1 to 0.9, momentum from 0 to 1.
        """
        random = np.random.default_rng(seed)
        rate, longest = (10 ** random.uniform(*ends, count) for ends in ((-5, -1), (-1, 1)))
        return DescentNumbers(rate, random.uniform(0.1, 0.9, count), random.uniform(0, 1, count), longest)

    @staticmethod
    def of_each(several: "Sequence[DescentNumbers]") -> "DescentNumbers":
        """One after another."""
        return DescentNumbers(
            *(np.concatenate([getattr(each, name.name) for each in several]) for name in fields(DescentNumbers))
        )

    def rule(self, *, updates: int) -> Rule:
        """Gradient descent with momentum, clipping and a rate that falls exponentially."""
        rate, decay, momentum, longest = (
            jnp.asarray(each, dtype=jnp.float32) for each in (self.rate, self.decay, self.momentum, self.longest)
        )
        return Decayed(Clipped(GradientDescent(rate, momentum), longest), decay, updates)


class SearchJob(Job):
    """Train a network by each of so many random draws of `DescentNumbers`; its result is read by `best_numbers`.

    All train to the last update, and are judged by the loss on `trials` that training does not show.

    >>> from simulate.populations import SearchJob
    >>> SearchJob.version
    1
    """

    version: ClassVar[int] = 1

    task: DrawnTask
    start: Start
    penalty: Penalty
    draws: int = field(kw_only=True)
    updates: int = field(kw_only=True)
    every: int = field(kw_only=True)
    trials: int = field(kw_only=True)
    seed: int = field(kw_only=True)

    @property
    def condition(self) -> TrainingCondition:
        """That of the networks, of which none is finished before the last update."""
        rule = DescentNumbers.drawn(self.draws, seed=self.seed).rule(updates=self.updates)
        return TrainingCondition(
            replace(self.task, threshold=_NONE),
            self.start,
            Penalised(rule, self.penalty),
            networks=self.draws,
            updates=self.updates,
            every=self.every,
            seed=self.seed,
        )

    @property
    def cost(self) -> float:
        """As of training."""
        shape = jax.eval_shape(self.task, jnp.asarray(0)).inputs.shape
        return float(self.draws * self.updates * shape[0] * shape[1]) * max(self.start.units / 128, 1.0) ** 2

    def compute(self, needed: tuple[xr.Dataset, ...], progress: JobProgress) -> xr.Dataset:
        """The numbers, and the loss that each draw led to: infinite where training diverged.

        A search that was stopped goes on, as a `TrainJob` does.
        """
        checkpoint = checkpoint_of(self)
        population = train_population(
            self.condition,
            checkpoint=checkpoint,
            progress=lambda done: progress(done, self.updates, "updates of a search"),
        )
        others = replace(self.task, trials=self.trials).draw(jax.random.fold_in(jax.random.key(self.seed), 1))
        losses = population.losses(others)
        numbers = DescentNumbers.drawn(self.draws, seed=self.seed)
        told = {each.name: ("draw", getattr(numbers, each.name)) for each in fields(DescentNumbers)}
        if checkpoint is not None:
            checkpoint.path.unlink(missing_ok=True)
        return xr.Dataset({**told, "loss": ("draw", np.where(np.isfinite(losses), losses, np.inf))})


def best_numbers(stored: xr.Dataset) -> DescentNumbers:
    """The draw of a `SearchJob` that led to the least loss.

    Raises:
        NoneTrained: if all diverged.

    >>> import xarray as xr
    >>> from simulate.populations import best_numbers
    >>> drawn = {"rate": [1e-3, 0.1], "decay": [0.5, 0.2], "momentum": [0.9, 0.1], "longest": [1.0, 5.0]}
    >>> told = {name: ("draw", values) for name, values in {**drawn, "loss": [0.1, float("inf")]}.items()}
    >>> best_numbers(xr.Dataset(told)).rate.tolist()
    [0.001]
    """
    best = int(stored["loss"].values.argmin())
    if not np.isfinite(stored["loss"].values[best]):
        raise NoneTrained("training diverged at every draw: search with more draws, or for fewer updates")
    return DescentNumbers(*(stored[each.name].values[best : best + 1] for each in fields(DescentNumbers)))
