"""The slopes that a claim names, and what displacements do at them."""

from collections.abc import Iterator, Sequence

import flint

from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork

CORNERED = 10
"""Neurons up to which claims go through all corners."""

Slopes = tuple[flint.fmpq, ...]


def allowed(network: ExactNetwork, slopes: Sequence[flint.fmpq]) -> bool:
    """Whether there is one slope a neuron, each between the least and the largest."""
    pairs = ends(network)
    return len(slopes) == len(pairs) and all(low <= s <= high for s, (low, high) in zip(slopes, pairs, strict=True))


def ends(network: ExactNetwork) -> list[tuple[flint.fmpq, flint.fmpq]]:
    """The least and the largest slope of each neuron."""
    largest = network.slopes.diagonal_entries()
    least = [flint.fmpq(0)] * len(largest) if network.lowest is None else network.lowest.diagonal_entries()
    return list(zip(least, largest, strict=True))


def corner(network: ExactNetwork, number: int) -> Slopes:
    """Corner `number` of the slopes: neuron i has its largest where bit i is set, and its least elsewhere."""
    return tuple(high if number >> i & 1 else low for i, (low, high) in enumerate(ends(network)))


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
