"""The multiplier LMI at slopes between two bounds: the ellipsoid's matrix, from the middle of the slopes outwards.

With slopes m + theta r D, D in [-1, 1], m and r the middles and radii of their intervals, M(X, S) > 0 of
`regions/basin.py` is convex in (X, S). At theta = 0 it is Lyapunov's inequality at m. From there theta grows as far as
the analytic centre, the least -log det M + 2 log det X, allows, until it is one; then P = X^-1 and Q = S^-1 / 2 (of a
map (1 - c)^2 S^-1 / 2), in voltage form times (g - l)^2.
"""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.optimize

from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.claims.step_multiplier import StepMultiplier
from theory.contraction.exact_matrix import ExactMatrix, Number, rational, to_digits
from theory.contraction.network import LeakyMap, Matrix, Network, Vector
from theory.contraction.regions.activation import TANH, BoundsByWidth, SlopeBounds
from theory.contraction.regions.autonomous import AutonomousNetwork
from theory.contraction.regions.growth import OUTSIDE, LocalCondition
from theory.contraction.search.angles import cholesky
from theory.contraction.search.scaled_multiplier import rounded_metric

_ROUNDS, _STEPS = 40, 30
_OF_THE_WAY = 0.9
_PROGRESS = 1e-3
_HALVINGS = 5
_MULTIPLIER_BITS = 24


@dataclass(frozen=True, eq=False)
class IntervalCondition(LocalCondition):
    """M(X, S) > 0 at all slopes that are `share` of the way from the middle to the ends."""

    share: float

    @property
    def secants(self) -> BoundsByWidth:
        """The same whatever the widths."""
        network = self.system.network
        lowest = network.slopes_at(np.zeros(network.size))
        middle, radius = (network.slopes + lowest) / 2, self.share * (network.slopes - lowest) / 2
        still = np.zeros(network.size)
        return lambda width: SlopeBounds(middle - radius, middle + radius, still, still)


@dataclass(frozen=True)
class IntervalCentre:
    """X and the logarithms of S."""

    shape: Matrix
    logs: Vector


def interval_solution(asked: Network, rate: float) -> tuple[Matrix, Vector] | None:
    """P and the diagonal of Q at this rate; None where none is found.

    >>> from theory.contraction import VOLTAGE, SlopeRange, network
    >>> found = interval_solution(network(np.array([[0.0, -2.0], [2.0, 0.0]]), VOLTAGE, SlopeRange(0.5, 1.0)), 0.1)
    >>> found[0].shape
    (2, 2)
    """
    system = AutonomousNetwork(asked, TANH, np.zeros(asked.size))
    here, share = _start(system, rate), 0.0
    for _ in range(_ROUNDS):
        if here is None:
            break
        further = _furthest(system, rate, here, share)
        if further < 1 and further - share < _PROGRESS:
            break
        share = further if further == 1 else share + _OF_THE_WAY * (further - share)
        here = _centred(IntervalCondition(system, np.zeros(asked.size), rate, share), here)
        if share == 1:
            return _of_the_metric(asked, rate, here)
    return None


def _start(system: AutonomousNetwork, rate: float) -> IntervalCentre | None:
    """Of Lyapunov's equation at the middle of the slopes."""
    size = system.network.size
    jacobian = system.network.jacobian(np.full(size, 0.5))
    forcing = np.eye(size) + system.drive @ system.drive.T
    if system.discrete:
        factor, step = 1 - rate, np.eye(size) + jacobian
        if np.abs(np.linalg.eigvals(step)).max() >= factor:
            return None
        shape = scipy.linalg.solve_discrete_lyapunov(step / factor, forcing)
    else:
        faster = jacobian + rate * np.eye(size)
        if np.linalg.eigvals(faster).real.max() >= 0:
            return None
        shape = scipy.linalg.solve_continuous_lyapunov(faster, -forcing)
    return IntervalCentre((shape + shape.T) / 2, np.full(size, np.log(0.5)))


def _furthest(system: AutonomousNetwork, rate: float, here: IntervalCentre, share: float) -> float:
    """The largest share at which this point is inside, to a few digits."""

    def inside(trial: float) -> bool:
        condition = IntervalCondition(system, np.zeros(system.network.size), rate, trial)
        return condition.value(here.shape, here.logs) is not None

    if inside(1.0):
        return 1.0
    low, high = share, 1.0
    while high - low > _PROGRESS / 4:
        middle = (low + high) / 2
        low, high = (middle, high) if inside(middle) else (low, middle)
    return low


def _centred(condition: IntervalCondition, here: IntervalCentre) -> IntervalCentre:
    """Nearer to the analytic centre."""
    size, root = len(here.logs), np.linalg.cholesky(here.shape)

    def lowered(unknowns: Vector) -> tuple[float, Vector]:
        moved = root + root @ unknowns[size:].reshape(size, size)
        trial = moved @ moved.T
        value, own = condition.value(trial, here.logs + unknowns[:size]), cholesky(trial)
        if value is None or own is None:
            return OUTSIDE, np.zeros_like(unknowns)
        inverse = scipy.linalg.cho_solve((own, True), np.eye(size))
        height = -value.log_det + 4 * float(np.log(own.diagonal()).sum())
        return height, np.concatenate([-value.by_logs, (2 * root.T @ (2 * inverse - value.by_shape) @ moved).ravel()])

    found = scipy.optimize.minimize(
        lowered,
        np.zeros(size + size * size),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _STEPS, "maxcor": 30, "maxls": 40, "ftol": 1e-9},
    )
    moved = root + root @ found.x[size:].reshape(size, size)
    return IntervalCentre(moved @ moved.T, here.logs + found.x[:size])


def _of_the_metric(asked: Network, rate: float, found: IntervalCentre) -> tuple[Matrix, Vector]:
    """P and Q of X and S."""
    metric, multiplier = np.linalg.inv(found.shape), np.exp(-found.logs) / 2
    if asked.form.discrete:
        multiplier = (1 - rate) ** 2 * multiplier
    if not asked.form.slopes_multiply_rows:
        multiplier = multiplier * (asked.slopes - asked.slopes_at(np.zeros(asked.size))) ** 2
    scale = float(np.abs(metric).max())
    return (metric + metric.T) / (2 * scale), np.maximum(multiplier, 1e-9 * float(multiplier.max())) / scale


def prove_interval(asked: Network, rate: Number) -> Multiplier | StepMultiplier | None:
    """A claim at this rate, proved in rational arithmetic; None where that does not succeed."""
    exact_rate = rational(rate)
    found = interval_solution(asked, int(exact_rate.p) / int(exact_rate.q))
    if found is None:
        return None
    kind = StepMultiplier if isinstance(asked, LeakyMap) else Multiplier
    metric, multiplier = found
    claim = kind(
        exact_rate,
        ExactMatrix.of(rounded_metric(metric)),
        ExactMatrix.diagonal(to_digits(multiplier, bits=_MULTIPLIER_BITS).tolist()),
    )
    return claim if claim.holds(asked.exact) else None


def best_interval_rate(asked: Network) -> float | None:
    """About the best rate at which a solution is found; None where there is none at any positive one."""
    middle = np.linalg.eigvals(asked.jacobian(np.full(asked.size, 0.5)))
    fastest = 1 - float(np.abs(1 + middle).max()) if asked.form.discrete else -float(middle.real.max())
    low, high = fastest * 2.0**-10, fastest
    if fastest <= 0 or interval_solution(asked, low) is None:
        return None
    for _ in range(_HALVINGS):
        trial = (low + high) / 2
        low, high = (trial, high) if interval_solution(asked, trial) is not None else (low, trial)
    return low
