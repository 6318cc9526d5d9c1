"""Distances between networks of several populations: where all levels of a factor lie in one picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr
from jaxtyping import Float, Int
from threadpoolctl import threadpool_limits

from simulate.measures.pairwise import pairwise
from simulate.measures.weights import WeightsUpTo
from simulate.populations.condition import Network, TrainingCondition
from simulate.populations.counted import Counted, DistanceProgress, cost_of_distances, unheard
from simulate.populations.degeneracy import Probing, activities, batches, dense, only_recurrent
from simulate.populations.jobs import TrainJob, trained_population
from simulate.populations.population import TrainedPopulation
from simulate.sweep.job import Job, JobProgress

Square = Float[np.ndarray, "networks networks"]


@dataclass(frozen=True)
class DistancesAcross:
    """Distances between all networks of several populations, of each those that converged.

    Attributes:
        population: the number of each network's population, in the order in which these were given.
        dsa: between their dynamics, each on trials of its own task.
        weights: between recurrent weights over the whole group; None where networks are not all of one size.

    >>> import numpy as np
    >>> DistancesAcross(np.array([0, 0, 1]), np.zeros((3, 3)), None).dsa.shape
    (3, 3)
    """

    population: Int[np.ndarray, " networks"]
    dsa: Square
    weights: Square | None


def distances_across(
    populations: Sequence[TrainedPopulation],
    probing: Probing | None = None,
    *,
    most: int = 20,
    progress: DistanceProgress = unheard,
) -> DistancesAcross:
    """Measure all pairs; of each population the first `most` networks that converged.

    Networks of one population are shown the same trials, all of them: a copy is at zero, as in a picture it should be.
    (`degeneracy_of` compares them between different trials, as its null has to.) Weights are compared as there, and
    `progress` is told the same.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import optax
    >>> from simulate.cells import UniformWeights
    >>> from simulate.measures import DSA
    >>> from simulate.populations import Probing, TrainingCondition, distances_across, train_population
    >>> from simulate.tasks import NBitFlipFlop
    >>> task = NBitFlipFlop(jax.random.key(0), trials=8, bits=1, steps=5, threshold=0.5)
    >>> start = UniformWeights(8, inputs=1, outputs=1)
    >>> trained = train_population(TrainingCondition(task, start, optax.adam(1e-2), networks=3, updates=60, every=4))
    >>> distances_across([trained, trained], Probing(DSA(delays=1, rank=3), trials=8), most=2).population.tolist()
    [0, 0, 1, 1]

    Raises:
        NoPairs: if there are fewer than two networks in all.
    """
    probing = probing or Probing()
    networks: list[Network] = []
    states: list[np.ndarray] = []
    population: list[int] = []
    for number, every in enumerate(populations):
        trained = every.trained
        chosen = trained.of(np.arange(min(most, len(trained)))).each()
        shown = batches(every, probing)[0]
        networks += chosen
        states += activities(chosen, shown)
        population += [number] * len(chosen)
    symmetries, pairs = {dense(network).symmetry for network in networks}, math.comb(len(networks), 2)
    one_size = len(symmetries) == 1
    counted = Counted(progress, of=(1 + one_size) * pairs)
    dsa = counted(pairwise(probing.dsa, states), pairs).value
    if not one_size:
        return DistancesAcross(np.array(population, int), dsa, None)
    recurrent = [only_recurrent(network) for network in networks]
    weights = counted(pairwise(WeightsUpTo(symmetries.pop()), recurrent), pairs).value
    return DistancesAcross(np.array(population, int), dsa, weights)


class AcrossJob(Job):
    """Measure distances across populations; its result is read by `measured_across`.

    >>> from simulate.populations import AcrossJob
    >>> AcrossJob.version
    2
    """

    version: ClassVar[int] = 2

    conditions: tuple[TrainingCondition, ...]
    probing: Probing
    most: int = 20

    def needs(self) -> tuple[Job, ...]:
        """The trained populations."""
        return tuple(TrainJob(condition) for condition in self.conditions)

    @property
    def cost(self) -> float:
        """Of both kinds of distances, beside that of training."""
        networks = sum(min(self.most, each.networks) for each in self.conditions)
        return cost_of_distances(2 * math.comb(networks, 2), max(each.start.units for each in self.conditions))

    def compute(self, needed: tuple[xr.Dataset, ...], progress: JobProgress) -> xr.Dataset:
        """The matrices, and whose rows they are."""
        populations = [trained_population(*each) for each in zip(self.conditions, needed, strict=True)]
        with threadpool_limits(1, "blas"):  # matrices this small wait for their threads
            found = distances_across(
                populations,
                self.probing,
                most=self.most,
                progress=lambda done, of: progress(done, of, "distances"),
            )
        matrices = {"dsa": found.dsa} | ({} if found.weights is None else {"weights": found.weights})
        return xr.Dataset(
            {"population": ("network", found.population)}
            | {name: (("network", "other"), values) for name, values in matrices.items()}
        )


def measured_across(stored: xr.Dataset) -> DistancesAcross:
    """What an `AcrossJob` left.

    >>> import numpy as np, xarray as xr
    >>> from simulate.populations import measured_across
    >>> stored = {"population": ("network", np.array([0, 1])), "dsa": (("network", "other"), np.zeros((2, 2)))}
    >>> measured_across(xr.Dataset(stored)).weights is None
    True
    """
    return DistancesAcross(
        stored.population.values, stored.dsa.values, stored.weights.values if "weights" in stored else None
    )
