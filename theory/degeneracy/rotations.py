"""How far two matrices are apart when one may be turned: in closed form of two dimensions, as an interval beyond.

|A - Q B Q^T|^2 = |A|^2 + |B|^2 - 2 tr(A^T Q B Q^T) is least where the trace is largest, over all orthogonal Q.

**Two dimensions.** A = t + a J + S with half the trace t, a turn J by 90 degrees, and S symmetric without trace, of
eigenvalues +-s. The three parts are orthogonal to one another. Q leaves t, turns S to any direction, and keeps a or,
if it reflects, turns its sign. So the least squared distance is 2 [(t - t')^2 + (|a| - |a'|)^2 + (s - s')^2]: distances
up to rotation are Euclidean ones, between points of coordinates sqrt(2) (t, |a|, s).

**Beyond**, the trace is o^T H o in the entries o of Q, H the symmetric part of the Kronecker product of A and B. If

    L x 1 + 1 x M - H >= 0    (x the Kronecker product, L and M symmetric),

no Q has a larger trace than tr L + tr M, since o^T (L x 1 + 1 x M) o = tr(L Q Q^T) + tr(M Q^T Q). The least such bound
is a semidefinite problem, and its multiplier, the moments <o o^T>, shows where to look for Q (the duality is that of
Anstreicher and Wolkowicz, SIAM J. Matrix Anal. Appl. 22, 41, 2000, who prove it tight for symmetric A and B).
Where Q may be a contraction (all singular values at most 1), the same holds with L, M >= 0.

Derived here; tests/theory/degeneracy/test_rotations.py proves the closed form and holds the interval to brute force.
"""

import importlib
import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from jaxtyping import Float
from numpy.typing import ArrayLike

Matrix = Float[np.ndarray, "n n"]
Stack = Float[np.ndarray, "starts n n"]
STARTS, ROUNDS, LOOKED, SETTLED = 16, 4_000, 50, 1e-13
"""Ascents, their steps at most, after how many they are looked at, and the step after which one has arrived."""
CLOSED = 1e-7
"""By how much the solver of the semidefinite problem may miss the least bound, of matrices of norm one."""


class NotComparable(ValueError):
    """Two things that have no distance up to rotation."""


def rotation_coordinates(matrix: sp.MatrixBase) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """sqrt(2) (t, |a|, s) of a 2 x 2 matrix: distances up to rotation and reflection are Euclidean in them.

    Raises:
        NotComparable: if it is not 2 x 2.

    >>> rotation_coordinates(sp.Matrix([[3, -2], [0, 3]]))
    (3*sqrt(2), sqrt(2), sqrt(2))
    """
    if matrix.shape != (2, 2):
        raise NotComparable(f"a matrix of shape {matrix.shape}: coordinates are those of 2 x 2 ones")
    t = matrix.trace() / 2
    S = (matrix + matrix.T) / 2 - t * sp.eye(2)
    a = (matrix[1, 0] - matrix[0, 1]) / 2
    turn, radius = (sp.sqrt(sp.factor(2 * square)) for square in (a**2, S[0, 0] ** 2 + S[0, 1] ** 2))
    return sp.sqrt(2) * sp.factor(t), turn, radius


def planar_turn(A: Matrix, B: Matrix) -> Matrix:
    """The Q of two dimensions that brings Q B Q^T nearest to A: senses alike, then directions of symmetric parts.

    >>> planar_turn(np.diag([1.0, 0.0]), np.diag([0.0, 1.0])).round(12).tolist()
    [[0.0, 1.0], [-1.0, 0.0]]
    """
    mirror = np.diag([1.0, -1.0 if (A[1, 0] - A[0, 1]) * (B[1, 0] - B[0, 1]) < 0 else 1.0])
    angles = [np.arctan2(M[0, 1] + M[1, 0], M[0, 0] - M[1, 1]) for M in (A, mirror @ B @ mirror)]
    half = (angles[0] - angles[1]) / 2
    return np.array([[np.cos(half), -np.sin(half)], [np.sin(half), np.cos(half)]]) @ mirror


@dataclass(frozen=True, eq=False)
class LeastDistance:
    """The least distance that was found, a bound below all there is, and the Q that reaches the former.

    >>> LeastDistance(value=1.5, lower=1.25, turn=np.eye(2)).gap
    0.25
    """

    value: float
    lower: float
    turn: Matrix

    @property
    def gap(self) -> float:
        """By how much the value exceeds the least distance at most."""
        return self.value - self.lower


class Turns(ABC):
    """Which Q are admitted."""

    signed: bool

    @abstractmethod
    def nearest(self, matrices: Stack) -> Stack:
        """The admitted ones next to these."""


class Rotations(Turns):
    """All orthogonal matrices.

    >>> Rotations().nearest(np.array([[[2.0, 0.0], [0.0, -0.1]]])).tolist()
    [[[1.0, 0.0], [0.0, -1.0]]]
    """

    signed = True

    def nearest(self, matrices: Stack) -> Stack:
        """Polar factors."""
        left, _, right = np.linalg.svd(matrices)
        return left @ right


class Contractions(Turns):
    """All matrices of singular values up to 1: what orthogonal ones of more dimensions show in these.

    >>> Contractions().nearest(np.array([[[2.0, 0.0], [0.0, -0.1]]])).round(12).tolist()
    [[[1.0, 0.0], [0.0, -0.1]]]
    """

    signed = False

    def nearest(self, matrices: Stack) -> Stack:
        """Singular values cut at 1."""
        left, sizes, right = np.linalg.svd(matrices)
        return (left * np.minimum(sizes, 1.0)[:, None, :]) @ right


ROTATIONS, CONTRACTIONS = Rotations(), Contractions()


def least_distance(one: ArrayLike, other: ArrayLike, *, over: Turns = ROTATIONS, seed: int = 0) -> LeastDistance:
    """min |A - Q B Q^T| over rotations and reflections, or sqrt(|A|^2 + |B|^2 - 2 max tr(A^T Q B Q^T)) over others.

    The value was reached by the best of several ascents; `lower` is proved, but for rounding, by the semidefinite bound
    or by sorted eigenvalues of symmetric and skew parts (Hoffman and Wielandt), whichever is larger.

    Arguments:
        one: a square matrix; a small one, as the semidefinite problem has n^2 x n^2 entries.
        other: another of its size.
        over: `ROTATIONS`, or `CONTRACTIONS`.
        seed: of the random starts.

    Raises:
        NotComparable: if they are not square, not of one size, or not finite.

    >>> A = np.array([[1.0, -2.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 3.0]])
    >>> found = least_distance(A, A.T)  # symmetric in two dimensions: turned into each other
    >>> found.value < 1e-6
    True
    """
    A, B = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if A.ndim != 2 or A.shape != B.shape or A.shape[0] != A.shape[1] or not np.isfinite([A, B]).all():
        raise NotComparable(f"matrices of shapes {A.shape} and {B.shape}: give two finite square ones of one size")
    sizes = float(np.linalg.norm(A)), float(np.linalg.norm(B))
    if 0.0 in sizes:
        return LeastDistance(max(sizes), max(sizes), np.eye(len(A)))
    bound, moments = _dual(A / sizes[0], B / sizes[1], over)
    turn = _ascended(A / sizes[0], B / sizes[1], over, _starts(moments, over, seed), bound)
    most = min(bound * sizes[0] * sizes[1], _by_eigenvalues(A, B, over))
    reached = float(np.vdot(A, turn @ B @ turn.T))
    if over is ROTATIONS:
        value = float(np.linalg.norm(A - turn @ B @ turn.T))
    else:
        value = float(np.sqrt(max(sizes[0] ** 2 + sizes[1] ** 2 - 2 * reached, 0.0)))
    lower = float(np.sqrt(max(sizes[0] ** 2 + sizes[1] ** 2 - 2 * most, 0.0)))
    return LeastDistance(value, min(lower, value), turn)


def _kronecker(A: Matrix, B: Matrix) -> Float[np.ndarray, "nn nn"]:
    """H: tr(A^T Q B Q^T) = o^T H o, the entries o of Q row after row."""
    product = np.kron(A, B)
    return np.asarray((product + product.T) / 2)


def _by_eigenvalues(A: Matrix, B: Matrix, over: Turns) -> float:
    """No trace is larger: symmetric and skew parts at best have their eigenvalues in one order.

    A contraction is the corner of an orthogonal matrix of twice the size: zeros are then beside A and B.
    """
    if not over.signed:
        A, B = (np.pad(M, (0, len(M))) for M in (A, B))
    parts = [[np.linalg.eigvalsh((M + M.T) / 2), np.linalg.eigvalsh(0.5j * (M - M.T))] for M in (A, B)]
    return float(sum(a @ b for a, b in zip(*parts, strict=True)))


def _ascended(A: Matrix, B: Matrix, over: Turns, starts: Stack, bound: float) -> Matrix:
    """Where the best of the ascents ends; nobody waits for the others once it is at the bound.

    The trace is at least its tangent less c/2 |step|^2, where -c is the least eigenvalue of 2 H; to go to the admitted
    Q next to Q + slope / c is to go to the top of that.
    """
    c = max(-2 * float(np.linalg.eigvalsh(_kronecker(A, B))[0]), 1e-3)
    Q = starts
    for _ in range(ROUNDS // LOOKED):
        for _ in range(LOOKED):
            before, Q = Q, over.nearest(Q + (A @ Q @ B.T + A.T @ Q @ B) / c)
        traces = np.einsum("ij,kil,lm,kjm->k", A, Q, B, Q, optimize=True)
        best = int(traces.argmax())
        steps = np.abs(Q - before).max(axis=(1, 2))
        if steps[best] < SETTLED and (traces[best] > bound - CLOSED or steps.max() < SETTLED):
            break
    return np.asarray(Q[best])


def _starts(moments: Float[np.ndarray, "nn nn"], over: Turns, seed: int) -> Stack:
    """The leading directions of the moments of the semidefinite bound, and random ones, of either determinant."""
    n = round(np.sqrt(len(moments)))
    leading = np.linalg.eigh(moments)[1][:, :-3:-1].T.reshape(-1, n, n) * np.sqrt(n)
    drawn = over.nearest(np.concatenate([leading, np.random.default_rng(seed).normal(size=(STARTS, n, n))]))
    mirror = np.diag([-1.0, *np.ones(n - 1)])
    return np.concatenate([np.eye(n)[None], drawn, mirror @ drawn])


def _dual(A: Matrix, B: Matrix, over: Turns) -> tuple[float, Float[np.ndarray, "nn nn"]]:
    """The least bound tr L + tr M of the trace, and the moments that belong to it."""
    cp: Any = importlib.import_module("cvxpy")
    n, H = len(A), _kronecker(A, B)
    L, M = (cp.Variable((n, n), symmetric=True) for _ in range(2))
    holds = cp.kron(L, np.eye(n)) + cp.kron(np.eye(n), M) - H >> 0
    of_sign = [] if over.signed else [L >> 0, M >> 0]
    problem = cp.Problem(cp.Minimize(cp.trace(L) + cp.trace(M)), [holds, *of_sign])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        problem.solve(solver=cp.CLARABEL)
    found = [(each.value + each.value.T) / 2 for each in (L, M)]
    return _proved(found, H, over), np.asarray(holds.dual_value)


def _proved(found: list[Matrix], H: Float[np.ndarray, "nn nn"], over: Turns) -> float:
    """The bound that these multipliers prove once they are moved to where all inequalities hold."""
    n = len(found[0])
    if not over.signed:
        found = [each - min(float(np.linalg.eigvalsh(each)[0]), 0.0) * np.eye(n) for each in found]
    L, M = found
    missing = float(np.linalg.eigvalsh(H - np.kron(L, np.eye(n)) - np.kron(np.eye(n), M))[-1])
    return float(np.trace(L) + np.trace(M)) + n * (missing if over.signed else max(missing, 0.0))
