"""Where a flow takes states: to which of its stable points, by adaptive integration."""

from collections.abc import Callable
from dataclasses import dataclass

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import ArrayLike

from simulate.integrate import Method, require_double_precision, solve_flow
from simulate.measures.fixed_points.descent import scales
from simulate.measures.samples import finite

Velocity = Callable[[Float[Array, " variables"]], Float[Array, " variables"]]
"""Of a state; an `eqx.Module`, so that one program serves all of a kind."""
NEAR = 1e-6
"""A state this near to a stable point, relative to the larger of one and its length, has arrived."""
LOOK = 16.0
"""Time between two looks, in time constants."""
_AT_ONCE = (32, 128)
"""States that are followed together: the fewest of these that take all, or as many as there are, again and again."""
_METHOD = Method(
    diffrax.Tsit5(), diffrax.PIDController(rtol=1e-8, atol=1e-10), 0.01, diffrax.ForwardMode(), max_steps=4096
)


@dataclass(frozen=True, eq=False)
class Settled:
    """`nodes` says at which of the given points each state came to rest, -1 where at none; `ends` are the last states.

    >>> import numpy as np
    >>> from simulate.latent import Settled
    >>> Settled(np.array([0, -1]), np.zeros((2, 2))).nodes.tolist()
    [0, -1]
    """

    nodes: Int[np.ndarray, " starts"]
    ends: Float[np.ndarray, "starts variables"]


def settle(velocity: Velocity, stable: ArrayLike, starts: ArrayLike, *, longest: float = 1000.0) -> Settled:
    """Follow the flow from each start until it is at a stable point, or for the longest time.

    What is on a boundary, on a cycle, or on a point that was not given comes to none of them.

    Arguments:
        velocity: of the flow, as a `LatentVelocity`, or that of a whole network.
        stable: points x variables.
        starts: starts x variables.
        longest: in time constants; rounded up to whole looks of 16.

    Raises:
        NotFinite, WrongShape: for points or starts that are not finite, or of other axes.
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.latent import LatentVelocity, settle
    >>> wells, well = LatentVelocity(np.eye(2), np.diag([2.0, 0.5]), np.zeros(2)), 1.9150080481545375
    >>> settle(wells, [[-well, 0.0], [well, 0.0]], [[0.1, 1.0], [-3.0, 0.0], [0.0, 1.0]], longest=1e2).nodes.tolist()
    [1, 0, -1]
    """
    require_double_precision()
    ends = np.array(finite(starts, ("starts", "variables"), "starts"), dtype=np.float64)
    places = np.asarray(stable, dtype=np.float64).reshape(-1, ends.shape[1])
    radius = NEAR * scales(places)
    nodes, looks = np.full(len(ends), -1), np.zeros(len(ends), dtype=int)
    most, moving = int(np.ceil(longest / LOOK)), np.ones(len(ends), dtype=bool)
    at_once = next((size for size in _AT_ONCE if size >= len(ends)), _AT_ONCE[-1])
    while (these := np.flatnonzero(moving)[:at_once]).size:
        padded = jnp.asarray(np.resize(ends[these], (at_once, ends.shape[1])))
        ends[these] = np.asarray(_later(velocity, padded))[: len(these)]
        near = np.linalg.norm(ends[these][:, None] - places, axis=2) <= radius
        here = near.any(axis=1)
        if here.any():
            nodes[these[here]] = near[here].argmax(axis=1)
        looks[these] += 1
        moving[these] = ~here & (looks[these] < most)
    return Settled(nodes, ends)


@eqx.filter_jit
def _later(velocity: Velocity, states: Float[Array, "states variables"]) -> Float[Array, "states variables"]:
    """The states after a look's time."""

    def one(state: Array) -> Array:
        return solve_flow(lambda _, now: velocity(now), state, LOOK, _METHOD).end_state

    return jax.vmap(one)(states)
