"""The flip-flop: remember the sign of the last pulse. A new batch of trials in every epoch."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key
from typing_extensions import override

from simulate.tasks.task import Batch, Task


class FlipFlop(Task):
    """Each trial is made of slots; a slot starts with a pulse of +1 or -1, with the given probability, or with none.

    The first slot always has one. The target is `level` times the sign of the last pulse. Steps during a pulse are
    masked out; the others count so that the loss is the squared error averaged over the duration of a trial.

    >>> batch = FlipFlop(jax.random.key(0), trials=3)(jnp.asarray(0))
    >>> batch.inputs.shape, jnp.unique(batch.targets).tolist()
    ((3, 800, 1), [-0.5, 0.5])
    """

    key: Key[Array, ""]
    dt: float = 0.025
    slots: int = 8
    slot: float = 2.5  # in time constants
    pulse: float = 0.5  # in time constants
    probability: float = 0.5
    level: float = 0.5
    trials: int = 10

    @override
    def __call__(self, epoch: Int[Array, ""]) -> Batch:
        long, short = round(self.slot / self.dt), round(self.pulse / self.dt)
        sign_key, present_key = jax.random.split(jax.random.fold_in(self.key, epoch))
        shape = (self.trials, self.slots)
        signs = jnp.where(jax.random.bernoulli(sign_key, shape=shape), 1.0, -1.0)
        present = jax.random.bernoulli(present_key, self.probability, shape).at[:, 0].set(True)
        slot_of_last = jax.lax.cummax(jnp.where(present, jnp.arange(self.slots), 0), axis=1)
        kept = jnp.take_along_axis(signs, slot_of_last, axis=1)
        within = jnp.arange(self.slots * long) % long < short
        target, pulsed = (jnp.repeat(each, long, axis=1) for each in (self.level * kept, present))
        inputs = jnp.where(pulsed & within, jnp.sign(target), 0.0)
        mask = jnp.where(pulsed & within, 0.0, 1 / (self.slots * self.slot))
        return Batch(inputs[..., None], target[..., None], mask, self.dt)


def accuracy(outputs: Float[Array, "trials steps outputs"], batch: Batch) -> Float[Array, ""]:
    """The share of unmasked steps at which the output is closer to its target than to zero."""
    near = jnp.all(jnp.abs(outputs - batch.targets) < jnp.abs(batch.targets) / 2, axis=-1)
    counted = batch.mask > 0
    return jnp.sum(near & counted) / jnp.sum(counted)
