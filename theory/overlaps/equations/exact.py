"""Functions of the overlaps at a point in general position, in exact arithmetic: differentials and their ranks."""

from collections.abc import Sequence
from random import Random
from typing import TypeAlias

import flint
import sympy as sp

from theory.overlaps.equations.shape import Shape

Row: TypeAlias = list[flint.fmpq]
"""One number an overlap, in the order of `shape.pairs`."""


def matrix_of(matrix: sp.MatrixBase) -> flint.fmpq_mat:
    """A matrix of rational numbers, as one of flint's."""
    return flint.fmpq_mat([[flint.fmpq(int(entry.p), int(entry.q)) for entry in row] for row in matrix.tolist()])


def general_overlaps(shape: Shape, seed: int = 0) -> flint.fmpq_mat:
    """N times the overlaps of N = d + 2 neurons with random integer weights: whole numbers in general position.

    A rank found there is a lower bound of the rank at almost every point, and with overwhelming probability equal.
    """
    random = Random(seed)
    neurons = shape.size + 2
    weights = [random.randint(-99, 99) for _ in range(neurons * shape.size)]
    theta = flint.fmpq_mat(neurons, shape.size, weights)
    return theta.transpose() * theta


def differential(shape: Shape, gradient: flint.fmpq_mat) -> Row:
    """The differential dF = tr(G dSigma), G symmetric, as one number an overlap."""
    return [gradient[a, b] * (1 if a == b else 2) for a, b in shape.pairs]


def tangent(shape: Shape, velocity: flint.fmpq_mat) -> Row:
    """A direction dSigma (symmetric) as one number an overlap."""
    return [velocity[a, b] for a, b in shape.pairs]


def rank(rows: Sequence[Row]) -> int:
    """The rank of a matrix of these rows; of none, zero."""
    return int(flint.fmpq_mat([list(row) for row in rows]).rank()) if rows else 0
