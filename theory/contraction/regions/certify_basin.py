"""The largest basin that is found around a stable fixed point, proved; and what is outside of every such basin."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import flint
import numpy as np
from jaxtyping import Float

from theory.contraction.candidates import attempted
from theory.contraction.exact_matrix import ExactMatrix, exact_vector, rational, short, to_digits
from theory.contraction.network import Matrix, Vector
from theory.contraction.regions.autonomous import AutonomousNetwork, States
from theory.contraction.regions.basin import Basin
from theory.contraction.regions.fixed_points import FixedPoint, refined
from theory.contraction.regions.growth import Ellipsoid, LocalCondition, first_shape, grown, multiplier_for
from theory.contraction.search.scaled_multiplier import rounded_metric
from theory.contraction.threads import one_blas_thread

SLOWEST = 2.0**-10
"""The rate that is asked for where any positive one will do, of the slowest leak."""
_RESOLUTION = 2e-3
_SHRINKINGS = (1.0, 1 - 1e-4, 0.999, 0.99, 0.95, 0.8, 0.5)
_MULTIPLIER_BITS = 24
_NEGLIGIBLE = 2.0**-20
"""What a point may lack to a fixed one, of the most that the proof allows."""
_WIDEST = 4.0
"""Ellipsoids are at most this much longer than the network's states are apart."""


class BasinOutcome(Enum):
    """How it ended; only the first is a proof.

    >>> BasinOutcome.UNSTABLE.sentence
    'states near the fixed point leave it'
    """

    CERTIFIED = "every trajectory that begins in the ellipsoid stays in it and tends to its one fixed point"
    UNSTABLE = "states near the fixed point leave it"
    SLOW = "states near the fixed point return more slowly than was asked"
    UNDECIDED = "no ellipsoid that was proposed was proved"

    @property
    def sentence(self) -> str:
        """In words."""
        return self.value


@dataclass(frozen=True)
class FoundBasin:
    """What was found around one fixed point: a proved basin, or why there is none."""

    system: AutonomousNetwork
    fixed_point: FixedPoint
    outcome: BasinOutcome
    basin: Basin | None

    @cached_property
    def shape(self) -> Matrix:
        """X, in floats."""
        assert self.basin is not None
        return self.basin.shape.approximate()

    @property
    def core(self) -> float:
        """The part of the ellipsoid's lengths within which any two states approach one another."""
        return 0.0 if self.basin is None else float(self.basin.core)

    @cached_property
    def semi_axes(self) -> Vector:
        """Half of the ellipsoid's axes, the shortest first: the radius of the largest ball inside."""
        return np.sqrt(np.linalg.eigvalsh(self.shape))

    @cached_property
    def cube(self) -> float:
        """Half the edge of a cube inside: a^2 y^T X^-1 y <= a^2 (sum of |X^-1|_ij) where all |y_i| <= 1."""
        return float(1 / np.sqrt(np.abs(np.linalg.inv(self.shape)).sum()))

    @cached_property
    def extent(self) -> Vector:
        """How far each neuron's state goes in the ellipsoid."""
        return np.sqrt(self.shape.diagonal())

    def drivers(self, count: int) -> list[int]:
        """The neurons whose secants of phi, times what carries them back into phi, vary most in the ellipsoid."""
        assert self.basin is not None
        radii = np.array([float(each.radius) for each in self.basin.secants])
        root = np.linalg.cholesky(self.shape)
        driving = np.linalg.norm(np.linalg.solve(root, self.system.drive), axis=0)
        reading = np.linalg.norm(self.system.read @ root, axis=1)
        return [int(i) for i in np.argsort(-(radii * driving * reading), kind="stable")[:count]]

    def lengths(self, states: States) -> Float[np.ndarray, " states"]:
        """How far states are from the point, in semi-axes: 1 on the surface."""
        root = np.linalg.cholesky(self.shape)
        return np.asarray(np.linalg.norm(np.linalg.solve(root, (states - self.fixed_point.state).T), axis=0))


def certify_basin(
    system: AutonomousNetwork, state: Vector, *, rate: float | None = None, reach: float | None = None
) -> FoundBasin:
    """A proved basin of the fixed point next to `state`: an ellipsoid as large as is found.

    In it the distance to the point, in the ellipsoid's own metric, falls at `rate` at least (of a map: by the factor 1
    - `rate` a step), any positive one if that is None. No semi-axis is longer than `reach`.

    Raises:
        NoFixedPoint: where Newton's method finds none from `state`.

    >>> from theory.contraction import DISCRETE, regions
    >>> switch = regions.autonomous.autonomous(np.array([[2.0]]), DISCRETE, regions.activation.TANH)
    >>> found = certify_basin(switch, np.array([1.0]))  # the basin of 0.9575 is all that is above zero
    >>> found.outcome.name, bool(0.95 < found.semi_axes[0] < found.fixed_point.state[0])
    ('CERTIFIED', True)
    """
    return _certify(system, refined(system, state), rate, reach)


@one_blas_thread
def _certify(system: AutonomousNetwork, point: FixedPoint, rate: float | None, reach: float | None) -> FoundBasin:
    slowest = float(system.leaks.min())
    asked = SLOWEST * slowest if rate is None else rate
    if not point.stable:
        return FoundBasin(system, point, BasinOutcome.UNSTABLE, None)
    condition = LocalCondition(system, point.state, asked)
    with np.errstate(all="ignore"):
        start = attempted(first_shape, condition)
        if start is None:
            return FoundBasin(system, point, BasinOutcome.SLOW, None)
        basin = attempted(_proved, condition, start, reach or _reach(system, point))
    outcome = BasinOutcome.UNDECIDED if basin is None else BasinOutcome.CERTIFIED
    return FoundBasin(system, point, outcome, basin)


def _reach(system: AutonomousNetwork, point: FixedPoint) -> float:
    """How long semi-axes may be: a few times the distance that the network moves from states around the point."""
    size = float(np.linalg.norm(point.state)) + np.sqrt(len(point.state)) * system.activation.typical
    return _WIDEST * size


def _proved(condition: LocalCondition, start: Ellipsoid, reach: float) -> Basin | None:
    """The ellipsoid grown, made as large as its shape allows, rounded, and proved."""
    found = _filled(condition, grown(condition, start, reach))
    core, core_multiplier = _core(condition, found)
    exact = Basin(
        point=exact_vector(condition.point.tolist()),
        shape=ExactMatrix.of(rounded_metric(found.matrix)),
        rate=rational(condition.rate),
        multiplier=_rounded(found.multiplier),
        secants=(),
        core=rational(short(core)),
        core_multiplier=_rounded(core_multiplier),
        slopes=(),
        residual=rational(short(condition.rate * core * _NEGLIGIBLE)),
    )
    for shrinking in _SHRINKINGS:
        smaller = exact.scaled(shrinking).with_bounds(condition.system.exact)
        if smaller.proved(condition.system.exact):
            return smaller
    return None


def _rounded(multiplier: Vector) -> tuple[flint.fmpq, ...]:
    return exact_vector(to_digits(multiplier, bits=_MULTIPLIER_BITS).tolist())


def _filled(condition: LocalCondition, found: Ellipsoid) -> Ellipsoid:
    """The same shape, as large as multipliers are found for."""

    def at(factor: float, start: Vector) -> Vector | None:
        return multiplier_for(condition, factor**2 * found.matrix, 1.0, condition.secants, factor**2 * start)

    factor, multiplier = _last(at, found.multiplier, 1.0, 2.0)
    return Ellipsoid(factor**2 * found.matrix, multiplier)


def _core(condition: LocalCondition, found: Ellipsoid) -> tuple[float, Vector]:
    """The largest part at which slopes of phi are allowed too, and its multipliers."""

    def at(part: float, start: Vector) -> Vector | None:
        return multiplier_for(condition, found.matrix, part, condition.slopes, start)

    whole = at(1.0, found.multiplier)
    if whole is not None:
        return 1.0, whole
    part, start = 0.5, None
    while start is None:
        part /= 2
        start = at(part, found.multiplier)
        if part < _NEGLIGIBLE:
            raise ArithmeticError("no part of the ellipsoid contracts")
    return _last(at, start, part, 1.0)


def _last(at: Callable[[float, Vector], Vector | None], start: Vector, low: float, high: float) -> tuple[float, Vector]:
    """The last number from `low`, where `start` serves, at which multipliers are found, and those."""
    multiplier = start
    while high - low > _RESOLUTION * low:
        middle = (low + high) / 2
        trial = at(middle, multiplier)
        if trial is None:
            high = middle
        else:
            low, multiplier = middle, trial
    return low, multiplier
