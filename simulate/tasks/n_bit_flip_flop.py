"""The N-bit flip-flop: hold the last pulse of each of several channels."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key
from typing_extensions import override

from simulate.tasks.constant import COUNT, POSITIVE, PROBABILITY, YES_OR_NO, constant
from simulate.tasks.drawn import DrawnTask
from simulate.tasks.task import Batch, MeanSquares


class NBitFlipFlop(DrawnTask):
    """Each channel is pulsed with +1 or -1, now and then, by itself; its output is to be the sign of its last pulse.

    A pulse lasts one step and comes with `probability` at each step of each channel, both signs alike. The target is
    that of the same step. Every step counts. `pulsed_at_start`: the first step has a pulse on every channel; without
    it, the target is 0 until a channel's first pulse.

    The task, its channels and the threshold are those of Huang et al. (solution degeneracy, section 2.2). Not stated
    there, and taken from later public code of the same group: 3 bits, 100 steps, a probability of 0.3, and the pulse
    at the start. Maheswaranathan et al. (universality, section 2) have 3 bits, 100 steps and a probability of 0.05.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> batch = NBitFlipFlop(jax.random.key(8), trials=1, bits=1, steps=8)(jnp.asarray(0))
    >>> batch.inputs[0, :, 0].astype(int).tolist()
    [1, 0, 0, 0, -1, 0, 0, 0]
    >>> batch.targets[0, :, 0].astype(int).tolist()
    [1, 1, 1, 1, -1, -1, -1, -1]
    """

    bits: int = constant(3, COUNT)
    steps: int = constant(100, COUNT)
    probability: float = constant(0.3, PROBABILITY)
    pulsed_at_start: bool = constant(True, YES_OR_NO)
    threshold: float = constant(0.001, POSITIVE)

    @override
    def draw(self, key: Key[Array, ""]) -> Batch:
        chance_key, sign_key = jax.random.split(key)
        shape = (self.trials, self.steps, self.bits)
        pulsed = jax.random.bernoulli(chance_key, self.probability, shape)
        if self.pulsed_at_start:
            pulsed = pulsed.at[:, 0].set(True)
        signs = jax.random.rademacher(sign_key, shape, float)
        inputs = jnp.where(pulsed, signs, 0.0)
        return Batch(inputs, last_pulse(inputs), jnp.ones(shape[:2]), self.dt, MeanSquares(signs=self.bits))

    @property
    @override
    def memory_demand(self) -> int:
        """The last target says what is held."""
        return 1

    @override
    def out_of_distribution(self) -> "NBitFlipFlop":
        """Trials of twice as many steps."""
        return dataclasses.replace(self, steps=2 * self.steps)


def last_pulse(inputs: Float[Array, "trials steps bits"]) -> Float[Array, "trials steps bits"]:
    """The last value of each channel that was not zero, up to each step; zero before the first."""
    steps = jnp.arange(inputs.shape[1])[:, None]
    when = jax.lax.cummax(jnp.where(inputs != 0, steps, 0), axis=1)
    return jnp.take_along_axis(inputs, when, axis=1)
