"""A search for fixed points that goes on, from what it has found, until their indices sum to one."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from simulate.cells.cell import Cell
from simulate.fixed_points.branches import follow_branches
from simulate.fixed_points.deflation import deflated
from simulate.fixed_points.following import Arrival
from simulate.fixed_points.unseen import Unseen, unseen
from simulate.measures.fixed_points.find import FixedPoints, find_fixed_points, joined, points_from

_STARTS = 128
"""Of each kind in a round."""
_FEW = 32
"""Where known points are divided out, if each was hit more than once: nothing is unseen, by that estimate."""
_ASIDE = 0.1
"""Noise of starts, in standard deviations of all points and starts: searches keep symmetries that their starts have."""
_STEPS_OF_BRANCHES = 2000


@dataclass(frozen=True)
class SearchRound:
    """How many points were new after a round, and the sum of all indices then."""

    new: int
    index_sum: int


@dataclass(frozen=True, eq=False)
class PointSearch:
    """All that was found, round by round; `unseen` is estimated from the first round, whose starts were given.

    `rounds` begin with that of the given starts. If none is missing the last index sum is one, where the map takes a
    ball into itself; the converse does not hold.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import Vanilla
    >>> from simulate.fixed_points import PointSearch, search_points
    >>> network = Vanilla(2.0 * jnp.eye(1), jnp.eye(1), jnp.zeros(1), jnp.eye(1), jnp.zeros(1))
    >>> search = search_points(network, [[1.0]])
    >>> isinstance(search, PointSearch), [each.index_sum for each in search.rounds]
    (True, [1, 0, 1, 1])
    """

    found: FixedPoints
    rounds: tuple[SearchRound, ...]
    unseen: Unseen | None

    @property
    def closed(self) -> bool:
        """Whether the indices sum to one."""
        return self.found.index_sum == 1


def search_points(
    network: Cell,
    starts: ArrayLike,
    inputs: ArrayLike | None = None,
    *,
    dt: float = 1.0,
    rounds: int = 8,
    seed: int = 0,
) -> PointSearch:
    """Fixed points of a network, sought from these starts and then from what was found.

    A round starts between pairs of known points, where other points lie between the basins of two; and at the ends of
    both branches of each known saddle's unstable manifold, if these are no known points. It is a whole round if it also
    starts where Newton's method goes from the given starts when known points are divided out (`deflated`), which takes
    longest: it is where the sum of indices is one, after a round that found nothing new, and after `rounds` others. The
    search ends with a whole round that finds nothing new and leaves the sum at one, or after `rounds` whole ones.

    Arguments:
        network: as of `find_fixed_points`.
        starts: of Newton's method, likewise.
        inputs: constant, likewise.
        dt: length of a step, likewise.
        rounds: whole ones and others, at most so many of each.
        seed: of the pairs and places that are drawn.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp, numpy as np
    >>> from simulate.cells import Vanilla
    >>> from simulate.fixed_points import search_points
    >>> network = Vanilla(2.0 * jnp.eye(2), jnp.eye(2), jnp.zeros(2), jnp.ones((1, 2)), jnp.ones(1))
    >>> search = search_points(network, [[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])
    >>> search.rounds[0].new, len(search.found.points), search.closed  # the four stable ones, then all
    (4, 9, True)

    Raises:
        ValueError: if `rounds` is negative; and what `find_fixed_points` raises.
    """
    if rounds < 0:
        raise ValueError(f"{rounds} rounds: allow none or more")
    with threadpool_limits(1, "blas"):  # matrices this small wait for their threads
        found = find_fixed_points(network, starts, inputs, dt=dt)
        return _gone_on(found, np.asarray(starts, dtype=np.float64), rounds, np.random.default_rng(seed))


def _gone_on(
    found: FixedPoints, given: Float[np.ndarray, "starts size"], rounds: int, random: np.random.Generator
) -> PointSearch:
    told = [SearchRound(len(found.points), found.index_sum)]
    estimate = unseen(found.hits) if len(found.points) else None
    whole_left = others_left = rounds
    while whole_left:
        whole = told[-1].index_sum == 1 or not told[-1].new or not others_left
        whole_left, others_left = whole_left - whole, others_left - (not whole)
        before = len(found.points)
        found = joined(found, points_from(found.step, _directed(found, given, random, whole=whole)))
        told.append(SearchRound(len(found.points) - before, found.index_sum))
        if whole and not told[-1].new and told[-1].index_sum == 1:
            break
    return PointSearch(found, tuple(told), estimate)


def _directed(
    found: FixedPoints, given: Float[np.ndarray, "starts size"], random: np.random.Generator, *, whole: bool
) -> Float[np.ndarray, "directed size"]:
    points = found.points
    ends = points if len(points) else given
    one, other = ends[random.integers(len(ends), size=(2, _STARTS))]
    between = one + random.uniform(0.2, 0.8, (_STARTS, 1)) * (other - one)
    aside = _ASIDE * np.concatenate([points, given]).std() * random.normal(size=(2, *between.shape))
    starts = [between + aside[0], _unknown_ends(found)]
    if whole:
        step = found.step.target if found.step.waits else found.step
        some = given[random.integers(len(given), size=_STARTS)] + aside[1]
        starts.append(deflated(step, points, some if (found.hits == 1).any() else some[:_FEW]))
    return np.concatenate(starts)


def _unknown_ends(found: FixedPoints) -> Float[np.ndarray, "ends size"]:
    """Where branches of saddles rest at no known point, or wander."""
    branches = follow_branches(found, steps=_STEPS_OF_BRANCHES)
    elsewhere = ~np.isin(branches.outcomes, [Arrival.known.value, Arrival.lost.value])
    ends = branches.ends[elsewhere]
    return ends[np.isfinite(ends).all(axis=1)]
