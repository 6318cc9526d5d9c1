"""Path integration: know where you are from how you have moved, in two dimensions or in three."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from typing_extensions import override

from simulate.tasks.constant import COUNT, POSITIVE, BadConstant, Number, WholeNumber, constant
from simulate.tasks.drawn import DrawnTask
from simulate.tasks.task import Batch, MeanSquares


class PathIntegration(DrawnTask):
    """Inputs are heading and speed at each step; the target is the position that the step leads to.

    In two dimensions the heading is one angle, in three it is azimuth and elevation (all in radians, azimuth from -pi
    to pi). The step v (cos theta, sin theta), or v (cos phi cos theta, cos phi sin theta, sin phi), is added to the
    position. The arena is the square or cube of half-width `arena` around the origin. Every step counts.

    The walk: velocities are normal and remember themselves for `persistence` steps, with `speed` as root mean square.
    The path is reflected at the walls like light at a mirror, and never leaves the arena. What the network is told is
    the step between two positions; when a wall is met on the way, that step is shorter.

    The start is uniform in the square or cube of half-width `start`. It is shown in further input channels, one a
    dimension, at the first step and zero after it. With `start=0.0` every path starts at the origin, and these channels
    are left out.

    From Huang et al. (solution degeneracy, section 2.2): both dimensions, inputs and outputs, the arena (the output's
    range), a random start, the threshold. Unknown, and chosen here: 100 steps, the walk, and how the network knows the
    start (the paper names no input for it).

    >>> import jax, jax.numpy as jnp
    >>> task = PathIntegration(jax.random.key(0), dimensions=2, start=0.0)
    >>> batch = task(jnp.asarray(0))
    >>> heading, speed = batch.inputs[..., 0], batch.inputs[..., 1]
    >>> east = jnp.cumsum(speed * jnp.cos(heading), axis=1)
    >>> bool(jnp.allclose(east, batch.targets[..., 0], atol=1e-5))
    True
    """

    dimensions: int = constant(2, WholeNumber(2, 3))
    steps: int = constant(100, COUNT)
    arena: float = constant(5.0, POSITIVE)
    start: float = constant(5.0, Number(least=0.0))
    speed: float = constant(0.3, POSITIVE)
    persistence: float = constant(10.0, POSITIVE)
    threshold: float = constant(0.05, POSITIVE)

    def __check_init__(self) -> None:
        """Refuse starts out of the arena."""
        super().__check_init__()
        if self.start > self.arena:
            raise BadConstant(
                f"start of PathIntegration is {self.start}, beyond the walls at {self.arena}: give at most {self.arena}"
            )

    @override
    def draw(self, key: Key[Array, ""]) -> Batch:
        start_key, walk_key = jax.random.split(key)
        shape = (self.trials, self.steps, self.dimensions)
        start = self.start * jax.random.uniform(start_key, (self.trials, 1, self.dimensions), minval=-1.0, maxval=1.0)
        velocity = jnp.einsum("ts,ksd->ktd", self._memory(), jax.random.normal(walk_key, shape))
        unbounded = jnp.concatenate([start, start + jnp.cumsum(velocity, axis=1)], axis=1)
        positions = reflected(unbounded, self.arena)
        inputs = heading_and_speed(jnp.diff(positions, axis=1))
        if self.start:
            shown = jnp.zeros(shape).at[:, :1].set(start)
            inputs = jnp.concatenate([inputs, shown], axis=-1)
        return Batch(inputs, positions[:, 1:], jnp.ones(shape[:2]), self.dt, MeanSquares())

    def _memory(self) -> Float[np.ndarray, "steps steps"]:
        """What makes v_t = a v_(t-1) + sqrt(1 - a^2) n_t, stationary from the first step on, of white noise n."""
        a, step = np.exp(-1 / self.persistence), np.arange(self.steps)
        lag = step[:, None] - step
        fresh = np.where(step > 0, np.sqrt(1 - a**2), 1.0)
        return self.speed / np.sqrt(self.dimensions) * fresh * np.where(lag >= 0, a ** np.abs(lag), 0.0)

    @property
    @override
    def memory_demand(self) -> int:
        """The last target is where the step starts."""
        return 1

    @override
    def out_of_distribution(self) -> "PathIntegration":
        """Trials of twice as many steps."""
        return dataclasses.replace(self, steps=2 * self.steps)


def reflected(path: Float[Array, "..."], wall: float) -> Float[Array, "..."]:
    """A path along each axis, folded back wherever it would pass -wall or wall."""
    along = jnp.mod(path + wall, 4 * wall)
    return jnp.minimum(along, 4 * wall - along) - wall


def heading_and_speed(step: Float[Array, "*trials dimensions"]) -> Float[Array, "*trials dimensions"]:
    """Azimuth, in three dimensions elevation, and length of each step."""
    across = jnp.hypot(step[..., 0], step[..., 1])
    azimuth = jnp.arctan2(step[..., 1], step[..., 0])
    if step.shape[-1] == 2:
        return jnp.stack([azimuth, across], axis=-1)
    up = step[..., 2]
    return jnp.stack([azimuth, jnp.arctan2(up, across), jnp.hypot(across, up)], axis=-1)
