"""Constant metrics: what the distance of two states is measured by."""

from abc import abstractmethod
from itertools import accumulate

import equinox as eqx
import jax.numpy as jnp
import jax.scipy as jsp
from jaxtyping import Array, Float
from typing_extensions import override

from simulate.contraction.form import State, Weights


class Metric(eqx.Module):
    """A positive definite matrix M; |x|^2 = x^T M x."""

    @property
    @abstractmethod
    def units(self) -> int:
        """The number of units."""

    @abstractmethod
    def times(self, x: State) -> State:
        """M x, row by row."""

    @abstractmethod
    def dense(self) -> Weights:
        """M as a full matrix."""

    def norm(self, x: State) -> Float[Array, "*batch"]:
        """The length of x, row by row; 0 to rounding where rounding makes its square negative."""
        return jnp.sqrt(jnp.maximum(jnp.sum(x * self.times(x), axis=-1), 0.0))


class Dense(Metric):
    """Any positive definite matrix.

    >>> float(Dense(jnp.diag(jnp.array([4.0, 1.0]))).norm(jnp.array([1.0, 0.0])))
    2.0
    """

    matrix: Weights

    @property
    @override
    def units(self) -> int:
        return len(self.matrix)

    @override
    def times(self, x: State) -> State:
        return x @ self.matrix.T

    @override
    def dense(self) -> Weights:
        return self.matrix


class Diagonal(Metric):
    """A positive weight for every unit."""

    entries: Float[Array, " units"]

    @property
    @override
    def units(self) -> int:
        return len(self.entries)

    @override
    def times(self, x: State) -> State:
        return x * self.entries

    @override
    def dense(self) -> Weights:
        return jnp.diag(self.entries)


class BlockDiagonal(Metric):
    """A metric for each module of an assembly, in order."""

    blocks: tuple[Metric, ...]

    @property
    @override
    def units(self) -> int:
        return sum(block.units for block in self.blocks)

    @override
    def times(self, x: State) -> State:
        ends = list(accumulate(block.units for block in self.blocks))
        parts = [block.times(x[..., end - block.units : end]) for block, end in zip(self.blocks, ends, strict=True)]
        return jnp.concatenate(parts, axis=-1)

    @override
    def dense(self) -> Weights:
        return jsp.linalg.block_diag(*(block.dense() for block in self.blocks))


def euclidean(units: int) -> Diagonal:
    """The identity.

    >>> float(euclidean(2).norm(jnp.array([3.0, 4.0])))
    5.0
    """
    return Diagonal(jnp.ones(units))
