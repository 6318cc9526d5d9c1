"""Where states go: the map of a network is iterated from each of many until it rests, or does something else."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike

from simulate.measures.fixed_points.descent import ROUNDING, iterated, scales
from simulate.measures.fixed_points.find import FixedPoints
from simulate.measures.samples import WrongShape, finite
from simulate.outcome import Outcome

NEAR = 1e-6
"""A state as near to a stable point, relative to the larger of one and its length, has arrived at it."""
OF_THE_WAY = 1e-3
"""And no farther than so much of the distance to the nearest other point."""
TOGETHER = 60
"""Steps between two looks: a cycle whose period divides it is seen to return."""
_AT_ONCE = 128
"""States that are followed together."""
_FAR = 1e100
"""No state of this length comes back in numbers that have squares."""
_RETURNED = 1e-9
"""How near, relative to its length, a state on a cycle comes to itself, while each step is longer than `NEAR`."""


class Arrival(Outcome):
    """How a trajectory ended.

    >>> from simulate.fixed_points import Arrival
    >>> Arrival(2).name, Arrival.cycle.sentence
    ('cycle', 'goes round a cycle, and comes to no fixed point')
    """

    known = 0, "came to rest at a point that was given"
    unknown = 1, "came to rest where no point was given: search again from there"
    cycle = 2, "goes round a cycle, and comes to no fixed point"
    unsettled = 3, "moves after all steps: allow more of them; on a long or quasi-periodic orbit none are enough"
    lost = 4, "left all bounds"


@dataclass(frozen=True, eq=False)
class Followed:
    """Where trajectories ended, one from each start.

    `outcomes` are numbers of `Arrival`; `nodes` says at which point a trajectory rests, -1 where at none of those
    given; `ends` are its last states.
    """

    ends: Float[np.ndarray, "starts size"]
    nodes: Int[np.ndarray, " starts"]
    outcomes: Int[np.ndarray, " starts"]


def follow(found: FixedPoints, starts: ArrayLike, *, steps: int = 20_000) -> Followed:
    """Iterate the map from each start, in double precision, until it rests, returns, or has made all steps.

    A trajectory has arrived at a stable point once it is within 1e-6 of it (relative to the larger of one and its
    length) and within a thousandth of the distance to the nearest other point; at any point where its step is rounding.
    It is on a cycle if it returns to itself within 60 steps. A cell of continuous time is followed by its Euler map, of
    the step that the points were found with: small steps follow the flow.

    Arguments:
        found: the points, and the map that has them.
        starts: starts x size of a state.
        steps: of the map, at most; rounded up to whole looks of 60.

    Raises:
        WrongShape, NotFinite: if starts are of another size than states, or not finite.
        ValueError: if `steps` is not positive.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import Vanilla
    >>> from simulate.measures import find_fixed_points
    >>> from simulate.fixed_points import follow
    >>> wells = Vanilla(2.0 * jnp.eye(1), jnp.eye(1), jnp.zeros(1), jnp.eye(1), jnp.zeros(1))
    >>> found = find_fixed_points(wells, [[-1.0], [0.1], [1.0]])
    >>> ends = follow(found, [[-0.01], [0.3]])
    >>> found.points[ends.nodes].round(3).tolist(), ends.outcomes.tolist()
    ([[-0.958], [0.958]], [0, 0])
    """
    if steps < 1:
        raise ValueError(f"{steps} steps: allow one or more")
    given = finite(starts, ("starts", "size of a state"), "starts")
    if given.shape[1] != found.points.shape[1]:
        raise WrongShape(f"starts of {given.shape[1]} numbers: a state of this network has {found.points.shape[1]}")
    places = _Places.of(found)
    ends, nodes = np.array(given), np.full(len(given), -1)
    outcomes, looks = np.full(len(given), Arrival.unsettled.value), np.zeros(len(given), dtype=int)
    most, moving = -(-steps // TOGETHER), np.ones(len(given), dtype=bool)
    while (these := np.flatnonzero(moving)[:_AT_ONCE]).size:
        before = ends[these]
        ahead, ends[these] = iterated(found.step, before, steps=TOGETHER)
        looks[these] += 1
        nodes[these], outcomes[these] = places.judged(before, ahead, ends[these])
        moving[these] = (outcomes[these] == Arrival.unsettled) & (looks[these] < most)
    return Followed(ends, nodes, outcomes)


@dataclass(frozen=True, eq=False)
class _Places:
    points: Float[np.ndarray, "points size"]
    stable: Bool[np.ndarray, " points"]
    radius: Float[np.ndarray, " points"]

    @staticmethod
    def of(found: FixedPoints) -> "_Places":
        stable = found.unstable_dimensions == 0
        return _Places(found.points, stable, np.minimum(NEAR * scales(found.points), OF_THE_WAY * apart(found.points)))

    def judged(self, before: np.ndarray, ahead: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The point where each rests, and its outcome, from the states of a look ago, of a step ago and of now."""
        with np.errstate(over="ignore", invalid="ignore"):
            scale = scales(after)
            moved, returned = (np.linalg.norm(after - each, axis=1) / scale for each in (ahead, before))
        nodes, outcomes = np.full(len(after), -1), np.full(len(after), Arrival.unsettled.value)
        outcomes[(returned <= _RETURNED) & (moved > NEAR)] = Arrival.cycle
        rests = moved <= ROUNDING
        outcomes[rests] = Arrival.unknown
        if len(self.points):
            with np.errstate(over="ignore", invalid="ignore"):
                gaps = np.linalg.norm(after[:, None] - self.points, axis=2)
            nearest = np.where(np.isfinite(gaps), gaps, np.inf).argmin(axis=1)
            gap = gaps[np.arange(len(after)), nearest]
            here = (gap <= self.radius[nearest]) & (rests | self.stable[nearest])
            nodes[here], outcomes[here] = nearest[here], Arrival.known
        outcomes[~(scale < _FAR)] = Arrival.lost
        return nodes, outcomes


def apart(points: Float[np.ndarray, "points size"]) -> Float[np.ndarray, " points"]:
    """How far the nearest other point is from each; of a point alone its length, or one."""
    if len(points) < 2:
        return scales(points)
    gaps = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(gaps, np.inf)
    return np.asarray(gaps.min(axis=1))
