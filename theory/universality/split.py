"""W = E + U V^T: the few directions in which a network is unstable, and a rest that is proved to follow them.

Let Q (1 - E) + (1 - E)^T Q > 0 for a diagonal Q > 0. Two solutions of x = tanh(E x + u), w apart, have w = D E w with D
diagonal, from 0 to 1, the slopes of chords. So w_i ((E w)_i - w_i) >= 0 for each i, hence w^T Q (1 - E) w <= 0, and
w = 0: there is one solution at most, and one by Brouwer's theorem. It is where x' = E x + u - artanh(x) stands still,
which contracts in the metric Q, as slopes of artanh are one or more. The multiplier of a proof that x' = -x + tanh(E x
+ u) contracts at all slopes in [0, 1] (`theory.contraction`, rate form) is such a Q: its LMI at the vectors (x, x) says
so. There are others, as that flow may turn and be unstable where its point is one.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import scipy.linalg
from jaxtyping import Float

from theory.contraction import exact_matrix
from theory.universality.bounded import ROUNDING, Bounded, above
from theory.universality.diagonal_form import positive_diagonal
from theory.universality.slaved import Slaved

_BITS = 24
"""Binary digits of U and V: E is exactly W - U V^T, whatever they are, and shorter so."""

_SMALL = 2.0**-16
"""Singular values below that part of the largest are what rounding leaves, to single precision or better."""

Weights = Float[np.ndarray, "size size"]
Columns = Float[np.ndarray, "size variables"]


@dataclass(frozen=True, eq=False)
class Split:
    """A network as E + U V^T, and Q: the proof that x = tanh(E x + u) has one solution for every u."""

    network: Slaved
    multiplier: tuple[Fraction, ...]

    @property
    def rank(self) -> int:
        """Directions that were cut off."""
        return int(self.network.U.shape[1])


def least_rank(W: Weights) -> int:
    """How many eigenvalues have a real part of one or more: fewer cut off leave a rest that does not contract.

    >>> least_rank(np.diag([2.0, 0.5, -3.0]))
    1
    """
    return int((np.linalg.eigvals(W).real >= 1).sum())


def split(W: Weights, drive: Float[np.ndarray, " size"], rank: int) -> Split | None:
    """Cut off the invariant directions of the eigenvalues of largest real part; None if no Q was found for the rest.

    None also where the last one cut off is one of a complex pair.
    """
    U, V = _invariant(W, rank)
    if U.shape[1] != rank:
        return None
    U, V, rest = _cut(W, U, V)
    found = positive_diagonal(Bounded(np.eye(len(W))) - rest)
    return None if found is None else Split(Slaved(U, V, drive, rest), tuple(map(Fraction, found.tolist())))


def split_low_rank(W: Weights, drive: Float[np.ndarray, " size"], highest: int) -> Split | None:
    """Of W that is next to a matrix of low rank, E is what that leaves; None where there is none up to `highest`.

    U and V span the largest singular values. E is the whole difference, however small: what is proved is proved of W.
    """
    left, values, _ = np.linalg.svd(W)
    for rank in range(1, min(highest, len(W) - 1) + 1):
        if values[rank] < _SMALL * values[0]:
            U, V, rest = _cut(W, left[:, :rank], W.T @ left[:, :rank])
            network = Slaved(U, V, drive, rest)
            return Split(network, (Fraction(1),) * len(W)) if network.faint and _contracts_by_size(rest) else None
    return None


def _cut(W: Weights, U: Columns, V: Columns) -> tuple[Columns, Columns, Bounded]:
    """U and V in few digits, and W - U V^T."""
    U, V = exact_matrix.on_grid(U, _BITS), exact_matrix.on_grid(V, _BITS)
    rounded = above((U.shape[1] + 4) * ROUNDING * (np.abs(W) + np.abs(U) @ np.abs(V.T)))
    return U, V, Bounded(W - U @ V.T, rounded)


def _contracts_by_size(rest: Bounded) -> bool:
    """Whether Q = 1 will do: 2 - E - E^T has a positive diagonal that outweighs its rows, and is definite then."""
    size = rest.size()
    return bool((above(size.sum(axis=0) + size.sum(axis=1)) < 2).all())


def _invariant(W: Weights, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """B and W^T B, B an orthonormal basis of the invariant directions.

    E = (1 - B B^T) W has the eigenvalues of W that are left, and zeros. So has W (1 - B V^T) with the oblique projector
    of these directions, which is larger and contracts less, or not at all.
    """
    if rank == 0:
        return np.zeros((len(W), 0)), np.zeros((len(W), 0))
    levels = np.sort(np.linalg.eigvals(W).real)[::-1]
    between = -np.inf if rank == len(W) else (levels[rank - 1] + levels[rank]) / 2
    _, vectors, count = scipy.linalg.schur(W, sort=lambda real, imaginary=0.0: np.real(real) > between)
    basis = vectors[:, :count]
    return basis, W.T @ basis
