"""Trials whose targets are blurred anew in every epoch."""

import equinox as eqx
import jax
from jaxtyping import Array, Float, Int, Key
from typing_extensions import override

from simulate.tasks.task import Batch, Task


class NoisyTargets(Task):
    """The same trials, with independent normal noise of standard deviation `noise` on every target value.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.tasks import filter_task
    >>> batch = filter_task().batch
    >>> blurred = NoisyTargets(batch, 0.1, jax.random.key(0))(jnp.asarray(0))
    >>> bool(abs(jnp.std(blurred.targets - batch.targets) - 0.1) < 0.02)
    True
    """

    batch: Batch
    noise: float | Float[Array, ""]
    key: Key[Array, ""]

    @override
    def __call__(self, epoch: Int[Array, ""]) -> Batch:
        targets = self.batch.targets
        blur = self.noise * jax.random.normal(jax.random.fold_in(self.key, epoch), targets.shape)
        return eqx.tree_at(lambda batch: batch.targets, self.batch, targets + blur)
