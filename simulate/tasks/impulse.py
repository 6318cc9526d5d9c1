"""Tasks that the checks ask: the filter and the oscillator of Ger & Barak, and random ones."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from simulate.tasks.task import FixedTask, fixed_task

Times = Float[Array, " steps"]


def impulse_task(response: Float[Array, "steps outputs"], dt: float) -> FixedTask:
    """Answer a unit impulse (1/dt in the first step) with the given response."""
    inputs = jnp.zeros((1, response.shape[0], 1)).at[0, 0, 0].set(1 / dt)
    return fixed_task(inputs, response[None], dt)


def times(steps: int, dt: float) -> Times:
    """When the output is read, counted from the end of the impulse: 0, dt, 2 dt, ..."""
    return dt * jnp.arange(steps, dtype=float)


def filter_task(decay: float | Float[Array, ""] = 0.2, dt: float = 0.05, steps: int = 400) -> FixedTask:
    """Answer an impulse with exp(-decay t).

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> batch = filter_task(decay=0.2, dt=0.05, steps=400).batch
    >>> batch.inputs[0, :2, 0].tolist(), round(float(batch.targets[0, 20, 0]), 4)  # exp(-0.2) after one time constant
    ([20.0, 0.0], 0.8187)
    """
    return impulse_task(jnp.exp(-decay * times(steps, dt))[:, None], dt)


def oscillator_task(decay: float = 0.3, frequency: float = 2.0, dt: float = 0.05, steps: int = 400) -> FixedTask:
    """Answer an impulse with exp(-decay t) cos(frequency t).

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> batch = oscillator_task(decay=0.3, frequency=2.0).batch
    >>> round(float(batch.targets[0, 20, 0]), 4)  # exp(-0.3) cos(2)
    -0.3083
    """
    t = times(steps, dt)
    return impulse_task((jnp.exp(-decay * t) * jnp.cos(frequency * t))[:, None], dt)


def random_task(
    key: Key[Array, ""], inputs: int, outputs: int, *, trials: int = 3, steps: int = 40, dt: float = 0.1
) -> FixedTask:
    """White input, and targets that are leaky averages of fixed random mixtures of it.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> random_task(jax.random.key(0), inputs=2, outputs=1).batch.targets.shape
    (3, 40, 1)
    """
    input_key, mixture_key = jax.random.split(key)
    s = jax.random.normal(input_key, (trials, steps, inputs))
    mixture = jax.random.normal(mixture_key, (inputs, outputs))
    t = times(steps, dt)
    kernel = jnp.tril(jnp.exp(-jnp.abs(t[:, None] - t)))
    return fixed_task(s, dt * jnp.einsum("kj,tji,io->tko", kernel, s, mixture), dt)
