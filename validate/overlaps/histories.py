"""Populations of overlaps that are trained on filter tasks one after the other: where memory comes from.

A, B and C are filter tasks of decay 0.2, 0.4 and 0.6, on a grid of 50 steps of 0.4.
"""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int

from simulate.overlaps.closure import Closure, Overlaps
from simulate.tasks.impulse import filter_task
from simulate.training.learn import learned
from simulate.training.rule import GradientDescent
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import LINEAR

SHAPE = Shape()
CLOSURE = Closure(SHAPE, LINEAR)
RATE = 5e-3
A, B, C = 0.2, 0.4, 0.6
DT, STEPS = 0.4, 50
HIDDEN = ((0, 0), (0, 1), (1, 1), (2, 2), (2, 3), (3, 3))
VISIBLE = ((0, 3), (1, 3), (0, 2), (1, 2))

Grams = Float[np.ndarray, "*runs 4 4"]


def random_overlaps(rng: np.random.Generator, runs: int, neurons: int = 500) -> Grams:
    """The overlaps of random networks whose columns have norm sqrt(neurons)."""
    theta = rng.normal(size=(runs, neurons, SHAPE.size))
    theta /= np.sqrt((theta**2).mean(axis=1, keepdims=True))
    return np.asarray(np.einsum("nia,nib->nab", theta, theta) / neurons)


def after(sigma: Grams, decays: tuple[ArrayLike, ...], epochs: int, rule: GradientDescent | None = None) -> Grams:
    """Overlaps (runs, d, d) after training filter tasks one after the other, each decay for all runs or one a run."""
    rule = GradientDescent(RATE) if rule is None else rule
    numbers = jax.tree.map(partial(jnp.asarray, dtype=float), rule)  # no constants: one program serves all rules
    now = jnp.asarray(sigma)
    for decay in decays:
        now = _trained(now, jnp.broadcast_to(jnp.asarray(decay, dtype=float), len(sigma)), numbers, jnp.asarray(epochs))
    return np.asarray(now)


@eqx.filter_jit
def _trained(
    sigma: Float[Array, "runs 4 4"], decays: Float[Array, " runs"], rule: GradientDescent, epochs: Int[Array, ""]
) -> Array:
    def run(start: Array, decay: Array) -> Array:
        return learned(Overlaps(start, CLOSURE), filter_task(decay, DT, STEPS), rule, epochs).sigma()

    return jax.vmap(run)(sigma, decays)
