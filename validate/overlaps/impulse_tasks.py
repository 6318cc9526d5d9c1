"""The two tasks with an impulse for an input, as the simulation and as the theory have them."""

from dataclasses import dataclass

import equinox as eqx
import jax
import numpy as np
import sympy as sp
from jaxtyping import Array, Float

from simulate.overlaps.closure import Closure
from simulate.tasks.impulse import filter_task, oscillator_task
from simulate.tasks.task import Batch, FixedTask
from theory.overlaps.equations.shape import Shape
from theory.overlaps.impulse.clock import Euler
from theory.overlaps.impulse.gramian import Target, exponential_target, oscillator_target
from validate.tolerance import Relative

DECAY = 0.2
OSCILLATION = (0.3, 2.0)
"""Decay and frequency."""

CLOCK = Euler(sp.Rational(1, 20), sp.Integer(400))  # dt = 0.05 over 20 time constants, as the tasks have it
ONE, TWO = Shape(), Shape(rank=2)
ROUNDING = Relative(1e-12, "rounding of 400 steps")


@dataclass(frozen=True)
class ImpulseTask:
    """A task, and the same as the theory has it."""

    shape: Shape
    task: FixedTask
    target: Target


def impulse_tasks() -> dict[str, ImpulseTask]:
    """The two tasks with an impulse for an input."""
    return {
        "filter": ImpulseTask(ONE, filter_task(DECAY), exponential_target(DECAY)),
        "oscillator": ImpulseTask(TWO, oscillator_task(*OSCILLATION), oscillator_target(*OSCILLATION)),
    }


def random_grams(shape: Shape, seed: int) -> Float[np.ndarray, "runs d d"]:
    """Gram matrices of eight small random networks."""
    theta = 0.7 * np.random.default_rng(seed).normal(size=(8, 40, shape.size))
    return np.einsum("kna,knb->kab", theta, theta) / 40


@eqx.filter_jit
def simulated_losses(sigmas: Float[Array, "runs d d"], closure: Closure, batch: Batch) -> tuple[Array, Array]:
    """Loss and gradient at each matrix of overlaps, by the scheme itself, step by step."""
    return jax.vmap(lambda sigma: closure.loss_and_gradient(sigma, batch))(sigmas)


def block_of(value: float) -> Float[np.ndarray, "1 1"]:
    """A block of one overlap."""
    return np.array([[float(value)]])
