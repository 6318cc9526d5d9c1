"""A polytope that the flow at every corner of the slopes leads into, for two and three neurons.

With h > 0 small, v + h (J + c I) v stays in the polytope for all vertices v and all corners: then its norm contracts
at c. The vertices are images of a few points under these maps; those inside the hull of the others are dropped, until
no new one appears. It ends where products of the maps shrink (Guglielmi and Protasov, 2013, for maps in general). In
the plane there is a shorter way (`polygon`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import flint
import numpy as np
import scipy.spatial
from jaxtyping import Float

from theory.contraction.claims.polytope import Polytope
from theory.contraction.claims.slopes import corners
from theory.contraction.exact_matrix import ExactMatrix, on_grid, rational
from theory.contraction.network import Matrix, Network
from theory.contraction.search.balanced_units import in_balanced_units
from theory.contraction.search.polygon import half_polygon, slowest_decay
from theory.contraction.search.vertex_lmi import balances

SOUGHT_UP_TO = 3
"""Neurons up to which polytopes are sought."""
STEPS = (0.5, 0.25, 0.125, 2.0**-4, 2.0**-5, 2.0**-6, 2.0**-7)
"""The h that are tried, each until its polytope has too many vertices."""
VERTICES = 160
"""The most pairs of vertices."""
_GENERATIONS = 2000
_BLOWN = 1e4
_SLACK = 0.25
"""By this fraction of the rate the polytope contracts faster than claimed, so that its vertices can be rounded."""
_BITS = (8, 14, 28)

Points = Float[np.ndarray, "points n"]
Face = tuple[list[int], list[int]]
"""Vertices by number, and the sign of each."""


@dataclass(frozen=True)
class Ball:
    """A polytope around zero: a vertex of every pair, and its faces as signed vertices with their normals."""

    vertices: Points
    faces: list[Face]
    normals: Float[np.ndarray, "faces n"]

    def gauge(self, points: Points) -> Float[np.ndarray, " points"]:
        """The norm whose unit ball this is."""
        sizes: Float[np.ndarray, " points"] = (points @ self.normals.T).max(axis=1)
        return sizes


@in_balanced_units
def contracting_polytope(
    network: Network, rate: float, steps: Sequence[float] = STEPS, most: int = VERTICES
) -> Polytope | None:
    """A polytope whose norm contracts at `rate` > 0, with proof; None where none with at most `most` pairs is found."""
    if rate <= 0 or not 2 <= network.size <= SOUGHT_UP_TO:
        return None
    at_corners = _drifts(network, rate)
    if np.linalg.eigvals(at_corners).real.max() >= 0:
        return None
    plane = at_corners if network.size == 2 else None
    if plane is not None and any((slowest_decay(plane, sense) or 1.0) <= 0 for sense in (1, -1)):
        return None
    polygons = iter(()) if plane is None else _polygons(plane, most)
    for ball in chain(polygons, _invariant(network, rate, steps, most)):
        claim = _proved(network, rate, ball)
        if claim is not None:
            return claim
    return None


def _polygons(drifts: Float[np.ndarray, "corners 2 2"], most: int) -> Iterator[Ball]:
    half = half_polygon(drifts, most)
    if half is not None and len(half) > 1:
        yield _hull(half)


def _invariant(network: Network, rate: float, steps: Sequence[float], most: int) -> Iterator[Ball]:
    drifts = _drifts(network, rate * (1 + _SLACK))
    start = _start(network, rate)
    for step in steps:
        ball = invariant_ball(np.eye(network.size) + step * drifts, start, most)
        if ball is not None:
            yield ball


def invariant_ball(maps: Float[np.ndarray, "maps n n"], start: Points, most: int) -> Ball | None:
    """The hull of all images of `start` under products of the maps; None where it outgrows `most` pairs of vertices."""
    ball = _hull(start)
    fresh = ball.vertices
    limit = _BLOWN * np.abs(start).max()
    for _ in range(_GENERATIONS):
        images = np.concatenate([fresh @ each.T for each in maps])
        outside = images[ball.gauge(images) > 1 + 1e-9]
        if len(outside) == 0:
            return ball
        if np.abs(outside).max() > limit:
            return None
        before = {tuple(v) for v in ball.vertices.tolist()}
        ball = _hull(np.concatenate([ball.vertices, outside]))
        if len(ball.vertices) > most:
            return None
        fresh = np.array([v for v in ball.vertices.tolist() if tuple(v) not in before]).reshape(-1, start.shape[1])
    return None


def _hull(points: Points) -> Ball:
    count = len(points)
    hull = scipy.spatial.ConvexHull(np.concatenate([points, -points]))
    kept = sorted({int(index) % count for index in hull.vertices})
    if len(kept) < count:
        return _hull(points[kept])
    faces = [([int(i) % count for i in face], [1 if i < count else -1 for i in face]) for face in hull.simplices]
    return Ball(points, faces, hull.equations[:, :-1] / -hull.equations[:, -1:])


def _drifts(network: Network, rate: float) -> Float[np.ndarray, "corners n n"]:
    fractions = (np.arange(2**network.size)[:, None] >> np.arange(network.size) & 1).astype(float)
    return np.array([network.jacobian(corner) for corner in fractions]) + rate * np.eye(network.size)


def _start(network: Network, rate: float) -> Points:
    """The axes of a metric that is nearly contracting at all corners: a first guess of the shape."""
    found = [balance.metric for balance in balances(network, rate)]
    if not found:
        return np.eye(network.size)
    values, vectors = np.linalg.eigh(found[-1])
    floor = 1e-3 * values.max()
    axes: Points = (vectors / np.sqrt(np.maximum(values, floor) / values.max())).T
    return axes


def _proved(network: Network, rate: float, ball: Ball) -> Polytope | None:
    """The claim with vertices as short as they can be."""
    for bits in _BITS:
        claim = _exact(network, rate, _hull(on_grid(ball.vertices, bits)))
        if claim is not None and claim.holds(network.exact):
            return claim
    return None


def _exact(network: Network, rate: float, ball: Ball) -> Polytope | None:
    """J V = V Gamma solved exactly, column by column.

    At a vertex v, J v is a combination of the vertices of one face there, the others than v with weights >= 0.
    """
    count = len(ball.vertices)
    vertices = [list(map(rational, v)) for v in ball.vertices.tolist()]
    at = [[face for face in ball.faces if (j, 1) in zip(*face, strict=True)] for j in range(count)]
    if not all(at):
        return None  # rounding has flattened the polytope
    combinations = []
    for slopes in corners(network.exact):
        jacobian = network.exact.jacobian(ExactMatrix.diagonal(slopes))
        floats = jacobian.approximate()
        gamma = flint.fmpq_mat(count, count)
        for j, v in enumerate(vertices):
            names, signs = max(at[j], key=lambda face: _least(ball, face, j, floats))
            signed = [[sign * entry for entry in vertices[i]] for i, sign in zip(names, signs, strict=True)]
            velocity = flint.fmpq_mat(len(v), 1, jacobian.times(v))
            weights = flint.fmpq_mat(signed).transpose().solve(velocity)
            for i, sign, (weight,) in zip(names, signs, weights.table(), strict=True):
                gamma[i, j] += sign * weight
        combinations.append(ExactMatrix(gamma))
    return Polytope(rational(rate), tuple(map(tuple, vertices)), tuple(combinations))


def _least(ball: Ball, face: Face, vertex: int, jacobian: Matrix) -> float:
    """The least weight of the other vertices of the face in J v."""
    names, signs = face
    columns = (ball.vertices[names] * np.array(signs)[:, None]).T
    weights = np.linalg.solve(columns, jacobian @ ball.vertices[vertex])
    return float(min(weight for name, weight in zip(names, weights, strict=True) if name != vertex))
