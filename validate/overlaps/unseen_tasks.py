"""Tasks, gains and shapes on which the forecast of the closure's error was not fitted: the same in every run.

Oscillators, two inputs and outputs, and ReLU are of kinds that it was not fitted on at all.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from simulate.cells.nonlinearity import ERF, RELU, TANH, Nonlinearity
from simulate.tasks.impulse import oscillator_task, random_task
from simulate.tasks.task import FixedTask, fixed_task
from theory.overlaps.equations.shape import Shape

ONE, WIDE = Shape(), Shape(inputs=2, rank=1, outputs=2)
TRIALS, STEPS, DT = 4, 50, 0.1
GAINS = (0.4, 0.8, 1.2, 1.8)


@dataclass(frozen=True)
class Problem:
    """A task, and the overlaps that a network starts it with."""

    name: str
    task: FixedTask
    shape: Shape
    nonlinearity: Nonlinearity
    sigma: Float[np.ndarray, "d d"]


def unseen_tasks() -> tuple[Problem, ...]:
    """Three kinds of task at four gains for erf and tanh in turn, two inputs and outputs, and ReLU."""
    key = jax.random.key(5000)
    problems = []
    for number, gain in enumerate(GAINS):
        tasks = {
            "random": random_task(jax.random.fold_in(key, number), 1, 1, trials=TRIALS, steps=STEPS, dt=DT),
            "oscillator": four_impulses(oscillator_task(0.3, 2.0, DT, STEPS), number),
            "flip-flop": flip_flop_task(number),
        }
        for turn, (kind, task) in enumerate(tasks.items()):
            phi = (ERF, TANH)[(number + turn) % 2]
            problems.append(problem(kind, gain, task, shape=ONE, phi=phi, seed=3 * number + turn))
    for number, gain in enumerate((0.6, 1.4)):
        wide = random_task(jax.random.fold_in(key, 100 + number), 2, 2, trials=TRIALS, steps=STEPS, dt=DT)
        single = random_task(jax.random.fold_in(key, 200 + number), 1, 1, trials=TRIALS, steps=STEPS, dt=DT)
        problems.append(problem("two inputs and outputs", gain, wide, shape=WIDE, phi=ERF, seed=50 + number))
        problems.append(problem("random", gain, single, shape=ONE, phi=RELU, seed=60 + number))
    return tuple(problems)


def four_impulses(one: FixedTask, seed: int) -> FixedTask:
    """A task of one trial, asked with inputs and targets of four random sizes."""
    size = jnp.asarray(np.random.default_rng([9, seed]).uniform(0.5, 1.5, TRIALS))[:, None, None]
    return fixed_task(size * one.batch.inputs, size * one.batch.targets, DT)


def flip_flop_task(seed: int, level: float = 0.5) -> FixedTask:
    """Hold the sign of the last pulse; steps with a pulse do not count."""
    rng = np.random.default_rng([8, seed])
    pulses = rng.choice([-1.0, 0.0, 1.0], size=(TRIALS, STEPS), p=[0.04, 0.92, 0.04])
    pulses[:, 0] = rng.choice([-1.0, 1.0], size=TRIALS)
    last = np.maximum.accumulate(np.where(pulses != 0, np.arange(STEPS), 0), axis=1)
    held = np.take_along_axis(pulses, last, axis=1)
    mask = (pulses == 0).astype(float)
    inputs, targets = jnp.asarray(pulses[..., None] / DT), jnp.asarray(level * held[..., None])
    return fixed_task(inputs, targets, DT, jnp.asarray(mask))


def problem(kind: str, gain: float, task: FixedTask, *, shape: Shape, phi: Nonlinearity, seed: int) -> Problem:
    """A task, started from the overlaps of d random vectors in 2 d dimensions, each of norm about `gain`."""
    d = shape.size
    vectors = gain * np.random.default_rng([7, 1000 + seed]).normal(size=(2 * d, d)) / np.sqrt(2 * d)
    return Problem(f"{kind}, gain {gain:g}", task, shape, phi, vectors.T @ vectors)
