"""Where long runs keep their checkpoints: one file for each experiment, in the user's cache directory."""

import hashlib
import sys

import numpy as np

from simulate.ghost.population import Experiment
from simulate.runtime import cache_directory
from simulate.training.checkpoint import Checkpoint


def resumable(name: str, experiment: Experiment) -> Checkpoint | None:
    """The checkpoint that a run of this experiment goes on from; None where nothing can be written.

    The file is named by the experiment, so another seed or rate never meets it; a finished run computes nothing.
    """
    directory = cache_directory()
    if directory is None:
        return None
    folder = directory / "checkpoints"
    folder.mkdir(exist_ok=True)
    with np.printoptions(threshold=sys.maxsize, floatmode="unique"):
        digest = hashlib.sha256(repr(experiment).encode()).hexdigest()[:16]
    return Checkpoint(folder / f"{name}-{digest}.npz")
