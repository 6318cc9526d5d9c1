"""How far apart networks of a population are where distances are those of points: as spread out as the points.

Weights of rank one up to rotation (`weight_coordinates`) and dynamics of rank one (`operator_coordinates`) are compared
by points p(Sigma) of three coordinates. Two networks drawn alike then have the mean squared distance 2 sum var p, to
leading order 2 / N times the sum over independent changes X_i of the overlaps of |p'(X_i)|^2.

Derived here; tests/theory/degeneracy/test_points.py.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from theory.degeneracy.fluctuations import Dispersion
from theory.lowering import lower_numpy
from theory.overlaps import Shape


def dispersed_points(coordinates: tuple[sp.Expr, ...], sigma: Dispersion) -> Dispersion:
    """The points of a population of rank one, from its overlaps and how these differ (d x d, after training or before).

    Where a coordinate has no derivative (networks that are normal, u parallel to v), this is not finite.

    >>> import numpy as np
    >>> from theory.degeneracy import Dispersion, directions, dispersed_points, normal_rows, weight_coordinates
    >>> S = np.eye(4)
    >>> found = dispersed_points(weight_coordinates(), Dispersion(S, directions(normal_rows(S))))
    >>> (found.coefficient**2).round(6).tolist()  # N times the variances of vu, n and w, halved
    [0.5, 0.5, 0.5]
    """
    shape = Shape()
    point, slope = _lowered(coordinates)
    at = [float(sigma.value[a, b]) for a, b in shape.pairs]
    changes = np.stack([sigma.slopes[:, a, b] for a, b in shape.pairs], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        gradient = np.asarray(slope(*at), dtype=np.float64)
        value = np.asarray(point(*at), dtype=np.float64).ravel()
        return Dispersion(value, changes @ gradient.T)


def points_of(coordinates: tuple[sp.Expr, ...], sigmas: ArrayLike) -> Float[np.ndarray, "networks coordinates"]:
    """The points of networks of rank one, from the overlaps of each (networks x d x d); nan where there is none.

    >>> import numpy as np
    >>> from theory.degeneracy import weight_coordinates
    >>> points_of(weight_coordinates(), np.eye(4)[None]).round(6).tolist()
    [[0.0, 0.707107, 0.707107]]
    """
    shape = Shape()
    point, _ = _lowered(coordinates)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = [point(*(float(sigma[a, b]) for a, b in shape.pairs)) for sigma in np.asarray(sigmas)]
    return np.asarray(found, dtype=np.float64).reshape(len(found), len(coordinates))


@cache
def _lowered(coordinates: tuple[sp.Expr, ...]) -> tuple[Callable[..., NDArray[Any]], Callable[..., NDArray[Any]]]:
    """The points of overlaps, and their derivatives."""
    shape = Shape()
    symbols = tuple(shape.overlap(a, b) for a, b in shape.pairs)
    point = sp.ImmutableMatrix(coordinates)
    return lower_numpy(symbols, point), lower_numpy(symbols, point.jacobian(list(symbols)))


def root_mean_square_apart(points: Dispersion, neurons: int) -> float:
    """The root of the mean squared distance of two networks of so many neurons, to leading order.

    >>> import numpy as np
    >>> from theory.degeneracy import Dispersion, root_mean_square_apart
    >>> root_mean_square_apart(Dispersion(np.zeros(3), np.array([[1.0, 1.0, 0.0]])), 100)
    0.2
    """
    return float(np.sqrt(2 * (points.coefficient**2).sum() / neurons))
