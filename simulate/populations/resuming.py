"""A training that was stopped goes on from a file in the user's cache, when its job is computed again."""

from simulate.runtime import cache_directory
from simulate.sweep.job import Job
from simulate.training.checkpoint import Checkpoint, Spare

SECONDS = 120.0
"""Of training that a kill may cost."""


def checkpoint_of(job: Job) -> Checkpoint | None:
    """Named as the job is, which is by all that decides its result; None without a cache."""
    cache = cache_directory()
    if cache is None:
        return None
    folder = cache / "checkpoints"
    folder.mkdir(exist_ok=True)
    return Spare(folder / f"{job.name}.npz", seconds=SECONDS)
