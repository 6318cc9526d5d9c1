"""That a network does not contract under its constant input: from fixed points that were found, a proof.

Two basins of attraction say most, and are dear: an ellipsoid each, as large as is found. Two fixed points that lie
apart take one product of matrices each. One that is unstable is left where a network oscillates.
"""

import numpy as np

from theory.contraction.candidates import attempted
from theory.contraction.exact_matrix import exact_vector, to_digits
from theory.contraction.regions.autonomous import AutonomousNetwork
from theory.contraction.regions.basin import Basin
from theory.contraction.regions.certify_basin import certify_basin
from theory.contraction.regions.fixed_cube import fixed_cube
from theory.contraction.regions.fixed_points import FixedPoint, fixed_points, starts
from theory.contraction.regions.two_basins import TwoBasins
from theory.contraction.regions.two_points import TwoPoints
from theory.contraction.regions.unstable_point import UnstablePoint, unstable_point

Refutation = TwoBasins | TwoPoints | UnstablePoint
"""A claim that the network does not contract."""
BASINS_UP_TO = 16
"""Neurons up to which basins are sought: each takes 2 seconds there, and 14 of 64 neurons."""
_STARTS = 24
_SMALLER = (1.0, 0.5, 0.1, 0.01)
_UNSTABLE = 3
"""Unstable fixed points that are tried."""


def refuting_points(system: AutonomousNetwork, *, seed: int = 0) -> tuple[list[FixedPoint], list[FixedPoint]]:
    """Fixed points from which a proof may come: the two stable ones farthest apart, the most unstable ones."""
    found = fixed_points(system, starts(system, _STARTS, seed))
    unstable = sorted((point for point in found if point.excess > 0), key=lambda point: -point.excess)
    return _farthest([point for point in found if point.stable]), unstable[:_UNSTABLE]


def refutation(system: AutonomousNetwork, *, seed: int = 0) -> Refutation | None:
    """A proof that the network does not contract; None where none is found.

    >>> from theory.contraction import DISCRETE, regions
    >>> for weight in (2.0, -2.0, 0.5):
    ...     one = regions.autonomous.autonomous(np.array([[weight]]), DISCRETE, regions.activation.TANH)
    ...     print(weight, type(refutation(one)).__name__)
    2.0 TwoBasins
    -2.0 UnstablePoint
    0.5 NoneType
    """
    stable, unstable = refuting_points(system, seed=seed)
    claim: Refutation | None = None
    if stable:
        first, second = stable
        claim = _two_basins(system, first, second) if system.network.size <= BASINS_UP_TO else None
        claim = claim or _two_points(system, first, second)
    for point in unstable if claim is None else ():
        claim = claim or attempted(unstable_point, system, point.state)
    return claim


def _farthest(points: list[FixedPoint]) -> list[FixedPoint]:
    """The two that are the most distant; none where there are fewer."""
    if len(points) < 2:
        return []
    states = np.array([point.state for point in points])
    distances = np.linalg.norm(states[:, None] - states[None], axis=2)
    first, second = np.unravel_index(int(distances.argmax()), distances.shape)
    return [points[first], points[second]]


def _two_points(system: AutonomousNetwork, first: FixedPoint, second: FixedPoint) -> TwoPoints | None:
    cubes = [cube for point in (first, second) if (cube := attempted(fixed_cube, system, point.state)) is not None]
    return TwoPoints((cubes[0], cubes[1])) if len(cubes) == 2 and cubes[0].apart(cubes[1]) else None


def _two_basins(system: AutonomousNetwork, first: FixedPoint, second: FixedPoint) -> TwoBasins | None:
    found = [attempted(certify_basin, system, point.state) for point in (first, second)]
    proved = [each.basin for each in found if each is not None and each.basin is not None]
    return _apart(system, proved[0], proved[1]) if len(proved) == 2 else None


def _apart(system: AutonomousNetwork, first: Basin, second: Basin) -> TwoBasins | None:
    """The claim, the basins made smaller where their ellipsoids are too near to one another."""
    between = np.array([float(p - q) for p, q in zip(first.point, second.point, strict=True)])
    shapes = first.shape.approximate() + second.shape.approximate()
    direction = exact_vector(to_digits(np.linalg.solve(shapes, between), bits=20).tolist())
    exact = system.exact
    for factor in _SMALLER:
        basins = [basin if factor == 1 else basin.scaled(factor).with_bounds(exact) for basin in (first, second)]
        claim = TwoBasins((basins[0], basins[1]), direction)
        if claim.proved(exact):
            return claim
    return None
