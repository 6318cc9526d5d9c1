"""Orthogonal matrices from which C B C^T can be brought near A: by eigenvectors that correspond, and at random."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Inexact, Int
from scipy.optimize import linear_sum_assignment

from simulate.measures.descent import Matrices, transpose


@dataclass(frozen=True)
class Decomposed:
    """What is known of each matrix of a batch by itself: eigenvalues and eigenvectors of it and of its parts.

    S is the symmetric part; i K, of the skew part K, is Hermitian. Their eigenvalues ascend. `singular`
    values descend; `inner` and `outer` are the eigenvectors of A^T A and A A^T.
    """

    matrices: Matrices
    symmetric: tuple[Float[np.ndarray, "batch n"], Matrices]
    skew: tuple[Float[np.ndarray, "batch n"], Complex[np.ndarray, "batch n n"]]
    own: tuple[Complex[np.ndarray, "batch n"], Complex[np.ndarray, "batch n n"]]
    singular: Float[np.ndarray, "batch n"]
    inner: Matrices
    outer: Matrices

    @classmethod
    def of(cls, matrices: Matrices) -> "Decomposed":
        """Every matrix decomposed."""
        S, K = (matrices + transpose(matrices)) / 2, (matrices - transpose(matrices)) / 2
        values, vectors = np.linalg.eig(matrices.astype(complex))
        outer, singular, inner = np.linalg.svd(matrices)
        return cls(
            matrices,
            (*np.linalg.eigh(S),),
            (*np.linalg.eigh(1j * K),),
            (values, vectors),
            singular,
            transpose(inner),
            outer,
        )

    def __getitem__(self, which: Int[np.ndarray, " chosen"]) -> "Decomposed":
        """Those matrices, in that order."""
        return Decomposed(
            self.matrices[which],
            (self.symmetric[0][which], self.symmetric[1][which]),
            (self.skew[0][which], self.skew[1][which]),
            (self.own[0][which], self.own[1][which]),
            self.singular[which],
            self.inner[which],
            self.outer[which],
        )


def polar(matrices: Matrices) -> Matrices:
    """The nearest orthogonal matrices."""
    left, _, right = np.linalg.svd(matrices)
    return left @ right


def synchronised(M: Inexact[np.ndarray, "batch n n"], rounds: int = 20) -> Inexact[np.ndarray, "batch n"]:
    """Phases z (signs, for real M) for which z^* M z is large, M Hermitian.

    The heaviest spanning tree of |M| hands phases on from one entry to the next: exact where M_ij = w_ij z_i z_j^* with
    positive weights w, also when these fall into blocks. Power steps, z -> phase(M z), then look at all entries.
    """
    batch, n = M.shape[:2]
    rows = np.arange(batch)
    weight = np.abs(M)
    z = np.ones((batch, n), M.dtype)
    attached = np.zeros((batch, n), bool)
    attached[:, :1] = True
    for _ in range(n - 1):
        open_edges = np.where(attached[:, :, None] & ~attached[:, None, :], weight, -1.0).reshape(batch, -1)
        known, new = np.divmod(open_edges.argmax(axis=1), n)
        z[rows, new] = _phase(M[rows, new, known] * z[rows, known], np.ones(batch, M.dtype))
        attached[rows, new] = True
    M = M + np.abs(M).sum(axis=2)[:, :, None] * np.eye(n) / n  # so that power steps go up
    for _ in range(rounds):
        z = _phase(np.einsum("bij,bj->bi", M, z), z)
    return z


def _phase(numbers: np.ndarray, where_zero: np.ndarray) -> np.ndarray:
    size = np.abs(numbers)
    return np.where(size > 0, numbers / np.where(size > 0, size, 1), where_zero)


def aligned(A: Matrices, B: Matrices, U: Matrices, V: Matrices) -> Matrices:
    """U D V^T for two orthonormal bases, with the signs D for which C B C^T is near A.

    Entry (i, j) of U^T A U wants the sign d_i d_j of entry (i, j) of V^T B V.
    """
    of_A, of_B = transpose(U) @ A @ U, transpose(V) @ B @ V
    M = of_A * of_B
    signs = synchronised((M + transpose(M)) / 2)
    return (U * signs[:, None, :]) @ transpose(V)


def by_skew_parts(first: Decomposed, second: Decomposed) -> Matrices:
    """The planes of the skew parts aligned, fastest with fastest, with phases that the symmetric parts want."""
    A, B, n = first.matrices, second.matrices, first.matrices.shape[-1]
    W, Z = first.skew[1][:, :, (n + 1) // 2 :], second.skew[1][:, :, (n + 1) // 2 :]  # those of positive eigenvalues
    of_A, of_B = transpose(W).conj() @ A @ W, transpose(Z).conj() @ B @ Z
    M = of_A * of_B.conj()
    phases = synchronised((M + transpose(M).conj()) / 2)
    C = 2 * ((W * phases[:, None, :]) @ transpose(Z).conj()).real
    if n % 2:  # the middle one turns nothing: a real vector times a phase
        middle = [each.skew[1][:, :, n // 2] for each in (first, second)]
        u, v = (vector * _phase((vector**2).sum(axis=1), np.ones(len(A)))[:, None] ** -0.5 for vector in middle)
        C = C + u.real[:, :, None] * v.real[:, None, :]
    return polar(C)


def by_eigenvalues(first: Decomposed, second: Decomposed) -> Matrices:
    """Eigenvectors matched by their eigenvalues, their phases synchronised by their inner products.

    Exact for B = Q^T A Q with simple eigenvalues: eigenvectors of A are then z_i Q b_i, inner products of A's and B's
    differ by phases, and with phases undone the sum of z_i a_i b_i^* is Q times a positive definite matrix, whose polar
    factor is Q.
    """
    pairs = list(zip(first.own[0], second.own[0], strict=True))
    order = np.array([linear_sum_assignment(np.abs(a[:, None] - b) ** 2)[1] for a, b in pairs]).reshape(len(pairs), -1)
    a, b = first.own[1], np.take_along_axis(second.own[1], order[:, None, :], axis=2)
    gram_a, gram_b = transpose(a).conj() @ a, transpose(b).conj() @ b
    z = synchronised(gram_a * gram_b.conj())
    # One phase of all is left, and is the one that makes the matrix real: of both roots either will do.
    C = (a * z[:, None, :]) @ transpose(b).conj()
    turn = _phase((C**2).sum(axis=(1, 2)), np.ones(len(C), complex)) ** -0.5
    return polar((C * turn[:, None, None]).real)


def at_random(batch: int, n: int, rng: np.random.Generator) -> Matrices:
    """Uniformly distributed over O(n)."""
    Q, R = np.linalg.qr(rng.standard_normal((batch, n, n)))
    return Q * np.sign(np.diagonal(R, axis1=1, axis2=2))[:, None, :]


def reflected(A: Matrices, B: Matrices, C: Matrices) -> Matrices:
    """C times the reflection of one axis of B that costs least: a start of the other determinant."""
    of_A, n = transpose(C) @ A @ C, A.shape[-1]
    kept = of_A * B
    lost = (kept + transpose(kept)).sum(axis=2) - 2 * np.diagonal(kept, axis1=1, axis2=2)
    signs = np.where(np.arange(n) == lost.argmin(axis=1)[:, None], -1.0, 1.0)
    return C * signs[:, None, :]
