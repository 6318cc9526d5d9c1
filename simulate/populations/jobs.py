"""Training and measuring populations as jobs of a sweep: each result in a file, found again by what it depends on."""

import dataclasses
import math
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from simulate.measures.estimate import PopulationEstimate
from simulate.measures.pairwise import Pairs
from simulate.populations.condition import Network, TrainingCondition
from simulate.populations.counted import cost_of_distances
from simulate.populations.degeneracy import FEWEST, KINDS, Degeneracy, Probing, degeneracy_of
from simulate.populations.population import TrainedPopulation, train_population
from simulate.populations.resuming import checkpoint_of
from simulate.sweep.job import Job, JobProgress
from simulate.training.outcome import TrainingOutcome
from simulate.training.progress import EpochsDone

DTYPE = "float32"
MATRICES = ("value", "lower", "agreed")


class TrainJob(Job):
    """Train a population; its result holds the weights of all networks before and after.

    >>> from simulate.populations import TrainJob
    >>> TrainJob.version
    1
    """

    condition: TrainingCondition

    @property
    def cost(self) -> float:
        """In proportion to the networks, the updates they may have and the steps of a trial; with width from 128 on."""
        condition, shape = self.condition, jax.eval_shape(self.condition.task, jnp.asarray(0)).inputs.shape
        steps = condition.networks * condition.updates * shape[0] * shape[1]
        return float(steps) * max(condition.start.units / 128, 1.0) ** 2

    def compute(self, needed: tuple[xr.Dataset, ...], progress: JobProgress) -> xr.Dataset:
        """The trained population, as `trained_population` reads it.

        One that was stopped goes on, from a checkpoint in the user's cache, with results equal to the bit.
        """
        condition, checkpoint = self.condition, checkpoint_of(self)
        population = train_population(
            condition,
            checkpoint=checkpoint,
            progress=lambda done: progress(done, condition.updates, _told(done)),
            dtype=DTYPE,
        )
        arrays = {
            f"{when}{name}": (("network", *(f"{when}{name}.{axis}" for axis in range(leaf.ndim - 1))), np.asarray(leaf))
            for when, networks in (("after", population.networks), ("before", population.first))
            for name, leaf in _leaves(networks)
        }
        of_each = {
            "outcome": ("network", np.array([outcome.name for outcome in population.outcomes])),
            "updates": ("network", population.updates),
            "loss": ("network", population.loss),
        }
        if checkpoint is not None:
            checkpoint.path.unlink(missing_ok=True)
        return xr.Dataset({**arrays, **of_each})


def _told(done: EpochsDone) -> str:
    return f"updates, {done.learning} network{'s' * (done.learning != 1)} learning"


def trained_population(condition: TrainingCondition, stored: xr.Dataset) -> TrainedPopulation:
    """The population that a `TrainJob` left.

    >>> import jax, tempfile
    >>> jax.config.update("jax_enable_x64", True)
    >>> import optax
    >>> from simulate.cells import UniformWeights
    >>> from simulate.populations import TrainingCondition, TrainJob, trained_population
    >>> from simulate.sweep import Store, sweep
    >>> from simulate.tasks import NBitFlipFlop
    >>> task = NBitFlipFlop(jax.random.key(0), trials=8, bits=1, steps=5)
    >>> start = UniformWeights(8, inputs=1, outputs=1)
    >>> job = TrainJob(TrainingCondition(task, start, optax.adam(1e-2), networks=3, updates=8))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(folder)
    ...     swept = sweep([job], store)
    ...     trained_population(job.condition, store.read(job)).updates.tolist()
    [8, 8, 8]
    """
    like = jax.eval_shape(partial(condition.first_networks, jnp.dtype(DTYPE)))

    def networks(when: str) -> Network:
        leaves = [stored[f"{when}{name}"].values for name, _ in _leaves(like)]
        found: Network = jax.tree.unflatten(jax.tree.structure(like), leaves)
        return found

    return TrainedPopulation(
        condition=condition,
        networks=networks("after"),
        first=networks("before"),
        outcomes=tuple(TrainingOutcome[str(name)] for name in stored.outcome.values),
        updates=stored.updates.values,
        loss=stored.loss.values,
    )


class MeasureJob(Job):
    """Measure how differently a population ended; its result is read by `measured_degeneracy`.

    >>> from simulate.populations import MeasureJob
    >>> MeasureJob.version
    4
    """

    version: ClassVar[int] = 4

    condition: TrainingCondition
    probing: Probing

    def needs(self) -> tuple[Job, ...]:
        """The trained population."""
        return (TrainJob(self.condition),)

    @property
    def cost(self) -> float:
        """Of all distances, beside that of training."""
        return cost_of_distances(KINDS * math.comb(self.condition.networks, 2), self.condition.start.units)

    def compute(self, needed: tuple[xr.Dataset, ...], progress: JobProgress) -> xr.Dataset:
        """All of a `Degeneracy`, or how many networks converged where these are too few."""
        population = trained_population(self.condition, needed[0])
        counts = {"networks": len(population), "converged": int(population.converged.sum())}
        if counts["converged"] < FEWEST:
            return xr.Dataset(counts)
        with threadpool_limits(1, "blas"):  # matrices this small wait for their threads
            found = degeneracy_of(population, self.probing, progress=lambda done, of: progress(done, of, "distances"))
        stored: dict[str, Any] = {}
        for each in dataclasses.fields(found):
            stored |= dict(_stored(each.name, getattr(found, each.name)))
        return xr.Dataset(stored)


def _stored(name: str, value: Any) -> dict[str, Any]:
    """The variables that hold one field."""
    match value:
        case Pairs():
            return {f"{name}.{part}": (("network", "other"), getattr(value, part)) for part in MATRICES}
        case PopulationEstimate():
            single = {f"{name}.{part}": getattr(value, part) for part in ("value", "standard_error")}
            return {**single, f"{name}.each": ("network", value.each)}
        case np.ndarray():
            return {name: ("network", value)}
        case _:
            return {name: value}


@dataclass(frozen=True)
class MeasuredPopulation:
    """What a `MeasureJob` left of one population: its degeneracy, or None where fewer than three networks converged.

    >>> from simulate.populations import MeasuredPopulation
    >>> MeasuredPopulation(networks=5, converged=1, degeneracy=None).enough
    False
    """

    networks: int
    converged: int
    degeneracy: Degeneracy | None = field(repr=False)

    @property
    def enough(self) -> bool:
        """Whether networks could be compared."""
        return self.degeneracy is not None


def measured_degeneracy(stored: xr.Dataset) -> MeasuredPopulation:
    """What a `MeasureJob` left.

    >>> import xarray as xr
    >>> from simulate.populations import measured_degeneracy
    >>> measured_degeneracy(xr.Dataset({"networks": 5, "converged": 2})).enough
    False
    """
    counts = int(stored.networks), int(stored.converged)
    if counts[1] < FEWEST:
        return MeasuredPopulation(*counts, None)
    values: dict[str, Any] = {}
    for each in dataclasses.fields(Degeneracy):
        if each.type is Pairs:
            value, lower, agreed = (stored[f"{each.name}.{part}"].values for part in MATRICES)
            values[each.name] = Pairs(value, lower, agreed, _as_stored)
        elif each.type is PopulationEstimate:
            values[each.name] = PopulationEstimate(
                float(stored[f"{each.name}.value"]),
                float(stored[f"{each.name}.standard_error"]),
                stored[f"{each.name}.each"].values,
            )
        else:
            found = stored[each.name].values
            values[each.name] = found if found.ndim else int(found)
    return MeasuredPopulation(*counts, Degeneracy(**values))


def _as_stored(*_: object) -> float:
    raise TypeError("distances that were read from a store: measure anew with `pairwise`")


def _leaves(networks: Network) -> list[tuple[str, Any]]:
    return [(jax.tree_util.keystr(path), leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(networks)]
