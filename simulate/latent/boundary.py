"""How far a basin's boundary is from its point, in any number of variables: along rays, by bisection."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from simulate.latent.settle import Velocity, settle
from simulate.measures.samples import finite

RADII = 24
"""Along each ray, where it is looked which basin it is in: a basin that is left and entered between two is not seen."""
HALVINGS = 20


@dataclass(frozen=True, eq=False)
class BasinBoundary:
    """Where rays from a stable point leave its basin.

    `directions` are of length one; `distances` say where each leaves the basin, infinite where it does not up to the
    reach, and `beyond` are the places of the points whose basins are entered there, -1 where it is that of none.

    >>> import numpy as np
    >>> from simulate.latent import BasinBoundary
    >>> BasinBoundary(0, np.eye(2), np.array([2.0, np.inf]), np.array([1, 0])).nearest
    2.0
    """

    node: int
    directions: Float[np.ndarray, "rays variables"]
    distances: Float[np.ndarray, " rays"]
    beyond: Int[np.ndarray, " rays"]

    @property
    def nearest(self) -> float:
        """The least distance found: the boundary is no farther away."""
        return float(self.distances.min())


def basin_boundary(
    velocity: Velocity, stable: ArrayLike, node: int, *, reach: float, rays: int = 64, seed: int = 0
) -> BasinBoundary:
    """The boundary of the basin of `stable[node]`, along random rays up to a distance of `reach`.

    Arguments:
        velocity: of a flow, as a `LatentVelocity`, or that of a whole network.
        stable: points x variables: all stable points.
        node: of which of them.
        reach: how far to look.
        rays: how many.
        seed: of their directions.

    Raises:
        NotFinite, WrongShape: for points that are not finite, or of other axes.
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.latent import LatentVelocity, basin_boundary
    >>> wells, well = LatentVelocity(np.eye(2), np.diag([2.0, 0.5]), np.zeros(2)), 1.9150080481545375
    >>> edge = basin_boundary(wells, [[well, 0.0], [-well, 0.0]], 0, reach=3.0, rays=8)
    >>> left = np.isfinite(edge.distances)
    >>> set((edge.distances * edge.directions[:, 0])[left].round(4).tolist()), set(edge.beyond[left].tolist())
    ({-1.915}, {1})
    """
    places = finite(stable, ("points", "variables"), "stable points")
    drawn = np.random.default_rng(seed).normal(size=(rays, places.shape[1]))
    directions = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

    def nodes_at(distances: np.ndarray, which: np.ndarray) -> np.ndarray:
        return settle(velocity, places, places[node] + distances[:, None] * directions[which]).nodes

    radii = reach * np.arange(1, RADII + 1) / RADII
    looked = nodes_at(np.tile(radii, rays), np.repeat(np.arange(rays), RADII)).reshape(rays, RADII)
    left = (looked != node).any(axis=1)
    which = np.flatnonzero(left)
    first = (looked[which] != node).argmax(axis=1)
    beyond, distances = np.full(rays, node), np.full(rays, np.inf)
    outside, inside = radii[first], radii[first] - reach / RADII
    beyond[which] = looked[which, first]
    for _ in range(HALVINGS if len(which) else 0):
        middle = (inside + outside) / 2
        nodes = nodes_at(middle, which)
        out = nodes != node
        outside, inside = np.where(out, middle, outside), np.where(out, inside, middle)
        beyond[which[out]] = nodes[out]
    distances[which] = outside
    return BasinBoundary(node, directions, distances, beyond)
