"""The trials that one gradient step is taken on, and how far a network's outputs are from what they ask.

A task gives the batch of each epoch: the same batch at every level of description.
"""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from simulate.integrate import require_double_precision

Outputs = Float[Array, "trials steps outputs"]


class Batch(eqx.Module):
    """Inputs and targets of some trials, in steps of `dt` (in units of the time constant).

    The output is read after each step. `mask` multiplies the squared error of a step and nothing else.
    """

    inputs: Float[Array, "trials steps inputs"]
    targets: Float[Array, "trials steps outputs"]
    mask: Float[Array, "trials steps"]
    dt: float = eqx.field(static=True)

    def loss(self, outputs: Outputs) -> Float[Array, ""]:
        """Mean over trials of sum over steps and outputs of dt |y - y*|^2; no factor one half."""
        squared = jnp.sum((outputs - self.targets) ** 2, axis=-1)
        return self.dt * jnp.mean(jnp.sum(self.mask * squared, axis=-1))


class Task(eqx.Module):
    """What is shown in each epoch of training."""

    @abstractmethod
    def __call__(self, epoch: Int[Array, ""]) -> Batch:
        """The batch of an epoch, counted from 0."""


class FixedTask(Task):
    """The same trials in every epoch."""

    batch: Batch

    def __call__(self, epoch: Int[Array, ""]) -> Batch:
        """See `Task`."""
        return self.batch


def fixed_task(
    inputs: Float[Array, "trials steps inputs"],
    targets: Float[Array, "trials steps outputs"],
    dt: float,
    mask: Float[Array, "trials steps"] | None = None,
) -> FixedTask:
    """A task of given trials; every step counts where there is no mask.

    Raises:
        DoublePrecisionRequired: if `jax_enable_x64` is off.
    """
    require_double_precision()
    mask = jnp.ones(jnp.shape(inputs)[:2]) if mask is None else mask
    return FixedTask(Batch(jnp.asarray(inputs), jnp.asarray(targets), jnp.asarray(mask), float(dt)))
