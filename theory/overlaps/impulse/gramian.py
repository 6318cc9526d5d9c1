"""Loss and gradient of a linear network of any rank through Lyapunov equations: no simulation and no sum over time.

A linear low-rank network is the linear system k' = A k + B s, y = C k of its latents k = (k_m, k_u), with A = -1 +
[0 0; vm vu], B = [1; 0] and C = [zm zu]. Beside it runs the target, the impulse response of a system of its own; the
error is the response of the two together. With an impulse in each input in turn, the loss is the mean over inputs of
the integral of the squared error, tr(Q X) / inputs with X = B B^T (less what is left of it at the horizon), where

    A^T Q + Q A + C^T C = 0    in the flow,    D^T Q D - Q + dt C^T C = 0,  D = 1 + dt A,    in Euler's scheme.

Everything is analytic in the overlaps, so that a complex step differentiates it to rounding. Derived here;
tests/theory/overlaps/impulse/test_gramian.py compares it with sums over steps and with the closed forms.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from theory.overlaps.equations.shape import Shape
from theory.overlaps.impulse.clock import Clock, Euler

Matrix = NDArray[Any]
"""Real, or complex for derivatives by a complex step."""

CLOSE = 1e-10
"""Sums of two rates nearer to zero than this are taken for a resonance."""


class Unstable(ValueError):
    """An infinite horizon needs a response that decays."""


class Resonance(ValueError):
    """Two rates of network and target add up to zero, where the Lyapunov equation has no solution."""


@dataclass(frozen=True)
class Target:
    """The response c exp(a t) b (outputs x inputs) that an impulse in each input shall have."""

    a: Matrix
    b: Matrix
    c: Matrix


def exponential_target(decay: float) -> Target:
    """exp(-decay t): the filter task.

    >>> exponential_target(decay=0.2).a
    array([[-0.2]])
    """
    return Target(np.array([[-decay]]), np.ones((1, 1)), np.ones((1, 1)))


def oscillator_target(decay: float, frequency: float) -> Target:
    """exp(-decay t) cos(frequency t): the damped oscillator.

    >>> oscillator_target(decay=0.2, frequency=1.0).a
    array([[-0.2, -1. ],
           [ 1. , -0.2]])
    """
    a = np.array([[-decay, -frequency], [frequency, -decay]])
    return Target(a, np.array([[1.0], [0.0]]), np.array([[1.0, 0.0]]))


@dataclass(frozen=True)
class ImpulseLoss:
    """The loss of a linear network of some shape that shall have the target's impulse response.

    `clock` says how the error is summed: over continuous time (`Flow`) or over Euler's steps (`Euler`).

    >>> from theory.overlaps import impulse
    >>> loss = ImpulseLoss(Shape(), exponential_target(0.2), impulse.clock.Flow())
    >>> round(float(loss.value(0.5 * np.eye(4))), 6)  # nothing is read out: the loss is that of silence, 1 / 0.4
    2.5
    >>> loss.gradient(0.5 * np.eye(4)).shape
    (4, 4)
    """

    shape: Shape
    target: Target
    clock: Clock

    def value(self, sigma: Matrix) -> Any:
        """The loss at a Gram matrix (d x d); only its visible overlaps zm, zu, vm, vu are used.

        Raises:
            Unstable, Resonance: see there.
        """
        return self._solve(sigma)[0]

    def gradient(self, sigma: Matrix) -> Matrix:
        """H (d x d, symmetric), dl = tr(H dSigma). Raises as `value` does."""
        _, slope_a, slope_c = self._solve(sigma)
        m, u, v, z = (list(self.shape.columns(block)) for block in "muvz")
        half = np.zeros(sigma.shape, slope_a.dtype)
        latents = len(m + u)
        half[np.ix_(v, m + u)] = slope_a[len(m) : latents, :latents]
        half[np.ix_(z, m + u)] = slope_c[:, :latents]
        return (half + half.T) / 2

    def hessian_times(self, sigma: Matrix, direction: Matrix) -> Matrix:
        """The derivative of H along a symmetric direction (both d x d), by a complex step: to rounding."""
        tiny = 1e-30
        return self.gradient(sigma + 1j * tiny * direction).imag / tiny

    def _solve(self, sigma: Matrix) -> tuple[Any, Matrix, Matrix]:
        """The loss and its derivatives in A and in C, of network and target together."""
        a, b, c = state_matrices(self.shape, sigma)
        time: _Time = _EulerTime(self.clock) if isinstance(self.clock, Euler) else _FlowTime(self.clock)
        move = time.generator(a, self.target.a)
        b, c = np.vstack([b, self.target.b]), np.hstack([c, -self.target.c])
        inputs = b.shape[1]
        excited, end = b @ b.T / inputs, time.until_end(move)
        if end is None and time.growth(move) >= 0:
            raise Unstable(f"growth rate {time.growth(move):.3g}: give a finite horizon, or overlaps with a lower vu")
        q = time.gramian(move, c.T @ c)
        if end is not None:
            left = excited
            excited = excited - end @ left @ end.T
        p = time.gramian(move.T, excited) / time.weight
        slope = time.slope(move, q, p)
        if end is not None:
            slope = slope - time.until_end_slope(move, 2 * q @ end @ left)
        return np.sum(q * excited), slope * time.per_rate, 2 * time.weight * c @ p


def state_matrices(shape: Shape, sigma: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """A, B and C of the latents (k_m, k_u), from the overlaps (d x d) of a linear network."""
    m, u, v, z = (list(shape.columns(block)) for block in "muvz")
    latents = len(m + u)
    a = -np.eye(latents, dtype=sigma.dtype)
    a[len(m) :] += sigma[np.ix_(v, m + u)]
    return a, np.eye(latents, len(m)), sigma[np.ix_(z, m + u)]


class _Time(ABC):
    """What the Lyapunov equation looks like in continuous time and in steps; M moves network and target together."""

    weight = 1.0  # of one step in the sum
    per_rate = 1.0  # dM/dA

    @abstractmethod
    def generator(self, network: Matrix, target: Matrix) -> Matrix:
        """M."""

    @abstractmethod
    def growth(self, m: Matrix) -> float:
        """Below zero if everything decays."""

    @abstractmethod
    def until_end(self, m: Matrix) -> Matrix | None:
        """The state at the horizon from that at the impulse; None if the horizon is infinite."""

    @abstractmethod
    def until_end_slope(self, m: Matrix, seed: Matrix) -> Matrix:
        """The derivative in M of sum(seed * until_end(M))."""

    @abstractmethod
    def gramian(self, m: Matrix, w: Matrix) -> Matrix:
        """The integral over all time of (state from M)^T W (state from M)."""

    @abstractmethod
    def slope(self, m: Matrix, q: Matrix, p: Matrix) -> Matrix:
        """The derivative in M of sum(Q * X) at fixed X, P being the Gramian of X."""


class _FlowTime(_Time):
    def __init__(self, clock: Any) -> None:
        self.horizon = float(clock.horizon)

    def generator(self, network: Matrix, target: Matrix) -> Matrix:
        return _beside(network, target)

    def growth(self, m: Matrix) -> float:
        return float(np.linalg.eigvals(m).real.max())

    def until_end(self, m: Matrix) -> Matrix | None:
        return None if np.isinf(self.horizon) else scipy.linalg.expm(m * self.horizon)

    def until_end_slope(self, m: Matrix, seed: Matrix) -> Matrix:
        n = len(m)
        return scipy.linalg.expm(self.horizon * np.block([[m.T, seed], [np.zeros((n, n)), m.T]]))[:n, n:]

    def gramian(self, m: Matrix, w: Matrix) -> Matrix:
        one = np.eye(len(m))
        return _solve_linear(np.kron(m.T, one) + np.kron(one, m.T), -w)

    def slope(self, m: Matrix, q: Matrix, p: Matrix) -> Matrix:
        return 2 * q @ p


class _EulerTime(_Time):
    def __init__(self, clock: Euler) -> None:
        self.weight = self.per_rate = float(clock.dt)
        self.steps = float(clock.steps)

    def generator(self, network: Matrix, target: Matrix) -> Matrix:
        return _beside(np.eye(len(network)) + self.weight * network, scipy.linalg.expm(self.weight * target))

    def growth(self, m: Matrix) -> float:
        return float(np.log(np.abs(np.linalg.eigvals(m)).max()))

    def until_end(self, m: Matrix) -> Matrix | None:
        return None if np.isinf(self.steps) else np.linalg.matrix_power(m, int(self.steps))

    def until_end_slope(self, m: Matrix, seed: Matrix) -> Matrix:
        n = len(m)
        return np.linalg.matrix_power(np.block([[m.T, seed], [np.zeros((n, n)), m.T]]), int(self.steps))[:n, n:]

    def gramian(self, m: Matrix, w: Matrix) -> Matrix:
        return _solve_linear(np.kron(m.T, m.T) - np.eye(len(m) ** 2), -self.weight * w)

    def slope(self, m: Matrix, q: Matrix, p: Matrix) -> Matrix:
        return 2 * q @ m @ p


def _beside(first: Matrix, second: Matrix) -> Matrix:
    n, k = len(first), len(second)
    return np.block([[first, np.zeros((n, k))], [np.zeros((k, n)), second]])


def _solve_linear(operator: Matrix, right: Matrix) -> Matrix:
    """A direct solve, which unlike scipy's solvers is analytic in complex entries."""
    if np.linalg.cond(operator) > 1 / CLOSE:
        raise Resonance("two rates of network and target add up to zero: move an overlap a little, 1e-6 is enough")
    return np.linalg.solve(operator, right.reshape(-1)).reshape(right.shape)
