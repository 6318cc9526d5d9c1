"""The slopes that a claim names, and what displacements do at them."""

from collections.abc import Iterator, Sequence

import flint

from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork

CORNERED = 10
"""Neurons up to which claims go through all corners."""

Slopes = tuple[flint.fmpq, ...]


def allowed(network: ExactNetwork, slopes: Sequence[flint.fmpq]) -> bool:
    """Whether there is one slope a neuron, each between zero and the largest."""
    largest = network.slopes.diagonal_entries()
    return len(slopes) == len(largest) and all(0 <= s <= g for s, g in zip(slopes, largest, strict=True))


def corner(network: ExactNetwork, number: int) -> Slopes:
    """Corner `number` of the slopes: neuron i has its largest where bit i is set, and zero elsewhere."""
    largest = network.slopes.diagonal_entries()
    return tuple(g if number >> i & 1 else flint.fmpq(0) for i, g in enumerate(largest))


def corners(network: ExactNetwork) -> Iterator[Slopes]:
    """All corners. J is affine in the slopes, so at any others it is a mean of these."""
    return (corner(network, number) for number in range(2 ** network.weights.shape[0]))


def drift(network: ExactNetwork, slopes: Sequence[flint.fmpq], rate: flint.fmpq) -> ExactMatrix:
    """J + c I: what exp(c t) x obeys at these slopes, x a displacement."""
    return network.jacobian(ExactMatrix.diagonal(slopes)) + rate * ExactMatrix.identity(len(slopes))


def twice_symmetric_part(matrix: ExactMatrix) -> ExactMatrix:
    """A + A^T."""
    return matrix + matrix.T


def form_value(matrix: ExactMatrix, vector: Sequence[flint.fmpq]) -> flint.fmpq:
    """v^T X v."""
    return sum((a * b for a, b in zip(vector, matrix.times(vector), strict=True)), flint.fmpq(0))
