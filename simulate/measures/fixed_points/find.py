"""The fixed points of a network at a constant input, from many starts."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist
from threadpoolctl import threadpool_limits

from simulate.cells.cell import Cell
from simulate.integrate import require_double_precision
from simulate.measures.fixed_points.descent import (
    ROUNDING,
    Ends,
    descend,
    linearised,
    readings,
    scales,
    slopes,
    speeds,
)
from simulate.measures.fixed_points.pull import Pull
from simulate.measures.fixed_points.static_map import StaticMap
from simulate.measures.samples import finite

ALIKE = 1e-9
"""Points nearer than this, relative to the larger of one and their length, are one point."""


@dataclass(frozen=True, eq=False)
class FixedPoints:
    """Where a network stands still at a constant input, as far as some starts found it.

    `points` are the zeros of F(h) - h, `residuals` how long that vector is at each as it is returned (rounding),
    `hits` how many starts ended there. `slow` are local minima of that length which are no zeros, or zeros that are not
    isolated, ends of continua among them, with their `speeds` and `slow_hits`. `lost` starts came to rest nowhere.
    Fixed points are in the order of their hits.
    """

    step: StaticMap
    points: Float[np.ndarray, "points size"]
    residuals: Float[np.ndarray, " points"]
    hits: Int[np.ndarray, " points"]
    slow: Float[np.ndarray, "slow size"]
    speeds: Float[np.ndarray, " slow"]
    slow_hits: Int[np.ndarray, " slow"]
    lost: int

    @cached_property
    def jacobians(self) -> Float[np.ndarray, "points size size"]:
        """dF / dh at each point."""
        return slopes(self.step, self.points) + np.eye(self.points.shape[1])

    @cached_property
    def modes(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues of the Jacobian at each point, and right eigenvectors in columns."""
        values, vectors = np.linalg.eig(self.jacobians)
        return values, vectors

    @cached_property
    def eigenvalues(self) -> np.ndarray:
        """Of the Jacobian at each point, the largest in absolute value first."""
        found = self.modes[0].astype(complex)
        return np.take_along_axis(found, np.argsort(-np.abs(found), axis=1, kind="stable"), axis=1)

    @property
    def unstable_dimensions(self) -> Int[np.ndarray, " points"]:
        """How many eigenvalues at each point are beyond the unit circle."""
        return (np.abs(self.eigenvalues) > 1).sum(axis=1)

    @property
    def indices(self) -> Int[np.ndarray, " points"]:
        """The sign of det(1 - F') at each point: minus one to the number of real eigenvalues above one."""
        return np.linalg.slogdet(-slopes(self.step, self.points))[0].astype(int)

    @property
    def index_sum(self) -> int:
        """Of all points: one, if none is missing and the map takes a ball into itself (Brouwer's degree)."""
        return int(self.indices.sum())

    def singular_values_at(self, states: Float[np.ndarray, "states size"]) -> Float[np.ndarray, "states 2"]:
        """The largest and the smallest singular value of F' - 1 at each of these states."""
        return np.linalg.svd(slopes(self.step, states), compute_uv=False)[:, [0, -1]]

    def pull_at(self, state: Float[np.ndarray, " size"]) -> Pull | None:
        """F(h) - h and F' - 1 at this state; None where they are no numbers."""
        (residual,), (matrix,) = linearised(self.step, state[None])
        if not (np.isfinite(residual).all() and np.isfinite(matrix).all()):
            return None
        left, values, right = np.linalg.svd(matrix)
        return Pull(residual, left, values, right.T)

    @cached_property
    def outputs(self) -> Float[np.ndarray, "points outputs"]:
        """What is read at each point."""
        return readings(self.step, self.points)


def find_fixed_points(
    network: Cell, starts: ArrayLike, inputs: ArrayLike | None = None, *, dt: float = 1.0
) -> FixedPoints:
    """All fixed points of a network that descents from these starts reach, each once.

    Levenberg and Marquardt's descent on |F(h) - h|^2 with the exact Jacobian, in double precision, all starts at once;
    Newton's step wherever it is better. A start whose residual is rounding is at a fixed point; one whose residual
    falls no more is at a slow point. So is one that stands still where the Jacobian of F(h) - h is singular to
    rounding: on a continuum, or where a shut gate holds any state. Whether points are missing no search can tell: see
    `FixedPoints.index_sum`.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp, numpy as np
    >>> from simulate.cells import Vanilla
    >>> from simulate.measures import find_fixed_points
    >>> network = Vanilla(2.0 * jnp.eye(2), jnp.eye(2), jnp.zeros(2), jnp.ones((1, 2)), jnp.ones(1))
    >>> found = find_fixed_points(network, np.random.default_rng(0).uniform(-1, 1, (100, 2)))
    >>> len(found.points), sorted(found.unstable_dimensions.tolist()), found.index_sum
    (9, [0, 0, 0, 0, 1, 1, 1, 1, 2], 1)

    Arguments:
        network: one network, of any cell.
        starts: starts x size of a state; see `visited_states` for those that a task visits.
        inputs: the constant input; zero if it is left out.
        dt: the step of cells that have one; a discrete cell takes no notice of it.

    Raises:
        WrongInput: if the input has another width than the network takes.
        NotFinite, WrongShape: if starts, input or parameters are NaN, or of other axes.
        DoublePrecisionRequired: if `jax_enable_x64` is off.
    """
    require_double_precision()
    step = StaticMap.of(network, inputs, dt=dt)
    given = finite(starts, ("starts", "size of a state"), "starts")
    if given.shape[1] != step.size:
        raise WrongStart(f"starts of {given.shape[1]} numbers: a state of this network has {step.size}")
    with threadpool_limits(1, "blas"):  # matrices this small wait for their threads
        return points_from(step, given)


def points_from(step: StaticMap, starts: Float[np.ndarray, "starts size"]) -> FixedPoints:
    """What descents from these starts reach."""
    ends = _descended(step, starts)
    at_rest = np.isfinite(ends.states).all(axis=1) & ends.rests & step.holds(ends.states)
    still = at_rest & (ends.residuals <= ROUNDING * scales(ends.states))
    points, residuals, hits = _apart(ends.states[still], ends.residuals[still], ALIKE)
    alone = _isolated(step, points)
    held = np.concatenate([ends.states[at_rest & ~still], np.repeat(points[~alone], hits[~alone], axis=0)])
    speeds = np.concatenate([ends.residuals[at_rest & ~still], np.repeat(residuals[~alone], hits[~alone])])
    slow = _apart(held, speeds, _SLOW_ALIKE)
    each = _told_apart(step, points[alone], residuals[alone], hits[alone])
    return _without_ends(FixedPoints(step, *each, *slow, int((~at_rest).sum())))


def joined(one: FixedPoints, other: FixedPoints) -> FixedPoints:
    """What two searches of one map found together."""

    def both(name: str) -> np.ndarray:
        return np.concatenate([getattr(one, name), getattr(other, name)])

    points = _told_apart(one.step, *_apart(both("points"), both("residuals"), ALIKE, both("hits")))
    slow = _apart(both("slow"), both("speeds"), _SLOW_ALIKE, both("slow_hits"))
    return _without_ends(FixedPoints(one.step, *points, *slow, one.lost + other.lost))


def _descended(step: StaticMap, starts: np.ndarray) -> Ends:
    """Where the network waits, zeros are sought where it would be drawn to, and slow points where no zero is near."""
    if not step.waits:
        return descend(step, starts)
    drawn = descend(step.target, starts)
    there = np.isfinite(drawn.states).all(axis=1)
    states = np.where(there[:, None], drawn.states, starts)
    residuals = speeds(step, states)
    still = residuals <= ROUNDING * scales(states)
    slow = descend(step, states[~still], steps=_STEPS_OF_THE_SLOW)
    states[~still], residuals[~still], rests = slow.states, slow.residuals, still.copy()
    rests[~still] = slow.rests
    return Ends(states, residuals, rests)


def _isolated(step: StaticMap, points: np.ndarray) -> np.ndarray:
    """Where rounding of F moves the zero by little: not where the Jacobian of F(h) - h is singular, or nearly so.

    Nor where its determinant changes sign as near as rounding may move the zero: two zeros meet there, in a fold. With
    F(h) - h = c d^2 / 2 at a distance d of a double zero a residual of rounding r leaves d within 2 r / (c d).
    """
    if not len(points):
        return np.zeros(0, dtype=bool)
    matrices = slopes(step, points)
    blur = _blur(matrices)
    alone = blur <= _SETTLED
    near = np.flatnonzero(alone & (blur > ALIKE))
    if len(near):
        flattest = np.linalg.svd(matrices[near])[2][:, -1]
        way = (_FOLDED * blur[near] * scales(points[near]))[:, None] * flattest
        below, above = (np.linalg.slogdet(slopes(step, points[near] + side))[0] for side in (-way, way))
        alone[near] = below == above
    return alone


def _blur(matrices: np.ndarray) -> np.ndarray:
    """How far rounding may move a zero of such slopes, relative to the state."""
    with np.errstate(divide="ignore"):
        return np.asarray(ROUNDING / np.linalg.svd(matrices, compute_uv=False)[:, -1])


def _told_apart(
    step: StaticMap, points: np.ndarray, residuals: np.ndarray, hits: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Isolated points, one of those that rounding alone may have moved apart: next to a fold that is farther."""
    if len(points) < 2 or _gaps(points).min() > 2 * _SETTLED:
        return points, residuals, hits
    blur = _blur(slopes(step, points))
    reach = np.add.outer(blur, blur)[np.triu_indices(len(points), 1)]
    return _apart(points, residuals, np.maximum(reach, ALIKE), hits)


def _without_ends(found: FixedPoints) -> FixedPoints:
    """The ends of continua are moved to the slow points.

    At a kink, as of ReLU, the Jacobian is that of one side, and singular on the other. Continua are straight there: an
    end is where the way to one of the states that stand still is made of such states.
    """
    step = found.step.target if found.step.waits else found.step
    still = found.slow[found.speeds <= ROUNDING * scales(found.slow)]
    if not (len(found.points) and len(still)):
        return found
    gaps = np.linalg.norm(found.points[:, None] - still, axis=2)
    towards = still[np.argsort(gaps, axis=1)[:, :_NEIGHBOURS]] - found.points[:, None]
    way = found.points[:, None, None] + np.array(_ON_THE_WAY)[:, None] * towards[:, :, None]
    places = way.reshape(-1, way.shape[-1])
    stands = (speeds(step, places) <= ROUNDING * scales(places)).reshape(way.shape[:-1])
    ends = np.any(np.all(stands, axis=2), axis=1)
    if not ends.any():
        return found
    parts = (found.slow, found.points), (found.speeds, found.residuals), (found.slow_hits, found.hits)
    states, lengths, hits = (np.concatenate([slow, points[ends]]) for slow, points in parts)
    points = found.points[~ends], found.residuals[~ends], found.hits[~ends]
    return FixedPoints(found.step, *points, *_apart(states, lengths, _SLOW_ALIKE, hits), found.lost)


_NEIGHBOURS = 32
"""States of a continuum that a point may be an end of."""
_ON_THE_WAY = (0.5, 0.1, 0.01)
"""Shares of the way to them."""


class WrongStart(ValueError):
    """Starts of another size than a state of the network."""


_STEPS_OF_THE_SLOW = 100
"""Behind gates that are almost shut |F(h) - h| falls for ever: what does not come to rest soon is lost."""
_SETTLED = 1e-6
"""How far, relative to the state, rounding may move a fixed point."""
_FOLDED = 4
"""Times that distance: within it the Jacobian's determinant keeps its sign, or two zeros have met."""
_SLOW_ALIKE = 1e-3
"""Minima of the residual are found to the square root of how well their height is."""


def _apart(
    states: np.ndarray, residuals: np.ndarray, alike: float | np.ndarray, hits: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One state of each cluster, that of least residual; its residual; how many hits. The most frequent first.

    Nearer than `alike`, a number or one for each pair, two are in one cluster.
    """
    hits = np.ones(len(states), dtype=int) if hits is None else hits
    if len(states) < 2:
        return states, residuals, hits
    cluster = fcluster(linkage(_gaps(states) / alike, "single"), 1.0, "distance") - 1
    together = np.bincount(cluster, weights=hits).astype(int)
    best = np.array([np.flatnonzero(cluster == k)[np.argmin(residuals[cluster == k])] for k in range(len(together))])
    order = np.argsort(-together, kind="stable")
    return states[best[order]], residuals[best[order]], together[order]


def _gaps(states: np.ndarray) -> np.ndarray:
    """Distances of all pairs, relative to the states' length where that is above one."""
    scale = scales(states)[:, None]
    return np.asarray(pdist(np.hstack([states / scale, np.log(scale)])))
