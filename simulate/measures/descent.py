"""Descent over the orthogonal group, for many pairs of matrices and many starts at once."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Inexact, Int

REMEMBERED = 8
"""Steps that the limited-memory BFGS method remembers."""
SUFFICIENT = 1e-4
"""Share of the decrease promised by the gradient with which a step is taken (Armijo)."""
LONGEST = 1.0
"""Longest step, as the Frobenius norm of the skew generator (a rotation by 0.7 in one plane)."""

Matrices = Float[np.ndarray, "batch n n"]


@dataclass(frozen=True)
class Descended:
    """Where the descents ended: aligners C, `||A - C B C^T||_F` there, and how flat it is there.

    `slope` is the norm of the gradient of half the squared distance, over the distance and `||A|| + ||B||`.
    """

    aligners: Matrices
    values: Float[np.ndarray, " batch"]
    slope: Float[np.ndarray, " batch"]


def transpose(matrices: Inexact[np.ndarray, "*batch n m"]) -> Inexact[np.ndarray, "*batch m n"]:
    """Of every matrix of a batch."""
    return np.swapaxes(matrices, -1, -2)


def descend(A: Matrices, B: Matrices, starts: Matrices, *, rounds: int = 500, flat: float = 1e-8) -> Descended:
    """Local minima of h(C) = ||A - C B C^T||^2 / 2 over orthogonal C, one from each start, by L-BFGS.

    With X = C B C^T and R = A - X, moving C to exp(W) C for skew W changes h by <W, G> to first order,
    G = skew(A^T R - R A^T): X may be replaced by A there since R R^T and R^T R are symmetric, so that the gradient
    keeps its relative accuracy down to R = 0. Steps are Cayley transforms (1 - W/2)^-1 (1 + W/2), which agree with
    exp(W) to second order and are orthogonal to rounding. Generators of successive steps are compared as they are:
    on a group with a bi-invariant metric this transport keeps lengths and angles.

    The determinant of C never changes. A descent ends where the slope (see `Descended`) is below `flat`, where the
    distance is at rounding, where no shorter step decreases it, or after `rounds` steps.
    """
    n = A.shape[-1]
    batch, upper = len(A), np.triu_indices(n, 1)
    scale = np.linalg.norm(A, axis=(1, 2)) + np.linalg.norm(B, axis=(1, 2))
    aligners, values, slopes = starts.copy(), np.zeros(batch), np.zeros(batch)
    if batch == 0:
        return Descended(aligners, values, slopes)
    at = _At.of(A, starts @ B @ transpose(starts), upper)
    state = _State(
        who=np.arange(batch),
        A=A,
        C=aligners.copy(),
        at=at,
        scale=scale,
        step=np.ones(batch),
        moves=np.zeros((REMEMBERED, batch, len(upper[0]))),
        turns=np.zeros((REMEMBERED, batch, len(upper[0]))),
        weights=np.zeros((REMEMBERED, batch)),
        curvature=np.maximum(scale**2, np.finfo(float).tiny),
    )
    for round_ in range(rounds + 1):
        distance, slope = np.sqrt(2 * state.at.h), np.linalg.norm(state.at.gradient, axis=1) * np.sqrt(2)
        ended = (
            (slope <= flat * distance * state.scale)
            | (distance <= 2e-15 * n * state.scale)
            | (state.step < 1e-10)
            | (round_ == rounds)
        )
        if ended.any():
            who = state.who[ended]
            aligners[who], values[who] = state.C[ended], distance[ended]
            with np.errstate(invalid="ignore", divide="ignore"):
                slopes[who] = np.nan_to_num(slope[ended] / (distance[ended] * state.scale[ended]))
            state = state.kept(~ended)
        if not len(state.who):
            break
        state = _stepped(state, round_ % REMEMBERED, upper)
    # Rounding of the products of many rotations is taken out by one step of Newton's iteration for the polar factor.
    aligners = aligners @ (3 * np.eye(n) - transpose(aligners) @ aligners) / 2
    values = np.linalg.norm(A - aligners @ B @ transpose(aligners), axis=(1, 2))
    return Descended(aligners, values, slopes)


@dataclass(frozen=True)
class _At:
    """X = C B C^T, half its squared distance from A, and the gradient's entries above the diagonal, doubled in G."""

    X: Matrices
    h: Float[np.ndarray, " batch"]
    gradient: Float[np.ndarray, "batch entries"]

    @classmethod
    def of(
        cls, A: Matrices, X: Matrices, upper: tuple[Int[np.ndarray, " entries"], Int[np.ndarray, " entries"]]
    ) -> "_At":
        R = A - X
        M = transpose(A) @ R - R @ transpose(A)
        G = (M - transpose(M)) / 2
        flat = R.reshape(len(R), -1)
        return cls(X, np.einsum("bi,bi->b", flat, flat) / 2, G[:, *upper])

    def where(self, kept: np.ndarray) -> "_At":
        return _At(self.X[kept], self.h[kept], self.gradient[kept])


@dataclass(frozen=True)
class _State:
    """The descents still going: which they are, where, and what they remember."""

    who: Int[np.ndarray, " batch"]
    A: Matrices
    C: Matrices
    at: _At
    scale: Float[np.ndarray, " batch"]
    step: Float[np.ndarray, " batch"]
    moves: Float[np.ndarray, "remembered batch entries"]
    turns: Float[np.ndarray, "remembered batch entries"]
    weights: Float[np.ndarray, "remembered batch"]
    curvature: Float[np.ndarray, " batch"]

    def kept(self, which: np.ndarray) -> "_State":
        return _State(
            self.who[which],
            self.A[which],
            self.C[which],
            self.at.where(which),
            self.scale[which],
            self.step[which],
            self.moves[:, which],
            self.turns[:, which],
            self.weights[:, which],
            self.curvature[which],
        )


def _stepped(state: _State, slot: int, upper: tuple[np.ndarray, np.ndarray]) -> _State:
    """One trial step of every descent; taken where it decreases enough, else tried shorter the next time."""
    batch, n = len(state.who), state.A.shape[-1]
    direction = _direction(state, slot)
    slope = np.einsum("bi,bi->b", direction, state.at.gradient)
    uphill = slope >= 0
    if uphill.any():
        direction[uphill] = -state.at.gradient[uphill] / state.curvature[uphill, None]
        slope = np.einsum("bi,bi->b", direction, state.at.gradient)
    length = np.sqrt(2) * np.linalg.norm(direction, axis=1)
    step = state.step * np.minimum(1, LONGEST / np.maximum(length, np.finfo(float).tiny))
    move = step[:, None] * direction
    W = np.zeros((batch, n, n))
    W[:, *upper] = move / 2
    W -= transpose(W)
    Q = np.linalg.solve(np.eye(n) - W, np.eye(n) + W)
    new = _At.of(state.A, Q @ state.at.X @ transpose(Q), upper)
    # <W, G> counts each entry above the diagonal twice.
    taken = new.h <= state.at.h + SUFFICIENT * 2 * step * slope
    turn = new.gradient - state.at.gradient
    bend, size = np.einsum("bi,bi->b", move, turn), np.einsum("bi,bi->b", turn, turn)
    learned = taken & (bend > 1e-12 * np.sqrt(size * np.einsum("bi,bi->b", move, move)))
    state.moves[slot], state.turns[slot] = move, turn
    state.weights[slot] = np.where(learned, 1 / np.where(learned, bend, 1), 0)
    three, two = taken[:, None, None], taken[:, None]
    return _State(
        state.who,
        state.A,
        np.where(three, Q @ state.C, state.C),
        _At(
            np.where(three, new.X, state.at.X),
            np.where(taken, new.h, state.at.h),
            np.where(two, new.gradient, state.at.gradient),
        ),
        state.scale,
        np.where(taken, 1.0, 0.3 * state.step),
        state.moves,
        state.turns,
        state.weights,
        np.where(learned, size / np.where(learned, bend, 1), state.curvature),
    )


def _direction(state: _State, slot: int) -> Float[np.ndarray, "batch entries"]:
    """The two-loop recursion of L-BFGS, newest step first; a step that taught nothing has weight zero."""
    order = [(slot - 1 - back) % REMEMBERED for back in range(REMEMBERED)]
    direction = -state.at.gradient
    shares = {}
    for k in order:
        shares[k] = state.weights[k] * np.einsum("bi,bi->b", state.moves[k], direction)
        direction = direction - shares[k][:, None] * state.turns[k]
    direction = direction / state.curvature[:, None]
    for k in reversed(order):
        share = state.weights[k] * np.einsum("bi,bi->b", state.turns[k], direction)
        direction = direction + (shares[k] - share)[:, None] * state.moves[k]
    return direction
