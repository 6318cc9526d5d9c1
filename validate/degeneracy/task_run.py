"""A run on a task of the user's own: its file and that of the covariance are read, and checked against one another.

Light: whatever is refused is refused before anything heavy is imported.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from validate.arrays import BadArray
from validate.command import Plan, Section
from validate.degeneracy.user_settings import MOST, DispersionConfig
from validate.options import Refusal
from validate.sigma_file import checked_sigma, counts_of, read_sigma
from validate.task_file import DOUBLED, EPOCHS, TASK, TaskArrays, read_task


@dataclass(frozen=True)
class OwnTask:
    """The trials, the covariance of the rows of theta = [m u v z] at the start, and the columns of each block."""

    task: TaskArrays
    covariance: Float[np.ndarray, "d d"]
    counts: tuple[int, int, int, int]


def task_plan(config: DispersionConfig) -> Plan:
    """The run on these files.

    Raises:
        Refusal: naming the option, what is wrong and what is accepted.
    """
    try:
        task = read_task(config.task, doubled=True)
    except BadArray as error:
        accepted = f"{TASK}; and, if wanted, {DOUBLED} (trials x twice the steps x n_out)"
        raise Refusal("--task", str(error), accepted) from error
    given = read_sigma(config.sigma)
    counts = counts_of(config.rank, task, given)
    own = OwnTask(task, checked_sigma(given, counts), counts)
    epochs = config.epochs or (EPOCHS if config.stop_at is None else MOST)
    section = Section("Your task", "validate.degeneracy.user_task", own)
    return Plan(replace(config, rank=counts[1], epochs=epochs), (section,))
