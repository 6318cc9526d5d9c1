"""Diagonal scalings that lower the ceiling of N = D M D^-1 at given angles: an interior-point method in n + 1 unknowns.

With Q = D^2 and c_a the turn at a (a number, or a diagonal matrix: `filters`) the condition at one angle is S_a = k Q -
Herm(c_a Q M) > 0. Scaled so that Q = I at the current point, with Z = S^-1 and B = k I - c N:

    d log det S / dq_i = Re (B Z)_ii                              d log det S / dk = tr Z
    <E_i, E_j> = Re((B Z)_ij (B Z)_ji + (B Z B^*)_ij Z_ji) / 2    <E_i, I> = Re (B Z Z)_ii    <I, I> = tr Z^2

where E_i = dS/dq_i has rank two and <A, B> = tr(Z A Z B). A Newton step of t k - log k - sum_a log det (Q^-1/2 S_a
Q^-1/2) costs a few products of n x n matrices an angle. Where the potential is stationary, sum_a Re(c_a N Z_a)_ii = k
sum_a (Z_a)_ii - (number of angles): the Z_a are dual, and k - max_i (sum_a Re(B_a Z_a)_ii / sum_a (Z_a)_ii) is a lower
bound wherever the Z_a are positive definite.
"""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from jaxtyping import Float
from scipy.linalg import lapack

from theory.contraction.network import Matrix, Vector
from theory.contraction.search.angles import Hermitian, cholesky, hermitian_part
from theory.contraction.search.conic import PARABOLA
from theory.contraction.search.filters import Filters

_FASTER = 8.0
"""By how much a centred point raises t."""
_STEPS = 60
_EDGE = 0.02
"""No step takes a q_i or k below this part of itself."""
_PROMISED = 0.1
"""Of the descent that its slope promises a step keeps this part."""
_SHORTER, _SHORTEST = 0.7, 1e-5
"""A step that does not is made shorter by this factor, down to this part of itself."""

Unknowns = Float[np.ndarray, " unknowns"]


@dataclass(frozen=True)
class Centre:
    """A point near the central path: log d, k, t, the lower bound found on the way, and tr Z_a at each angle."""

    logs: Vector
    level: float
    pull: float
    lower: float
    weights: tuple[float, ...]
    steps: int

    @property
    def gap(self) -> float:
        """About how far k is above the optimum of these angles."""
        return (len(self.logs) * len(self.weights) + 1) / self.pull


def rescaled(matrix: Matrix, logs: Vector) -> Matrix:
    """D M D^-1 at d = exp(logs).

    >>> rescaled(np.array([[0.0, 4.0], [1.0, 0.0]]), np.log([1.0, 2.0]))
    array([[0., 2.],
           [2., 0.]])
    """
    return matrix * np.exp(np.clip(logs[:, None] - logs[None, :], -700, 700))


def inverse(scaled: Matrix, level: float, angle: float, filters: Filters) -> Hermitian | None:
    """Z = (k I - Herm(c N))^-1, None where that is not positive definite."""
    factor = cholesky(level * np.eye(len(scaled)) - hermitian_part(scaled, angle, filters))
    if factor is None:
        return None
    routine = lapack.ztrtri if np.iscomplexobj(factor) else lapack.dtrtri
    half = routine(factor, lower=1)[0]
    return half.conj().T @ half


@dataclass(frozen=True)
class _Point:
    """Where the search stands: log d, k and N = D M D^-1."""

    logs: Vector
    level: float
    scaled: Matrix


@dataclass(frozen=True)
class _Model:
    """The barrier at q = 1, in (q, k): its gradient and second derivatives, and what else is known there.

    `matrix` is the Gauss-Newton part of the second derivatives and `bending` the rest; `lower` is the bound of the
    dual, `weights` are tr Z_a.
    """

    gradient: Unknowns
    matrix: Float[np.ndarray, "unknowns unknowns"]
    bending: Float[np.ndarray, "unknowns unknowns"]
    lower: float
    weights: tuple[float, ...]


@dataclass(frozen=True)
class _Barrier:
    """The barrier of S_a > 0, k > 0 for the scalings of one matrix at some angles."""

    matrix: Matrix
    angles: tuple[float, ...]
    filters: Filters

    def at(self, logs: Vector, level: float) -> _Point:
        """The point log d, k."""
        return _Point(logs, level, rescaled(self.matrix, logs))

    def potential(self, point: _Point, pull: float) -> float:
        """t k - log k - sum_a log det (k I - Herm(c_a N)) with t = `pull`; infinite outside."""
        value = pull * point.level - np.log(point.level)
        for angle in self.angles:
            factor = cholesky(
                point.level * np.eye(len(point.scaled)) - hermitian_part(point.scaled, angle, self.filters)
            )
            if factor is None:
                return np.inf
            value -= 2 * np.log(factor.diagonal().real).sum()
        return float(value)

    def moved(self, point: _Point, change: Unknowns) -> _Point | None:
        """The point after a change of (q, k), q being 1 before; None where that goes beyond the edge."""
        q, level = 1 + change[:-1], float(point.level + change[-1])
        if not (q.min() > _EDGE and level > _EDGE * point.level):
            return None
        logs = point.logs + np.log(q) / 2
        return self.at(logs - logs.mean(), level)

    def line_search(self, point: _Point, model: _Model, change: Unknowns, pull: float) -> _Point | None:
        """After the longest part of the change that lowers the potential as its slope promises; None if none does."""
        slope = float(model.gradient @ change + pull * change[-1])
        before = self.potential(point, pull)
        part = 1.0
        while part >= _SHORTEST:
            trial = self.moved(point, part * change)
            if trial is not None and self.potential(trial, pull) <= before + _PROMISED * part * slope:
                return trial
            part *= _SHORTER
        return None

    def model(self, point: _Point) -> _Model:
        """The derivatives of the module's docstring, summed over the angles."""
        scaled, level, size = point.scaled, point.level, len(point.scaled)
        matrix = np.zeros((size + 1, size + 1))
        gradient = np.zeros(size + 1)
        diagonal = np.zeros(size)
        weights = []
        for angle in self.angles:
            z = inverse(scaled, level, angle, self.filters)
            if z is None:
                raise ArithmeticError(f"the point is not inside at angle {angle:g}; this is a defect of the search")
            bz: Hermitian
            bzb: Hermitian
            if not np.iscomplexobj(z):
                bz = level * z - self.filters.applied(scaled, angle, z).real
                bzb = level * bz - self.filters.applied(scaled, angle, bz.T).real.T
            else:
                bz = level * z - self.filters.applied(scaled, angle, z)
                bzb = level * bz - self.filters.applied(scaled, angle, bz.conj().T).conj().T
            matrix[:size, :size] += (bz * bz.T + bzb * z.T).real / 2
            matrix[:size, size] += (bz * z.T).real.sum(axis=1)
            matrix[size, size] += (np.abs(z) ** 2).sum()
            gradient[:size] -= bz.diagonal().real
            diagonal += z.diagonal().real
            weights.append(float(z.diagonal().real.sum()))
        lower = level + float((gradient[:size] / diagonal).min())
        gradient[:size] += len(self.angles)
        gradient[size] = -sum(weights) - 1 / level
        matrix[size, size] += 1 / level**2
        matrix[size, :size] = matrix[:size, size]
        bending = np.diag(np.append(np.full(size, -float(len(self.angles))), 0.0))
        bending[:size, size] = bending[size, :size] = -diagonal
        return _Model(gradient, matrix, bending, lower, tuple(weights))


@dataclass(frozen=True)
class _Step:
    """A change of (q, k) from q = 1, and its length in the metric of the second derivatives."""

    change: Unknowns
    decrement: float


@dataclass(frozen=True)
class _Newton:
    """The Newton directions of one model, for any pull, in unknowns divided by `lengths`.

    They are minus `centring` less t times `pulling`, made such that sum dq = 0 by a multiple of `common`: a common
    factor of q changes nothing.
    """

    lengths: Unknowns
    curvature: Float[np.ndarray, "unknowns unknowns"]
    ones: Unknowns
    centring: Unknowns
    pulling: Unknowns
    common: Unknowns

    @classmethod
    def of(cls, model: _Model) -> "_Newton":
        """Solve for all three by one factor."""
        lengths = np.sqrt(model.matrix.diagonal())
        curvature, factor = _factor(model, lengths)
        ones = np.append(np.ones(len(lengths) - 1), 0.0) / lengths
        last = np.append(np.zeros(len(lengths) - 1), 1.0) / lengths
        solved = scipy.linalg.cho_solve(factor, np.column_stack([model.gradient / lengths, last, ones])).T
        return cls(lengths, curvature, ones, *solved)

    def step(self, pull: float) -> _Step:
        """The step at a pull t."""
        step = -self.centring - pull * self.pulling
        step = step - self.common * ((step @ self.ones) / (self.common @ self.ones))
        return _Step(step / self.lengths, float(np.sqrt(max(step @ self.curvature @ step, 0.0))))


def _factor(
    model: _Model, lengths: Unknowns
) -> tuple[Float[np.ndarray, "unknowns unknowns"], tuple[Float[np.ndarray, "unknowns unknowns"], bool]]:
    """The second derivatives where they are positive definite, else those without bending; and a Cholesky factor."""
    common = np.append(np.ones(len(lengths) - 1), 0.0) / lengths
    unit = np.eye(len(lengths))
    for matrix in (model.matrix + model.bending, model.matrix):
        scaled = matrix / np.outer(lengths, lengths) + np.outer(common, common)
        for lift in (1e-12, 1e-9, 1e-6):
            try:
                return scaled, scipy.linalg.cho_factor(scaled + lift * unit)
            except np.linalg.LinAlgError:
                continue
    return unit, scipy.linalg.cho_factor(unit)


def follow_central_path(
    matrix: Matrix,
    logs: Vector,
    level: float,
    angles: tuple[float, ...],
    *,
    tolerance: float,
    floor: float = 0.0,
    filters: Filters = PARABOLA,
) -> Centre:
    """From a strictly feasible point along the central path, until k is within `tolerance` of the angles' optimum.

    The tolerance is relative; the path also ends where k is below `floor`.

    >>> centre = follow_central_path(np.array([[0.0, 8.0], [0.5, 0.0]]), np.zeros(2), 10.0, (0.0,), tolerance=1e-6)
    >>> round(centre.level, 4), (np.exp(2 * centre.logs)).round(3).tolist()
    (2.0, [0.25, 4.0])
    """
    count = len(matrix) * len(angles) + 1
    barrier = _Barrier(matrix, angles, filters)
    point = barrier.at(logs, level)
    pull, lower = 0.0, 0.0
    for step in range(_STEPS):
        model = barrier.model(point)
        lower = max(lower, model.lower)
        pull = pull or -model.gradient[-1]
        newton = _Newton.of(model)
        centred = newton.step(pull).decrement < 1
        if centred and (count / pull < tolerance * point.level or point.level < floor):
            return Centre(point.logs, point.level, pull, lower, model.weights, step)
        if centred:
            pull *= _FASTER
        advanced = barrier.line_search(point, model, newton.step(pull).change, pull)
        if advanced is None:
            return Centre(point.logs, point.level, pull, lower, model.weights, step)
        point = advanced
    return Centre(point.logs, point.level, pull, lower, model.weights, _STEPS)
