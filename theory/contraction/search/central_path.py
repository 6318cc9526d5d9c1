"""Diagonal scalings that lower the ceiling of N = D M D^-1 at given angles: an interior-point method in n + 1 unknowns.

With Q = D^2 and c_a = (1 + e^(i a)) / 2 the condition at one angle is S_a = k Q - Herm(c_a Q M) > 0. Scaled so that Q
= I at the current point, with Z = S^-1 and B = k I - c N:

    d log det S / dq_i = Re (B Z)_ii                              d log det S / dk = tr Z
    <E_i, E_j> = Re((B Z)_ij (B Z)_ji + (B Z B^*)_ij Z_ji) / 2    <E_i, I> = Re (B Z Z)_ii    <I, I> = tr Z^2

where E_i = dS/dq_i has rank two and <A, B> = tr(Z A Z B). A Newton step of t k - log k - sum_a log det (Q^-1/2 S_a
Q^-1/2) costs a few products of n x n matrices an angle. Where the potential is stationary, sum_a Re(c_a N Z_a)_ii = k
sum_a (Z_a)_ii - (number of angles): the Z_a are dual, and k - max_i (sum_a Re(B_a Z_a)_ii / sum_a (Z_a)_ii) is a lower
bound wherever the Z_a are positive definite.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from jaxtyping import Float
from scipy.linalg import lapack

from theory.contraction.network import Matrix, Vector
from theory.contraction.search.angles import Hermitian, cholesky, half_turn, hermitian_part

_FASTER = 8.0
"""By how much a centred point raises t."""
_STEPS = 60
_EDGE = 0.02
"""No step takes a q_i or k below this part of itself."""


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


def inverse(scaled: Matrix, level: float, angle: float) -> Hermitian | None:
    """Z = (k I - Herm(c N))^-1, None where that is not positive definite."""
    factor = cholesky(level * np.eye(len(scaled)) - hermitian_part(scaled, angle))
    if factor is None:
        return None
    routine = lapack.ztrtri if np.iscomplexobj(factor) else lapack.dtrtri
    half = routine(factor, lower=1)[0]
    return half.conj().T @ half


@dataclass(frozen=True)
class _Model:
    """Gradient and Gauss-Newton matrix of the barrier at q = 1, in (q, k)."""

    gradient: Float[np.ndarray, " unknowns"]
    matrix: Float[np.ndarray, "unknowns unknowns"]
    bending: Float[np.ndarray, "unknowns unknowns"]
    lower: float
    weights: tuple[float, ...]


def _model(scaled: Matrix, level: float, angles: tuple[float, ...]) -> _Model:
    size = len(scaled)
    matrix = np.zeros((size + 1, size + 1))
    gradient = np.zeros(size + 1)
    diagonal = np.zeros(size)
    weights = []
    for angle in angles:
        z = inverse(scaled, level, angle)
        if z is None:
            raise ArithmeticError(f"the point is not inside at angle {angle:g}; this is a defect of the search")
        if angle == 0:
            bz = level * z - scaled @ z
            bzb = level * bz - bz @ scaled.T
        else:
            c = half_turn(angle)
            bz = level * z - c * _product(scaled, z)
            bzb = level * bz - c.conjugate() * _product(scaled, bz.T).T
        matrix[:size, :size] += (bz * bz.T + bzb * z.T).real / 2
        matrix[:size, size] += (bz * z.T).real.sum(axis=1)
        matrix[size, size] += (np.abs(z) ** 2).sum()
        gradient[:size] -= bz.diagonal().real
        diagonal += z.diagonal().real
        weights.append(float(z.diagonal().real.sum()))
    lower = level + float((gradient[:size] / diagonal).min())
    gradient[:size] += len(angles)
    gradient[size] = -sum(weights) - 1 / level
    matrix[size, size] += 1 / level**2
    matrix[size, :size] = matrix[:size, size]
    bending = np.diag(np.append(np.full(size, -float(len(angles))), 0.0))
    bending[:size, size] = bending[size, :size] = -diagonal
    return _Model(gradient, matrix, bending, lower, tuple(weights))


def _product(real: Matrix, other: Hermitian) -> Hermitian:
    return real @ other.real + 1j * (real @ other.imag)


def _potential(scaled: Matrix, level: float, angles: tuple[float, ...], pull: float) -> float:
    value = pull * level - np.log(level)
    for angle in angles:
        factor = cholesky(level * np.eye(len(scaled)) - hermitian_part(scaled, angle))
        if factor is None:
            return np.inf
        value -= 2 * np.log(factor.diagonal().real).sum()
    return float(value)


def follow(
    matrix: Matrix, logs: Vector, level: float, angles: tuple[float, ...], tolerance: float, floor: float = 0.0
) -> Centre:
    """From a strictly feasible point along the central path, until k is within `tolerance` of the angles' optimum.

    The tolerance is relative; the path also ends where k is below `floor`.

    >>> centre = follow(np.array([[0.0, 8.0], [0.5, 0.0]]), np.zeros(2), 10.0, (0.0,), 1e-6)
    >>> round(centre.level, 4), (np.exp(2 * centre.logs)).round(3).tolist()
    (2.0, [0.25, 4.0])
    """
    size = len(matrix)
    count = size * len(angles) + 1
    scaled = rescaled(matrix, logs)
    pull, lower = 0.0, 0.0
    model = _model(scaled, level, angles)
    for step in range(_STEPS):
        if step:
            model = _model(scaled, level, angles)
        lower = max(lower, model.lower)
        pull = pull or -model.gradient[size]
        newton = _newton(model)
        decrement = newton(pull)[1]
        if decrement < 1:
            if count / pull < tolerance * level or level < floor:
                break
            pull *= _FASTER
        direction = newton(pull)[0]
        slope = float(model.gradient @ direction + pull * direction[size])
        before = _potential(scaled, level, angles, pull)
        part = 1.0
        while True:
            q, k = 1 + part * direction[:size], level + part * direction[size]
            if q.min() > _EDGE and k > _EDGE * level:
                trial = logs + np.log(q) / 2
                trial -= trial.mean()
                image = rescaled(matrix, trial)
                if _potential(image, k, angles, pull) <= before + 0.1 * part * slope:
                    break
            part *= 0.7
            if part < 1e-5:
                return Centre(logs, level, pull, lower, model.weights, step)
        logs, level, scaled = trial, float(k), image
    return Centre(logs, level, pull, lower, model.weights, step)


def _newton(model: _Model) -> Callable[[float], tuple[Float[np.ndarray, " unknowns"], float]]:
    """The Newton direction at a pull t, with sum dq = 0 (a common factor of q changes nothing), and its length."""
    lengths = np.sqrt(model.matrix.diagonal())
    scaled, factor = _factor(model, lengths)
    ones = np.append(np.ones(len(scaled) - 1), 0.0) / lengths
    last = np.append(np.zeros(len(scaled) - 1), 1.0) / lengths
    centring, pulling, common = scipy.linalg.cho_solve(
        factor, np.column_stack([model.gradient / lengths, last, ones])
    ).T

    def direction(pull: float) -> tuple[Float[np.ndarray, " unknowns"], float]:
        step = -centring - pull * pulling
        step = step - common * ((step @ ones) / (common @ ones))
        return step / lengths, float(np.sqrt(max(step @ scaled @ step, 0.0)))

    return direction


def _factor(
    model: _Model, lengths: Float[np.ndarray, " unknowns"]
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
