"""What one step of a learning rule does to [theta w], and so to its Gram matrix: a product from the right.

    w <- momentum w - 2 eta theta H Lambda,    theta <- (1 - weight_decay) theta + w

w is the velocity of heavy-ball momentum, Lambda the diagonal matrix of block rates, and 2 theta H is N dL/dtheta. Both
are linear in the columns of [theta w], so its Gram matrix G = [theta w]^T [theta w] / N, whose first block is Sigma,
goes G <- T^T G T, exactly for every number of neurons. Without momentum the first block of T does, on Sigma alone.
White noise s xi on the weights, xi standard normal, adds on average s^2 to the diagonal of the theta block; a single
network strays from that by O(N^-1/2).

Derived here; tests/theory/overlaps/equations/test_step.py proves it against explicit neurons.
"""

from typing import Any, TypeAlias

import sympy as sp

Matrix: TypeAlias = Any
"""A square matrix of numpy, JAX or sympy: the formula is nothing but sums and products."""

Number: TypeAlias = Any
Blocks: TypeAlias = tuple[tuple[Matrix, Matrix], tuple[Matrix, Matrix]]


def step_blocks(
    gradient: Matrix,
    block_rates: Matrix,
    identity: Matrix,
    *,
    rate: Number,
    momentum: Number = 0,
    weight_decay: Number = 0,
) -> Blocks:
    """The four d x d blocks of T, in the order of [theta w]; `gradient` is H, `block_rates` the diagonal Lambda.

    All three matrices are of one kind; put the blocks together with `numpy.block`, `jax.numpy.block` or
    `as_one_matrix`.
    Without momentum, `step_blocks(...)[0][0]` is the matrix of theta <- theta T.
    """
    move = -2 * rate * gradient @ block_rates
    fade = momentum * identity
    return (((1 - weight_decay) * identity + move, move), (fade, fade))


def as_one_matrix(blocks: Blocks) -> sp.ImmutableMatrix:
    """The blocks of sympy matrices as one matrix, (2d x 2d)."""
    return sp.ImmutableMatrix(sp.BlockMatrix([list(each) for each in blocks]).as_explicit())
