"""From a scaling to a metric: a Riccati inequality, solved by doubling.

With N = D M D^-1, Q = D^2 and P = D X D the multiplier LMI in voltage form is

    X N N^T X + X (N - 2 k I) + (N - 2 k I)^T X + I < 0,

and in rate form it is the same for N^T and X^-1. It has a solution exactly if the numerical range of N lies inside the
parabola |s| + Re s < 2 k (`tests/theory/contraction/test_riccati.py`). With time constants T at rate c the same holds
of T^-1 N and k = T^-1 - c, a number a neuron; in rate form of N^T and T P^-1 T.
"""

import numpy as np
from jaxtyping import Float

from theory.contraction.network import Matrix, Vector
from theory.contraction.search.angles import cholesky

_DOUBLINGS = 60
_SETTLED = 1e-13


def solve_metric(scaled: Matrix, level: float | Vector) -> Matrix | None:
    """The smallest X with equality, None where there is none: solved at a lower k it is well inside at a higher one.

    By the structure-preserving doubling of Chu, Fan & Lin (Linear Algebra Appl. 396, 2005): with A = N - 2 k I stable
    and G = -N N^T the iterates grow monotonically as long as there is a solution, and the error is squared each time.

    >>> solve_metric(np.zeros((1, 1)), 1.0).tolist()
    [[0.25]]
    """
    decay = np.broadcast_to(level, len(scaled))
    shift = 2 * float(decay.max()) + float(np.sqrt(np.linalg.norm(scaled, 1) * np.linalg.norm(scaled, np.inf)))
    return solve_flow(scaled - np.diag(2 * decay), -scaled @ scaled.T, np.eye(len(scaled)), shift)


def solve_flow(drift: Matrix, gram: Matrix, constant: Matrix, shift: float) -> Matrix | None:
    """A^T X + X A - X G X + H = 0, A = `drift`, G = `gram` and H = `constant`; None where X is not > 0.

    The `shift` is a rate at least as large as those of A.

    >>> solve_flow(-np.ones((1, 1)), np.zeros((1, 1)), np.ones((1, 1)), 1.0).round(9).tolist()
    [[0.5]]
    """
    shifted = drift - shift * np.eye(len(drift))
    try:
        left = np.linalg.solve(shifted, gram)
        inverse = np.linalg.inv(shifted.T + constant @ left)
        step = np.eye(len(drift)) + 2 * shift * inverse.T
        solution = _even(2 * shift * inverse @ constant @ np.linalg.inv(shifted))
    except np.linalg.LinAlgError:
        return None
    return doubled(step, _even(2 * shift * left @ inverse), solution)


def doubled(step: Matrix, gram: Matrix, solution: Matrix) -> Matrix | None:
    """X = A^T X (I + G X)^-1 A + H by doubling, A = `step`, G = `gram` and H = `solution`; None where it is not > 0.

    >>> doubled(np.full((1, 1), 0.5), np.zeros((1, 1)), np.ones((1, 1))).round(9).tolist()
    [[1.333333333]]
    """
    size = len(step)
    identity = np.eye(size)
    try:
        for _ in range(_DOUBLINGS):
            middle = np.linalg.solve(identity + gram @ solution, np.hstack([step, gram]))
            growth = _even(step.T @ solution @ middle[:, :size])
            gram = gram + _even(step @ middle[:, size:] @ step.T)
            step = step @ middle[:, :size]
            solution = solution + growth
            if not np.isfinite(solution).all():
                return None
            if np.abs(growth).max() <= _SETTLED * np.abs(solution).max():
                break
    except np.linalg.LinAlgError:
        return None
    return solution if cholesky(solution) is not None else None


def residual(scaled: Matrix, level: float, solution: Matrix) -> Float[np.ndarray, "n n"]:
    """The left side of the inequality."""
    drift = solution @ (scaled - 2 * level * np.eye(len(scaled)))
    half = solution @ scaled
    return half @ half.T + drift + drift.T + np.eye(len(scaled))


def _even(matrix: Matrix) -> Matrix:
    return (matrix + matrix.T) / 2
