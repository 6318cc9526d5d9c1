"""The phase portrait of a map of two latent variables: what a step does, and where steps lead in the end."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from simulate.integrate import require_double_precision
from simulate.latent.portrait import LatentPortrait
from simulate.latent.separatrices import NotAPlane
from simulate.latent.settle import NEAR, Settled, Velocity
from simulate.measures.fixed_points.descent import scales
from simulate.measures.samples import finite

GRID, FINER = 61, 80
"""Places along each side of the square where the step is told, and where steps are followed from."""
LONGEST = 1000
"""Steps until a place that has come to no point is told to be in no basin."""
VISITED = 64
"""States that are told of what comes to no point."""
_LOOK = 20


def map_portrait(velocity: Velocity, points: ArrayLike, *, reach: float, step: float = 1.0) -> LatentPortrait:
    """What there is to draw of kappa <- kappa + step v(kappa), on the square of half-width `reach` about zero.

    A network h <- tanh(M N^T h + drive) does that to kappa = N^T h with a step of one, v being its `LatentVelocity`.
    Basins are known by following steps; no separatrices are traced, as a map may have no inverse.

    Arguments:
        velocity: v, in the plane.
        points: points x 2: where it is zero.
        reach: half the width of the square.
        step: in time constants of the velocity.

    Raises:
        NotAPlane: if the points are of other than two variables.
        NotFinite, WrongShape: for points that are not finite, or of other axes.
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.latent import LatentVelocity, map_portrait
    >>> turning = LatentVelocity(np.eye(2), np.array([[0.0, 2.0], [-2.0, 0.0]]), np.zeros(2))
    >>> portrait = map_portrait(turning, [[0.0, 0.0]], reach=3.0)
    >>> portrait.unstable_dimensions.tolist(), set(portrait.basins.ravel().tolist())  # around for ever
    ([2], {-1})
    """
    places = finite(points, ("points", "variables"), "points")
    if places.shape[1] != 2:
        raise NotAPlane(f"{places.shape[1]} latent variables: a portrait is one of two")
    slopes = np.asarray(jax.vmap(jax.jacfwd(velocity))(jnp.asarray(places)))
    unstable = (np.abs(np.linalg.eigvals(np.eye(2) + step * slopes)) > 1).sum(axis=1)
    stable = np.flatnonzero(unstable == 0)
    axis, finer = np.linspace(-reach, reach, GRID), (np.arange(FINER) + 0.5) * (2 * reach / FINER) - reach
    settled = settle_in_steps(velocity, places[stable], square(finer).reshape(-1, 2), step=step)
    none = np.flatnonzero(settled.nodes < 0)
    some = settled.ends[none[[0, len(none) // 2]]] if len(none) else np.zeros((0, 2))
    basins = np.where(settled.nodes >= 0, stable[settled.nodes] if len(stable) else -1, -1)
    moves = step * np.asarray(jax.vmap(velocity)(jnp.asarray(square(axis).reshape(-1, 2))))
    return LatentPortrait(
        axis,
        moves.reshape(GRID, GRID, 2),
        places,
        unstable,
        (),
        finer,
        basins.reshape(FINER, FINER),
        tuple(np.asarray(_visited(velocity, jnp.asarray(each), step)) for each in some),
        in_steps=True,
    )


def settle_in_steps(velocity: Velocity, stable: ArrayLike, starts: ArrayLike, *, step: float = 1.0) -> Settled:
    """At which of the stable points steps from each start end, after 1,000 at most."""
    require_double_precision()
    ends = np.array(finite(starts, ("starts", "variables"), "starts"), dtype=np.float64)
    places = np.asarray(stable, dtype=np.float64).reshape(-1, ends.shape[1])
    nodes, moving = np.full(len(ends), -1), np.arange(len(ends))
    for _ in range(LONGEST // _LOOK):
        ends[moving] = np.asarray(_later(velocity, jnp.asarray(ends), step))[moving]
        near = np.linalg.norm(ends[moving][:, None] - places, axis=2) <= NEAR * scales(places)
        here = near.any(axis=1)
        nodes[moving[here]] = near[here].argmax(axis=1) if here.any() else -1
        moving = moving[~here]
        if not moving.size:
            break
    return Settled(nodes, ends)


def square(axis: Float[np.ndarray, " places"]) -> Float[np.ndarray, "places places 2"]:
    """All places of a square."""
    return np.stack(np.meshgrid(axis, axis), axis=-1)


@eqx.filter_jit
def _later(velocity: Velocity, states: Float[Array, "states variables"], step: float) -> Array:
    """After a look's steps."""
    return jax.lax.fori_loop(0, _LOOK, lambda _, now: now + step * jax.vmap(velocity)(now), states)


@eqx.filter_jit
def _visited(velocity: Velocity, state: Float[Array, " variables"], step: float) -> Array:
    return jax.lax.scan(lambda now, _: (now + step * velocity(now), now), state, length=VISITED)[1]
