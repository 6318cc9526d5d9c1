"""Orthogonal matrices from unconstrained ones."""

from abc import abstractmethod
from dataclasses import dataclass

import jax.numpy as jnp
import jax.scipy as jsp
from jaxtyping import Array, Float
from typing_extensions import override

Square = Float[Array, "units units"]


@dataclass(frozen=True)
class OrthogonalMap:
    """Takes A - A^T to an orthogonal matrix of determinant 1."""

    @abstractmethod
    def __call__(self, free: Square) -> Square:
        """The orthogonal matrix of a free one, of which only the skew part counts."""


class MatrixExponential(OrthogonalMap):
    """The exponential of the matrix (not of its entries): reaches every rotation."""

    @override
    def __call__(self, free: Square) -> Square:
        return jsp.linalg.expm(free - free.T)


class Cayley(OrthogonalMap):
    """(1 - S)(1 + S)^-1: cheaper; reaches every rotation that has no eigenvalue -1."""

    @override
    def __call__(self, free: Square) -> Square:
        skew = free - free.T
        one = jnp.eye(len(free), dtype=free.dtype)
        return jnp.linalg.solve(one + skew, one - skew)  # the two factors commute


MATRIX_EXPONENTIAL = MatrixExponential()
CAYLEY = Cayley()
