"""Proofs of the points of every network of a trained population, as a job of a sweep: shared out, and read again."""

from typing import ClassVar

import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from simulate.populations.condition import TrainingCondition
from simulate.populations.degeneracy import dense
from simulate.populations.jobs import TrainJob, trained_population
from simulate.sweep import Job
from simulate.sweep.job import JobProgress
from simulate.universality.points import PointsAsked, PointsJob, points_of
from validate.universality.ball_maps import proofs

UNTOLD = -1
"""The unstable dimension of a point that has no proof, or whose proof says nothing of it."""


class ProofsJob(Job):
    """Prove the points that all networks of a population have at the first input of their search.

    Its result has `proved` and `unstable`, the unstable dimension as proved or `UNTOLD`, of each point of each network
    that converged, in their order.
    """

    version: ClassVar[int] = 1

    condition: TrainingCondition
    search: PointsAsked

    def needs(self) -> tuple[Job, ...]:
        """The trained population, and its points."""
        return TrainJob(self.condition), PointsJob(self.condition, self.search)

    @property
    def cost(self) -> float:
        """Beside that of training and of the search."""
        return 1e6 * self.condition.networks

    def compute(self, needed: tuple[xr.Dataset, ...], progress: JobProgress) -> xr.Dataset:
        """One network after another."""
        population = trained_population(self.condition, needed[0])
        found = points_of(PointsJob(self.condition, self.search), population, needed[1])
        told = []
        with threadpool_limits(1, "blas"):  # matrices this small wait for their threads
            for number, (network, points) in enumerate(zip(population.trained.each(), found, strict=True)):
                told += proofs(dense(network), points.found[0])
                progress(number + 1, len(found), "networks proved")
        unstable = [
            UNTOLD if each is None or each.unstable_dimension is None else each.unstable_dimension for each in told
        ]
        proved = np.array([each is not None for each in told], dtype=bool)
        return xr.Dataset({"proved": ("point", proved), "unstable": ("point", np.array(unstable, dtype=int))})
