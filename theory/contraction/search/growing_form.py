"""Quadratic forms that grow along every trajectory of a linear system, in floats; some are positive somewhere.

A form is positive somewhere exactly if the system is unstable, and exists if no eigenvalue is on the axis, or circle.
"""

import warnings
from collections.abc import Callable, Iterator

import numpy as np
import scipy.linalg

from theory.contraction.network import Matrix


def growing_in_flow(moving: Matrix) -> Iterator[Matrix]:
    """X with A^T X + X A = I, and X with a positive definite right side where there is no unique such one.

    >>> next(growing_in_flow(np.array([[2.0]]))).tolist()
    [[0.25]]
    """
    return _found(moving, _lyapunov, lambda real, imag: real > 0)


def growing_in_steps(step: Matrix) -> Iterator[Matrix]:
    """X with F^T X F - X = I, and X with a positive definite right side where there is no unique such one.

    >>> next(growing_in_steps(np.array([[-3.0]]))).round(9).tolist()
    [[0.125]]
    """
    return _found(step, _stein, lambda real, imag: np.hypot(real, imag) > 1)


def _found(matrix: Matrix, solve: Callable[[Matrix], Matrix], outside: Callable[..., bool]) -> Iterator[Matrix]:
    for solved in (solve, lambda whole: _by_halves(whole, solve, outside)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # scipy warns where an equation is nearly singular
            try:
                form = solved(matrix)
            except (np.linalg.LinAlgError, ValueError, Warning):
                continue
        if np.isfinite(form).all():
            yield (form + form.T) / 2


def _lyapunov(moving: Matrix) -> Matrix:
    return np.asarray(scipy.linalg.solve_continuous_lyapunov(moving.T, np.eye(len(moving))))


def _stein(step: Matrix) -> Matrix:
    return np.asarray(scipy.linalg.solve_discrete_lyapunov(step.T, -np.eye(len(step))))


def _by_halves(matrix: Matrix, solve: Callable[[Matrix], Matrix], outside: Callable[..., bool]) -> Matrix:
    """X > 0 on the unstable, < 0 on the stable invariant subspace: pairs of eigenvalues from both do not matter."""
    size = len(matrix)
    schur, basis, unstable = scipy.linalg.schur(matrix, output="real", sort=outside)
    if unstable in (0, size):
        return solve(matrix)
    upper, coupling, lower = schur[:unstable, :unstable], schur[:unstable, unstable:], schur[unstable:, unstable:]
    mixing = scipy.linalg.solve_sylvester(upper, -lower, -coupling)
    to_halves = np.linalg.inv(
        basis @ np.block([[np.eye(unstable), mixing], [np.zeros(mixing.T.shape), np.eye(size - unstable)]])
    )
    return np.asarray(to_halves.T @ scipy.linalg.block_diag(solve(upper), solve(lower)) @ to_halves)
