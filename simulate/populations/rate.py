"""How long an update of a network takes on this machine, before a population is trained that takes days."""

import time
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from simulate.populations.condition import TrainingCondition
from simulate.populations.jobs import DTYPE
from simulate.training.train import train

NETWORKS, UPDATES, CHUNKS = 2, 4, 4
"""Networks a device, since a single one is trained by a program of its own; updates in a call of it; calls."""


def seconds_an_update(condition: TrainingCondition) -> float:
    """Seconds in which one core of this machine makes one update of one network of the condition.

    Measured: a few networks are trained for some updates, and the quickest call of the program counts but for the
    first, which compiles. All of JAX's devices are at work, one a core, and whatever else keeps the machine busy.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import optax
    >>> from simulate.cells import UniformWeights
    >>> from simulate.populations import TrainingCondition, seconds_an_update
    >>> from simulate.tasks import NBitFlipFlop
    >>> start = UniformWeights(8, inputs=1, outputs=1)
    >>> task = NBitFlipFlop(jax.random.key(0), trials=8, bits=1, steps=5)
    >>> 0 < seconds_an_update(TrainingCondition(task, start, optax.adam(1e-2))) < 1
    True
    """
    devices = jax.device_count()
    few = replace(condition, networks=NETWORKS * devices, patience=UPDATES * CHUNKS)  # none is finished before the end
    ends: list[float] = []
    train(
        few.first_networks(jnp.dtype(DTYPE)),
        few.task,
        rule=few.training_rule,
        epochs=UPDATES * CHUNKS,
        stop=few.stop,
        record_every=few.every,
        chunk=UPDATES,
        progress=lambda done: ends.append(time.perf_counter()),
    )
    return float(np.diff(ends).min()) / (NETWORKS * UPDATES)
