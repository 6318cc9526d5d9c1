"""Trials whose targets are blurred anew in every epoch."""

import jax
from jaxtyping import Array, Float, Int, Key

from simulate.tasks.task import Batch, Task


class NoisyTargets(Task):
    """The same trials, with independent normal noise of standard deviation `noise` on every target value."""

    batch: Batch
    noise: float | Float[Array, ""]
    key: Key[Array, ""]

    def __call__(self, epoch: Int[Array, ""]) -> Batch:
        """See `Task`."""
        targets = self.batch.targets
        blur = self.noise * jax.random.normal(jax.random.fold_in(self.key, epoch), targets.shape)
        return Batch(self.batch.inputs, targets + blur, self.batch.mask, self.batch.dt)
