"""What bounds basins in a plane: the stable manifolds of saddles, traced by going back in time."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from simulate.integrate import require_double_precision
from simulate.latent.paths import trace_paths
from simulate.latent.settle import Velocity
from simulate.measures.samples import finite

AWAY = 1e-6
"""How far from a saddle a manifold is entered, of the reach: it is straight there to the square of that."""


class NotAPlane(ValueError):
    """Points of another number of variables than two."""


@dataclass(frozen=True, eq=False)
class Separatrix:
    """The stable manifold of a saddle: both halves, each from the saddle outwards. `saddle` is its place in the list.

    >>> import numpy as np
    >>> from simulate.latent import Separatrix
    >>> Separatrix(0, (np.zeros((2, 2)), np.ones((3, 2)))).curve.shape
    (5, 2)
    """

    saddle: int
    halves: tuple[Float[np.ndarray, "_ 2"], Float[np.ndarray, "_ 2"]]

    @property
    def curve(self) -> Float[np.ndarray, "_ 2"]:
        """From one end to the other."""
        return np.concatenate([self.halves[0][::-1], self.halves[1]])


def trace_separatrices(velocity: Velocity, points: ArrayLike, *, reach: float) -> tuple[Separatrix, ...]:
    """The stable manifold of every saddle among these points, as far as the square of half-width `reach`.

    A half is entered beside the saddle along its stable eigenvector and followed back in time, in which what lies
    beside it comes nearer: errors die out. It ends at the border, at a source, or wound about one for some length.

    Arguments:
        velocity: of a flow in the plane, as a `LatentVelocity` of rank two.
        points: points x 2: where it stands still.
        reach: half the width of the square about zero.

    Raises:
        NotAPlane: for points of other than two numbers.
        NotFinite, WrongShape: for points that are not finite, or of other axes.
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.latent import LatentVelocity, trace_separatrices
    >>> wells = LatentVelocity(np.eye(2), np.diag([2.0, 0.5]), np.zeros(2))
    >>> (line,) = trace_separatrices(wells, [[0.0, 0.0]], reach=3.0)  # kappa_1 = 0
    >>> bool(abs(line.curve[:, 0]).max() < 1e-12), abs(line.curve[[0, -1], 1]).round(9).tolist()
    (True, [3.0, 3.0])
    """
    require_double_precision()
    places = finite(points, ("points", "variables"), "points") if np.size(points) else np.zeros((0, 2))
    if places.shape[1] != 2:
        raise NotAPlane(f"points of {places.shape[1]} variables: separatrices are curves in a plane, of two")
    traced = []
    for k, place in enumerate(places):
        values, vectors = np.linalg.eig(np.asarray(jax.jacfwd(velocity)(jnp.asarray(place))))
        if np.iscomplexobj(values) or values.min() >= 0 or values.max() <= 0:
            continue
        along = vectors[:, values.argmin()]
        starts = np.array([place + sign * AWAY * reach * along for sign in (1, -1)])
        first, second = trace_paths(velocity, starts, reach=reach, backward=True)
        traced.append(Separatrix(k, (np.concatenate([place[None], first]), np.concatenate([place[None], second]))))
    return tuple(traced)
