"""How far apart the weights of two low-rank networks are, up to the order of their units: from their overlaps.

W = u v^T / N. With unit i of the first taken for unit p(i) of the second, P the permutation,

    |W1 - P W2 P^T|^2 = |W1|^2 + |W2|^2 - 2 tr(K_u K_v^T),    K_u = u1^T P u2 / N,  K_v = v1^T P v2 / N.

Let S1 and S2 be the overlaps of [u v] of both. Those of all four, [[S1, C], [C^T, S2]], are a Gram matrix, and so
C = S1^1/2 O S2^1/2 with a contraction O. Hence, for every N and every permutation, the distance is at least

    min over contractions O of (|W1|^2 + |W2|^2 - 2 tr(C_uu C_vv^T))^1/2,                                           (1)

which is what orthogonal matrices in place of permutations reach (N >= 4 R): the least |W1 - Q W2 Q^T|. For rows that
are independent and normal the permutations reach it too as N grows: normal rows may be coupled by any C, and a coupling
is approached by matching two samples (`matching_law`). So among normal rows permutations are as good as rotations.

**Rank one.** W lies in a plane, and (1) is half the squared distance of points (vu, w, n):

    d^2 = [(vu - vu')^2 + (w - w')^2 + (n - n')^2] / 2,    w^2 = uu vv = |W|^2,  n^2 = w^2 - vu^2,

zero if the covariances are equal. vu is visible; w, or n, is not. A contraction does no better than a rotation: with
cos(t) = vu / w, C_uu C_vv / (w w') is x y for a point (x, y) of the hull of two ellipses, those of rotations,
(cos r, cos(r + t - t')), and of reflections, (cos r, cos(r + t + t')). With p = x + y and q = x - y, x y is
(p^2 - q^2) / 4, p is 2 cos((t - t') / 2) at most on the former, less on the latter, and attained at q = 0.

Derived here; proved and held to brute force in tests/theory/degeneracy/test_coupling.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import sympy as sp
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from theory.degeneracy.rotations import CONTRACTIONS, least_distance, planar_turn, rotation_coordinates
from theory.lowering import lower_numpy
from theory.overlaps import Shape

uu, vu, vv = sp.symbols("uu vu vv", real=True)

Square = Float[np.ndarray, "d d"]
NEGLIGIBLE = 1e-6
"""Of W, what a turn may change of a copy."""


class NoOverlaps(ValueError):
    """No vectors have such overlaps, or overlaps of another network were given."""


def planar_weights() -> sp.ImmutableMatrix:
    """W of a rank-one network in the plane of u and v, u along the first axis.

    >>> planar_weights()
    Matrix([
    [vu, sqrt(uu*vv - vu**2)],
    [ 0,                   0]])
    """
    u2, v2 = sp.symbols("u2 v2", positive=True)
    u, v = sp.Matrix([sp.sqrt(u2), 0]), sp.Matrix([vu / sp.sqrt(u2), sp.sqrt(v2 - vu**2 / u2)])
    return sp.ImmutableMatrix((u * v.T).applyfunc(sp.simplify).subs({u2: uu, v2: vv}))


@cache
def weight_coordinates() -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """(vu, n, w) / sqrt(2) of rank one: the least distance up to rotation of two networks is that of these points.

    Permutations come as near as that with normal rows, as N grows.

    >>> weight_coordinates()
    (sqrt(2)*vu/2, sqrt(2)*sqrt(uu*vv - vu**2)/2, sqrt(2)*sqrt(uu*vv)/2)
    """
    return rotation_coordinates(planar_weights())


@dataclass(frozen=True, eq=False)
class Coupling:
    """How near the weights of two networks come with the best coupling of their rows.

    Attributes:
        distance: that was reached.
        lower: a bound below all couplings, and below all permutations of networks with exactly these overlaps.
        cross: C, the overlaps of [u v] of the first with those of the second, that reach it.
        size: sqrt(|W1|^2 + |W2|^2), the distance of networks that have nothing in common.

    >>> Coupling(3.0, 3.0, cross=np.eye(2), size=5.0).relative
    0.6
    """

    distance: float
    lower: float
    cross: Square
    size: float

    @property
    def relative(self) -> float:
        """The distance in units of `size`."""
        return self.distance / self.size if self.size else 0.0


def coupled(first: ArrayLike, second: ArrayLike, shape: Shape | None = None) -> Coupling:
    """(1): the least distance of the weights of two networks, from their overlaps Sigma (d x d each).

    In closed form for rank one, by a semidefinite problem and ascents beyond (`rotations.least_distance`); there
    the value is known to about 1e-7 of `size`, as it is a square root. Symmetric, and no coordinates
    of the rank matter: u G and v G^-T are the same weights.

    Arguments:
        first: overlaps of all blocks, in the order m, u, v, z.
        second: those of the other network.
        shape: of both networks; one input, rank and output unless given.

    Raises:
        NoOverlaps: if they are no finite positive semidefinite matrices of the shape's size.

    >>> import numpy as np
    >>> from theory.degeneracy import coupled
    >>> coupled(np.diag([1.0, 4.0, 1.0, 1.0]), np.diag([1.0, 1.0, 1.0, 1.0])).distance  # w = n = 2 and 1
    1.0
    """
    shape = Shape() if shape is None else shape
    S1, S2 = (_of_weights(each, shape) for each in (first, second))
    R = shape.rank
    roots = [_root(each) for each in (S1, S2)]
    W1, W2 = (root[:, :R] @ root[:, R:].T for root in roots)
    size = float(np.hypot(np.linalg.norm(W1), np.linalg.norm(W2)))
    if R == 1:
        turn = planar_turn(W1, W2)
        points = [_point(each) for each in (S1, S2)]
        distance = lower = float(np.linalg.norm(points[0] - points[1]))
    else:
        found = least_distance(W1, W2, over=CONTRACTIONS)
        turn, distance, lower = found.turn, found.value, found.lower
    return Coupling(distance, lower, roots[0] @ turn @ roots[1], size)


def has_turned_copies(sigma: ArrayLike, shape: Shape) -> bool:
    """Whether W is left as it is by a circle of rotations of its rows: of rank two, two independent copies of one law.

    Of one rank more W has more such rotations, which are not asked for here.

    Raises:
        NoOverlaps: see `coupled`.

    >>> has_turned_copies(np.eye(6), Shape(rank=2)), has_turned_copies(np.eye(4), Shape())
    (True, False)
    """
    root, R = _root(_of_weights(sigma, shape)), shape.rank
    W = root[:, :R] @ root[:, R:].T
    turns = [np.outer(one, other) - np.outer(other, one) for one, other in combinations(np.eye(len(W)), 2)]
    slopes = np.linalg.svd([(turn @ W - W @ turn).ravel() for turn in turns], compute_uv=False)
    return bool(slopes[-1] < NEGLIGIBLE * slopes[0])


def _of_weights(sigma: ArrayLike, shape: Shape) -> Square:
    """The overlaps of [u v]."""
    matrix = np.asarray(sigma, dtype=np.float64)
    if matrix.shape != (shape.size, shape.size):
        raise NoOverlaps(f"overlaps of shape {matrix.shape}: {shape} has {shape.size} x {shape.size}")
    if not np.isfinite(matrix).all() or np.abs(matrix - matrix.T).max() > 1e-9 * np.abs(matrix).max():
        raise NoOverlaps("overlaps that are not finite and symmetric: give theta^T theta / N")
    if np.linalg.eigvalsh(matrix)[0] < -1e-9 * np.abs(matrix).max():
        raise NoOverlaps("overlaps with a negative eigenvalue: no vectors have them")
    those = [*shape.columns("u"), *shape.columns("v")]
    return np.asarray(matrix[np.ix_(those, those)])


def _root(S: Square) -> Square:
    values, vectors = np.linalg.eigh(S)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


def _point(S: Square) -> Float[np.ndarray, "3"]:
    """`weight_coordinates` of these overlaps, of which rounding is not to make more than vectors can have."""
    w = np.sqrt(S[0, 0] * S[1, 1])
    return np.asarray(_lowered()(S[0, 0], np.clip(S[0, 1], -w, w), S[1, 1]), dtype=np.float64).ravel()


@cache
def _lowered() -> Callable[..., NDArray[Any]]:
    return lower_numpy((uu, vu, vv), sp.ImmutableMatrix(weight_coordinates()))
