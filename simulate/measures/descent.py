"""Descent over the orthogonal group: local minima of ||A - C B C^T||, for many B and many starts at once."""

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float, Inexact

REMEMBERED = 5
"""Steps that the limited-memory BFGS method remembers."""
SUFFICIENT = 1e-4
"""Share of the decrease promised by the gradient with which a step is taken (Armijo)."""
SHORTER = 0.3
"""What a step that was not taken is multiplied by."""
LONGER = 4.0
"""What it is multiplied by where the slope got steeper on the way down: the floor is further than the steps know."""
LONGEST = 1.0
"""Longest step, as the Frobenius norm of its skew generator (a turn by 0.7 in one plane)."""
RESOLVED = 2e-15
"""Distance at which a descent has arrived, as rounding hides what is below: for each dimension, over both norms."""
FLAT = 1e-7
"""Slope below which a descent has ended: its value is then right to about the square of this."""
DAMPING = 0.01
"""What is added to the curvatures expected, relative to their mean."""
CURVATURES_UP_TO = 45
"""Up to this size the curvatures expected are worked out (their matrix has n^4 / 4 entries)."""

Matrix = Float[np.ndarray, "_ _"]
Matrices = Float[np.ndarray, "_ _ _"]
Numbers = Float[np.ndarray, " _"]


@dataclass(frozen=True)
class Descended:
    """Where the descents ended: aligners C, and ||A - C B C^T||_F there."""

    aligners: Matrices
    values: Numbers


def transpose(matrices: Inexact[np.ndarray, "*batch n m"]) -> Inexact[np.ndarray, "*batch m n"]:
    """Of every matrix of a batch."""
    return np.swapaxes(matrices, -1, -2)


def descend(A: Matrix, B: Matrices, starts: Matrices, *, rounds: int = 500) -> Descended:
    """Local minima of h(C) = ||A - C B C^T||^2 / 2 over orthogonal C, one for each B and start, by L-BFGS.

    With X = C B C^T and R = A - X, moving C to exp(W) C for skew W changes h by <W, G> to first order,
    G = skew(A^T R - R A^T): A may stand for X there since R R^T and R^T R are symmetric, and so the gradient keeps its
    relative accuracy down to R = 0. To second order h changes by <[W, A], [W, X]> / 2, which for X near A is
    |[W, A]|^2 / 2, a form that is the same for all B: its inverse is the first guess of the inverse Hessian, and takes
    a quarter of the steps that a multiple of the identity does.

    Steps are Cayley transforms (1 - W/2)^-1 (1 + W/2), which agree with exp(W) to second order and are orthogonal to
    rounding. Generators of successive steps are compared as they are: on a group with a bi-invariant metric this
    transport keeps lengths and angles. The determinant of C never changes.

    A descent ends where the gradient is below `FLAT` of the distance times ||A|| + ||B||, where the distance is
    rounding, where no shorter step decreases it, or after `rounds` steps.
    """
    n, ends = len(A), starts.copy()
    at = _Descents.of(A, B, starts)
    curvatures = _Curvatures.of(A)
    for round_ in range(rounds + 1):
        ended = at.ended(A) if round_ < rounds else np.ones(len(at.who), bool)
        if ended.any():
            ends[at.who[ended]] = at.C[ended]
            at = at.kept(~ended)
        if not len(at.who):
            break
        at = _stepped(A, at, curvatures, round_ % REMEMBERED)
    # A step of Newton's iteration for the polar factor takes out the rounding of products of many rotations.
    ends = ends @ (3 * np.eye(n) - transpose(ends) @ ends) / 2
    return Descended(ends, np.linalg.norm(A - ends @ B @ transpose(ends), axis=(1, 2)))


@dataclass(frozen=True)
class _Descents:
    """The descents still going: which they are, where they are, and the steps that they remember.

    A skew matrix is given by its entries above the diagonal, so that inner products are half those of matrices.
    """

    who: np.ndarray
    size: Numbers
    C: Matrices
    X: Matrices
    h: Numbers
    gradient: Float[np.ndarray, "_ _"]
    step: Numbers
    moves: Float[np.ndarray, "_ remembered _"]
    turns: Float[np.ndarray, "_ remembered _"]
    weights: Float[np.ndarray, "_ remembered"]

    @classmethod
    def of(cls, A: Matrix, B: Matrices, C: Matrices) -> "_Descents":
        batch, n = len(B), len(A)
        X = C @ B @ transpose(C)
        steps = (batch, REMEMBERED, n * (n - 1) // 2)
        size = np.linalg.norm(A) + np.linalg.norm(B, axis=(1, 2))
        height, gradient = _height(A, X)
        return cls(
            who=np.arange(batch),
            size=size,
            C=C,
            X=X,
            h=height,
            gradient=gradient,
            step=np.ones(batch),
            moves=np.zeros(steps),
            turns=np.zeros(steps),
            weights=np.zeros(steps[:2]),
        )

    def ended(self, A: Matrix) -> Bool[np.ndarray, " _"]:
        distance, slope = np.sqrt(2 * self.h), np.sqrt(2) * np.linalg.norm(self.gradient, axis=1)
        rounding = RESOLVED * len(A) * self.size
        return (slope <= FLAT * distance * self.size) | (distance <= rounding) | (self.step < 1e-10)

    def kept(self, which: Bool[np.ndarray, " _"]) -> "_Descents":
        return _Descents(*(getattr(self, each.name)[which] for each in fields(self)))


def _height(A: Matrix, X: Matrices) -> tuple[Numbers, Float[np.ndarray, "_ _"]]:
    """Half the squared distance of X from A, and its gradient."""
    R = A - X
    M = A.T @ R - R @ A.T
    G = (M - transpose(M)) / 2
    flat = R.reshape(len(R), -1)
    return np.einsum("bi,bi->b", flat, flat) / 2, G[:, *np.triu_indices(len(A), 1)]


@dataclass(frozen=True)
class _Curvatures:
    """The inverse, damped, of the Hessian at X = A: W -> |[W, A]|^2 / 2, for W by its entries above the diagonal."""

    inverse: Matrix

    @classmethod
    def of(cls, A: Matrix) -> "_Curvatures":
        n = len(A)
        i, j = np.triu_indices(n, 1)
        mean = max(float(np.linalg.norm(A)) ** 2 / n, np.finfo(float).tiny)
        if n > CURVATURES_UP_TO:
            return cls(np.eye(len(i)) / mean)
        units = np.zeros((len(i), n, n))
        units[np.arange(len(i)), i, j], units[np.arange(len(i)), j, i] = 1.0, -1.0
        moved = (units @ A - A @ units).reshape(len(i), n * n)
        return cls(np.linalg.inv(moved @ moved.T / 2 + DAMPING * mean * np.eye(len(i))))


def _stepped(A: Matrix, at: _Descents, curvatures: _Curvatures, slot: int) -> _Descents:
    """One step of every descent; taken where it decreases enough, else tried shorter the next time."""
    n = len(A)
    direction = _direction(at, curvatures, slot)
    slope = 2 * np.einsum("bi,bi->b", direction, at.gradient)
    length = np.sqrt(2) * np.linalg.norm(direction, axis=1)
    step = np.minimum(at.step, LONGEST / np.maximum(length, np.finfo(float).tiny))
    move = step[:, None] * direction
    half = np.zeros((len(move), n, n))
    half[:, *np.triu_indices(n, 1)] = move / 2
    half -= transpose(half)
    Q = _cayley(half)
    X = Q @ at.X @ transpose(Q)
    height, gradient = _height(A, X)
    taken = height <= at.h + SUFFICIENT * step * slope
    turn = gradient - at.gradient
    bend = np.einsum("bi,bi->b", move, turn)
    learned = taken & (bend > 1e-12 * np.linalg.norm(move, axis=1) * np.linalg.norm(turn, axis=1))
    at.moves[:, slot], at.turns[:, slot] = move, turn
    at.weights[:, slot] = np.where(learned, 1 / np.where(learned, bend, 1), 0)
    C = Q @ at.C
    if not taken.all():
        left = ~taken
        C[left], X[left], height[left], gradient[left] = at.C[left], at.X[left], at.h[left], at.gradient[left]
    next_step = np.where(learned, 1.0, np.where(taken, LONGER, SHORTER) * step)
    return _Descents(at.who, at.size, C, X, height, gradient, next_step, at.moves, at.turns, at.weights)


def _cayley(half: Matrices) -> Matrices:
    """(1 - H)^-1 (1 + H) for skew H of norm at most `LONGEST` / 2 sqrt(2), by products alone, which are quicker.

    It is 2 (1 - H)^-1 - 1, and (1 - H)^-1 = (1 + H) (1 + H^2) (1 + H^4) ..., here to H^63: the rest is 1e-29.
    """
    one = np.eye(half.shape[-1])
    power = half @ half
    product = one + power
    for _ in range(4):
        power = power @ power
        product += product @ power
    product += half @ product
    return 2 * product - one


def _direction(at: _Descents, curvatures: _Curvatures, slot: int) -> Float[np.ndarray, "_ _"]:
    """The two-loop recursion of L-BFGS, newest step first; a step that taught nothing has weight zero."""
    order = [(slot - 1 - back) % REMEMBERED for back in range(REMEMBERED)]
    direction = -at.gradient
    shares = {}
    for k in order:
        shares[k] = at.weights[:, k] * np.einsum("bi,bi->b", at.moves[:, k], direction)
        direction -= shares[k][:, None] * at.turns[:, k]
    newest = at.turns[:, order[0]]
    expected = at.weights[:, order[0]] * np.einsum("bi,bi->b", newest, newest @ curvatures.inverse)
    known = expected > 0
    direction = direction @ curvatures.inverse / np.where(known, expected, 1.0)[:, None]
    for k in reversed(order):
        share = at.weights[:, k] * np.einsum("bi,bi->b", at.turns[:, k], direction)
        direction += (shares[k] - share)[:, None] * at.moves[:, k]
    return direction
