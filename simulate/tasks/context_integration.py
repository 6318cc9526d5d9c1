"""Context-dependent integration: sum up the noisy stream that the context names, and ignore the others."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Key
from typing_extensions import override

from simulate.tasks.constant import COUNT, POSITIVE, Number, Range, constant
from simulate.tasks.drawn import DrawnTask
from simulate.tasks.task import Batch, MeanSquares


class ContextIntegration(DrawnTask):
    """The target is the sum up to now of one of several white streams, which a constant one-hot input names.

    The values of a stream are normal, of standard deviation `noise`, about a mean that is uniform in `means` and stays
    for the trial. Inputs are the streams, then the context. Every step counts.

    From Maheswaranathan et al. (universality, section 2): 2 streams, 30 steps, means from -1 to 1, noise 1. Unknown,
    and chosen here: the threshold; an output of zero errs by 121 (a mean square, tested). That paper tests no
    generalisation over time; out of distribution is what Huang et al. call so.

    >>> import jax, jax.numpy as jnp
    >>> batch = ContextIntegration(jax.random.key(0))(jnp.asarray(0))
    >>> streams, context = batch.inputs[..., :2], batch.inputs[..., 2:]
    >>> bool(jnp.allclose(batch.targets[..., 0], jnp.cumsum((streams * context).sum(-1), axis=1), atol=1e-4))
    True
    """

    streams: int = constant(2, COUNT)
    steps: int = constant(30, COUNT)
    means: tuple[float, float] = constant((-1.0, 1.0), Range(Number()))
    noise: float = constant(1.0, Number(least=0.0))
    threshold: float = constant(0.05, POSITIVE)

    @override
    def draw(self, key: Key[Array, ""]) -> Batch:
        context_key, mean_key, noise_key = jax.random.split(key, 3)
        shape = (self.trials, self.steps, self.streams)
        cued = jax.random.randint(context_key, (self.trials, 1, 1), 0, self.streams)
        least, most = self.means
        means = jax.random.uniform(mean_key, (self.trials, 1, self.streams), minval=least, maxval=most)
        streams = means + self.noise * jax.random.normal(noise_key, shape)
        context = jnp.broadcast_to(cued == jnp.arange(self.streams), shape)
        return Batch(
            inputs=jnp.concatenate([streams, context.astype(streams.dtype)], axis=-1),
            targets=jnp.cumsum(jnp.sum(streams, axis=-1, keepdims=True, where=context), axis=1),
            mask=jnp.ones(shape[:2]),
            dt=self.dt,
            criterion=MeanSquares(),
        )

    @property
    @override
    def memory_demand(self) -> int:
        """The last target is the sum so far."""
        return 1

    @override
    def out_of_distribution(self) -> "ContextIntegration":
        """Trials of twice as many steps."""
        return dataclasses.replace(self, steps=2 * self.steps)
