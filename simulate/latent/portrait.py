"""All that a phase portrait of two latent variables shows."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import ArrayLike

from simulate.latent.paths import trace_paths
from simulate.latent.separatrices import Separatrix, trace_separatrices
from simulate.latent.settle import Velocity, settle

GRID = 61
"""Places along each side of the square where the velocity is told; basins are told between every second two."""
LONGEST = 480.0
"""Time constants until a place that has come to no point is told to be in no basin."""


@dataclass(frozen=True, eq=False)
class LatentPortrait:
    """A flow on a square of two latent variables: its velocity, what stands still, what bounds basins, and basins.

    `velocity[i, j]` is that at (axis[j], axis[i]), and `basins[i, j]` the place among `points` where the flow from
    (basin_axis[j], basin_axis[i]) ends, -1 where at none. `unstable_dimensions` are those of the flow. `moving` are
    paths of two places that come to no point, once what is transient is over: along a cycle, for example.

    Of a map, `in_steps`, `velocity` is how far a step leads, and `moving` states that steps visit one after another.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.latent import LatentPortrait, LatentVelocity, latent_portrait
    >>> sink = LatentVelocity(np.eye(2), 0.5 * np.eye(2), np.zeros(2))
    >>> portrait = latent_portrait(sink, [[0.0, 0.0]], reach=1.0)
    >>> isinstance(portrait, LatentPortrait), portrait.separatrices, set(portrait.basins.ravel().tolist())
    (True, (), {0})
    """

    axis: Float[np.ndarray, " places"]
    velocity: Float[np.ndarray, "places places 2"]
    points: Float[np.ndarray, "points 2"]
    unstable_dimensions: Int[np.ndarray, " points"]
    separatrices: tuple[Separatrix, ...]
    basin_axis: Float[np.ndarray, " fewer"]
    basins: Int[np.ndarray, "fewer fewer"]
    moving: tuple[Float[np.ndarray, "_ 2"], ...]
    in_steps: bool = False


def latent_portrait(velocity: Velocity, points: ArrayLike, *, reach: float) -> LatentPortrait:
    """What there is to draw, on the square of half-width `reach` about zero.

    Arguments:
        velocity: of a flow in the plane, as a `LatentVelocity` of rank two.
        points: points x 2: where it stands still.
        reach: half the width of the square.

    Raises:
        NotAPlane, NotFinite, WrongShape, DoublePrecisionRequired: as `trace_separatrices`.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.latent import LatentVelocity, latent_portrait
    >>> wells, well = LatentVelocity(np.eye(2), np.diag([2.0, 0.5]), np.zeros(2)), 1.9150080481545375
    >>> portrait = latent_portrait(wells, [[well, 0.0], [-well, 0.0], [0.0, 0.0]], reach=3.0)
    >>> portrait.unstable_dimensions.tolist(), portrait.basins[0, [0, -1]].tolist()  # on the left, on the right
    ([0, 0, 1], [1, 0])
    """
    separatrices = trace_separatrices(velocity, points, reach=reach)
    places = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    slopes = np.asarray(jax.vmap(jax.jacfwd(velocity))(jnp.asarray(places))).reshape(-1, 2, 2)
    unstable = (np.linalg.eigvals(slopes).real > 0).sum(axis=1)
    axis = np.linspace(-reach, reach, GRID)
    fewer = axis[1::2]  # their number is even: what is symmetric has a boundary in the middle
    stable = np.flatnonzero(unstable == 0)
    starts = _square(fewer).reshape(-1, 2)
    nodes = np.full(len(starts), -1)
    followed = np.arange(len(starts)) if len(stable) else np.array([0, len(starts) // 2])  # to where, if to nowhere
    settled = settle(velocity, places[stable], starts[followed], longest=LONGEST)
    if len(stable):
        nodes = np.where(settled.nodes >= 0, stable[settled.nodes], -1)
    none = np.flatnonzero(settled.nodes < 0)
    some = settled.ends[none[[0, len(none) // 2]]] if len(none) else None
    moving = () if some is None else trace_paths(velocity, some, reach=reach)
    basins = nodes.reshape(len(fewer), len(fewer))
    return LatentPortrait(
        axis,
        np.asarray(_at(velocity, jnp.asarray(_square(axis)))),
        places,
        unstable,
        separatrices,
        fewer,
        basins,
        moving,
    )


def _square(axis: Float[np.ndarray, " places"]) -> Float[np.ndarray, "places places 2"]:
    return np.stack(np.meshgrid(axis, axis), axis=-1)


@eqx.filter_jit
def _at(velocity: Velocity, states: Float[Array, "rows columns 2"]) -> Float[Array, "rows columns 2"]:
    return jax.vmap(jax.vmap(velocity))(states)
