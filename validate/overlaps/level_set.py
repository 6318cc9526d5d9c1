"""The level set of the invariants: many starts on it, and where the filter task takes them."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp
from jaxtyping import Float, Key

from simulate.cells.nonlinearity import LINEAR
from simulate.overlaps.closure import closure_of
from simulate.tasks.impulse import filter_task, impulse_task, times
from simulate.tasks.task import Batch, FixedTask
from theory.overlaps.equations.shape import Shape
from theory.overlaps.impulse.clock import Euler
from theory.overlaps.impulse.critical import minimum_vu, saddle_zm
from theory.overlaps.impulse.filter import decay
from theory.overlaps.memory.rank_one import network_function
from validate.overlaps.weight_paths import flow

SHAPE = Shape()
SIGNATURE = np.diag([1.0, 1.0, -1.0, -1.0])
DECAY, DT, STEPS = 0.2, 0.1, 100
BEGINNING = np.linspace(0.0, 0.4, 41)
TIMES = np.concatenate([BEGINNING, 0.4 + 7.6 * np.linspace(0.0, 1.0, 201)[1:] ** 2])
"""Rate times epochs: close together in the beginning, where drifts are predicted from it."""


@dataclass(frozen=True)
class LevelSet:
    """Trajectories of the flow on the filter task, from starts that share all five invariants.

    `minimum` and `saddle` are critical points of the loss, as (zm, vu, zu vm); vu of the saddle is free: NaN.
    """

    times: Float[np.ndarray, " times"]
    sigma: Float[np.ndarray, "starts times d d"]
    minimum: Float[np.ndarray, "3"]
    saddle: Float[np.ndarray, "3"]

    @property
    def function(self) -> Float[np.ndarray, "starts times 3"]:
        """zm, vu and zu vm: the three numbers that the function fixes."""
        return network_function(self.sigma)


def invariants_of(sigma: Float[np.ndarray, "*runs d d"]) -> Float[np.ndarray, "*runs 5"]:
    """tr (A Sigma)^k for k = 1 to 4, and uu - vv, of a linear rank-one network with one input and one output."""
    lax = SIGNATURE @ sigma
    traces = [np.trace(np.linalg.matrix_power(lax, k), axis1=-2, axis2=-1) for k in (1, 2, 3, 4)]
    return np.stack([*traces, sigma[..., 1, 1] - sigma[..., 2, 2]], axis=-1)


def task() -> FixedTask:
    """The filter, in few steps."""
    return filter_task(DECAY, DT, STEPS)


def explore(key: Key[jax.Array, ""], sigma: Float[np.ndarray, "d d"], starts: int) -> LevelSet:
    """Take overlaps to other points of their level set by other tasks, and from each of them learn the filter.

    The other tasks ask for a exp(-c t) with random a and c, for random times: each keeps all
    invariants. The first start is `sigma`.
    """
    closure = closure_of(SHAPE, LINEAR)
    amplitudes, decays, stops = jax.random.split(key, 3)
    start = jnp.broadcast_to(jnp.asarray(sigma), (starts, *sigma.shape))
    others = [
        impulse_task(a * jnp.exp(-c * times(STEPS, DT))[:, None], DT).batch
        for a, c in zip(
            jax.random.uniform(amplitudes, (starts,), minval=-3.0, maxval=3.0),
            jax.random.uniform(decays, (starts,), minval=0.1, maxval=3.0),
            strict=True,
        )
    ]
    moved = flow(closure, start, _stacked(others), jnp.linspace(0.0, 8.0, len(TIMES)))
    stop = jax.random.randint(stops, (starts,), 0, len(TIMES)).at[0].set(0)
    here = moved[jnp.arange(starts), stop]
    clock, at = Euler(sp.Float(DT), sp.Integer(STEPS)), {decay: sp.Float(DECAY)}
    best = float(minimum_vu(clock).subs(at))
    return LevelSet(
        times=TIMES,
        sigma=np.asarray(flow(closure, here, _stacked([task().batch] * starts), jnp.asarray(TIMES))),
        minimum=np.array([1.0, best, best]),
        saddle=np.array([float(saddle_zm(clock).subs(at)), np.nan, 0.0]),
    )


def _stacked(batches: list[Batch]) -> Batch:
    return jax.tree.map(lambda *each: jnp.stack(each), *batches)
