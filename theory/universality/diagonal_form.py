"""Is there a diagonal Q > 0 with Q A + A^T Q > 0? A barrier method proposes it, or finds that there is none.

Of q_i, which sum to n, and M(q) = Q A + A^T Q, the largest s with M(q) >= s is sought. The path of centres maximises
w s + log det(M(q) - s) + sum log q_i, w rising; with G = (M(q) - s)^-1 and F = A G the derivatives are

    of log det by q_i: 2 F_ii,   by s: -tr G,
    the second ones, less their sign: 2 ((F A^T)_ij G_ij + F_ij F_ji),   -2 (F G)_ii,   tr G^2.

For any X >= 0, of trace one, s <= tr X M(q) = 2 sum q_i (A X)_ii <= 2 n max_i (A X)_ii: with X = G / tr G that is what
ends a search in vain, and the bound comes as near to s as the path goes far (Barker, Berman and Plemmons, Linear
Multilinear Algebra 5, 249, 1978: there is a Q, or an X that excludes it).

A Q that is proposed is proved: R M R^T has a diagonal that outweighs its rows, R being any matrix, near the inverse of
a factor of M. So it is definite, R is not singular, and M is definite too. `bounded.py` covers rounding.

Derived here; `tests/theory/universality/test_diagonal_form.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from jaxtyping import Float

from theory.contraction import exact_matrix
from theory.universality.bounded import Bounded, above

_DIGITS = 24
"""Binary digits of each q: shorter fractions in certificates."""
_STEPS = 200
_FASTER = 4.0
"""By how much w rises from centre to centre."""
_CENTRED = 0.25
"""Newton's decrement at which a centre is near enough."""
_HALVINGS = 30
_CLOSE = 1e-8
"""A bound of s, as a part of what M may be, up to which there is no hope of a proof in doubles."""

Matrix = Float[np.ndarray, "size size"]
Diagonal = Float[np.ndarray, " size"]


def positive_diagonal(A: Bounded) -> Diagonal | None:
    """q > 0 of which Q A + A^T Q > 0 is proved, Q = diag(q), for all these matrices; None where none was found.

    >>> positive_diagonal(Bounded(np.array([[1.0, -1.5], [0.0, 1.0]])))
    array([1., 1.])
    >>> positive_diagonal(Bounded(np.array([[1.0, 2.0], [2.0, 1.0]])))
    """
    if not np.isfinite(A.middle).all():
        return None
    one = np.ones(len(A.middle))
    if proved_definite(A, one):
        return one
    # in units in which rows and columns are alike: D Q D is the diagonal of D^-1 A D
    balanced, (units, _) = scipy.linalg.matrix_balance(A.middle, permute=False, separate=True)
    for q in _path(balanced):
        given = exact_matrix.to_digits(q / units**2, _DIGITS)
        if proved_definite(A, given):
            return given
    return None


def proved_definite(A: Bounded, q: Diagonal) -> bool:
    """Whether Q A + A^T Q > 0 is proved for all these matrices."""
    if not (np.isfinite(q).all() and (q > 0).all()):
        return False
    half = Bounded(q[:, None]) * A
    M = half + half.transposed()
    try:
        factor = np.linalg.cholesky(M.middle)
        R = scipy.linalg.solve_triangular(factor, np.eye(len(q)), lower=True)
    except np.linalg.LinAlgError:
        return False
    turned = Bounded(R) @ M @ Bounded(R.T)
    others = turned.size()
    np.fill_diagonal(others, 0.0)
    outweighs = np.diag(turned.least_size()) > above(others.sum(axis=1))
    return bool((np.diag(turned.middle) > 0).all() and outweighs.all())


def _path(A: Matrix) -> Iterator[Diagonal]:
    """Diagonals along the path of centres, until it is plain that none will do."""
    size, scale = len(A), float(np.linalg.norm(A, 2))
    q, weight = np.ones(size), size / scale
    s = float(np.linalg.eigvalsh(A + A.T)[0]) - scale
    for _ in range(_STEPS):
        yield q
        G = np.linalg.inv(_form(A, q) - s * np.eye(size))
        F = A @ G
        if 2 * size * np.diag(F).max() <= _CLOSE * scale * np.trace(G):
            return
        step = _newton(G, F, A, q, weight)
        if step is None:
            return
        moved = _farther(A, (q, s), step, weight)
        if moved is None or step.decrement < _CENTRED:
            weight *= _FASTER
        q, s = (q, s) if moved is None else moved


@dataclass(frozen=True, eq=False)
class _Step:
    """Newton's, in q and s, and how much better things seem at its end, twice, as a square."""

    q: Diagonal
    s: float
    decrement: float


def _newton(G: Matrix, F: Matrix, A: Matrix, q: Diagonal, weight: float) -> _Step | None:
    """That of the barrier, with sum q as it is."""
    size = len(q)
    slope = np.append(2 * np.diag(F) + 1 / q, weight - np.trace(G))
    system = np.zeros((size + 2, size + 2))
    system[:size, :size] = 2 * ((F @ A.T) * G + F * F.T) + np.diag(1 / q**2)
    system[:size, size] = system[size, :size] = -2 * np.einsum("ij,ji->i", F, G)
    system[size, size] = np.sum(G * G)
    system[:size, -1] = system[-1, :size] = 1.0
    try:
        found = np.linalg.solve(system, np.append(slope, 0.0))[:-1]
    except np.linalg.LinAlgError:
        return None
    gain = float(slope @ found)
    return _Step(found[:-1], float(found[-1]), np.sqrt(gain)) if gain > 0 else None


def _farther(A: Matrix, at: tuple[Diagonal, float], step: _Step, weight: float) -> tuple[Diagonal, float] | None:
    """Along the step, as far as the barrier rises."""
    (q, s), here = at, _height(A, *at, weight)
    for halved in range(_HALVINGS):
        part = 0.5**halved
        moved = q + part * step.q, s + part * step.s
        if _height(A, *moved, weight) > here + 0.1 * part * step.decrement**2:
            return moved
    return None


def _height(A: Matrix, q: Diagonal, s: float, weight: float) -> float:
    """What the path maximises; minus infinity where M(q) - s or q is not positive."""
    if not (q > 0).all():
        return -np.inf
    try:
        factor = np.linalg.cholesky(_form(A, q) - s * np.eye(len(q)))
    except np.linalg.LinAlgError:
        return -np.inf
    return float(weight * s + 2 * np.log(np.diag(factor)).sum() + np.log(q).sum())


def _form(A: Matrix, q: Diagonal) -> Matrix:
    """M(q)."""
    half = q[:, None] * A
    return np.asarray(half + half.T)
