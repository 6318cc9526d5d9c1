"""Curves along which a network nearly stands still: line and ring attractors, walked instead of sampled."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from simulate.measures.fixed_points.descent import scales
from simulate.measures.fixed_points.find import FixedPoints

_STRIDE = 0.02
"""Of the walk, relative to the larger of one and the state's length."""
_MOST = 500
"""Strides of a walk to each side."""
_FEWEST = 10
"""Strides; what is shorter is a point with a weak direction."""
_CORRECTIONS = 8
_SETTLED = 1e-9


@dataclass(frozen=True, eq=False)
class Continuum:
    """A curve of states that hardly move, where the map hardly pulls along the curve and pulls back from beside it.

    `states` are places along it, in order, and `speeds` how far one step moves each. `dimension` is how many directions
    are as flat: one on a line or a ring, and where there are more the curve is one of many. `closed`: it comes back to
    where it began. `whole`: no side of the walk was given up for its length. `points` and `slow` are the numbers of the
    fixed points and the slow points that lie on it.

    >>> import numpy as np
    >>> from simulate.fixed_points import Continuum
    >>> line = Continuum(np.array([[0.0], [1.0]]), np.array([0.0, 1e-3]), 1, False, True, np.arange(0), np.arange(0))
    >>> line.length, line.slowest, line.fastest
    (1.0, 0.0, 0.001)
    """

    states: Float[np.ndarray, "places size"]
    speeds: Float[np.ndarray, " places"]
    dimension: int
    closed: bool
    whole: bool
    points: Int[np.ndarray, " on_it"]
    slow: Int[np.ndarray, " slow_on_it"]

    @property
    def length(self) -> float:
        """Of the curve, in units of states."""
        around = np.vstack([self.states, self.states[:1]]) if self.closed else self.states
        return float(np.linalg.norm(np.diff(around, axis=0), axis=1).sum())

    @property
    def slowest(self) -> float:
        """The least that one step moves a state on it."""
        return float(self.speeds.min())

    @property
    def fastest(self) -> float:
        """The most."""
        return float(self.speeds.max())


def walk_continua(
    found: FixedPoints, *, flat: float = 0.03, speed: float = 0.01, most: int = 8
) -> tuple[Continuum, ...]:
    """Walk along each curve of nearly still states that a search has come upon, from its slow points and its points.

    A direction is flat where a singular value of F' - 1 is at most `flat`, so that a step takes back less than that
    share of a displacement, and at most `flat` times the largest: where all are small the network itself is slow. From
    a slow state with a flat direction a stride goes along it; then Newton's method in all other directions brings the
    state back to where none of them pulls. A walk ends where the direction is flat no more, where a step would move the
    state by more than `speed` (relative to the larger of one and its length), where no trial leads
    (`Cell.largest_state`), or where it comes back to its begin. Curves shorter than ten strides of 0.02 are none.
    Behind shut gates every state stands still, and each that was met would be on a curve of its own: the walk ends with
    `most` curves, those of the slowest states.

    Arguments:
        found: what a search found; see `find_fixed_points`.
        flat: the largest singular value of a flat direction, also relative to the largest of all.
        speed: the fastest that a state of a continuum moves.
        most: curves, at most.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import Vanilla
    >>> from simulate.measures import find_fixed_points
    >>> from simulate.fixed_points import walk_continua
    >>> W = jnp.diag(jnp.array([1.0, 0.5]))  # the first unit, h <- tanh(h), hardly moves near zero
    >>> network = Vanilla(W, jnp.eye(2), jnp.zeros(2), jnp.eye(2), jnp.zeros(2))
    >>> (line,) = walk_continua(find_fixed_points(network, [[0.1, 0.1], [-0.1, 0.2]]))
    >>> line.dimension, 0.2 < line.length < 0.28, line.fastest < 1e-3  # flat while h^2 is at most 0.03 / 2
    (1, True, True)

    Raises:
        ValueError: if `flat`, `speed` or `most` is not positive.
    """
    if not (flat > 0 and speed > 0 and most > 0):
        raise ValueError(f"flat {flat}, speed {speed} and most {most}: give positive numbers")
    seeds = np.concatenate([found.slow[np.argsort(found.speeds)], found.points])
    values = found.singular_values_at(seeds)
    seeds = seeds[values[:, -1] <= 2 * _flattest(values[:, 0], flat)]  # the walk looks again
    walked: list[Continuum] = []
    for seed in seeds:
        if len(walked) == most:
            break
        if not any(_near(seed[None], each.states)[0] for each in walked):
            continuum = _Walk(found, flat, speed).from_seed(seed)
            walked += [] if continuum is None else [continuum]
    return tuple(walked)


def _flattest(steepest: Float[np.ndarray, "..."], flat: float) -> Float[np.ndarray, "..."]:
    """The largest singular value of a flat direction, where the largest of all is this.

    That of the largest alone would call a direction flat in which a strongly driven network comes back in a few steps.
    """
    return np.asarray(flat * np.minimum(steepest, 1.0))


def _near(states: np.ndarray, curve: np.ndarray) -> np.ndarray:
    gaps = np.linalg.norm(states[:, None] - curve, axis=2).min(axis=1) if len(states) else np.zeros(0)
    return np.asarray(gaps <= _STRIDE * scales(states))


@dataclass(frozen=True)
class _Place:
    state: np.ndarray
    speed: float
    flat: np.ndarray
    """Directions that are flat, in columns."""


@dataclass(frozen=True)
class _Walk:
    found: FixedPoints
    flat: float
    speed: float

    def from_seed(self, seed: np.ndarray) -> Continuum | None:
        begin = self._settled(seed, None)
        if begin is None:
            return None
        tangent, dimension = begin.flat[:, -1], begin.flat.shape[1]
        ahead, closed, whole = self._one_side(begin, tangent)
        behind: list[_Place] = []
        if not closed:
            behind, _, back = self._one_side(begin, -tangent)
            whole = whole and back
        places = [*reversed(behind), begin, *ahead]
        if len(places) <= _FEWEST:
            return None
        states, speeds = np.array([each.state for each in places]), np.array([each.speed for each in places])
        points, slow = (np.flatnonzero(_near(each, states)) for each in (self.found.points, self.found.slow))
        return Continuum(states, speeds, dimension, closed, whole, points, slow)

    def _one_side(self, begin: _Place, tangent: np.ndarray) -> tuple[list[_Place], bool, bool]:
        """Places after the first; whether they lead back to it; whether they come to an end."""
        places, now = [begin], begin
        for _ in range(_MOST):
            stride = _STRIDE * max(1.0, float(np.linalg.norm(now.state)))
            after = self._settled(now.state + stride * tangent, begin.flat.shape[1])
            if after is None or np.linalg.norm(after.state - now.state) > 2 * stride:
                return places[1:], False, True
            along = after.flat @ (after.flat.T @ (after.state - now.state))
            if not np.linalg.norm(along) > 0.1 * stride:
                return places[1:], False, True
            if len(places) > _FEWEST and np.linalg.norm(after.state - begin.state) < 0.75 * stride:
                return places[1:], True, True
            tangent, now = along / np.linalg.norm(along), after
            places.append(now)
        return places[1:], False, False

    def _settled(self, state: np.ndarray, dimension: int | None) -> _Place | None:
        """Where no direction but the flat ones pulls; None where that is nowhere near, not flat, or fast."""
        for _ in range(_CORRECTIONS):
            pull = self.found.pull_at(state)
            if pull is None:
                return None
            flattest = float(_flattest(np.asarray(pull.steepest), self.flat))
            count = int((pull.values <= flattest).sum()) if dimension is None else dimension
            steep = len(pull.values) - count
            if not count or pull.values[steep] > flattest:
                return None
            if pull.besides is not None and pull.besides <= flattest:  # it is flat all around
                return None
            back = pull.back(steep)
            state = state + back
            if np.linalg.norm(back) <= _SETTLED * max(1.0, float(np.linalg.norm(state))):
                break
        assert pull is not None
        moved = float(np.linalg.norm(pull.residual))
        if moved > self.speed * max(1.0, float(np.linalg.norm(state))) or not self.found.step.holds(state):
            return None
        return _Place(state, moved, pull.right[:, steep:])
