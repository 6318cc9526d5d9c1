"""Linear links between modules."""

from abc import abstractmethod
from dataclasses import dataclass

import jax.numpy as jnp
import jax.scipy as jsp
from jaxtyping import Array, Float
from typing_extensions import override

from simulate.contraction.form import Weights
from simulate.contraction.metric import BlockDiagonal, Diagonal


@dataclass(frozen=True)
class LinkRule:
    """From free matrices B to the links L."""

    @abstractmethod
    def allowed(self, sizes: tuple[int, ...]) -> Float[Array, "units units"]:
        """1 where B is free and 0 where it must vanish, for modules of these sizes."""

    @abstractmethod
    def __call__(self, free: Weights, metric: BlockDiagonal) -> Weights:
        """L of a B that vanishes where it must."""


class NegativeFeedback(LinkRule):
    """L_ij = B_ij - M_i^-1 B_ji^T M_j (RNNs of RNNs, eq. 3), with B below the diagonal blocks only.

    That loses nothing: B above them adds no links that B below them cannot make.
    """

    @override
    def allowed(self, sizes: tuple[int, ...]) -> Float[Array, "units units"]:
        module = jnp.repeat(jnp.arange(len(sizes)), jnp.array(sizes), total_repeat_length=sum(sizes))
        return (module[:, None] > module[None, :]).astype(float)

    @override
    def __call__(self, free: Weights, metric: BlockDiagonal) -> Weights:
        return negative_feedback(free, metric)


class BalancedFeedback(NegativeFeedback):
    """L = F^-1 (B - B^T) F with M = F^T F: the links of equation (3), from a B in the units of the metric.

    Equation (3) as printed makes L_ij for i < j as large as M_j / M_i, whatever the size of B. Here B - B^T is what
    the links are in coordinates F x, in which Euler's method asks |B - B^T| to be below sqrt((2 - h) / h) at W = 0.
    """

    @override
    def __call__(self, free: Weights, metric: BlockDiagonal) -> Weights:
        skew = free - free.T
        if all(isinstance(block, Diagonal) for block in metric.blocks):
            root = jnp.sqrt(_entries(metric))
            return skew / root[:, None] * root
        factor = jnp.linalg.cholesky(metric.dense()).T
        return jsp.linalg.solve_triangular(factor, skew @ factor)


class Unconstrained(LinkRule):
    """L = B, between every two modules: nothing keeps the assembly from growing."""

    @override
    def allowed(self, sizes: tuple[int, ...]) -> Float[Array, "units units"]:
        module = jnp.repeat(jnp.arange(len(sizes)), jnp.array(sizes), total_repeat_length=sum(sizes))
        return (module[:, None] != module[None, :]).astype(float)

    @override
    def __call__(self, free: Weights, metric: BlockDiagonal) -> Weights:
        return free


def negative_feedback(free: Weights, metric: BlockDiagonal) -> Weights:
    """L = B - M^-1 B^T M for any B: M L + L^T M = 0, to rounding."""
    pulled = metric.times(free.T)  # B^T M, as M is symmetric
    if all(isinstance(block, Diagonal) for block in metric.blocks):
        return free - pulled / _entries(metric)[:, None]
    return free - jnp.linalg.solve(metric.dense(), pulled)


def _entries(metric: BlockDiagonal) -> Float[Array, " units"]:
    return jnp.concatenate([block.entries for block in metric.blocks if isinstance(block, Diagonal)])


NEGATIVE_FEEDBACK = NegativeFeedback()
BALANCED_FEEDBACK = BalancedFeedback()
UNCONSTRAINED = Unconstrained()
