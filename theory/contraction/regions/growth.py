"""The ellipsoid of a basin is sought: a barrier method over its shape and the multipliers, in floating point.

The condition of `basin.ellipsoid_blocks` is M(X, S) > 0, at secants of phi that depend on X through the widths t_i =
sqrt(c_i^T X c_i), c_i a row of C. What is lowered is

    -log det M - log det (reach^2 I - X) + w log tr X^-1:

the first term alone makes ellipsoids large, as M is of degree one in (X, S) but for the secants; the last one lengthens
short semi-axes; and none is longer than `reach`. With G = M^-1 all derivatives are products of n x n matrices. L-BFGS
(Liu & Nocedal, Math. Program. 45, 1989) moves K in X = K K^T, from where it stands, K = K_0 (I + E).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.linalg
import scipy.optimize
from jaxtyping import Float

from theory.contraction.network import Matrix, Vector
from theory.contraction.regions.activation import BoundsByWidth, SlopeBounds
from theory.contraction.regions.autonomous import AutonomousNetwork
from theory.contraction.regions.basin import ellipsoid_blocks
from theory.contraction.search.angles import cholesky

_WEIGHTS = (0.0, 0.0, 0.0, 4.0, 16.0, 64.0)
"""w over the number of neurons, round by round."""
_STEPS, _MEMORY = 60, 30
"""Of L-BFGS, a round."""
_SMALLER = 0.25
_SMALLEST = 1e-24
OUTSIDE = 1e10
"""What the line search sees where M is not positive definite; from a larger value it would not find back."""
_LIFTS, _FIRST_LIFT, _HIGHEST = 40, 1e-3, 1e6
_NEWTON_STEPS, _QUADRATIC, _SETTLED = 30, 0.25, 0.1
"""Steps at most; they are damped above the second decrement, and end below the third."""


Whole = Float[np.ndarray, "rows rows"]
"""A matrix of two rows a neuron."""


@dataclass(frozen=True)
class Ellipsoid:
    """X and the multipliers, strictly inside."""

    matrix: Matrix
    multiplier: Vector


@dataclass(frozen=True)
class _Value:
    """log det M, and its derivatives by X and by log S."""

    log_det: float
    by_shape: Matrix
    by_logs: Vector


@dataclass(frozen=True, eq=False)
class LocalCondition:
    """M(X, S) > 0 about one point of a network, at one rate."""

    system: AutonomousNetwork
    point: Vector
    rate: float

    @cached_property
    def arguments(self) -> Vector:
        """What phi sees at the point."""
        return np.asarray(self.system.arguments(self.point[None])[0])

    @cached_property
    def secants(self) -> BoundsByWidth:
        """Bounds of phi's secants about the point."""
        return self.system.activation.secants_about(self.arguments)

    @cached_property
    def slopes(self) -> BoundsByWidth:
        """Bounds of phi's slopes around the point."""
        return self.system.activation.slopes_about(self.arguments)

    def widths(self, shape: Matrix) -> Vector:
        """How far the arguments go in the ellipsoid."""
        read = self.system.read
        return np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", read, shape, read), 1e-60))

    def matrix(self, shape: Matrix, multiplier: Vector, bounds: SlopeBounds) -> Whole:
        """M."""
        system = self.system
        top, corner, bottom = ellipsoid_blocks(
            self._middle(bounds),
            system.drive,
            bounds.radius[:, None] * system.read,
            shape=shape,
            multiplier=np.diag(multiplier),
            rate=self.rate,
            discrete=system.discrete,
        )
        return np.block([[top, corner], [corner.T, bottom]])

    def _middle(self, bounds: SlopeBounds) -> Matrix:
        return np.diag(self.system.still) + self.system.drive @ (bounds.middle[:, None] * self.system.read)

    def value(self, shape: Matrix, logs: Vector) -> _Value | None:
        """log det M and its derivatives; None outside."""
        system, size, widths = self.system, len(shape), self.widths(shape)
        bounds, multiplier = self.secants(widths), np.exp(logs)
        factor = cholesky(self.matrix(shape, multiplier, bounds))
        if factor is None:
            return None
        inverse = scipy.linalg.cho_solve((factor, True), np.eye(2 * size))
        top, corner, bottom = inverse[:size, :size], inverse[:size, size:], inverse[size:, size:]
        middle, read = self._middle(bounds), bounds.radius[:, None] * system.read
        by_multiplier = bottom.diagonal() - np.einsum("ji,jk,ki->i", system.drive, top, system.drive)
        if system.discrete:
            both = np.hstack([middle.T, read.T])
            by_shape = (1 - self.rate) ** 2 * top - both @ inverse @ both.T
            by_middle = -2 * (top @ middle + corner @ read) @ shape
            by_read = -2 * (corner.T @ middle + bottom @ read) @ shape
        else:
            moving = top @ middle + corner @ read
            by_shape = -(moving + moving.T) - 2 * self.rate * top
            by_middle, by_read = -2 * top @ shape, -2 * corner.T @ shape
        by_widths = (
            np.einsum("ji,jk,ik->i", system.drive, by_middle, system.read) * bounds.middle_rise
            + (by_read * system.read).sum(axis=1) * bounds.radius_rise
        )
        by_shape = by_shape + (system.read.T * (by_widths / (2 * widths))) @ system.read
        return _Value(2 * float(np.log(factor.diagonal()).sum()), by_shape, by_multiplier * multiplier)


def first_shape(condition: LocalCondition) -> Ellipsoid | None:
    """A small ellipsoid inside: that of a Lyapunov equation at the point's own slopes; None where it is not stable."""
    system, size = condition.system, len(condition.point)
    jacobian = system.jacobian(condition.point)
    forcing = np.eye(size) + system.drive @ system.drive.T
    if system.discrete:
        factor = 1 - condition.rate
        if np.abs(np.linalg.eigvals(jacobian)).max() >= factor:
            return None
        shape = scipy.linalg.solve_discrete_lyapunov(jacobian / factor, forcing)
    else:
        faster = jacobian + condition.rate * np.eye(size)
        if np.linalg.eigvals(faster).real.max() >= 0:
            return None
        shape = scipy.linalg.solve_continuous_lyapunov(faster, -forcing)
    shape = (shape + shape.T) / 2
    scale = 1.0
    while scale > _SMALLEST:
        multiplier = np.full(size, scale / 2)
        if condition.value(scale * shape, np.log(multiplier)) is not None:
            return Ellipsoid(scale * shape, multiplier)
        scale *= _SMALLER
    return None


def grown(condition: LocalCondition, start: Ellipsoid, reach: float) -> Ellipsoid:
    """A large ellipsoid inside, with no semi-axis longer than `reach`."""
    size = len(start.multiplier)
    largest = float(np.linalg.eigvalsh(start.matrix)[-1])
    scale = min(1.0, 0.5 * reach**2 / largest)
    shape, logs = scale * start.matrix, np.log(scale * start.multiplier)
    for weight in _WEIGHTS:
        root, begun = np.linalg.cholesky(shape), logs

        def lowered(
            unknowns: Vector, weight: float = weight, root: Matrix = root, begun: Vector = begun
        ) -> tuple[float, Vector]:
            moved = root + root @ unknowns[size:].reshape(size, size)
            trial = moved @ moved.T
            value = condition.value(trial, begun + unknowns[:size])
            cap, own = cholesky(reach**2 * np.eye(size) - trial), cholesky(trial)
            if value is None or cap is None or own is None:
                return OUTSIDE, np.zeros_like(unknowns)
            cap_inverse = scipy.linalg.cho_solve((cap, True), np.eye(size))
            inverse = scipy.linalg.cho_solve((own, True), np.eye(size))
            trace = float(inverse.trace())
            height = -value.log_det - 2 * float(np.log(cap.diagonal()).sum()) + weight * size * np.log(trace)
            slope = -value.by_shape + cap_inverse - weight * size / trace * inverse @ inverse
            return height, np.concatenate([-value.by_logs, (2 * root.T @ slope @ moved).ravel()])

        found = scipy.optimize.minimize(
            lowered,
            np.zeros(size + size * size),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": _STEPS, "maxcor": _MEMORY, "maxls": 40, "ftol": 1e-9, "gtol": 1e-9},
        )
        moved = root + root @ found.x[size:].reshape(size, size)
        shape, logs = moved @ moved.T, begun + found.x[:size]
    return Ellipsoid(shape, np.exp(logs))


def multiplier_for(
    condition: LocalCondition, shape: Matrix, part: float, ranges: BoundsByWidth, start: Vector
) -> Vector | None:
    """Multipliers for this part of the ellipsoid's lengths, at these ranges; None where none is found from `start`.

    M is affine in S: log det (M + t I) is raised while t is brought down to zero, from where the start is inside.
    """
    bounds = ranges(part * condition.widths(shape))
    return _centred(_Affine.of(condition, shape, bounds), start)


@dataclass(frozen=True)
class _Affine:
    """M as a function of S alone, in coordinates where X = I: S is added below, and B S B^T subtracted above."""

    constant: Whole
    drive: Matrix

    @classmethod
    def of(cls, condition: LocalCondition, shape: Matrix, bounds: SlopeBounds) -> "_Affine":
        """In coordinates where X = I."""
        size = len(shape)
        root = np.linalg.cholesky(shape)
        whole = condition.matrix(shape, np.zeros(size), bounds)
        left = scipy.linalg.block_diag(np.linalg.inv(root), np.eye(size))
        return cls(left @ whole @ left.T, np.linalg.solve(root, condition.system.drive))

    def at(self, multiplier: Vector, lift: float) -> Whole:
        """M + lift (I, S)."""
        size = len(multiplier)
        whole = self.constant.copy()
        whole[:size, :size] += lift * np.eye(size) - (self.drive * multiplier) @ self.drive.T
        whole[size:, size:] += (1 + lift) * np.diag(multiplier)
        return whole


def _centred(affine: _Affine, start: Vector) -> Vector | None:
    """The multipliers of a large log det where M > 0; None where the search does not get inside."""
    logs = np.log(start)
    lift = 0.0
    while cholesky(affine.at(np.exp(logs), lift)) is None:
        lift = 2 * lift + _FIRST_LIFT
        if lift > _HIGHEST:
            return None
    for _ in range(_LIFTS):
        logs = _climbed(affine, logs, lift)
        if lift == 0.0:
            return np.exp(logs)
        lowest = lift
        for lower in (0.0, *(lift * part for part in (0.1, 0.3, 0.6, 0.9))):
            if cholesky(affine.at(np.exp(logs), lower)) is not None:
                lowest = lower
                break
        if lowest == lift:
            return None
        lift = lowest
    return None


def _climbed(affine: _Affine, logs: Vector, lift: float) -> Vector:
    """The logarithms of multipliers of a large log det (M + lift I), by damped Newton steps: it is concave in S.

    With G = (M + lift I)^-1 the derivative by s_i is G_ii below less b_i^T G b_i above; the second derivatives are
    minus squares of such products of two neurons, entry by entry.
    """
    size, multiplier = len(logs), np.exp(logs)
    for _ in range(_NEWTON_STEPS):
        factor = cholesky(affine.at(multiplier, lift))
        if factor is None:
            break
        inverse = scipy.linalg.cho_solve((factor, True), np.eye(2 * size))
        above, beside = affine.drive.T @ inverse[:size, :size] @ affine.drive, affine.drive.T @ inverse[:size, size:]
        below, share = inverse[size:, size:], 1 + lift
        slope = multiplier * (share * below.diagonal() - above.diagonal())
        squares = share**2 * below**2 - share * (beside**2 + beside.T**2) + above**2
        curvature = np.outer(multiplier, multiplier) * squares
        step = np.linalg.solve(curvature + 1e-12 * np.diag(curvature.diagonal()), slope)
        decrement = float(np.sqrt(max(slope @ step, 0.0)))
        if not np.isfinite(decrement):
            break
        longest = max(1.0 + decrement if decrement > _QUADRATIC else 1.0, 2 * float(np.abs(step).max()))
        trial = multiplier * (1 + step / longest)
        if cholesky(affine.at(trial, lift)) is None:
            break
        multiplier = trial
        if decrement < _SETTLED:
            break
    return np.asarray(np.log(multiplier))
