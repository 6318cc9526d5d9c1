"""Three neurons with every weight of their own, on a short random task: what the equations must get right."""

import jax
import jax.numpy as jnp
import numpy as np

from simulate.cells.low_rank import LowRank
from simulate.cells.nonlinearity import LINEAR
from simulate.overlaps.draw import network_of
from simulate.tasks.impulse import random_task
from simulate.tasks.task import FixedTask
from theory.overlaps.equations.shape import Shape

NEURONS = 3
TRIALS, STEPS, DT = 2, 3, 0.5
"""Three steps: as many as a signal takes through m, u and v to the output."""


def three_neurons(shape: Shape, seed: int) -> LowRank:
    """A linear network of three neurons with normal weights."""
    theta = np.random.default_rng(seed).standard_normal((NEURONS, shape.size))
    return network_of(jnp.asarray(theta), shape.counts, LINEAR)


def short_task(shape: Shape, seed: int, steps: int = STEPS) -> FixedTask:
    """A random task of a few steps."""
    return random_task(jax.random.key(seed), shape.inputs, shape.outputs, trials=TRIALS, steps=steps, dt=DT)
