"""The other side of a certified basin: the nearest state that is found not to come into it.

A search in floating point, which proves nothing: it says how much larger the ellipsoid could be, if all that does not
come in for a long time never does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from theory.contraction.network import Matrix, Vector
from theory.contraction.regions.autonomous import AutonomousNetwork, States
from theory.contraction.regions.certify_basin import FoundBasin
from theory.contraction.regions.fixed_points import FixedPoint, stride_of

_LENGTHS = np.geomspace(1.0, 16.0, 25)
"""Of the ellipsoid's semi-axes: where states are tried along a ray."""
_RANDOM = 32
_ROUNDS, _TRIALS = 24, 48
_NEARER = 0.96
_STEPS, _MOST_STEPS = 400, 20_000
"""Steps that the quickest neurons are followed, more where others are slower; and the most."""


@dataclass(frozen=True)
class Outside:
    """A state that does not come into the ellipsoid, and how many of its semi-axes it is from the point."""

    state: Vector
    length: float


def nearest_outside(found: FoundBasin, others: Sequence[FixedPoint], *, seed: int = 0) -> Outside | None:
    """The nearest one found: other fixed points, then along rays to them, axes and directions at random, then around.

    None where all states that were tried come into the ellipsoid.

    >>> from theory.contraction import DISCRETE, regions
    >>> switch = regions.autonomous.autonomous(np.array([[2.0]]), DISCRETE, regions.activation.TANH)
    >>> found = regions.certify_basin.certify_basin(switch, np.array([1.0]))
    >>> outside = nearest_outside(found, [])
    >>> 1 < outside.length < 1.1, outside.state.round(1).tolist()  # zero does not tend to 0.9575
    (True, [-0.0])
    """
    rng = np.random.default_rng(seed)
    root, point = np.linalg.cholesky(found.shape), found.fixed_point.state
    away = [other.state for other in others if found.lengths(other.state[None])[0] > 1]
    best = min(
        (Outside(state, float(found.lengths(state[None])[0])) for state in away),
        key=lambda outside: outside.length,
        default=None,
    )
    axes = np.eye(len(point))
    to_others = [np.linalg.solve(root, state - point) for state in away]
    rays = np.vstack([*axes[:_RANDOM], *-axes[:_RANDOM], *to_others, rng.normal(size=(_RANDOM, len(point)))])
    rays = rays / np.linalg.norm(rays, axis=1)[:, None]
    best = _nearer(best, _first_along(found, root, rays))
    if best is None:
        return None
    spread = 0.3
    for _ in range(_ROUNDS):
        ray = np.linalg.solve(root, best.state - point)
        tried = ray + spread * np.linalg.norm(ray) / np.sqrt(len(ray)) * rng.normal(size=(_TRIALS, len(ray)))
        tried *= _NEARER * best.length / np.linalg.norm(tried, axis=1)[:, None]
        states = point + tried @ root.T
        outside = ~comes_in(found, states)
        if outside.any():
            best = Outside(states[int(outside.argmax())], _NEARER * best.length)
        else:
            spread /= 2
    return best


def _nearer(one: Outside | None, other: Outside | None) -> Outside | None:
    known = [each for each in (one, other) if each is not None]
    return min(known, key=lambda each: each.length, default=None)


def _first_along(found: FoundBasin, root: Matrix, rays: States) -> Outside | None:
    """The nearest state on these rays that does not come in."""
    point = found.fixed_point.state
    for length in _LENGTHS:
        states = point + length * rays @ root.T
        outside = ~comes_in(found, states)
        if outside.any():
            return Outside(states[int(outside.argmax())], float(length))
    return None


def steps_of(system: AutonomousNetwork, steps: int = _STEPS) -> int:
    """So many steps of the slowest neuron, of a map or in a flow's short ones."""
    quickest = 1.0 if system.discrete else float(system.leaks.max())
    return int(min(steps * quickest / float(system.leaks.min()), max(steps, _MOST_STEPS)))


def comes_in(found: FoundBasin, states: States, steps: int = _STEPS) -> Bool[np.ndarray, " states"]:
    """Whether trajectories from these states come into the ellipsoid in `steps_of` the system."""
    system, stride = found.system, stride_of(found.system)
    inside = np.asarray(found.lengths(states) < 1)
    moving, where = states, np.arange(len(states))
    for _ in range(steps_of(system, steps)):
        moving, where = moving[~inside[where]], where[~inside[where]]
        if not len(where):
            break
        moved = system.moved(moving)
        moving = moved if system.discrete else moving + stride * moved
        inside[where] = found.lengths(moving) < 1
    return inside
