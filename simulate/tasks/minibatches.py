"""Some of the trials in each epoch, drawn anew: the same ones at every level of description."""

import equinox as eqx
import jax
from jaxtyping import Array, Int, Key
from typing_extensions import override

from simulate.tasks.task import Batch, Task


class BadBatchSize(ValueError):
    """More trials asked for than there are, or none."""


class MiniBatches(Task):
    """`size` different trials of `batch` in each epoch, drawn by `key` and the epoch's number.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.tasks import random_task
    >>> whole = random_task(jax.random.key(0), inputs=1, outputs=1, trials=10).batch
    >>> MiniBatches(whole, 4, jax.random.key(1))(jnp.asarray(0)).inputs.shape
    (4, 40, 1)
    """

    batch: Batch
    size: int = eqx.field(static=True)
    key: Key[Array, ""]

    def __check_init__(self) -> None:
        """Refuse a size that no draw has.

        Raises:
            BadBatchSize: naming how many trials there are.
        """
        trials = self.batch.inputs.shape[0]
        if not 1 <= self.size <= trials:
            raise BadBatchSize(f"{self.size} of {trials} trials: give a size from 1 to {trials}")

    @override
    def __call__(self, epoch: Int[Array, ""]) -> Batch:
        trials = self.batch.inputs.shape[0]
        drawn = jax.random.choice(jax.random.fold_in(self.key, epoch), trials, (self.size,), replace=False)
        whole = self.batch
        return Batch(whole.inputs[drawn], whole.targets[drawn], whole.mask[drawn], whole.dt, whole.criterion)
